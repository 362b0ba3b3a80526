/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <time.h>

#include "tests/fido/softkey.h"

/* User presence. SIGUSR1 is a finger; it counts while the key waits for one. */

#define KEEPALIVE_MS 50

int64_t
now_ms(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		die("no clock");
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
wait_for_touch(struct softkey *k)
{
	int64_t start = now_ms(), t = start, told = start - KEEPALIVE_MS;

	for (; t - start < k->opt.give_up_ms; t = now_ms()) {
		if (k->cancelled && !has_fault(k, "mute", true))
			return CTAP_KEEPALIVE_CANCEL;
		if (k->touched || (k->opt.touch == TOUCH_LATE &&
		    t - start >= k->opt.touch_ms))
			return CTAP_OK;
		if (t - told >= KEEPALIVE_MS) {
			hid_keepalive(k);
			told = t;
		}
		(void)hid_round(k, k->opt.touch == TOUCH_LATE ? 5 :
		    KEEPALIVE_MS);
	}
	return CTAP_USER_ACTION_TIMEOUT;
}

static void
wanted(struct softkey *k)
{
	k->touched = false;
	note("touch wanted");
	if (has_fault(k, "unplug", true)) {
		note("unplugged");
		exit(0);
	}
}

/* Waits for a finger; CTAP_OK, or how it went otherwise. */
int
touch(struct softkey *k)
{
	int r;

	k->cancelled = false;
	wanted(k);
	if (k->opt.touch == TOUCH_AUTO)
		r = CTAP_OK;
	else if (k->opt.touch == TOUCH_DENY)
		r = CTAP_OPERATION_DENIED;
	else
		r = wait_for_touch(k);
	note("%s", r == CTAP_OK ? "touched" : r == CTAP_KEEPALIVE_CANCEL ?
	    "cancelled" : r == CTAP_OPERATION_DENIED ? "denied" : "gave up");
	return r;
}

/* U2F does not wait: the platform asks again and again. A finger counts for the
 * next time it asks. */
bool
touch_u2f(struct softkey *k)
{
	if (!k->u2f_asked) {
		k->u2f_asked = true;
		k->u2f_since = now_ms();
		wanted(k);
	}
	if (k->opt.touch == TOUCH_AUTO || (k->opt.touch == TOUCH_LATE &&
	    now_ms() - k->u2f_since >= k->opt.touch_ms))
		k->touched = true;
	if (!k->touched)
		return false;
	k->u2f_asked = false;
	note("touched");
	return true;
}
