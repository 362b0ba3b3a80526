/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_UI_H
#define CS_BASE_UI_H

#include "base/buf.h"

/* What a back end may ask of the person at the keyboard. The back end never
 * opens a terminal itself. */

struct cs_pin_ask {
	const char *what; /* e.g. PIN for token "ci" (serial 1234), from outside:
			   * the callback escapes it */
	int tries_left;   /* -1 when the device does not say */
	bool last_try;    /* the device says that this one is the last */
	bool again;       /* a second, context-specific PIN for one signature */
	bool fresh;       /* a new one, typed twice where it is typed; an empty
			   * one is an answer then: no PIN */
};

struct cs_touch_ask {
	const char *what; /* e.g. "YubiKey 5C" (/dev/hidraw3), from outside: the
			   * callback escapes it */
	bool enrol;       /* the touch makes a key; else it approves */
};

typedef struct cs_ui {
	void *arg;
	/* Gives *pin, a secret buf, which is empty for a fresh one alone: one
	 * attempt per call. CS_EAUTH none was entered, CS_ENEEDED nobody to ask,
	 * CS_ETIMEOUT, CS_EINTR. */
	int (*pin)(void *arg, const struct cs_pin_ask *ask, cs_buf **pin,
	    cs_err *e);
	/* Tells the person something at once ("enter the PIN on the reader"). */
	void (*notice)(void *arg, const char *text);
	/* Tells the person that a device wants to be touched, for how long still,
	 * and waits until `fd` can be read: the device has answered, whatever it
	 * says. CS_ETIMEOUT, CS_EINTR: the caller cancels the device before he
	 * lets go of it. NULL: the caller has to give up. */
	int (*touch)(void *arg, const struct cs_touch_ask *ask, int fd,
	    cs_err *e);
} cs_ui;

#endif
