/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/describetpm.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fmt/tpmattest.h"
#include "fmt/tsskey.h"
#include "tool/describe.h"

#define SPKI_ROOM 1024
#define SCHEME "tpm2:"

static const char where[] = "describe";

/* Part 2, 8.3, in the words of that table. */
static void
put_attributes(uint32_t attributes, cs_out *out)
{
	static const struct {
		uint32_t bit;
		const char *word;
	} known[] = {{CS_TPMA_FIXED_TPM, "fixedTPM"},
	    {CS_TPMA_ST_CLEAR, "stClear"},
	    {CS_TPMA_FIXED_PARENT, "fixedParent"},
	    {CS_TPMA_SENSITIVE_DATA_ORIGIN, "sensitiveDataOrigin"},
	    {CS_TPMA_USER_WITH_AUTH, "userWithAuth"},
	    {CS_TPMA_ADMIN_WITH_POLICY, "adminWithPolicy"},
	    {CS_TPMA_NO_DA, "noDA"},
	    {CS_TPMA_ENCRYPTED_DUPLICATION, "encryptedDuplication"},
	    {CS_TPMA_RESTRICTED, "restricted"}, {CS_TPMA_DECRYPT, "decrypt"},
	    {CS_TPMA_SIGN, "sign"}};
	char line[256] = "";
	size_t i, n = 0;

	cs_out_list(out, "attributes", NULL);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if ((attributes & known[i].bit) != 0) {
			cs_out_str(out, NULL, NULL, known[i].word);
			n += (size_t)snprintf(line + n, sizeof(line) - n,
			    "%s%s", n == 0 ? "" : ", ", known[i].word);
		}
	cs_out_close(out);
	cs_out_str(out, NULL, "attributes", line);
}

static int
put_public(const cs_tpmpub *p, cs_out *out, cs_err *e)
{
	cs_buf *spki = cs_buf_new(SPKI_ROOM);
	int r;

	if (spki == NULL)
		return cs_nomem(e, where);
	if ((r = cs_tpmpub_spki(p, spki, e)) == CS_OK &&
	    (r = cs_describe_key(cs_buf_span(spki), out, e)) == CS_OK)
		put_attributes(p->attributes, out);
	cs_buf_free(&spki);
	return r;
}

static int
put_key(const char *key, const char *title, cs_span area, cs_out *out,
    cs_err *e)
{
	cs_tpmpub p = {0};
	int r;

	cs_out_object(out, key, title);
	if ((r = cs_tpmpub_parse(area, &p, e)) == CS_OK)
		r = put_public(&p, out, e);
	cs_out_close(out);
	return r == CS_OK ? r : cs_wrap(e, "%s", title);
}

int
cs_describe_tsskey(cs_span der, cs_out *out, cs_err *e)
{
	cs_tsskey k = {0};
	int r;

	if ((r = cs_tsskey_parse(der, &k, e)) != CS_OK ||
	    (r = put_public(&k.pub, out, e)) != CS_OK)
		return r;
	cs_out_printf(out, "parent", "parent", "0x%08" PRIx32, k.parent);
	cs_out_bool(out, "empty_auth", NULL, k.empty_auth);
	cs_out_text(out, "PIN", cs_span_str(k.empty_auth ? "none" : "asked "
	    "for"));
	if (k.description.p != NULL)
		cs_out_span(out, "description", "description", k.description);
	else
		cs_out_null(out, "description");
	return CS_OK;
}

static int
put_hash(const char *key, const char *label, cs_span in, cs_out *out,
    cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if ((r = cs_sha256(in, hash, e)) == CS_OK)
		cs_out_hex(out, key, label, cs_span_of(hash, sizeof(hash)));
	return r;
}

/* Manufacturers' certificates are not all as they should be: what cannot be
 * read leaves the others. */
static int
put_cert(cs_span der, cs_out *out, cs_err *e)
{
	cs_err why = {0};
	int r = cs_describe_cert(der, out, &why);

	if (r == CS_EFORMAT) {
		cs_out_str(out, "unreadable", "cannot be read", why.text);
		return CS_OK;
	}
	if (r != CS_OK)
		*e = why;
	return r;
}

static int
put_certs(const cs_tpmoffer *o, cs_out *out, cs_err *e)
{
	size_t i;
	int r = CS_OK;

	cs_out_list(out, "certificates", NULL);
	for (i = 0; r == CS_OK && i < o->n; i++) {
		cs_out_object(out, NULL, i == 0 ? "its certificate" :
		    "certificate that leads from there");
		r = put_cert(o->certs[i], out, e);
		cs_out_close(out);
	}
	cs_out_close(out);
	return r;
}

