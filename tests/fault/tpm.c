/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/fault/tpm.h"

#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/tpmbed.h"

#define BROKEN 1 /* as in fault.c */

static struct bed rsa, ecc, forged;
static char dir[] = "./fault-tpm.XXXXXX";

static bool
make(struct bed *b, const char *ak, const char *ek)
{
	cs_err e = {0};

	return bed_make(b, "P-256", ak, ek, dir) &&
	    bed_challenge(b, NOW, &e) == CS_OK && bed_answer(b);
}

bool
tpm_start(void)
{
	bool good;

	if (mkdtemp(dir) == NULL)
		return false;
	good = make(&rsa, "RSA", "RSA") && make(&ecc, "P-256", "P-384") &&
	    make(&forged, "P-256", "P-256");
	forged.signer = forged.key.key;
	good = good && bed_answer(&forged);
	(void)rmdir(dir);
	return good;
}

void
tpm_finish(void)
{
	bed_free(&rsa);
	bed_free(&ecc);
	bed_free(&forged);
}

static int
proof(int r, cs_tpm_proof *p)
{
	if ((r == CS_OK) != (p->spki != NULL && p->attested[0] != '\0'))
		r = BROKEN;
	cs_tpm_proof_clear(p);
	return r;
}

int
tpm_offer(cs_err *e)
{
	cs_tpm_proof p = {0};

	return proof(cs_tpm_offer_check(&ecc.o, ecc.roots, NOW, &p, e), &p);
}

static int
challenge(const struct bed *b, cs_err *e)
{
	cs_buf *out = cs_buf_new(CS_TPM_EVIDENCE_MAX);
	cs_buf *kept = cs_secret_new(CS_TPM_EVIDENCE_MAX);
	int r;

	if (out == NULL || kept == NULL)
		r = cs_nomem(e, "test");
	else if (((r = cs_tpm_challenge(&b->o, NOW, out, kept, e)) ==
	    CS_OK) != (cs_buf_len(out) != 0) ||
	    (r == CS_OK) != (cs_buf_len(kept) != 0))
		r = BROKEN;
	cs_buf_free(&out);
	cs_buf_free(&kept);
	return r;
}

int
tpm_challenge_rsa(cs_err *e)
{
	return challenge(&rsa, e);
}

int
tpm_challenge_ecc(cs_err *e)
{
	return challenge(&ecc, e);
}

static int
evidence(const struct bed *b, cs_err *e)
{
	cs_tpm_proof p = {0};

	return proof(cs_tpm_evidence_check(&b->v, &b->k, b->roots, NOW, &p,
	    e), &p);
}

int
tpm_evidence(cs_err *e)
{
	return evidence(&rsa, e);
}

int
tpm_forged(cs_err *e)
{
	return evidence(&forged, e);
}
