/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_ASKS_H
#define CS_SERVER_ASKS_H

#include "base/buf.h"

/* What was asked and is not answered yet, by the ids of its frames: of a fixed
 * number. An id is never given twice. */
typedef struct cs_asks cs_asks;

CS_USE int cs_asks_new(size_t max, cs_asks **out, cs_err *e);
void cs_asks_free(cs_asks **a); /* what it is about is the caller's */
/* False: so many are asked that one more is too much. */
CS_USE bool cs_asks_add(cs_asks *a, void *about, int64_t deadline_ms,
    uint64_t *id);
/* What it was about, which is forgotten here; NULL: nothing that is known. */
void *cs_asks_take(cs_asks *a, uint64_t id);
/* The same of one whose deadline has come, and of any. */
void *cs_asks_take_late(cs_asks *a, int64_t now_ms);
void *cs_asks_take_any(cs_asks *a);
size_t cs_asks_count(const cs_asks *a);

#endif
