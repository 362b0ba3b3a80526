/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/edit.h"
#include "base/file.h"
#include "tap.h"

#define CAP 1024
#define WRITERS 8

static cs_err err;

static int
start(const char *path, bool create, cs_edit **ed)
{
	cs_err_clear(&err);
	return cs_edit_open(path, geteuid(), CAP, create, 0, ed, &err);
}

static bool
refused(const char *path, bool create, int cls, const char *words)
{
	cs_edit *ed = NULL;
	int r = start(path, create, &ed);
	bool good = r == cls && ed == NULL && strstr(err.text, words) != NULL;

	if (!good)
		printf("# %d: %s\n", r, err.text);
	cs_edit_close(&ed);
	return good;
}

static bool
has(const char *path, const char *text)
{
	cs_buf *b = NULL;
	bool yes = cs_file_read(path, CAP, &b, NULL) == CS_OK &&
	    cs_span_is(cs_buf_span(b), text);

	cs_buf_free(&b);
	return yes;
}

static bool
put(const char *path, const char *text, mode_t mode)
{
	return cs_file_write(path, cs_span_str(text), mode, true, NULL) ==
	    CS_OK;
}

/* Names in the directory: nothing is left beside the files. */
static int
names(void)
{
	DIR *d = opendir(".");
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		(void)closedir(d);
	return n - 2;
}

static void
test_replace(void)
{
	cs_edit *ed = NULL;
	struct stat st;

	ok(put("a", "one\n", 0640) && start("a", false, &ed) == CS_OK &&
	    cs_span_is(cs_edit_text(ed), "one\n") && !cs_edit_is_new(ed),
	    "opened and read");
	ok(cs_edit_put(ed, cs_span_str("two\n"), &err) == CS_OK &&
	    has("a", "two\n"), "replaced");
	ok(stat("a", &st) == 0 && (st.st_mode & 07777) == 0640,
	    "with its mode");
	cs_edit_close(&ed);
	ok(ed == NULL && names() == 1, "and nothing else is there");
	ok(refused("b", false, CS_EIO, "No such file"), "none is there");
	ok(start("b", true, &ed) == CS_OK && cs_edit_is_new(ed) &&
	    cs_edit_text(ed).n == 0 &&
	    cs_edit_put(ed, cs_span_str("new"), &err) == CS_OK &&
	    has("b", "new"), "a new one");
	cs_edit_close(&ed);
	ok(stat("b", &st) == 0 && (st.st_mode & 07777) == 0644,
	    "whatever the umask");
	ok(refused("", true, CS_EIO, "not a file's name") &&
	    refused("./", true, CS_EIO, "not a file's name") &&
	    refused("./..", true, CS_EIO, "not a file's name"), "no name");
	ok(refused("no/such", true, CS_EIO, "No such file"), "no directory");
	ok(unlink("b") == 0, "gone");
}

static void
test_trust(void)
{
	ok(chmod("a", 0664) == 0 && refused("a", false, CS_EIO, "mode 0664"),
	    "others may write to it");
	ok(chmod("a", 0644) == 0 && chmod(".", 0777) == 0 &&
	    refused("a", false, CS_EIO, "mode 0777") &&
	    refused("b", true, CS_EIO, "mode 0777"), "or to its directory");
	ok(chmod(".", 0755) == 0 && mkfifo("fifo", 0600) == 0 &&
	    refused("fifo", true, CS_EIO, "not a regular file"), "a FIFO");
	ok(mkdir("dir", 0700) == 0 &&
	    refused("dir", true, CS_EIO, "not a regular file"),
	    "a directory");
	ok(link("a", "second") == 0 &&
	    refused("a", false, CS_EIO, "2 names"), "two names would part");
	ok(unlink("second") == 0 && unlink("fifo") == 0 && rmdir("dir") == 0,
	    "gone");
}

static void
test_links(void)
{
	cs_edit *ed = NULL;
	struct stat st;

	ok(mkdir("d", 0755) == 0 && put("d/a", "one", 0600) &&
	    symlink("d/a", "l") == 0 && start("l", true, &ed) == CS_OK &&
	    cs_edit_put(ed, cs_span_str("two"), &err) == CS_OK &&
	    has("d/a", "two"), "through a link");
	cs_edit_close(&ed);
	ok(lstat("l", &st) == 0 && S_ISLNK(st.st_mode), "which stays one");
	ok(chmod("d", 0777) == 0 && refused("l", true, CS_EIO, "mode 0777"),
	    "its target's directory counts");
	ok(chmod("d", 0755) == 0 && unlink("d/a") == 0 &&
	    refused("l", true, CS_EIO, "No such file") && names() == 3,
	    "one that leads nowhere makes nothing");
	ok(unlink("l") == 0 && rmdir("d") == 0, "gone");
}

