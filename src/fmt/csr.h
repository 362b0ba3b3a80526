/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_CSR_H
#define CS_FMT_CSR_H

#include "fmt/spki.h"

/* The base request and the composite request: a PKCS#10
 * CertificationRequest (RFC 2986) under the rules of countersign-formats(5),
 * sections 3 and 6. */

#define CS_REQUEST_MAX (64 * 1024)
#define CS_APPROVALS_MAX 16

typedef struct cs_csr { /* immutable; spans borrow from der */
	cs_buf *own;
	cs_span der;
	cs_span info;           /* CertificationRequestInfo, from its tag on */
	cs_span head;           /* version, subject and key as they stand */
	cs_span attrs;          /* content of [0] */
	cs_span subject;        /* Name, whole: the agent's words */
	cs_spki key;
	cs_span sigalg, sig;    /* AlgorithmIdentifier whole; BIT STRING bytes */
	cs_span agent_id;
	cs_span trust_domain;
	cs_span purpose;        /* absent when the request has none */
	cs_span intended_owner; /* likewise */
	cs_span evidence;       /* id-aa-evidence value, whole; likewise */
	cs_span attr_approvals; /* the whole Attribute to cut; likewise */
	size_t n_approvals;     /* 0 for a base request */
	cs_span approvals[CS_APPROVALS_MAX]; /* whole OwnerApproval each, raw */
	size_t n_ignored;       /* attributes and extensions passed over */
} cs_csr;

/* Copies and parses. Checks size, DER, names and the key's encoding; not the
 * signature. Approvals are only counted and cut. */
CS_USE int cs_csr_parse(cs_span in, cs_csr **out, cs_err *e);
void cs_csr_free(cs_csr **c);

/* Appends the CertificationRequestInfo without the approvals attribute, its
 * lengths rewritten: what the request digest is over. */
CS_USE int cs_csr_base_info(const cs_csr *c, cs_buf *out, cs_err *e);
/* The same with one approvals attribute put in its sorted place, made of `n`
 * whole OwnerApprovals: what the agent signs again (section 6). */
CS_USE int cs_csr_composite_info(const cs_csr *c, const cs_span *approvals,
    size_t n, cs_buf *out, cs_err *e);

typedef struct cs_csr_new {
	cs_span spki;
	cs_span agent_id;
	cs_span purpose;        /* absent: none */
	cs_span intended_owner; /* absent: none */
} cs_csr_new;
/* Appends a CertificationRequestInfo with an empty subject. */
CS_USE int cs_csr_put_info(const cs_csr_new *n, cs_buf *out, cs_err *e);
/* Appends the CertificationRequest from its three parts. */
CS_USE int cs_csr_put(cs_span info, cs_span sigalg, cs_span sig, cs_buf *out,
    cs_err *e);

#endif
