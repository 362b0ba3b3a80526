/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * The least that a process takes to verify two P-256 signatures with keys that
 * it has not seen before: no check of any format.
 *
 *	vfloor SPKI BYTES SIGNATURE SPKI BYTES SIGNATURE
 *
 * Files, in DER where there is one.
 */

#define POINT_LEN 65

struct file {
	unsigned char data[8192];
	size_t n;
};

static struct file
slurp(const char *path)
{
	static struct file f;
	FILE *h = fopen(path, "rb");

	if (h == NULL) {
		perror(path);
		exit(1);
	}
	f.n = fread(f.data, 1, sizeof(f.data), h);
	fclose(h);
	return f;
}

static EVP_PKEY *
key_of(struct file *spki)
{
	char group[] = "P-256";
	OSSL_PARAM params[3] = {
		OSSL_PARAM_construct_utf8_string("group", group, 0),
		OSSL_PARAM_construct_octet_string("pub",
		    spki->data + spki->n - POINT_LEN, POINT_LEN),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *k = NULL;

	if (spki->n < POINT_LEN || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &k, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	EVP_PKEY_CTX_free(ctx);
	return k;
}

static int
verifies(char **path)
{
	struct file spki = slurp(path[0]), bytes = slurp(path[1]),
	    sig = slurp(path[2]);
	EVP_PKEY *k = key_of(&spki);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int good = k != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, k) == 1 &&
	    EVP_DigestVerify(ctx, sig.data, sig.n, bytes.data, bytes.n) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return good;
}

int
main(int argc, char **argv)
{
	if (argc != 7 ||
	    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
	    !verifies(argv + 1) || !verifies(argv + 4)) {
		fprintf(stderr, "vfloor: not verified\n");
		return 1;
	}
	puts("verified");
	return 0;
}
