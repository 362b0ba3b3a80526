/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "base/file.h"
#include "crypt/tpmcred.h"
#include "tests/unit/softtpm.h"

/*
 * usage: credential make EK AK SECRET OUT
 *        credential area OUT [POLICY]
 * The first makes a credential with SECRET in it for two keys, TPM2B_PUBLIC
 * each, in the file that tpm2_activatecredential reads. The second writes the
 * TPM2B_PUBLIC of an attestation key whose private half is nowhere, with an
 * authPolicy in hexadecimal.
 */

#define MAX 4096

static bool
area_read(const char *path, cs_buf **file, cs_tpmpub *out)
{
	cs_err e = {0};
	cs_span in;

	if (cs_file_read(path, MAX, file, &e) == CS_OK) {
		in = cs_buf_span(*file);
		if (cs_tpmpub_sized(&in, out, &e) == CS_OK)
			return true;
	}
	(void)fprintf(stderr, "credential: %s: %s\n", path, e.text);
	return false;
}

static bool
write_out(const char *path, cs_buf *b)
{
	return !cs_buf_failed(b) && cs_file_write(path, cs_buf_span(b), 0600,
	    true, NULL) == CS_OK;
}

/* tpm2-tools: its magic, its version, and the two as TPM2B. */
static bool
make(char **arg)
{
	cs_buf *files[3] = {NULL}, *blob = cs_buf_new(MAX);
	cs_buf *seed = cs_buf_new(MAX), *out = cs_buf_new(MAX);
	cs_tpmpub ek, ak;
	cs_tpmname name;
	cs_err e = {0};
	bool good = false;
	size_t i;

	if (area_read(arg[0], &files[0], &ek) &&
	    area_read(arg[1], &files[1], &ak) &&
	    cs_file_read(arg[2], MAX, &files[2], &e) == CS_OK &&
	    cs_tpm_name(&ak, &name, &e) == CS_OK &&
	    cs_tpm_credential(&ek, &name, cs_buf_span(files[2]), blob, seed,
	    &e) == CS_OK) {
		cs_tpm_put_u32(out, 0xbadcc0de);
		cs_tpm_put_u32(out, 1);
		cs_tpm_put_sized(out, cs_buf_span(blob));
		cs_tpm_put_sized(out, cs_buf_span(seed));
		good = write_out(arg[3], out);
	}
	if (e.text[0] != '\0')
		(void)fprintf(stderr, "credential: %s\n", e.text);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		cs_buf_free(&files[i]);
	cs_buf_free(&blob);
	cs_buf_free(&seed);
	cs_buf_free(&out);
	return good;
}

static bool
area(const char *path, const char *policy)
{
	struct soft_area ak = {.key = EVP_EC_gen("P-256"),
	    .name_alg = SOFT_SHA256, .attributes = SOFT_AK, .sym = SOFT_NULL,
	    .scheme = SOFT_ECDSA, .hash = SOFT_SHA256};
	cs_buf *out = cs_buf_new(MAX), *b;
	unsigned char *octets = NULL;
	long n = 0;
	bool good;

	if (policy != NULL && (octets = OPENSSL_hexstr2buf(policy, &n)) !=
	    NULL)
		ak.policy = cs_span_of(octets, (size_t)n);
	b = soft_area(&ak);
	cs_tpm_put_sized(out, cs_buf_span(b));
	good = write_out(path, out);
	OPENSSL_free(octets);
	EVP_PKEY_free(ak.key);
	cs_buf_free(&b);
	cs_buf_free(&out);
	return good;
}

int
main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "make") == 0)
		return make(argv + 2) ? 0 : 1;
	if ((argc == 3 || argc == 4) && strcmp(argv[1], "area") == 0)
		return area(argv[2], argc == 4 ? argv[3] : NULL) ? 0 : 1;
	(void)fprintf(stderr, "usage: credential make EK AK SECRET OUT\n"
	    "       credential area OUT [POLICY]\n");
	return 2;
}
