/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_APPROVER_H
#define CS_TESTS_APPROVER_H

#include "crypt/hash.h"
#include "crypt/privkey.h"
#include "fmt/tbs.h"

/* An owner with a P-256 key of the test's own, who signs what he is given. */

struct approver {
	const char *owner;
	cs_privkey *key;
	cs_buf *spki;
	uint8_t hash[CS_SHA256_LEN];
};

bool approver_new(struct approver *a, const char *owner);
void approver_free(struct approver *a);
/* Appends his line of the owners file. */
bool approver_line(const struct approver *a, const char *agents, cs_buf *out);
/* What he would sign for this request, DER, to the bed's authority: an id of
 * its own each time. */
cs_buf *approver_words(const struct approver *a, const cs_buf *request,
    enum cs_decision decision, int64_t from, int64_t until);
/* The same, of two requests (or of one: NULL). */
cs_buf *approver_words_both(const struct approver *a, const cs_buf *request,
    const cs_buf *other, enum cs_decision decision, int64_t from,
    int64_t until);
/* Signs, each time anew: PEM. */
cs_buf *approver_sign(const struct approver *a, const cs_buf *words);

#endif