static int
put_offer(const cs_tpmoffer *o, cs_out *out, cs_err *e)
{
	int r;

	if ((r = put_hash("offer_hash", "offer", o->whole, out, e)) != CS_OK ||
	    (r = put_key("key", "owner's key", o->key, out, e)) != CS_OK ||
	    (r = put_key("attestation_key", "attestation key", o->ak, out,
	    e)) != CS_OK ||
	    (r = put_key("endorsement_key", "endorsement key", o->ek, out,
	    e)) != CS_OK)
		return r;
	return put_certs(o, out, e);
}

int
cs_describe_tpmoffer(cs_span der, cs_out *out, cs_err *e)
{
	cs_tpmoffer o = {0};
	int r;

	if ((r = cs_tpmoffer_parse(der, &o, e)) != CS_OK)
		return r;
	return put_offer(&o, out, e);
}

int
cs_describe_tpmchallenge(cs_span der, cs_out *out, cs_err *e)
{
	cs_tpmchallenge c = {0};
	int r;

	if ((r = cs_tpmchallenge_parse(der, &c, e)) != CS_OK ||
	    (r = put_hash("challenge_hash", "challenge", der, out, e)) !=
	    CS_OK)
		return r;
	cs_out_hex(out, "offer_hash", "for the offer", c.offer);
	cs_out_hex(out, "nonce", "nonce", c.nonce);
	cs_out_time(out, "not_after", "to be answered until", c.not_after);
	return CS_OK;
}

static void
put_signature(const cs_tpmsig *s, cs_out *out)
{
	const char *hash = s->hash == CS_TPM_ALG_SHA256 ? "SHA-256" :
	    s->hash == CS_TPM_ALG_SHA384 ? "SHA-384" : "SHA-512";

	cs_out_printf(out, "signature", "signed with", "%s %s",
	    s->alg == CS_TPM_ALG_ECDSA ? "ECDSA" :
	    s->alg == CS_TPM_ALG_RSAPSS ? "RSASSA-PSS" :
	    "RSASSA-PKCS1-v1_5", hash);
}

int
cs_describe_tpmevidence(cs_span der, cs_out *out, cs_err *e)
{
	cs_tpmevidence v = {0};
	cs_tpmattest a = {0};
	cs_tpmsig s = {0};
	int r;

	if ((r = cs_tpmevidence_parse(der, &v, e)) != CS_OK ||
	    (r = cs_tpmattest_parse(v.attest, &a, e)) != CS_OK ||
	    (r = cs_tpmsig_parse(v.signature, &s, e)) != CS_OK)
		return r;
	cs_out_hex(out, "challenge_hash", "for the challenge", v.challenge);
	cs_out_hex(out, "name", "certified Name", a.name);
	cs_out_hex(out, "extra_data", "extraData", a.extra);
	put_signature(&s, out);
	return put_offer(&v.offer, out, e);
}

int
cs_describe_tpmproof(const cs_tpm_proof *p, cs_out *out, cs_err *e)
{
	const char *maker = p->attested;
	int r;

	if (strncmp(maker, SCHEME, strlen(SCHEME)) == 0)
		maker += strlen(SCHEME);
	cs_out_object(out, "tpm", NULL);
	if ((r = cs_describe_key(cs_buf_span(p->spki), out, e)) == CS_OK) {
		cs_out_str(out, "manufacturer", "TPM of", maker);
		cs_out_str(out, "endorsement_key_type", "endorsement key",
		    p->ek);
		cs_out_hash(out, "endorsement_key_hash",
		    "endorsement key hash",
		    cs_span_of(p->ek_hash, sizeof(p->ek_hash)));
		cs_out_hash(out, "root_key_hash", "root's key hash",
		    cs_span_of(p->root, sizeof(p->root)));
		cs_out_bool(out, "wrong_pins_counted", NULL, !p->no_da);
	}
	cs_out_close(out);
	if (r == CS_OK)
		cs_out_text(out, "presence", cs_span_str(CS_TPM_PRESENCE));
	if (r == CS_OK && p->no_da)
		cs_out_text(out, "note", cs_span_str("wrong PINs of this key "
		    "are not counted: whoever has the device can try as many "
		    "as he likes"));
	return r;
}
