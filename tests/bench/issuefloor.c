/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * The least that a certificate takes of a server's CPU: two P-256 signatures
 * are verified, one by a key that was not seen before, one is made, and what
 * they are over is hashed. No format is read and nothing is kept.
 *
 *	issuefloor TIMES
 *
 * prints microseconds of CPU time for each.
 */

#define POINT_LEN 65
#define HASH_LEN 32
#define MESSAGE_LEN 1024 /* about as long as what is signed */

static EVP_PKEY_CTX *owner, *ca; /* were used before, as a server's are */
static unsigned char point[POINT_LEN];
static unsigned char message[MESSAGE_LEN] = {1};
static unsigned char agent_sig[128], owner_sig[128];
static size_t agent_len = sizeof(agent_sig), owner_len = sizeof(owner_sig);

static void
must(int good)
{
	if (good)
		return;
	fprintf(stderr, "issuefloor: OpenSSL failed\n");
	exit(1);
}

static void
hash(unsigned char out[HASH_LEN])
{
	unsigned n = 0;

	must(EVP_Digest(message, sizeof(message), out, &n, EVP_sha256(),
	    NULL) == 1 && n == HASH_LEN);
}

static void
sign(EVP_PKEY_CTX *x, unsigned char *sig, size_t *n)
{
	unsigned char h[HASH_LEN];

	hash(h);
	must(EVP_PKEY_sign(x, sig, n, h, sizeof(h)) == 1);
}

static void
verify(EVP_PKEY_CTX *x, const unsigned char *sig, size_t n)
{
	unsigned char h[HASH_LEN];

	hash(h);
	must(EVP_PKEY_verify(x, sig, n, h, sizeof(h)) == 1);
}

static EVP_PKEY *
key_of_point(void)
{
	char group[] = "P-256";
	OSSL_PARAM params[3] = {
		OSSL_PARAM_construct_utf8_string("group", group, 0),
		OSSL_PARAM_construct_octet_string("pub", point, POINT_LEN),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *k = NULL;

	must(EVP_PKEY_fromdata_init(x) == 1 &&
	    EVP_PKEY_fromdata(x, &k, EVP_PKEY_PUBLIC_KEY, params) == 1);
	EVP_PKEY_CTX_free(x);
	return k;
}

static EVP_PKEY_CTX *
signer(EVP_PKEY *k)
{
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new(k, NULL);

	must(EVP_PKEY_sign_init(x) == 1);
	return x;
}

static EVP_PKEY_CTX *
verifier(EVP_PKEY *k)
{
	EVP_PKEY_CTX *x = EVP_PKEY_CTX_new(k, NULL);

	must(EVP_PKEY_verify_init(x) == 1);
	return x;
}

static void
issue(void)
{
	unsigned char sig[128];
	size_t n = sizeof(sig);
	EVP_PKEY *k = key_of_point();
	EVP_PKEY_CTX *x = verifier(k);

	verify(x, agent_sig, agent_len);
	verify(owner, owner_sig, owner_len);
	sign(ca, sig, &n);
	EVP_PKEY_CTX_free(x);
	EVP_PKEY_free(k);
}

/* A new key that has signed the message; only its point is left of an agent's,
 * and the context that verifies of an owner's. */
static EVP_PKEY *
new_key(unsigned char *sig, size_t *n)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *x;

	must(k != NULL);
	x = signer(k);
	sign(x, sig, n);
	EVP_PKEY_CTX_free(x);
	return k;
}

static void
set_keys(void)
{
	unsigned char sig[128];
	size_t n = sizeof(sig), len = 0;
	EVP_PKEY *k = new_key(agent_sig, &agent_len);

	must(EVP_PKEY_get_octet_string_param(k, "encoded-pub-key", point,
	    sizeof(point), &len) == 1 && len == POINT_LEN);
	EVP_PKEY_free(k);
	k = new_key(owner_sig, &owner_len);
	owner = verifier(k);
	EVP_PKEY_free(k);
	k = new_key(sig, &n);
	ca = signer(k);
	EVP_PKEY_free(k);
}

static double
cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int
main(int argc, char **argv)
{
	long i, n = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	double start;

	if (n <= 0 || n > 1000000) {
		fprintf(stderr, "usage: issuefloor TIMES\n");
		return 2;
	}
	set_keys();
	issue(); /* warms up */
	start = cpu_us();
	for (i = 0; i < n; i++)
		issue();
	printf("%.2f\n", (cpu_us() - start) / (double)n);
	EVP_PKEY_CTX_free(owner);
	EVP_PKEY_CTX_free(ca);
	return 0;
}
