/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_APPROVE_H
#define CS_TOOL_APPROVE_H

#include "signer/signer.h"
#include "tool/reqfile.h"

/*
 * One approval, from what it should say to the owner's signature. It is built,
 * then parsed again: what is shown is taken from `tbs`, and `tbs` is signed.
 */
typedef struct cs_approve {
	cs_tbs want; /* names, limits and subjects; borrows. The identifier and
		      * the owner's key are filled in when it is built. */
	const cs_reqfile *req[CS_SUBJECTS_MAX]; /* of each subject; borrows */
	uint8_t holder[CS_SHA256_LEN]; /* a grant: hash of the holder's key */
	uint8_t id[16];
	cs_span certs;    /* to carry along; borrows, or absent */
	cs_buf *tbs_der;
	cs_tbs tbs;       /* parsed from tbs_der */
	cs_buf *approval; /* whole OwnerApproval */
} cs_approve;

/* One subject more, of this request. */
CS_USE int cs_approve_add(cs_approve *a, const cs_reqfile *r,
    enum cs_subject_kind kind, cs_err *e);
/* The one subject of a grant; borrows. */
CS_USE int cs_approve_grant(cs_approve *a, cs_span prefix, cs_span holder,
    cs_err *e);
/* The bytes to be signed, with a fresh identifier. CS_R_KEY_REUSE: somebody
 * else's key in it is the owner's. */
CS_USE int cs_approve_build(cs_approve *a,
    const uint8_t owner_hash[CS_SHA256_LEN], cs_err *e);
CS_USE int cs_approve_sign(cs_approve *a, cs_signer *s, int64_t now,
    cs_err *e);
void cs_approve_free(cs_approve **a);

#endif
