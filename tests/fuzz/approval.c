/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/cms.h>
#include <openssl/err.h>

#include "fmt/approval.h"
#include "fmt/der.h"
#include "fmt/signingcert.h"
#include "fuzz.h"

/* Where OpenSSL reads the message too, it finds the same content and the same
 * signature. */
static void
check_oracle(const cs_approval *a)
{
	const unsigned char *p = a->value.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)a->value.n);
	ASN1_OCTET_STRING **content, *sig;
	STACK_OF(CMS_SignerInfo) *signers;

	if (cms == NULL)
		goto out;
	CHECK(p == a->value.p + a->value.n);
	content = CMS_get0_content(cms);
	CHECK(content != NULL && *content != NULL);
	CHECK(cs_span_eq(cs_span_of(ASN1_STRING_get0_data(*content),
	    (size_t)ASN1_STRING_length(*content)), a->cms.tbs));
	signers = CMS_get0_SignerInfos(cms);
	CHECK(sk_CMS_SignerInfo_num(signers) == 1);
	sig = CMS_SignerInfo_get0_signature(sk_CMS_SignerInfo_value(signers,
	    0));
	CHECK(cs_span_eq(cs_span_of(ASN1_STRING_get0_data(sig),
	    (size_t)ASN1_STRING_length(sig)), a->cms.sig));
out:
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
}

/* What was signed is the attributes with another tag. */
static void
check_signed_bytes(const cs_approval *a)
{
	cs_span set = {0}, attrs = a->cms.signed_attrs, one = {0}, two = {0};
	cs_buf *b = cs_buf_new(attrs.n);

	if (b == NULL)
		return;
	CHECK(cs_cms_signed_bytes(&a->cms, b, NULL) == CS_OK);
	set = cs_buf_span(b);
	CHECK(cs_der_get(&set, CS_DER_SET, &one, NULL) == CS_OK &&
	    set.n == 0);
	CHECK(cs_der_get(&attrs, CS_DER_CTXC(0), &two, NULL) == CS_OK);
	CHECK(cs_span_eq(one, two));
	cs_buf_free(&b);
}

/* It is looked at only where a certificate counts: any value is safe. */
static void
check_signing_cert(const cs_approval *a)
{
	cs_signing_cert c;

	if (a->cms.signing_cert.p != NULL &&
	    cs_signing_cert_parse(a->cms.signing_cert, &c, NULL) == CS_OK)
		CHECK(c.hash.n != 0);
}

/* An assertion is written back as the same octets. */
static void
check_webauthn(const cs_approval *a)
{
	const cs_webauthn *w = &a->webauthn;
	cs_buf *value = cs_buf_new(a->der.n), *whole = cs_buf_new(a->der.n);

	CHECK(cs_span_eq(w->tbs, a->tbs.der) && w->auth.der.n >= 37);
	CHECK(w->auth.aaguid.p == NULL);
	if (value != NULL && whole != NULL) {
		CHECK(cs_webauthn_put(w->tbs, w->auth.der, w->client_data,
		    w->sig, value, NULL) == CS_OK);
		CHECK(cs_approval_put_webauthn(cs_buf_span(value), whole,
		    NULL) == CS_OK);
		CHECK(cs_span_eq(cs_buf_span(whole), a->der));
	}
	cs_buf_free(&value);
	cs_buf_free(&whole);
}

/* So is an OpenSSH signature. */
static void
check_sshsig(const cs_approval *a)
{
	cs_buf *value = cs_buf_new(a->der.n), *whole = cs_buf_new(a->der.n);

	CHECK(a->sshsig.key.type != NULL);
	if (value != NULL && whole != NULL) {
		CHECK(cs_sshsig_put_value(a->tbs.der, a->sshsig.blob, value,
		    NULL) == CS_OK);
		CHECK(cs_approval_put_sshsig(cs_buf_span(value), whole,
		    NULL) == CS_OK);
		CHECK(cs_span_eq(cs_buf_span(whole), a->der));
	}
	cs_buf_free(&value);
	cs_buf_free(&whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_approval *a = NULL, *deep = NULL;

	if (cs_approval_parse(cs_span_of(data, n), 0, &a, NULL) != CS_OK) {
		CHECK(a == NULL);
		return 0;
	}
	CHECK(cs_span_eq(a->der, cs_span_of(data, n)));
	CHECK(a->carrier != CS_CARRIER_NONE);
	if (a->carrier == CS_CARRIER_CMS) {
		CHECK(cs_span_eq(a->tbs.der, a->cms.tbs));
		check_oracle(a);
		check_signed_bytes(a);
		check_signing_cert(a);
	} else {
		CHECK(a->cms.tbs.p == NULL && a->cms.sig.p == NULL);
		CHECK(a->tbs.der.p > a->value.p && a->tbs.der.n < a->value.n);
	}
	if (a->carrier == CS_CARRIER_WEBAUTHN)
		check_webauthn(a);
	if (a->carrier == CS_CARRIER_SSHSIG)
		check_sshsig(a);
	/* The depth counts over everything embedded. */
	CHECK(cs_approval_parse(cs_span_of(data, n), CS_DER_DEPTH -
	    (a->carrier == CS_CARRIER_CMS ? 7 : 3), &deep, NULL) != CS_OK);
	cs_approval_free(&a);
	return 0;
}
