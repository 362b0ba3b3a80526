/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "base/file.h"
#include "tests/unit/tpmbed.h"

/*
 * usage: evidence ROOTS DIR
 * Makes offers and evidence anew, with fresh keys of OpenSSL's, for the fuzz
 * target tpm, which begins with them, and for attest_tpm_vectors: root.pem in
 * ROOTS is the certificate of the one root. tests/fuzz/tpm.c says what an input
 * is; what its name begins with is what it has to come to.
 */

static struct bed bed, honest;
static const char *out_dir;
static bool failed;

static void
put(const char *name, cs_span kept, cs_span message)
{
	cs_buf *b = cs_buf_new(2 + kept.n + message.n);
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", out_dir, name);
	if (cs_buf_put_byte(b, (uint8_t)(kept.n >> 8)) != CS_OK ||
	    cs_buf_put_byte(b, (uint8_t)kept.n) != CS_OK ||
	    cs_buf_put(b, kept) != CS_OK || cs_buf_put(b, message) != CS_OK ||
	    cs_file_write(path, cs_buf_span(b), 0644, true, NULL) != CS_OK)
		failed = true;
	cs_buf_free(&b);
}

static void
reset(void)
{
	bed.key = honest.key;
	bed.ak = honest.ak;
	bed.ek = honest.ek;
	bed.plan = honest.plan;
	bed.attest = honest.attest;
	bed.signer = NULL;
	cs_buf_free(&bed.key_area);
	cs_buf_free(&bed.ak_area);
	cs_buf_free(&bed.ek_area);
	att_free(&bed.cert);
}

static void
offer(const char *name)
{
	if (bed_offer(&bed))
		put(name, cs_span_of("", 0), cs_buf_span(bed.offer));
	else
		failed = true;
	reset();
}

static void
evidence(const char *name)
{
	cs_err e = {0};

	if (bed_offer(&bed) && bed_challenge(&bed, NOW, &e) == CS_OK &&
	    bed_answer(&bed))
		put(name, cs_buf_span(bed.kept), cs_buf_span(bed.evidence));
	else
		failed = true;
	reset();
}

static void
ek_as(EVP_PKEY *key, uint16_t name_alg, uint16_t bits)
{
	bed.ek.key = key;
	bed.ek.name_alg = name_alg;
	bed.ek.bits = bits;
}

static void
make(EVP_PKEY *rsa, EVP_PKEY *p384)
{
	static const uint8_t zeros[32];

	offer("proven-offer");
	ek_as(rsa, SOFT_SHA256, 128);
	offer("proven-offer-rsa");
	bed.ak.attributes ^= 1 << 16;
	offer("refused-offer-unrestricted");
	bed.key.policy = cs_span_of(zeros, 32);
	offer("refused-offer-policy");
	evidence("proven-p256");
	ek_as(rsa, SOFT_SHA256, 128);
	evidence("proven-rsa");
	ek_as(p384, SOFT_SHA384, 256);
	evidence("proven-p384");
	bed.key.key = rsa;
	bed.ak.key = p384;
	bed.ak.hash = SOFT_SHA384;
	evidence("proven-key-rsa");
	bed.signer = honest.key.key;
	evidence("refused-signer");
	bed.attest.extra = cs_span_of(zeros, 32);
	evidence("refused-extra");
	bed.attest.type = 0x8018;
	evidence("malformed-quote");
}

int
main(int argc, char **argv)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *p384 = EVP_EC_gen("P-384");
	char path[512];

	if (argc != 3 || !bed_make(&bed, "P-256", "P-256", "P-256", argv[1]))
		return 2;
	honest = bed;
	out_dir = argv[2];
	reset();
	(void)snprintf(path, sizeof(path), "%s/root.pem", argv[1]);
	(void)unlink(path);
	if (!att_write(&bed.root, argv[1], "root.pem"))
		return 1;
	make(rsa, p384);
	bed_free(&bed);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(p384);
	return failed ? 1 : 0;
}
