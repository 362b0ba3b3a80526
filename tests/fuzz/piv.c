/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>

#include "attest/piv.h"
#include "attroots.h"
#include "fmt/owners_opt.h"
#include "fmt/reason.h"

/* A YubiKey's statement about a PIV key and the certificates above it, each
 * behind two octets with its length. */

#define CERTS_MAX 12

static void
check_yes(const cs_piv_proof *p)
{
	cs_anchor a = {0};

	CHECK(cs_owners_attested(cs_span_str(p->attested), CS_ANCHOR_SPKI, &a,
	    NULL) == CS_OK);
	CHECK(a.proof == CS_PROOF_YUBIKEY_PIV);
	CHECK(a.touch_always == (p->touch == CS_PIV_ALWAYS));
	CHECK(a.pin_always == (p->pin == CS_PIV_ALWAYS));
}

static void
check(const cs_span *certs, size_t n, cs_span spki)
{
	cs_piv_proof p;
	cs_err e = {0};
	int r = cs_piv_attest(certs, n, spki, fuzz_roots(), NOW, &p, &e);

	if (r == CS_OK)
		check_yes(&p);
	else {
		CHECK(r == CS_EREFUSED || r == CS_EFORMAT);
		CHECK(e.text[0] != '\0' && e.detail != CS_R_NONE);
		CHECK(p.attested[0] == '\0' && p.touch == CS_PIV_UNKNOWN &&
		    p.pin == CS_PIV_UNKNOWN);
	}
	CHECK(ERR_peek_error() == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span certs[CERTS_MAX] = {{0}};
	cs_attcert *leaf = NULL;
	cs_spki key = {0};
	size_t count = 0, len;

	for (; n >= 2 && count < CERTS_MAX; count++) {
		len = (size_t)data[0] << 8 | data[1];
		len = len < n - 2 ? len : n - 2;
		certs[count] = cs_span_of(data + 2, len);
		data += 2 + len;
		n -= 2 + len;
	}
	/* Of the key that it is about, and of another. */
	if (count != 0 && cs_attcert_new(certs[0], &leaf, NULL) == CS_OK &&
	    cs_attcert_key(leaf, &key, NULL) == CS_OK)
		check(certs, count, key.der);
	cs_attcert_free(&leaf);
	check(certs, count, cs_span_str("another"));
	return 0;
}
