/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_GRANT_H
#define CS_TOOL_GRANT_H

#include "crypt/hash.h"
#include "fmt/approval.h"

/* Grants and their use, countersign-formats(5), section 4. What is checked
 * here saves a person a refusal later; who decides is the verifier. */
typedef struct cs_grant { /* immutable */
	cs_approval *approval;
	uint8_t hash[CS_SHA256_LEN];   /* of its TBS */
	uint8_t holder[CS_SHA256_LEN]; /* of its holderKey */
} cs_grant;

/* A file that holds one approval, which is a grant; the same from bytes. */
CS_USE int cs_grant_read(const char *path, cs_grant **out, cs_err *e);
CS_USE int cs_grant_parse(cs_span in, cs_grant **out, cs_err *e);
void cs_grant_free(cs_grant **g);
bool cs_tbs_is_grant(const cs_tbs *t);
/* Does this approval stay within the grant that it names?
 * CS_R_GRANT_INVALID. `hash`: of the grant's TBS. */
CS_USE int cs_grant_covers(const cs_tbs *grant,
    const uint8_t hash[CS_SHA256_LEN], const cs_tbs *use, cs_err *e);

/* One certificate or public key, PEM or DER. Appends the
 * SubjectPublicKeyInfo. */
CS_USE int cs_holder_parse(cs_span in, cs_buf *spki, cs_err *e);

#endif