/* What happens while the edit is open. */
static void
test_others(void)
{
	cs_edit *ed = NULL, *second = NULL;

	ok(start("a", false, &ed) == CS_OK &&
	    start("a", false, &second) == CS_OK,
	    "who holds the lock for ever keeps nobody out");
	ok(cs_edit_put(second, cs_span_str("second"), &err) == CS_OK &&
	    cs_edit_put(ed, cs_span_str("first"), &err) == CS_EIO &&
	    strstr(err.text, "somebody else") != NULL && has("a", "second"),
	    "but of two the later fails");
	cs_edit_close(&second);
	cs_edit_close(&ed);
	ok(start("a", false, &ed) == CS_OK, "again");
	ok(put("a", "editor", 0644) &&
	    cs_edit_put(ed, cs_span_str("mine"), &err) == CS_EIO &&
	    strstr(err.text, "somebody else") != NULL && has("a", "editor"),
	    "what an editor wrote meanwhile stays");
	cs_edit_close(&ed);
	ok(start("a", false, &ed) == CS_OK && unlink("a") == 0 &&
	    cs_edit_put(ed, cs_span_str("mine"), &err) == CS_EIO &&
	    !cs_file_exists("a"), "what was taken away, too");
	cs_edit_close(&ed);
	ok(start("a", true, &ed) == CS_OK && put("a", "theirs", 0644) &&
	    cs_edit_put(ed, cs_span_str("mine"), &err) == CS_EIO &&
	    has("a", "theirs"), "and what was made");
	cs_edit_close(&ed);
	ok(start("a", false, &second) == CS_OK, "unlocked when closed");
	cs_edit_close(&second);
	ok(names() == 1, "nothing is left of what failed");
}

static void
test_full(void)
{
	struct rlimit old, little;
	cs_edit *ed = NULL;
	int r;

	(void)signal(SIGXFSZ, SIG_IGN);
	ok(getrlimit(RLIMIT_FSIZE, &old) == 0 &&
	    start("a", false, &ed) == CS_OK, "a limit");
	little = (struct rlimit){.rlim_cur = 3, .rlim_max = old.rlim_max};
	(void)setrlimit(RLIMIT_FSIZE, &little);
	r = cs_edit_put(ed, cs_span_str("too long"), &err);
	(void)setrlimit(RLIMIT_FSIZE, &old);
	ok(r == CS_EIO && strstr(err.text, "File too large") != NULL &&
	    has("a", "theirs") && names() == 1,
	    "what does not fit changes nothing: %s", err.text);
	cs_edit_close(&ed);
}

/* Each adds a line; none is lost. */
static void
add_line(void)
{
	char text[CAP + 2];
	cs_edit *ed = NULL;
	cs_span old;
	int r;

	r = cs_edit_open("many", geteuid(), CAP, true, 20000, &ed, &err);
	if (r == CS_OK) {
		old = cs_edit_text(ed);
		if (old.n != 0)
			memcpy(text, old.p, old.n);
		memcpy(text + old.n, "x\n", 2);
		r = cs_edit_put(ed, cs_span_of(text, old.n + 2), &err);
	}
	cs_edit_close(&ed);
	_exit(r == CS_OK ? 0 : 1);
}

static void
test_many(void)
{
	int i, status, good = 0;

	for (i = 0; i < WRITERS; i++)
		if (fork() == 0)
			add_line();
	while (wait(&status) > 0)
		good += status == 0;
	ok(good == WRITERS && has("many", "x\nx\nx\nx\nx\nx\nx\nx\n"),
	    "%d at once, and no line is lost", good);
}

int
main(void)
{
	char dir[] = "/tmp/countersign-edit-XXXXXX";

	(void)umask(077);
	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 1;
	test_replace();
	test_trust();
	test_links();
	test_others();
	test_full();
	test_many();
	(void)unlink("a");
	(void)unlink("many");
	ok(rmdir(dir) == 0, "nothing is left behind");
	return done_testing();
}
