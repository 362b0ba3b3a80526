/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_LIB_LIB_H
#define CS_LIB_LIB_H

#include "crypt/keycache.h"
#include "fmt/approval.h"
#include "include/countersign/countersign.h"
#include "verify/anchors.h"

/* What the adaptors share. */

struct countersign_approval {
	cs_approval *a;
};
struct countersign_anchors {
	cs_anchors *a;
};
struct countersign_keycache {
	cs_keycache *c;
};

/* Hands a failure of ours to a caller's object, escaped; returns e->cls.
 * `error` may be NULL. */
int cs_lib_report(countersign_error *error, const cs_err *e);
/* Reports a wrong call. */
int cs_lib_usage(countersign_error *error, const char *text);
/* Escapes for any terminal, as a buf with a C string; NULL when out of
 * memory. */
cs_buf *cs_lib_escape(cs_span text);
countersign_bytes cs_lib_bytes(cs_span s);
cs_span cs_lib_span(countersign_bytes b);
/* Copies for a caller, who frees with countersign_free(). */
CS_USE int cs_lib_give(cs_span s, uint8_t **out, size_t *len, cs_err *e);
/* Lends what is in it; NULL for NULL. */
cs_keycache *cs_lib_keys(const countersign_keycache *keycache);
/* Takes *a in any case. */
CS_USE int cs_lib_approval(cs_approval **a, countersign_approval **out,
    cs_err *e);

#endif
