/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_TPMBED_H
#define CS_TESTS_TPMBED_H

#include "attest/tpm.h"
#include "tests/unit/attcerts.h"
#include "tests/unit/softtpm.h"

/* An owner with a software TPM whose manufacturer is not there, and a server
 * that asks it. What a test changes in the plans it sees in the messages. */

/* extnValues, hexadecimal: directoryName with "id:494E5443" (INTC), a model and
 * a version; tcg-kp-EKCertificate */
#define BED_SAN "3044a44230403116301406056781050201" \
    "0c0b69643a3439344535343433310e300c060567810502020c034f6e65" \
    "3116301406056781050203" "0c0b69643a3030303030303031"
#define BED_EKU "3007" "06056781050801"
#define BED_NAMES {"2.5.29.17", BED_SAN, true}
#define BED_USAGE {"2.5.29.37", BED_EKU, false}

struct bed {
	struct att_cert root, middle, cert; /* of the EK, by the middle one */
	struct att_plan plan;
	const struct att_cert *issuer;
	size_t between; /* certificates above it that are offered */
	struct soft_area key, ak, ek;
	cs_roots *roots;
	int64_t now;
	/* the messages; where a test has put one, it stays */
	cs_buf *key_area, *ak_area, *ek_area;
	cs_buf *offer, *challenge, *kept, *evidence;
	cs_tpmoffer o;
	cs_tpmsecret k;
	cs_tpmevidence v;
	/* the answer; absent parts are the honest ones */
	struct soft_attest attest;
	EVP_PKEY *signer;
	uint16_t scheme, hash;
	cs_span secret, answered;
};

/* Keys of these kinds ("RSA", "P-256", "P-384"), everything as it should be.
 * The roots are made in `dir`. */
bool bed_make(struct bed *b, const char *key, const char *ak, const char *ek,
    const char *dir);
void bed_free(struct bed *b);
/* The offer of what the plans say, again; false when it cannot be read. */
bool bed_offer(struct bed *b);
/* A challenge for it, until `until`. */
int bed_challenge(struct bed *b, int64_t until, cs_err *e);
/* The credential's secret, by the soft TPM; empty: not for these keys. Gives. */
cs_buf *bed_activate(const struct bed *b);
/* Evidence for it. */
bool bed_answer(struct bed *b);

#endif
