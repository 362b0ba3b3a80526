/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/tpm2ektpl.h"

#include <string.h>

#include <tss2/tss2_mu.h>

#include "fmt/tpmpub.h"

#define LOW \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | \
	    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_ADMINWITHPOLICY | \
	    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)
#define HIGH (LOW | TPMA_OBJECT_USERWITHAUTH)

#define RSA_BITS 2048
#define P256_OCTETS 32

static const char where[] = "signer/tpm2";

/* PolicySecret(TPM_RH_ENDORSEMENT), and what the high templates have: Annexes
 * B.2 and B.6. */
static const TPM2B_DIGEST policy_a = {.size = 32, .buffer = {
	0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc,
	0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52,
	0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa}};
static const TPM2B_DIGEST policy_b_256 = {.size = 32, .buffer = {
	0xca, 0x3d, 0x0a, 0x99, 0xa2, 0xb9, 0x39, 0x06, 0xf7, 0xa3, 0x34,
	0x24, 0x14, 0xef, 0xcf, 0xb3, 0xa3, 0x85, 0xd4, 0x4c, 0xd1, 0xfd,
	0x45, 0x90, 0x89, 0xd1, 0x9b, 0x50, 0x71, 0xc0, 0xb7, 0xa0}};
static const TPM2B_DIGEST policy_b_384 = {.size = 48, .buffer = {
	0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82,
	0xbc, 0xf5, 0xfd, 0x3a, 0x1a, 0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3,
	0xb4, 0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca, 0xcb,
	0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00,
	0xf3, 0xf8, 0x0e, 0x12}};

const cs_tpm2_ekrow cs_tpm2_ekrows[CS_TPM2_EKROWS] = {
	{"H-3", 0x01c00016u, TPM2_ECC_NIST_P384, true},
	{"L-2", 0x01c0000au, TPM2_ECC_NIST_P256, false},
	{"H-2", 0x01c00014u, TPM2_ECC_NIST_P256, true},
	{"L-1", 0x01c00002u, TPM2_ECC_NONE, false},
	{"H-1", 0x01c00012u, TPM2_ECC_NONE, true},
};

static void
set_symmetric(TPMT_SYM_DEF_OBJECT *s, UINT16 bits)
{
	s->algorithm = TPM2_ALG_AES;
	s->keyBits.aes = bits;
	s->mode.aes = TPM2_ALG_CFB;
}

/* Octets that the key is derived from, too: the low templates have zeros, the
 * high ones nothing. */
static void
set_unique(const cs_tpm2_ekrow *r, TPMT_PUBLIC *p)
{
	if (r->high)
		return;
	if (r->curve == TPM2_ECC_NONE)
		p->unique.rsa.size = RSA_BITS / 8;
	else
		p->unique.ecc.x.size = p->unique.ecc.y.size = P256_OCTETS;
}

static void
set_ecc(TPMT_PUBLIC *p, TPM2_ECC_CURVE curve, bool strong)
{
	TPMS_ECC_PARMS *parms = &p->parameters.eccDetail;

	p->type = TPM2_ALG_ECC;
	set_symmetric(&parms->symmetric, strong ? 256 : 128);
	parms->scheme.scheme = TPM2_ALG_NULL;
	parms->curveID = curve;
	parms->kdf.scheme = TPM2_ALG_NULL;
}

static void
set_rsa(TPMT_PUBLIC *p)
{
	TPMS_RSA_PARMS *parms = &p->parameters.rsaDetail;

	p->type = TPM2_ALG_RSA;
	set_symmetric(&parms->symmetric, 128);
	parms->scheme.scheme = TPM2_ALG_NULL;
	parms->keyBits = RSA_BITS;
}

static void
set_default(const cs_tpm2_ekrow *r, TPM2B_PUBLIC *out)
{
	TPMT_PUBLIC *p = &out->publicArea;
	bool strong = r->curve == TPM2_ECC_NIST_P384;

	memset(out, 0, sizeof(*out));
	p->nameAlg = strong ? TPM2_ALG_SHA384 : TPM2_ALG_SHA256;
	p->objectAttributes = r->high ? HIGH : LOW;
	p->authPolicy = strong ? policy_b_384 :
	    r->high ? policy_b_256 : policy_a;
	if (r->curve == TPM2_ECC_NONE)
		set_rsa(p);
	else
		set_ecc(p, r->curve, strong);
	set_unique(r, p);
}

/* Beside the low certificates a nonce may stand, and then a template; beside
 * the high ones, a template: 2.2.1.4. */
static uint32_t
nonce_index(const cs_tpm2_ekrow *r)
{
	return r->cert + 1;
}

static uint32_t
template_index(const cs_tpm2_ekrow *r)
{
	return r->cert + (r->high ? 1 : 2);
}

static int
read_template(cs_tpm2 *t, const cs_tpm2_ekrow *r, TPM2B_PUBLIC *out,
    cs_err *e)
{
	cs_buf *own = cs_buf_new(CS_TPMPUB_MAX);
	const uint32_t index = template_index(r);
	cs_span all;
	size_t n = 0;
	int rc;

	if (own == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_tpm2_nv_read(t, index, own, e)) == CS_OK) {
		all = cs_buf_span(own);
		memset(out, 0, sizeof(*out));
		if (Tss2_MU_TPMT_PUBLIC_Unmarshal(all.p, all.n, &n,
		    &out->publicArea) != TSS2_RC_SUCCESS)
			rc = cs_fail(e, CS_EDEVICE, where, "there is no "
			    "template of a key in NV index 0x%08x", index);
	}
	cs_buf_free(&own);
	return rc;
}

/* The nonce, filled up with zeros, is the `unique` of the template. */
static int
read_nonce(cs_tpm2 *t, const cs_tpm2_ekrow *r, TPM2B_PUBLIC *out, cs_err *e)
{
	TPMU_PUBLIC_ID *id = &out->publicArea.unique;
	const bool rsa = r->curve == TPM2_ECC_NONE;
	cs_buf *own = cs_buf_new(rsa ? RSA_BITS / 8 : P256_OCTETS);
	cs_span all;
	int rc;

	if (own == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_tpm2_nv_read(t, nonce_index(r), own, e)) == CS_OK) {
		all = cs_buf_span(own);
		memset(id, 0, sizeof(*id));
		set_unique(r, &out->publicArea);
		if (all.n != 0)
			memcpy(rsa ? id->rsa.buffer : id->ecc.x.buffer, all.p,
			    all.n);
	}
	cs_buf_free(&own);
	return rc;
}

int
cs_tpm2_ek_template(cs_tpm2 *t, const cs_tpm2_handles *nv,
    const cs_tpm2_ekrow *r, TPM2B_PUBLIC *out, cs_err *e)
{
	int rc;

	set_default(r, out);
	if (cs_tpm2_is_in_use(nv, template_index(r)) &&
	    (rc = read_template(t, r, out, e)) != CS_OK)
		return rc;
	if (!r->high && cs_tpm2_is_in_use(nv, nonce_index(r)))
		return read_nonce(t, r, out, e);
	return CS_OK;
}
