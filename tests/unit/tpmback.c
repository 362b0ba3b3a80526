/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tpmback.h"

static void
put_parameters(cs_buf *b, const cs_tpmpub *p)
{
	cs_tpm_put_u16(b, p->sym);
	if (p->sym != CS_TPM_ALG_NULL) {
		cs_tpm_put_u16(b, p->sym_bits);
		cs_tpm_put_u16(b, p->sym_mode);
	}
	cs_tpm_put_u16(b, p->scheme);
	if (p->scheme != CS_TPM_ALG_NULL)
		cs_tpm_put_u16(b, p->scheme_hash);
}

bool
tpmpub_goes_back(const cs_tpmpub *p, uint32_t exponent)
{
	cs_buf *b = cs_buf_new(CS_TPMPUB_MAX);
	const bool is_rsa = p->kind == CS_KEY_RSA;
	bool same;

	cs_tpm_put_u16(b, is_rsa ? CS_TPM_ALG_RSA : CS_TPM_ALG_ECC);
	cs_tpm_put_u16(b, p->name_alg);
	cs_tpm_put_u32(b, p->attributes);
	cs_tpm_put_sized(b, p->policy);
	put_parameters(b, p);
	if (is_rsa) {
		cs_tpm_put_u16(b, (uint16_t)p->bits);
		cs_tpm_put_u32(b, exponent);
		cs_tpm_put_sized(b, p->modulus);
	} else {
		cs_tpm_put_u16(b, p->kind == CS_KEY_P256 ? 3 : 4);
		cs_tpm_put_u16(b, CS_TPM_ALG_NULL);
		cs_tpm_put_sized(b, p->x);
		cs_tpm_put_sized(b, p->y);
	}
	same = cs_span_eq(cs_buf_span(b), p->whole);
	cs_buf_free(&b);
	return same;
}

bool
tpmsig_goes_back(const cs_tpmsig *s, cs_span in)
{
	cs_buf *b = cs_buf_new(CS_TPMSIG_MAX);
	bool same;

	cs_tpm_put_u16(b, s->alg);
	cs_tpm_put_u16(b, s->hash);
	if (s->alg == CS_TPM_ALG_ECDSA) {
		cs_tpm_put_sized(b, s->r);
		cs_tpm_put_sized(b, s->s);
	} else {
		cs_tpm_put_sized(b, s->sig);
	}
	same = cs_span_eq(cs_buf_span(b), in);
	cs_buf_free(&b);
	return same;
}

static bool
is_name(cs_span n)
{
	return n.n >= 2 && n.n == 2 +
	    cs_tpm_digest_len((uint16_t)(n.p[0] << 8 | n.p[1]));
}

/* Magic and type, four sizes, the clock's fields, the firmware's version. */
bool
tpmattest_fills(const cs_tpmattest *a)
{
	return is_name(a->signer) && is_name(a->name) &&
	    is_name(a->qualified_name) && a->whole.n == 4 + 2 + 4 * 2 +
	    8 + 4 + 4 + 1 + 8 + a->signer.n + a->extra.n + a->name.n +
	    a->qualified_name.n;
}
