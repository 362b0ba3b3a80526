/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/cose.h"
#include "fmt/reason.h"
#include "fmt/spki.h"
#include "tap.h"
#include "vec.h"

/* Of the keys whose SubjectPublicKeyInfo python3-cryptography wrote beside
 * them, tests/vectors/webauthn; the CBOR is python3-fido2's. */
#define X256 "692d2e2a88a1074aab9cfa53a52de9227def048ed7f0444328ac16fa64c64e34"
#define Y256 "1554529c494b6b287626985c19968ef186041a7fb29ebe8a0681532519dca882"
#define X384                                                       \
	"5cb6a85115514db5877f493252dc2df7b7f5df8352774d921afd1955" \
	"733da66975d9b8070529214a6e3eb171db37108e"
#define Y384                                                       \
	"56cf0bfc2ed521ce66b3124ce3a9d34dadfe3a501e917497b5be1a85" \
	"f7093d35237abdb00b6c1aaec1329be4e74ccf67"
#define ED "677a74d964e4a84ffa5025a8b5537b5c4a37ad6d146e854783ac734684a207c4"

#define P256(alg, crv) "a5010203" alg "20" crv "215820" X256 "225820" Y256
#define P384(alg, crv) "a5010203" alg "20" crv "215830" X384 "225830" Y384
#define OKP(alg, crv) "a4010103" alg "20" crv "215820" ED

static struct vec vectors[VEC_FILES_MAX];
static size_t n_vectors;

static const struct {
	const char *hex, *what, *key;
	int reason;
} rows[] = {
	{P256("26", "01"), "ES256", "key-es256", CS_R_NONE},
	{P256("28", "01"), "ESP256", "key-es256", CS_R_NONE},
	{P384("3822", "02"), "ES384", "key-es384", CS_R_NONE},
	{P384("3832", "02"), "ESP384", "key-es384", CS_R_NONE},
	{OKP("27", "06"), "EdDSA", "key-eddsa", CS_R_NONE},
	{OKP("32", "06"), "Ed25519", "key-eddsa", CS_R_NONE},
	{P256("26", "02"), "ES256 on P-384", NULL, CS_R_UNSUPPORTED},
	{P256("26", "08"), "ES256 on secp256k1", NULL, CS_R_UNSUPPORTED},
	{P256("3822", "01"), "ES384 on P-256", NULL, CS_R_UNSUPPORTED},
	{P384("26", "02"), "ES256 with long coordinates", NULL,
	    CS_R_UNSUPPORTED},
	{P256("3822", "02"), "ES384 with short coordinates", NULL,
	    CS_R_UNSUPPORTED},
	{P256("27", "01"), "EdDSA on P-256", NULL, CS_R_UNSUPPORTED},
	{P256("382e", "08"), "ES256K", NULL, CS_R_UNSUPPORTED},
	{P384("3823", "03"), "ES512", NULL, CS_R_UNSUPPORTED},
	{OKP("26", "06"), "ES256 of another type", NULL, CS_R_UNSUPPORTED},
	{OKP("27", "07"), "EdDSA on Ed448", NULL, CS_R_UNSUPPORTED},
	{OKP("27", "04"), "EdDSA on X25519", NULL, CS_R_UNSUPPORTED},
	{"a5010203262001215820" X256 "22f5", "a compressed point", NULL,
	    CS_R_UNSUPPORTED},
	{"a5010203262001215821" "00" X256 "225820" Y256, "a padded x", NULL,
	    CS_R_UNSUPPORTED},
	{"a4010203262001215820" X256, "no y", NULL, CS_R_UNSUPPORTED},
	{"a501010327200621" "5820" ED "225820" Y256, "an Ed25519 key with y",
	    NULL, CS_R_UNSUPPORTED},
	{"a301020326" "2001", "no point", NULL, CS_R_UNSUPPORTED},
	{"a401022001215820" X256 "225820" Y256, "no algorithm", NULL,
	    CS_R_UNSUPPORTED},
	{"a40326" "2001215820" X256 "225820" Y256, "no type", NULL,
	    CS_R_UNSUPPORTED},
	{"a6010202410003262001215820" X256 "225820" Y256, "a key ID", NULL,
	    CS_R_UNSUPPORTED},
	{"a6010203262001215820" X256 "225820" Y256 "6100f6", "a name", NULL,
	    CS_R_UNSUPPORTED},
	{"a401030339010020" "43c0ffee" "21" "43010001", "RS256", NULL,
	    CS_R_UNSUPPORTED},
	{"a0", "an empty map", NULL, CS_R_UNSUPPORTED},
	{"80", "an array", NULL, CS_R_MALFORMED},
	{"40", "octets", NULL, CS_R_MALFORMED},
	{"", "nothing", NULL, CS_R_MALFORMED},
	{"a501020326" "2001225820" Y256 "215820" X256, "not sorted", NULL,
	    CS_R_MALFORMED},
	{"a5010201022001215820" X256 "225820" Y256, "twice", NULL,
	    CS_R_MALFORMED},
	{"a5010263414c4726" "2001215820" X256 "225820" Y256, "not sorted",
	    NULL, CS_R_MALFORMED},
	{"a50102032620012178" "20" ED "225820" Y256, "a text x", NULL,
	    CS_R_MALFORMED},
	{P256("6126", "01"), "a text algorithm", NULL, CS_R_MALFORMED},
	{P256("26", "01") "00", "an octet behind", NULL, CS_R_MALFORMED},
};

static int
reason_of(cs_span in, cs_buf *out)
{
	cs_err e = {0};

	return cs_cose_spki(in, out, &e) == CS_OK ? CS_R_NONE :
	    e.cls == CS_EFORMAT ? e.detail : CS_R_INTERNAL;
}

static enum vec_answer
probe(cs_span in)
{
	cs_buf *out = cs_buf_new(256);
	cs_spki k;
	int r = reason_of(in, out);
	enum vec_answer answer;

	if (r == CS_R_NONE)
		answer = cs_spki_parse(cs_buf_span(out), &k, NULL) == CS_OK ?
		    VEC_ACCEPTED : VEC_BROKEN;
	else
		answer = cs_buf_len(out) == 0 && (r == CS_R_MALFORMED ||
		    r == CS_R_UNSUPPORTED) ? VEC_REFUSED : VEC_BROKEN;
	cs_buf_free(&out);
	return answer;
}

static void
test_row(size_t i)
{
	cs_buf *b = vec_hex(rows[i].hex), *out = cs_buf_new(256);
	cs_span in = cs_buf_span(b);

	ok(b != NULL && reason_of(in, out) == rows[i].reason, "%s",
	    rows[i].what);
	if (rows[i].key != NULL) {
		ok(cs_span_eq(cs_buf_span(out), vec_find(vectors, n_vectors,
		    rows[i].key)), "%s: as OpenSSL has it", rows[i].what);
		ok(vec_prefixes(in, probe) == 0, "%s: prefixes", rows[i].what);
		ok(vec_trailing(in, probe) == 0, "%s: trailing", rows[i].what);
		ok(vec_flips(in, probe) == 0, "%s: flips", rows[i].what);
	}
	cs_buf_free(&b);
	cs_buf_free(&out);
}

int
main(void)
{
	size_t i;

	n_vectors = vec_load("webauthn", vectors);
	if (!ok(n_vectors != 0, "vectors"))
		return done_testing();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		test_row(i);
	vec_free(vectors, n_vectors);
	return done_testing();
}
