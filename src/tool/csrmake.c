/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/csrmake.h"

#include "crypt/pubkey.h"

#define SPKI_ROOM 2048
#define SIG_ROOM 1024

int
cs_agent_spki(cs_key *k, cs_buf **own, cs_spki *out, cs_err *e)
{
	cs_buf *b = cs_buf_new(SPKI_ROOM);
	int r;

	*own = NULL;
	if (b == NULL)
		return cs_nomem(e, "csrmake");
	if ((r = cs_key_spki(k, b, e)) == CS_OK &&
	    (r = cs_spki_parse(cs_buf_span(b), out, e)) == CS_OK) {
		*own = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return r;
}

static int
sign(cs_key *k, const cs_alg *alg, cs_span info, cs_buf *der, cs_err *e)
{
	cs_buf *sig = cs_buf_new(SIG_ROOM);
	int r;

	if (sig == NULL)
		return cs_nomem(e, "csrmake");
	if ((r = cs_key_sign(k, alg, info, sig, e)) == CS_OK)
		r = cs_csr_put(info, alg->sig_alg, cs_buf_span(sig), der, e);
	cs_buf_free(&sig);
	return r;
}

int
cs_agent_sign(cs_key *k, const cs_spki *spki, cs_span info, bool pss,
    cs_csr **out, cs_err *e)
{
	const cs_alg *alg = NULL;
	cs_buf *der = NULL;
	cs_csr *csr = NULL;
	int r;

	*out = NULL;
	if ((r = cs_alg_choose(spki, CS_USE_PKCS10, pss, &alg, e)) != CS_OK)
		return r;
	if ((der = cs_buf_new(CS_REQUEST_ROOM)) == NULL)
		return cs_nomem(e, "csrmake");
	if ((r = sign(k, alg, info, der, e)) == CS_OK &&
	    (r = cs_csr_parse(cs_buf_span(der), &csr, e)) == CS_OK &&
	    (r = cs_csr_verify(csr, e)) == CS_OK) {
		*out = csr;
		csr = NULL; /* transferred */
	}
	cs_csr_free(&csr);
	cs_buf_free(&der);
	return r;
}
