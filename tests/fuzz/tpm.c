/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>
#include <string.h>

#include "attest/tpm.h"
#include "attroots.h"
#include "fmt/owners_opt.h"
#include "fmt/reason.h"

/* What a server is sent of a TPM: two octets with the length of what it has
 * kept, a TPMChallengeSecret, this, and TPMEvidence; without a length an offer
 * alone. tests/tpm/evidence.c makes them. */

static bool
is_empty(const cs_tpm_proof *p)
{
	static const cs_tpm_proof none;

	return memcmp(p, &none, sizeof(none)) == 0;
}

/* Whatever is proven, a line of an owners file can say it. */
static void
check(int r, cs_tpm_proof *p, const cs_err *e)
{
	cs_anchor a = {0};

	CHECK(ERR_peek_error() == 0);
	if (r == CS_OK) {
		CHECK(p->spki != NULL && p->ek[0] != '\0');
		CHECK(cs_owners_attested(cs_span_str(p->attested),
		    CS_ANCHOR_SPKI, &a, NULL) == CS_OK);
		CHECK(a.proof == CS_PROOF_TPM2);
	} else {
		CHECK(r == CS_EREFUSED || r == CS_EFORMAT);
		CHECK(e->text[0] != '\0' && e->detail != CS_R_NONE);
		CHECK(is_empty(p));
	}
	cs_tpm_proof_clear(p);
}

/* Whoever may be asked can be: a challenge comes of every offer that holds. */
static void
ask(const cs_tpmoffer *o)
{
	cs_buf *out = cs_buf_new(CS_TPM_EVIDENCE_MAX);
	cs_buf *kept = cs_secret_new(CS_TPM_EVIDENCE_MAX);
	cs_tpmsecret s;

	CHECK(cs_tpm_challenge(o, NOW, out, kept, NULL) == CS_OK);
	CHECK(cs_tpmsecret_parse(cs_buf_span(kept), &s, NULL) == CS_OK);
	CHECK(cs_span_eq(s.challenge.whole, cs_buf_span(out)));
	cs_buf_free(&out);
	cs_buf_free(&kept);
}

static void
offer(const cs_tpmoffer *o)
{
	cs_tpm_proof p;
	cs_err e = {0};
	int r = cs_tpm_offer_check(o, fuzz_roots(), NOW, &p, &e);

	if (r == CS_OK)
		ask(o);
	check(r, &p, &e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t len = n < 2 ? 0 : (size_t)data[0] << 8 | data[1];
	cs_tpmevidence v;
	cs_tpmsecret kept;
	cs_tpm_proof p;
	cs_tpmoffer o;
	cs_err e = {0};
	int r;

	if (n < 2 || len > n - 2)
		return 0;
	if (len == 0) {
		if (cs_tpmoffer_parse(cs_span_of(data + 2, n - 2), &o, NULL) ==
		    CS_OK)
			offer(&o);
		return 0;
	}
	if (cs_tpmsecret_parse(cs_span_of(data + 2, len), &kept, NULL) !=
	    CS_OK || cs_tpmevidence_parse(cs_span_of(data + 2 + len,
	    n - 2 - len), &v, NULL) != CS_OK)
		return 0;
	offer(&v.offer);
	r = cs_tpm_evidence_check(&v, &kept, fuzz_roots(), NOW, &p, &e);
	check(r, &p, &e);
	return 0;
}
