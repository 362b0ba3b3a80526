/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_APPROVE_H
#define CS_TOOL_APPROVE_H

#include "crypt/hash.h"
#include "fmt/tbs.h"
#include "signer/signer.h"
#include "tool/out.h"
#include "tool/term.h"

/*
 * One approval, from a parsed request to the owner's signature. Each step uses
 * what the step before left here; nothing is read twice, so that what was
 * shown is what is signed.
 */
typedef struct cs_approve {
	/* what the owner grants, from the command line; borrowed */
	cs_span owner, purpose;
	int64_t now, window, max_lifetime, uses;
	bool ascii;             /* of standard error */
	cs_buf *authority;
	/* the request */
	cs_csr *csr;
	uint8_t digest[CS_SHA256_LEN], agent_hash[CS_SHA256_LEN];
	char code[8];
	/* the owner's key */
	cs_signer *signer;
	uint8_t owner_hash[CS_SHA256_LEN];
	/* what is signed */
	cs_buf *tbs_der;
	cs_tbs tbs;             /* parsed from tbs_der */
	cs_buf *approval;       /* whole OwnerApproval */
	cs_term *term;          /* NULL: nobody is asked */
} cs_approve;

/* The request: proof of possession, hashes, and that it can be shown. */
CS_USE int cs_approve_check(cs_approve *a, cs_err *e);
/* Opens the terminal to ask on; CS_ENEEDED when there is none. */
CS_USE int cs_approve_terminal(cs_approve *a, int64_t deadline_ms, cs_err *e);
/* The bytes to be signed, built, then parsed again. */
CS_USE int cs_approve_build(cs_approve *a, cs_err *e);
/* Shows the page, on the terminal or on standard error, and asks where there
 * is a terminal. CS_EREFUSED: anything but yes. */
CS_USE int cs_approve_ask(cs_approve *a, cs_out *out, cs_err *e);
CS_USE int cs_approve_sign(cs_approve *a, cs_err *e);
void cs_approve_free(cs_approve **a);

#endif
