/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "tests/fido/softkey.h"

/* Attestation statements, WebAuthn 8.2 (packed) and 8.7 (none). */

static void
load_key(struct softkey *k, const char *path)
{
	BIO *b = BIO_new_file(path, "r");

	if (b != NULL)
		k->attestation_key = PEM_read_bio_PrivateKey(b, NULL, NULL,
		    NULL);
	if (k->attestation_key == NULL)
		die("%s: no private key", path);
	BIO_free(b);
}

static size_t
load_certs(struct out *o, const char *path)
{
	BIO *b = BIO_new_file(path, "r");
	uint8_t *der = NULL;
	size_t n = 0;
	X509 *x;
	int len;

	while (b != NULL && (x = PEM_read_bio_X509(b, NULL, NULL, NULL)) !=
	    NULL) {
		if ((len = i2d_X509(x, &der)) <= 0)
			die("%s: a certificate", path);
		put_bytes(o, der, (size_t)len);
		OPENSSL_free(der);
		der = NULL;
		X509_free(x);
		n++;
	}
	BIO_free(b);
	return n;
}

void
attestation_load(struct softkey *k)
{
	struct out certs = {.n = 0};
	size_t n;

	if (k->opt.attestation_key == NULL)
		return;
	load_key(k, k->opt.attestation_key);
	n = load_certs(&certs, k->opt.attestation_certs);
	if (n == 0 || certs.overflow ||
	    !cbor_get_string((struct span){certs.b, certs.n}, CBOR_BYTES,
	    &k->leaf))
		die("%s: no certificate", k->opt.attestation_certs);
	put_head(&k->certs, CBOR_ARRAY, n);
	put_raw(&k->certs, certs.b, certs.n);
	k->leaf.p = k->certs.b + k->certs.n - certs.n +
	    (k->leaf.p - certs.b);
}

/* x5c of our own certificate, which is of P-256; or by the new key itself. */
void
put_attestation(struct softkey *k, struct out *o, EVP_PKEY *own, int alg,
    struct span authdata, struct span hash)
{
	bool x5c = k->attestation_key != NULL;
	struct out sig = {.n = 0};

	if (x5c)
		alg = ES256;
	sign(&sig, x5c ? k->attestation_key : own, alg, authdata, hash);
	if (has_fault(k, "badsig", true))
		sig.b[sig.n - 1] ^= 1;
	put_head(o, CBOR_MAP, x5c ? 3 : 2);
	put_text(o, "alg");
	put_int(o, alg);
	put_text(o, "sig");
	put_bytes(o, sig.b, sig.n);
	if (x5c) {
		put_text(o, "x5c");
		put_raw(o, k->certs.b, k->certs.n);
	}
}
