/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/err.h"
#include "tap.h"

int
main(void)
{
	char big[3 * sizeof(((cs_err *)NULL)->text)];
	cs_err e = {0};

	ok(cs_fail(&e, CS_EIO, "room", "no %s", "file") == CS_EIO &&
	    e.cls == CS_EIO && e.detail == 0 && strcmp(e.where, "room") == 0 &&
	    strcmp(e.text, "no file") == 0, "fail");
	ok(cs_wrap(&e, "%s", "x") == CS_EIO &&
	    strcmp(e.text, "x: no file") == 0, "wrap");
	ok(cs_fail_detail(&e, CS_EREFUSED, 7, "verify", "late") ==
	    CS_EREFUSED && e.detail == 7, "fail with a detail");
	ok(cs_wrap(&e, "y") == CS_EREFUSED && e.detail == 7,
	    "wrap keeps the detail");
	ok(cs_fail(NULL, CS_EIO, "room", "no file") == CS_EIO &&
	    cs_fail_detail(NULL, CS_EIO, 1, "room", "no file") == CS_EIO,
	    "nobody to tell");
	ok(cs_wrap(NULL, "x") == CS_EBUG, "nothing to wrap");
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	(void)cs_fail(&e, CS_EIO, "room", "%s", big);
	ok(strlen(e.text) == sizeof(e.text) - 1, "a long text is cut");
	(void)cs_wrap(&e, "%s", big);
	ok(strlen(e.text) == sizeof(e.text) - 1, "and so is a long wrap");
	ok(cs_nomem(&e, "room") == CS_EBUG, "no memory");
	cs_err_clear(&e);
	ok(e.cls == CS_OK && e.text[0] == '\0', "clear");
	return done_testing();
}
