/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/authdata.h"
#include "fmt/cbor.h"
#include "fuzz.h"

static void
check_map(cs_span map)
{
	CHECK(cs_cbor_peek(map) == CS_CBOR_MAP);
	CHECK(cs_cbor_any(&map, NULL, NULL) == CS_OK && map.n == 0);
}

/* All octets are somebody's, in order. */
static void
check_parts(cs_span in, const cs_authdata *a)
{
	const uint8_t *at = in.p + 37;

	CHECK(cs_span_eq(a->der, in) && a->rp_id_hash.p == in.p);
	CHECK((in.p[32] & 0x22) == 0);
	CHECK(!a->backed_up || a->backup_eligible);
	if (a->aaguid.p != NULL) {
		CHECK(a->aaguid.p == at && a->credential_id.p == at + 18);
		CHECK(a->credential_id.n == (size_t)(at[16] << 8 | at[17]));
		at = a->credential_id.p + a->credential_id.n;
		CHECK(a->cose_key.p == at);
		check_map(a->cose_key);
		at += a->cose_key.n;
	}
	if (a->extensions.p != NULL) {
		CHECK(a->extensions.p == at && (in.p[32] & 0x80) != 0);
		check_map(a->extensions);
		at += a->extensions.n;
	}
	CHECK(at == in.p + in.n);
}

/* One kind at most reads it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	bool assertion, credential;
	cs_authdata a, c;

	assertion = cs_authdata_parse(in, CS_AUTHDATA_ASSERTION, &a, NULL) ==
	    CS_OK;
	credential = cs_authdata_parse(in, CS_AUTHDATA_CREDENTIAL, &c, NULL) ==
	    CS_OK;
	CHECK(!assertion || !credential);
	if (assertion) {
		CHECK(a.aaguid.p == NULL && (n == 37) == (in.p[32] < 0x80));
		check_parts(in, &a);
	}
	if (credential) {
		CHECK(c.aaguid.p != NULL);
		check_parts(in, &c);
	}
	return 0;
}
