/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "attest/tpmek.h"

#include "fmt/der.h"
#include "fmt/reason.h"

#define REFUSE(e, ...) \
	cs_fail_detail((e), CS_EREFUSED, CS_R_EVIDENCE_REFUSED, where, \
	    __VA_ARGS__)

/* The octet of KeyUsage, RFC 5280 4.2.1.3. */
#define KEY_ENCIPHERMENT 0x20
#define KEY_AGREEMENT 0x08

static const char where[] = "tpm";

/* A key for which anything but decryption is provided has other uses than an
 * EK: with a signing key's certificate any software could be a TPM. */
static int
usage_check(const cs_attcert *c, cs_err *e)
{
	cs_span v = {0}, bits = {0};
	int r;

	if ((r = cs_attcert_extension(c, CS_OID_CE_KEY_USAGE, &v, NULL, e)) !=
	    CS_OK || v.p == NULL)
		return r;
	if ((r = cs_der_walk(v, 0, e)) != CS_OK ||
	    (r = cs_der_get(&v, CS_DER_BITSTRING, &bits, e)) != CS_OK ||
	    (r = cs_der_end(v, "the key usage", e)) != CS_OK)
		return cs_wrap(e, "keyUsage");
	if (bits.n != 2 || (bits.p[1] &
	    (uint8_t)~(KEY_ENCIPHERMENT | KEY_AGREEMENT)) != 0)
		return REFUSE(e, "expected a key for keyEncipherment or "
		    "keyAgreement alone, found other key usages: no "
		    "endorsement key's certificate");
	return CS_OK;
}

/* An attestation key's certificate, from the same CA, is for another use. */
static int
purpose_check(const cs_attcert *c, cs_err *e)
{
	bool is_ek = false;
	cs_span v = {0};
	int r;

	if ((r = cs_attcert_extension(c, CS_OID_CE_EXT_KEY_USAGE, &v, NULL,
	    e)) != CS_OK ||
	    (v.p != NULL && (r = cs_ekcert_usage(v, &is_ek, e)) != CS_OK))
		return r;
	if (!is_ek)
		return REFUSE(e, "expected the extended key usage "
		    "tcg-kp-EKCertificate (2.23.133.8.1), found %s: no "
		    "endorsement key's certificate", v.p == NULL ? "none" :
		    "others");
	return CS_OK;
}

static int
name_get(const cs_attcert *c, cs_ekname *name, cs_err *e)
{
	cs_span v = {0};
	int r;

	if ((r = cs_attcert_extension(c, CS_OID_CE_SUBJECT_ALT_NAME, &v, NULL,
	    e)) != CS_OK)
		return r;
	if (v.p == NULL)
		return REFUSE(e, "expected a subjectAltName that names the "
		    "TPM's manufacturer, found none");
	return cs_ekcert_name(v, name, e);
}

static int
key_check(const cs_attcert *c, cs_span spki, cs_err *e)
{
	cs_spki key = {0};
	int r;

	if ((r = cs_attcert_key(c, &key, e)) != CS_OK)
		return r;
	if (!cs_span_eq(key.der, spki))
		return REFUSE(e, "it is of another key than the offered "
		    "endorsement key");
	return CS_OK;
}

static int
leaf_check(const cs_attcert *c, cs_span spki, cs_ekname *name, cs_err *e)
{
	int r;

	if (!cs_attcert_is_v3(c) || cs_attcert_is_ca(c))
		return REFUSE(e, "expected one of version 3 that is no CA's, "
		    "found %s", cs_attcert_is_ca(c) ? "a CA's" :
		    "another version");
	if ((r = usage_check(c, e)) != CS_OK ||
	    (r = purpose_check(c, e)) != CS_OK ||
	    (r = key_check(c, spki, e)) != CS_OK)
		return r;
	return name_get(c, name, e);
}

int
cs_tpmek_check(const cs_tpmoffer *o, cs_span spki, const cs_roots *roots,
    int64_t now, cs_ekname *name, uint8_t root[CS_SHA256_LEN], cs_err *e)
{
	cs_attpath path = {.now = now, .bare_unless = CS_OID_END};
	cs_attcert *c = NULL;
	int r;

	if (o->n == 0)
		return CS_BAD(e, CS_R_MALFORMED, where, "expected the "
		    "endorsement key's certificate, found none");
	path.leaf = o->certs[0];
	path.between = o->certs + 1;
	path.n = o->n - 1;
	if ((r = cs_attcert_new(o->certs[0], &c, e)) == CS_OK &&
	    (r = leaf_check(c, spki, name, e)) == CS_OK)
		r = cs_roots_verify(roots, &path, root, e);
	cs_attcert_free(&c);
	return r == CS_OK ? r : cs_wrap(e, "the endorsement key's "
	    "certificate");
}
