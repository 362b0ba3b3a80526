/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_ASSUAN_H
#define CS_TOOL_ASSUAN_H

#include "base/buf.h"

/* The part of the Assuan protocol that asks pinentry(1) for one secret. Every
 * line from it is bounded and hostile. */

#define CS_ASSUAN_SECRET_MAX 255

/* The other side: a helper's socket, or bytes in a test. */
typedef struct cs_assuan_peer {
	void *arg;
	/* Reads what is there into `in`; *end when there will be no more. */
	int (*get)(void *arg, cs_buf *in, bool *end, cs_err *e);
	int (*put)(void *arg, cs_span text, cs_err *e);
} cs_assuan_peer;

/* Appends `text` percent-escaped, as an argument of a command. */
CS_USE int cs_assuan_escape(cs_buf *out, cs_span text, cs_err *e);
/* Appends what a D line's data stands for. A % without two digits or more
 * than `out` has room for: CS_EAUTH. */
CS_USE int cs_assuan_unescape(cs_buf *out, cs_span data, cs_err *e);

/* The whole conversation, from the greeting to the answer of GETPIN. *secret
 * has at most CS_ASSUAN_SECRET_MAX bytes, none when nothing was entered;
 * CS_EAUTH when that was cancelled or the other side does not keep to the
 * protocol. */
CS_USE int cs_assuan_getpin(const cs_assuan_peer *peer,
    const char *description, cs_buf **secret, cs_err *e);

#endif
