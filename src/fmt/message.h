/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_MESSAGE_H
#define CS_FMT_MESSAGE_H

#include "fmt/csr.h"

/* What is handed to a verifier: a composite request, DER or PEM, or a PEM
 * bundle of one request without the attribute and its approvals (section 5). */

#define CS_MESSAGE_MAX (1024 * 1024)

typedef struct cs_message { /* immutable */
	cs_csr *csr;
	bool composite;      /* the approvals came in the request's attribute */
	size_t n;            /* approvals, 0..CS_APPROVALS_MAX */
	cs_span approvals[CS_APPROVALS_MAX]; /* whole OwnerApproval each, raw */
	cs_buf *own[CS_APPROVALS_MAX];       /* of a bundle */
} cs_message;

/* CS_R_MALFORMED: no request, two, or approvals beside a composite; also what
 * cs_csr_parse refuses. */
CS_USE int cs_message_parse(cs_span in, cs_message **out, cs_err *e);
void cs_message_free(cs_message **m);

/* A file that must hold one request, PEM or DER. */
CS_USE int cs_request_read(cs_span in, cs_csr **out, cs_err *e);
/* A file that must hold approvals: PEM OWNER APPROVAL or CMS, any number up to
 * CS_APPROVALS_MAX - *n, or one DER OwnerApproval or ContentInfo. Appends
 * whole OwnerApprovals to out[], *n grows. */
CS_USE int cs_approvals_read(cs_span in, cs_buf *out[CS_APPROVALS_MAX],
    size_t *n, cs_err *e);

#endif
