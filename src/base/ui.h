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
};

typedef struct cs_ui {
	void *arg;
	/* Gives *pin, a secret buf, never empty: one attempt per call. CS_EAUTH
	 * none was entered, CS_ENEEDED nobody to ask, CS_ETIMEOUT, CS_EINTR. */
	int (*pin)(void *arg, const struct cs_pin_ask *ask, cs_buf **pin,
	    cs_err *e);
	/* Tells the person something at once ("enter the PIN on the reader"). */
	void (*notice)(void *arg, const char *text);
} cs_ui;

#endif
