/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/authdata.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

/* SHA-256 of approve.corp.example. */
#define RP "cc3d1aae5ffe97b95faea3bb414d51606e1424ab475024548096c60c881808bb"
#define AAGUID "000102030405060708090a0b0c0d0e0f"
#define ES256                                                      \
	"a5010203262001215820692d2e2a88a1074aab9cfa53a52de9227def" \
	"048ed7f0444328ac16fa64c64e342258201554529c494b6b28762698" \
	"5c19968ef186041a7fb29ebe8a0681532519dca882"
/* By python3-fido2: AuthenticatorData.create(). */
#define ES256_CREDENTIAL \
	RP "4500000009" AAGUID "000a" "63726564656e7469616c" ES256
#define EDDSA                                                      \
	"a4010103272006215820677a74d964e4a84ffa5025a8b5537b5c4a37" \
	"ad6d146e854783ac734684a207c4"
#define ID_64                                                      \
	"69696969696969696969696969696969696969696969696969696969" \
	"69696969696969696969696969696969696969696969696969696969" \
	"6969696969696969"
#define TWO_EXTENSIONS \
	"a26b6372656450726f74656374026b686d61632d736563726574f5"
#define EDDSA_CREDENTIAL \
	RP "c180000001" AAGUID "0040" ID_64 EDDSA TWO_EXTENSIONS

static const struct {
	const char *hex, *what;
	bool assertion, credential; /* good as one */
} rows[] = {
	{RP "0000000000", "no flags", true, false},
	{RP "0100000000", "UP", true, false},
	{RP "05ffffffff", "UP and UV", true, false},
	{RP "0400000000", "UV alone", true, false},
	{RP "0900000000", "BE", true, false},
	{RP "1900000000", "BE and BS", true, false},
	{RP "1100000000", "BS alone", false, false},
	{RP "0300000000", "the reserved flag 1", false, false},
	{RP "2100000000", "the reserved flag 5", false, false},
	{RP "4100000000", "AT and nothing", false, false},
	{RP "8100000000", "ED and nothing", false, false},
	{RP "8100000000a0", "ED and an empty map", true, false},
	{RP "8100000000" TWO_EXTENSIONS, "ED and two", true, false},
	{RP "0100000000a0", "a map without ED", false, false},
	{RP "8100000000a000", "an octet behind ED", false, false},
	{RP "8100000000f6", "ED and null", false, false},
	{RP "810000000080", "ED and an array", false, false},
	{RP "8100000000a1", "ED and half a map", false, false},
	{RP "8100000000bfff", "ED without a length", false, false},
	{RP "8100000000a3616101616201616203", "ED twice", false, false},
	{ES256_CREDENTIAL, "an ES256 credential", false, true},
	{EDDSA_CREDENTIAL, "an EdDSA credential", false, true},
	{RP "4300000009" AAGUID "0001" "aa" ES256, "reserved 1", false, false},
	{RP "6100000009" AAGUID "0001" "aa" ES256, "reserved 5", false, false},
	{RP "5100000009" AAGUID "0001" "aa" ES256, "BS alone", false, false},
	{RP "5900000009" AAGUID "0001" "aa" ES256, "synced", false, true},
	{RP "0100000009" AAGUID "0001" "aa" ES256, "unsaid", false, false},
	{RP "4100000009" AAGUID "0000" ES256, "no ID", false, false},
	{RP "4100000009" AAGUID "0400" ES256, "an ID of 1024", false, false},
	{RP "4100000009" AAGUID "ffff" ES256, "an ID of 65535", false, false},
	{RP "4100000009" AAGUID "0001" "aa", "no key", false, false},
	{RP "4100000009" AAGUID "0001" "aa" "40", "no map", false, false},
	{RP "4100000009" AAGUID "0001" "aa" ES256 "a0", "an extension unsaid",
	    false, false},
	{RP "c100000009" AAGUID "0001" "aa" ES256, "an extension missing",
	    false, false},
	{RP "c100000009" AAGUID "0001" "aa" "a0a0", "two empty maps", false,
	    true},
	{"", "nothing", false, false},
};

/* Each span lies where the one before ends. */
static bool
holds(cs_span in, const cs_authdata *a)
{
	const uint8_t *at = in.p + 37;

	if (a->der.p != in.p || a->der.n != in.n || a->rp_id_hash.p != in.p ||
	    a->rp_id_hash.n != 32 || (a->backed_up && !a->backup_eligible))
		return false;
	if (a->aaguid.p != NULL) {
		if (a->aaguid.p != at || a->aaguid.n != 16 ||
		    a->credential_id.p != at + 18 ||
		    a->cose_key.p != at + 18 + a->credential_id.n)
			return false;
		at = a->cose_key.p + a->cose_key.n;
	}
	if (a->extensions.p != NULL) {
		if (a->extensions.p != at)
			return false;
		at += a->extensions.n;
	}
	return at == in.p + in.n;
}

