/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "crypt/pubkey.h"
#include "fmt/spki.h"
#include "fuzz.h"

/* One key has one encoding: its parts give the same bytes again. */
static void
check_put(const cs_spki *k, cs_span in)
{
	cs_buf *b = cs_buf_new(in.n);
	int r;

	if (b == NULL)
		return;
	if (k->kind == CS_KEY_RSA)
		r = cs_spki_put_rsa(b, k->modulus, NULL);
	else if (k->kind == CS_KEY_ED25519)
		r = cs_spki_put_ed25519(b, k->point, NULL);
	else
		r = cs_spki_put_ec(b, k->kind, k->point, NULL);
	CHECK(r == CS_OK && cs_span_eq(cs_buf_span(b), in));
	cs_buf_free(&b);
}

/* OpenSSL reads the same key, all of it; where ours is on its curve, so is
 * OpenSSL's. */
static void
check_oracle(const cs_spki *k, cs_span in)
{
	const unsigned char *p = in.p;
	X509_PUBKEY *x = d2i_X509_PUBKEY(NULL, &p, (long)in.n);
	EVP_PKEY *pkey;
	cs_pubkey *ours = NULL;

	CHECK(x != NULL && p == in.p + in.n);
	pkey = X509_PUBKEY_get0(x);
	if (cs_pubkey_new(k, &ours, NULL) == CS_OK) {
		CHECK(pkey != NULL);
		CHECK((unsigned)EVP_PKEY_get_bits(pkey) == k->bits ||
		    k->kind == CS_KEY_ED25519);
	}
	cs_pubkey_free(&ours);
	X509_PUBKEY_free(x);
	ERR_clear_error();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_spki k;
	char name[16];

	if (cs_spki_parse(in, &k, NULL) != CS_OK)
		return 0;
	CHECK(k.kind != CS_KEY_NONE && cs_span_eq(k.der, in));
	CHECK((k.point.p == NULL) == (k.kind == CS_KEY_RSA));
	cs_spki_name(&k, name);
	check_put(&k, in);
	check_oracle(&k, in);
	return 0;
}
