/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/enroll.h"

#include <stdio.h>

#include "attest/piv.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "tool/certfile.h"

#define PIV_FILE_MAX (64 * 1024)
#define CERTS_MAX (1 + CS_ATTPATH_MAX)

static const char where[] = "enroll";

/* The statement and what leads up from it. */
static int
split(cs_span in, cs_span certs[CERTS_MAX], size_t *n, cs_err *e)
{
	int r = CS_OK;

	for (*n = 0; r == CS_OK && in.n != 0; (*n)++) {
		if (*n == CERTS_MAX)
			return CS_BAD(e, CS_R_TOO_LARGE, where, "expected at "
			    "most %d certificates, found more", CERTS_MAX);
		r = cs_der_whole(&in, CS_DER_SEQ, &certs[*n], e);
	}
	return r;
}

/* What is proven of presence and verification stands in the line; an
 * attestation that proves nothing of this key ends the enrolment. */
static int
attest(cs_enrolment *n, cs_err *e)
{
	cs_span certs[CERTS_MAX] = {{0}};
	cs_piv_proof proof = {0};
	cs_buf *b = NULL;
	size_t n_certs = 0;
	int r;

	if (n->a.type != CS_ANCHOR_SPKI)
		return cs_fail(e, CS_EUSAGE, where, "--piv-attestation goes "
		    "with the key of a PIV slot, pkcs11:");
	if ((r = cs_certfile_read(n->o->piv, PIV_FILE_MAX, &b, &n_certs, e)) !=
	    CS_OK)
		return r;
	if ((r = split(cs_buf_span(b), certs, &n_certs, e)) == CS_OK)
		r = cs_piv_attest(certs, n_certs, n->a.key.der, n->roots,
		    n->now, &proof, e);
	if (r == CS_OK) {
		(void)snprintf(n->attested, sizeof(n->attested), "%s",
		    proof.attested);
		n->a.proof_text = cs_span_str(n->attested);
	} else
		(void)cs_wrap(e, "%s", n->o->piv);
	cs_buf_free(&b);
	return r;
}

int
cs_enroll_key(cs_enrolment *n, cs_err *e)
{
	const struct cs_enroll_opts *o = n->o;
	int r;

	if ((r = cs_ownerspub_open(o->key, &n->access->signer, &n->pub,
	    e)) != CS_OK ||
	    (r = cs_ownerspub_fill(&n->pub, &n->a, e)) != CS_OK)
		return r;
	n->a.verify_required |= o->verify_required;
	n->a.comment = cs_span_str(o->comment);
	(void)snprintf(n->where, sizeof(n->where), "%s", o->key);
	return o->piv == NULL ? CS_OK : attest(n, e);
}
