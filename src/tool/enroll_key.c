/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/enroll.h"

#include <stdio.h>
#include <string.h>

#include "attest/piv.h"
#include "base/file.h"
#include "fmt/pem.h"
#include "fmt/reason.h"

#define PIV_FILE_MAX (64 * 1024)
#define CERTS_MAX (1 + CS_ATTPATH_MAX)

static const char where[] = "enroll";

struct certs {
	cs_buf *der[CERTS_MAX];
	cs_span span[CERTS_MAX];
	size_t n;
};

/* The statement and what leads up from it, one block each. */
static int
certs_read(cs_span in, struct certs *c, cs_err *e)
{
	cs_span label = {0};
	cs_buf *der = NULL;
	int r;

	while ((r = cs_pem_next(&in, &label, &der, e)) == CS_OK &&
	    der != NULL) {
		if (c->n == CERTS_MAX)
			r = CS_BAD(e, CS_R_TOO_LARGE, where, "expected at "
			    "most %d certificates, found more", CERTS_MAX);
		else if (!cs_span_is(label, CS_PEM_CERTIFICATE))
			r = CS_BAD(e, CS_R_MALFORMED, where, "expected PEM "
			    "blocks of the label \"%s\" alone, found another",
			    CS_PEM_CERTIFICATE);
		if (r != CS_OK) {
			cs_buf_free(&der);
			return r;
		}
		c->span[c->n] = cs_buf_span(der);
		c->der[c->n++] = der;
		der = NULL; /* transferred */
	}
	if (r == CS_OK && c->n == 0)
		return CS_BAD(e, CS_R_MALFORMED, where, "expected the "
		    "YubiKey's statement and certificate as PEM, found none");
	return r;
}

/* What is proven of presence and verification stands in the line; an
 * attestation that proves nothing of this key ends the enrolment. */
static int
attest(cs_enrolment *n, cs_err *e)
{
	struct certs c = {.n = 0};
	cs_piv_proof proof = {0};
	cs_buf *b = NULL;
	size_t i;
	int r;

	if (n->a.type != CS_ANCHOR_SPKI)
		return cs_fail(e, CS_EUSAGE, where, "--piv-attestation goes "
		    "with the key of a PIV slot, pkcs11:");
	if ((r = cs_file_read(n->o->piv, PIV_FILE_MAX, &b, e)) != CS_OK)
		return r;
	if ((r = certs_read(cs_buf_span(b), &c, e)) == CS_OK)
		r = cs_piv_attest(c.span, c.n, n->a.key.der, n->roots, n->now,
		    &proof, e);
	if (r == CS_OK) {
		(void)snprintf(n->attested, sizeof(n->attested), "%s",
		    proof.attested);
		n->a.proof_text = cs_span_str(n->attested);
	} else
		(void)cs_wrap(e, "%s", n->o->piv);
	for (i = 0; i < c.n; i++)
		cs_buf_free(&c.der[i]);
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
