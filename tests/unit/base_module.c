/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/module.h"
#include "tap.h"

#define MODULES "tests/unit/bin/.libs/"

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
load(const char *name, const int **number, cs_err *e)
{
	void *sym = NULL;
	int r = cs_module_load(".", "probe", name, "cs_probe",
	    "the probe package", &sym, e);

	*number = sym;
	return r;
}

static bool
copy(const char *from, const char *to, cs_err *e)
{
	cs_buf *b = NULL;
	bool good = cs_file_read(from, 1 << 20, &b, e) == CS_OK &&
	    cs_file_write(to, cs_buf_span(b), 0755, false, e) == CS_OK;

	cs_buf_free(&b);
	return good;
}

static void
test_load(cs_err *e)
{
	const int *one, *two, *again;

	ok(load("one", &one, e) == CS_OK && *one == 1, "one");
	ok(load("two", &two, e) == CS_OK && *two == 2,
	    "two is not taken for one");
	ok(load("one", &again, e) == CS_OK && again == one, "one again");
	ok(cs_module_is_there(".", "probe", "one") &&
	    !cs_module_is_there(".", "probe", "three") &&
	    !cs_module_is_there("..", "probe", "one") &&
	    !cs_module_is_there(".", "probe", "../probe-one"),
	    "which are there");
}

static void
test_refused(cs_err *e)
{
	const int *number;
	void *sym;

	ok(fails(load("three", &number, e), e, CS_EDEVICE,
	    "is the probe package installed?") && number == NULL, "absent");
	ok(fails(load("../one", &number, e), e, CS_EDEVICE,
	    "cannot be the name"), "a path for a name");
	ok(fails(load("One", &number, e), e, CS_EDEVICE,
	    "cannot be the name"), "a bad name");
	ok(fails(load("", &number, e), e, CS_EDEVICE, "cannot be the name"),
	    "no name");
	ok(fails(cs_module_load(".", "probe", "one", "nothing", NULL, &sym, e),
	    e, CS_EDEVICE, "has no nothing") && sym == NULL, "no symbol");
	ok(fails(cs_module_load("./no", "probe", "one", "cs_probe", NULL,
	    &sym, e), e, CS_EDEVICE, "No such file"), "no directory");
	ok(chmod("probe-two.so", 0775) == 0 && fails(load("two", &number, e),
	    e, CS_EREFUSED, "mode 0775") && number == NULL,
	    "writable for the group");
	ok(chmod("probe-two.so", 0757) == 0 && fails(load("two", &number, e),
	    e, CS_EREFUSED, "mode 0757"), "writable for others");
	ok(cs_file_write("probe-x.so", cs_span_str("x"), 0755, true, e) ==
	    CS_OK && fails(load("x", &number, e), e, CS_EDEVICE,
	    "probe-x.so: "), "not a module");
	ok(mkdir("probe-d.so", 0755) == 0 && fails(load("d", &number, e), e,
	    CS_EREFUSED, "not a regular file"), "a directory");
	ok(mkfifo("probe-f.so", 0700) == 0 && fails(load("f", &number, e), e,
	    CS_EREFUSED, "not a regular file"), "a FIFO");
	if (getuid() != 0) {
		skip("a foreign owner: needs root");
		return;
	}
	ok(chmod("probe-two.so", 0755) == 0 && chown("probe-two.so", 12345,
	    (gid_t)-1) == 0 && fails(load("two", &number, e), e, CS_EREFUSED,
	    "found uid 12345"), "a foreign owner");
}

int
main(void)
{
	static const char *const names[] = {"probe-one.so", "probe-two.so",
	    "probe-x.so", "probe-f.so"};
	char dir[] = "base_module.XXXXXX";
	cs_err e = {0};
	size_t i;

	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return 99;
	if (!ok(copy("../" MODULES "probe-one.so", names[0], &e) &&
	    copy("../" MODULES "probe-two.so", names[1], &e), "modules %s",
	    e.text))
		return done_testing();
	test_load(&e);
	test_refused(&e);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(names[i]);
	(void)rmdir("probe-d.so");
	ok(chdir("..") == 0 && rmdir(dir) == 0, "nothing is left behind");
	return done_testing();
}
