/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_P11_DRIVER_H
#define CS_TESTS_P11_DRIVER_H

/*
 * What the drivers of this folder share. From the environment:
 *
 *	PIN, PIN2    what the person types; PIN2 when asked a second time
 *	P11_MODULES  where p11-kit finds its modules configured, in place of
 *	             the system's directories
 *	P11_KEEP     a library that stays loaded, so that a leak of its own
 *	             can be told by its name
 *
 * Questions and notices go to standard error.
 */

#define P11_KIT_FUTURE_UNSTABLE_API 1
#include <dlfcn.h>
#include <p11-kit/p11-kit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ui.h"

__attribute__((unused)) static int
driver_pin(void *arg, const struct cs_pin_ask *ask, cs_buf **out, cs_err *e)
{
	const char *s = getenv(ask->again ? "PIN2" : "PIN");

	(void)arg;
	fprintf(stderr, "ask: %s tries=%d last=%d again=%d\n", ask->what,
	    ask->tries_left, ask->last_try, ask->again);
	if (s == NULL)
		return cs_fail(e, CS_ENEEDED, "driver", "nobody to ask");
	if ((*out = cs_secret_new(strlen(s))) == NULL)
		return cs_nomem(e, "driver");
	return cs_buf_put_str(*out, s);
}

__attribute__((unused)) static void
driver_notice(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "notice: %s\n", text);
}

static void
driver_configure(void)
{
	const char *dir = getenv("P11_MODULES"), *keep = getenv("P11_KEEP");

	if (dir != NULL)
		p11_kit_override_system_files("/nonexistent", "/nonexistent",
		    dir, dir, dir);
	if (keep != NULL && dlopen(keep, RTLD_NOW | RTLD_NODELETE) == NULL)
		fprintf(stderr, "%s\n", dlerror());
}

#endif
