/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tap.h"

static bool
reads(const char *path, size_t cap, const char *text)
{
	cs_buf *b = NULL;
	cs_err e = {0};
	bool good = cs_file_read(path, cap, &b, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), text);

	cs_buf_free(&b);
	return good;
}

static bool
fails(int r, const cs_err *e, int cls, const char *words)
{
	if (r != cls || strstr(e->text, words) == NULL) {
		printf("# %d: %s\n", r, e->text);
		return false;
	}
	return true;
}

static int
write_text(const char *path, const char *text, bool force, cs_err *e)
{
	return cs_file_write(path, cs_span_str(text), 0640, force, e);
}

static int
count_names(void)
{
	DIR *d = opendir(".");
	int n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void
test_write(void)
{
	struct stat st;
	cs_err e = {0};

	(void)umask(077);
	ok(write_text("a", "one", false, &e) == CS_OK && reads("a", 3, "one"),
	    "write and read");
	ok(stat("a", &st) == 0 && (st.st_mode & 07777) == 0640,
	    "the mode as it is");
	ok(fails(write_text("a", "two", false, &e), &e, CS_EIO,
	    "a: exists, -f replaces it"), "nothing is overwritten");
	ok(reads("a", 3, "one"), "the old one is still there");
	ok(write_text("a", "", true, &e) == CS_OK && reads("a", 3, ""),
	    "unless forced");
	ok(write_text("./a", "three", true, &e) == CS_OK &&
	    reads("a", 5, "three"), "with a directory");
	ok(fails(write_text("no/such", "x", false, &e), &e, CS_EIO,
	    "No such file"), "no directory");
	ok(symlink("a", "l") == 0 &&
	    fails(write_text("l", "x", true, &e), &e, CS_EIO,
	    "not a regular file"), "a link is neither followed nor replaced");
	ok(fails(write_text("/dev/null", "x", true, &e), &e, CS_EIO,
	    "not a regular file"), "and so is a device");
	ok(fails(write_text(".", "x", true, &e), &e, CS_EIO,
	    "not a regular file"), "and a directory");
	ok(unlink("l") == 0 && count_names() == 1, "nothing is left behind");
	ok(cs_file_exists("a") && !cs_file_exists("b") &&
	    !cs_file_exists("-"), "exists");
	ok(cs_is_dir(".") && !cs_is_dir("a") && !cs_is_dir("b"), "is_dir");
}

static void
test_read(void)
{
	cs_buf *b = NULL;
	cs_err e = {0};
	int p[2];

	ok(fails(cs_file_read("a", 4, &b, &e), &e, CS_EFORMAT, "too large") &&
	    b == NULL, "too large");
	ok(fails(cs_file_read("b", 4, &b, &e), &e, CS_EIO, "No such file"),
	    "absent");
	ok(fails(cs_file_read(".", 4, &b, &e), &e, CS_EIO,
	    "not a regular file"), "a directory");
	ok(mkfifo("f", 0600) == 0 && fails(cs_file_read("f", 4, &b, &e), &e,
	    CS_EIO, "not a regular file"), "a FIFO does not hang");
	(void)unlink("f");
	ok(cs_file_read_secret("a", 5, &b, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "three"), "a secret");
	cs_buf_free(&b);
	ok(pipe(p) == 0 && write(p[1], "from a pipe", 11) == 11 &&
	    close(p[1]) == 0 && cs_fd_read_all(p[0], 100, false, &b, &e) ==
	    CS_OK && cs_span_is(cs_buf_span(b), "from a pipe"), "a pipe");
	cs_buf_free(&b);
	close(p[0]);
	ok(fails(cs_fd_read_all(-1, 10, false, &b, &e), &e, CS_EIO, "Bad"),
	    "no descriptor");
	ok(cs_fd_read_all(0, SIZE_MAX, false, &b, &e) == CS_EBUG, "any size");
}

/* Standard input and output stand for "-". */
static void
test_dash(void)
{
	cs_buf *b = NULL;
	cs_err e = {0};
	int in = dup(0), out = dup(1), r;

	fflush(stdout);
	(void)dup2(open("o", O_WRONLY | O_CREAT, 0600), 1);
	r = write_text("-", "to stdout", false, &e);
	(void)dup2(out, 1);
	ok(r == CS_OK && reads("o", 9, "to stdout"), "write to -");
	(void)dup2(open("o", O_RDONLY), 0);
	ok(cs_file_read("-", 9, &b, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "to stdout"), "read from -");
	cs_buf_free(&b);
	(void)dup2(open("/dev/full", O_WRONLY), 1);
	r = write_text("-", "to stdout", false, &e);
	(void)dup2(out, 1);
	ok(fails(r, &e, CS_EIO, "No space left"), "a full device");
	(void)dup2(in, 0);
	(void)unlink("o");
}

static int
trusted(const char *path, cs_err *e)
{
	cs_buf *b = NULL;
	int r = cs_file_read_trusted(path, getuid(), 100, &b, e);

	if (r == CS_OK && !cs_span_is(cs_buf_span(b), "three"))
		r = CS_EBUG;
	cs_buf_free(&b);
	return r;
}

static void
test_trusted(void)
{
	cs_err e = {0};

	ok(chmod(".", 0700) == 0 && trusted("a", &e) == CS_OK, "trusted");
	ok(chmod("a", 0660) == 0 && fails(trusted("a", &e), &e, CS_EIO,
	    "a: mode 0660"), "writable for the group");
	ok(chmod("a", 0602) == 0 && fails(trusted("a", &e), &e, CS_EIO,
	    "a: mode 0602"), "writable for all");
	ok(chmod("a", 0644) == 0 && chmod(".", 0770) == 0 &&
	    fails(trusted("a", &e), &e, CS_EIO, "./: mode 0770"),
	    "the directory is writable for the group");
	ok(chmod(".", 01777) == 0 && fails(trusted("a", &e), &e, CS_EIO,
	    "./: mode 1777"), "the directory is like /tmp");
	ok(chmod(".", 0700) == 0 && fails(trusted("b", &e), &e, CS_EIO,
	    "No such file"), "absent");
	ok(mkdir("d", 0700) == 0 && symlink("../a", "d/l") == 0 &&
	    trusted("d/l", &e) == CS_OK, "through a link");
	ok(chmod("d", 0777) == 0 && fails(trusted("d/l", &e), &e, CS_EIO,
	    "d/: mode 0777"), "a link that anybody can change");
	ok(symlink("d/x", "m") == 0 && link("a", "d/x") == 0 &&
	    fails(trusted("m", &e), &e, CS_EIO, "/d/: mode 0777"),
	    "a link to where anybody can write");
	ok(mkfifo("f", 0600) == 0 && fails(trusted("f", &e), &e, CS_EIO,
	    "not a regular file"), "a FIFO");
	ok(unlink("f") == 0 && unlink("m") == 0 && unlink("d/x") == 0 &&
	    unlink("d/l") == 0 && rmdir("d") == 0, "clean");
}

static void
test_foreign(void)
{
	cs_buf *b = NULL;
	cs_err e = {0};
	uid_t reader = getuid();

	if (reader == 0)
		ok(chown("a", 12345, (gid_t)-1) == 0, "a foreign file");
	else
		reader++;
	ok(fails(cs_file_read_trusted("a", reader, 100, &b, &e), &e, CS_EIO,
	    "expected owner root or uid") && b == NULL, "a foreign owner");
	if (reader != 0)
		return;
	ok(cs_file_read_trusted("a", 12345, 100, &b, &e) == CS_OK,
	    "the reader's own file in root's directory");
	cs_buf_free(&b);
	ok(chown("a", 0, (gid_t)-1) == 0, "root's again");
}

static int
collect(void *arg, const char *path, cs_err *e)
{
	cs_buf *b = arg;

	if (strstr(path, "stop") != NULL)
		return cs_fail(e, CS_EREFUSED, "test", "stop");
	return cs_buf_printf(b, "%s ", path);
}

static int
each(cs_buf *b, cs_err *e)
{
	cs_buf_reset(b);
	return cs_dir_each_trusted("d", getuid(), "conf", collect, b, e);
}

static void
test_each(void)
{
	static const char *const names[] = {"d/b.conf", "d/B.conf",
	    "d/a.conf", "d/.h.conf", "d/x.conf~", "d/conf", "d/x.confx"};
	cs_buf *b = cs_buf_new(500);
	cs_err e = {0};
	size_t i;

	ok(mkdir("d", 0700) == 0 && each(b, &e) == CS_OK &&
	    cs_buf_len(b) == 0, "an empty directory");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(write_text(names[i], "", false, &e) == CS_OK, "%s",
		    names[i]);
	ok(mkdir("d/d.conf", 0700) == 0 && each(b, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "d/B.conf d/a.conf d/b.conf "),
	    "in byte order: %s", cs_buf_cstr(b));
	cs_buf_reset(b);
	ok(cs_dir_each_trusted("d", getuid(), NULL, collect, b, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "d/B.conf d/a.conf d/b.conf d/conf "
	    "d/x.confx d/x.conf~ "), "whatever the name: %s",
	    cs_buf_cstr(b));
	ok(write_text("d/am_stop.conf", "", false, &e) == CS_OK &&
	    fails(each(b, &e), &e, CS_EREFUSED, "stop") &&
	    cs_span_is(cs_buf_span(b), "d/B.conf d/a.conf "), "stopped");
	ok(symlink("nowhere", "d/z.conf") == 0 && fails(each(b, &e), &e,
	    CS_EIO, "d/z.conf: No such file") && cs_buf_len(b) == 0,
	    "a link to nowhere");
	ok(chmod("d", 0770) == 0 && fails(each(b, &e), &e, CS_EIO,
	    "d: mode 0770"), "writable for the group");
	ok(fails(cs_dir_each_trusted("a", getuid(), "conf", collect, b, &e),
	    &e, CS_EIO, "Not a directory"), "a file");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(names[i]);
	ok(unlink("d/am_stop.conf") == 0 && unlink("d/z.conf") == 0 &&
	    rmdir("d/d.conf") == 0 && rmdir("d") == 0, "clean");
	cs_buf_free(&b);
}

int
main(void)
{
	char dir[] = "base_file.XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 99;
	test_write();
	test_read();
	test_dash();
	test_trusted();
	test_foreign();
	test_each();
	(void)unlink("a");
	ok(count_names() == 0 && chdir("..") == 0 && rmdir(dir) == 0,
	    "nothing is left behind");
	return done_testing();
}