static enum vec_answer
probe_as(cs_span in, enum cs_authdata_kind kind)
{
	cs_authdata a;
	cs_err e = {0};

	if (cs_authdata_parse(in, kind, &a, &e) != CS_OK)
		return e.cls == CS_EFORMAT && e.detail == CS_R_MALFORMED &&
		    a.der.p == NULL ? VEC_REFUSED : VEC_BROKEN;
	return holds(in, &a) && (a.aaguid.p != NULL) ==
	    (kind == CS_AUTHDATA_CREDENTIAL) ? VEC_ACCEPTED : VEC_BROKEN;
}

static enum vec_answer
assertion(cs_span in)
{
	return probe_as(in, CS_AUTHDATA_ASSERTION);
}

static enum vec_answer
credential(cs_span in)
{
	return probe_as(in, CS_AUTHDATA_CREDENTIAL);
}

static void
sweep(cs_span in, vec_probe *probe, bool good, const char *what)
{
	ok(probe(in) == (good ? VEC_ACCEPTED : VEC_REFUSED), "%s", what);
	if (!good)
		return;
	ok(vec_prefixes(in, probe) == 0, "%s: prefixes", what);
	ok(vec_trailing(in, probe) == 0, "%s: trailing", what);
	ok(vec_flips(in, probe) == 0, "%s: flips", what);
}

static void
test_rows(void)
{
	cs_buf *b;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b = vec_hex(rows[i].hex);
		ok(b != NULL, "%s", rows[i].what);
		sweep(cs_buf_span(b), assertion, rows[i].assertion,
		    "an assertion");
		sweep(cs_buf_span(b), credential, rows[i].credential,
		    "a credential");
		cs_buf_free(&b);
	}
}

static void
test_fields(void)
{
	cs_buf *b = vec_hex(EDDSA_CREDENTIAL), *key = vec_hex(EDDSA);
	cs_authdata a;

	ok(cs_authdata_parse(cs_buf_span(b), CS_AUTHDATA_CREDENTIAL, &a,
	    NULL) == CS_OK && a.present && !a.verified &&
	    !a.backup_eligible && !a.backed_up && a.counter == 0x80000001,
	    "flags and counter");
	ok(a.aaguid.p != NULL && a.aaguid.p[15] == 15 &&
	    a.credential_id.n == 64 && a.credential_id.p[63] == 'i' &&
	    cs_span_eq(a.cose_key, cs_buf_span(key)) &&
	    a.extensions.n == 27, "credential and extensions");
	cs_buf_free(&key);
	cs_buf_free(&b);
}

/* As large as may be, of an ID of `n` octets. */
static int
with_id(size_t n, size_t pad, cs_err *e)
{
	cs_buf *b = cs_buf_new(2 * CS_AUTHDATA_MAX), *head, *key;
	static const uint8_t zeros[CS_AUTHDATA_MAX];
	cs_authdata a;
	int r = CS_EBUG;

	head = vec_hex(RP "c100000009" AAGUID);
	key = vec_hex(ES256 "a16003");
	if (cs_buf_put(b, cs_buf_span(head)) == CS_OK &&
	    cs_buf_put_byte(b, (uint8_t)(n >> 8)) == CS_OK &&
	    cs_buf_put_byte(b, (uint8_t)n) == CS_OK &&
	    cs_buf_put(b, cs_span_of(zeros, n)) == CS_OK &&
	    cs_buf_put(b, cs_span_cut(cs_buf_span(key), 0, 79)) == CS_OK &&
	    cs_buf_put_byte(b, 0x59) == CS_OK &&
	    cs_buf_put_byte(b, (uint8_t)(pad >> 8)) == CS_OK &&
	    cs_buf_put_byte(b, (uint8_t)pad) == CS_OK &&
	    cs_buf_put(b, cs_span_of(zeros, pad)) == CS_OK)
		r = cs_authdata_parse(cs_buf_span(b), CS_AUTHDATA_CREDENTIAL,
		    &a, e);
	cs_buf_free(&head);
	cs_buf_free(&key);
	cs_buf_free(&b);
	return r;
}

static void
test_sizes(void)
{
	/* 37 and 18 before the ID, 79 and 3 behind it. */
	const size_t most = CS_AUTHDATA_MAX - 37 - 18 - 79 - 3 - 1023;
	cs_err e = {0};

	ok(with_id(1023, 256, &e) == CS_OK, "an ID of 1023");
	ok(with_id(1024, 256, &e) == CS_EFORMAT &&
	    e.detail == CS_R_MALFORMED, "an ID of 1024");
	ok(with_id(1023, most, &e) == CS_OK, "4 KiB");
	ok(with_id(1023, most + 1, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE, "and one octet");
}

int
main(void)
{
	test_rows();
	test_fields();
	test_sizes();
	return done_testing();
}
