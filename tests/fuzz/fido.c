/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>
#include <string.h>

#include "attest/fido.h"
#include "attroots.h"
#include "fmt/owners_opt.h"
#include "fmt/reason.h"

/* What a device answers when it has made a key: an octet for the format, one
 * for what was asked (1: Ed25519, 2: verification), two with the length of the
 * authenticator data, these, and the statement. */

/* Whatever is proven, a line of an owners file can say it. */
static void
check_yes(const cs_fido_proof *p)
{
	cs_anchor a = {0};

	if (p->proof == CS_PROOF_NONE) {
		CHECK(p->attested[0] == '\0' && p->why[0] != '\0');
		return;
	}
	CHECK(p->why[0] == '\0');
	CHECK(cs_owners_attested(cs_span_str(p->attested), CS_ANCHOR_FIDO2,
	    &a, NULL) == CS_OK);
	CHECK(a.proof == p->proof);
}

static void
check(const cs_fido_claim *c, const cs_roots *roots)
{
	cs_fido_proof p;
	cs_err e = {0};
	int r = cs_fido_attest(c, roots, NOW, &p, &e);

	if (r == CS_OK) {
		check_yes(&p);
		CHECK(roots != NULL || p.proof == CS_PROOF_NONE);
	} else {
		CHECK(r == CS_EREFUSED || r == CS_EFORMAT);
		CHECK(e.text[0] != '\0' && e.detail != CS_R_NONE);
		CHECK(p.proof == CS_PROOF_NONE && p.attested[0] == '\0');
	}
	CHECK(ERR_peek_error() == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const formats[] = {"packed", "fido-u2f", "none",
	    "tpm"};
	cs_fido_claim c = {.rp_id = cs_span_str("approve.corp.example")};
	size_t len = n < 4 ? 0 : (size_t)data[2] << 8 | data[3];

	if (n < 4 || len > n - 4)
		return 0;
	memset(c.client_data_hash, 0x5a, sizeof(c.client_data_hash));
	c.format = cs_span_str(formats[data[0] & 3]);
	c.kind = (data[1] & 1) != 0 ? CS_KEY_ED25519 : CS_KEY_P256;
	c.verify = (data[1] & 2) != 0;
	c.authdata = cs_span_of(data + 4, len);
	c.statement = cs_span_of(data + 4 + len, n - 4 - len);
	check(&c, fuzz_roots());
	check(&c, NULL);
	return 0;
}
