/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

/* For LD_PRELOAD: valgrind takes half a minute for each RSA key that a test
 * makes. $RSA_KEPT is a folder of keys that were made before: 2048-1.pem and so
 * on, of so many bits. Each is lent once; then, and without it, they are made.
 * libcrypto is not linked, so that it comes into no program that has none. */

typedef EVP_PKEY *keygen(OSSL_LIB_CTX *, const char *, const char *, ...);

static EVP_PKEY *
kept(OSSL_LIB_CTX *lib, const char *propq, size_t bits)
{
	static unsigned lent[8];
	const char *dir = getenv("RSA_KEPT");
	EVP_PKEY *k = NULL;
	__typeof__(PEM_read_PrivateKey_ex) *read_key = NULL;
	char path[4200];
	FILE *f;

	if (dir == NULL || bits / 1024 >= sizeof(lent) / sizeof(lent[0]))
		return NULL;
	(void)snprintf(path, sizeof(path), "%s/%zu-%u.pem", dir, bits,
	    ++lent[bits / 1024]);
	if ((f = fopen(path, "r")) == NULL)
		return NULL;
	*(void **)&read_key = dlsym(RTLD_DEFAULT, "PEM_read_PrivateKey_ex");
	if (read_key != NULL)
		k = read_key(f, NULL, NULL, NULL, lib, propq);
	(void)fclose(f);
	return k;
}

EVP_PKEY *
EVP_PKEY_Q_keygen(OSSL_LIB_CTX *lib, const char *propq, const char *type, ...)
{
	const bool rsa = strcmp(type, "RSA") == 0;
	keygen *real = NULL;
	EVP_PKEY *k = NULL;
	const char *curve;
	size_t bits;
	va_list ap;

	*(void **)&real = dlsym(RTLD_NEXT, "EVP_PKEY_Q_keygen");
	if (real == NULL)
		return NULL;
	va_start(ap, type);
	if (rsa) {
		bits = va_arg(ap, size_t);
		k = kept(lib, propq, bits);
		if (k == NULL)
			k = real(lib, propq, type, bits);
	} else if (strcmp(type, "EC") == 0) {
		curve = va_arg(ap, const char *);
		k = real(lib, propq, type, curve);
	} else {
		k = real(lib, propq, type);
	}
	va_end(ap);
	return k;
}
