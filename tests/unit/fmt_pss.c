/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "fmt/pss.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

#define PSS "06092a864886f70d01010a"
#define MGF1 "06092a864886f70d010108"
#define SHA(last) "0609608648016503040" last
#define NULLS "0500"
/* AlgorithmIdentifiers of a hash, bare and with NULL. */
#define H(last) "300b" SHA(last)
#define HN(last) "300d" SHA(last) NULLS
#define MASK(h) "301a" MGF1 h  /* with HN */
#define MASKB(h) "3018" MGF1 h /* with H */
/* As everybody writes it, and with neither NULL. */
#define WHOLE(hash, mask, salt) \
	"3041" PSS "3034a00f" HN(hash) "a11c" MASK(HN(mask)) "a203" salt
#define BARE(hash, mask, salt) \
	"303d" PSS "3030a00d" H(hash) "a11a" MASKB(H(mask)) "a203" salt

/* OpenSSL reads the same two numbers, of one hash, and writes these bytes. */
static bool
agrees(cs_span in, const cs_pss *p)
{
	const unsigned char *at = in.p;
	X509_ALGOR *a = d2i_X509_ALGOR(NULL, &at, (long)in.n), *h = NULL;
	RSA_PSS_PARAMS *x = NULL;
	uint8_t *der = NULL;
	int n;
	bool fine;

	fine = a != NULL && at == in.p + in.n &&
	    OBJ_obj2nid(a->algorithm) == NID_rsassaPss &&
	    a->parameter != NULL && (x = ASN1_TYPE_unpack_sequence(
	    ASN1_ITEM_rptr(RSA_PSS_PARAMS), a->parameter)) != NULL &&
	    x->hashAlgorithm != NULL && x->maskGenAlgorithm != NULL &&
	    x->saltLength != NULL && x->trailerField == NULL &&
	    OBJ_obj2nid(x->maskGenAlgorithm->algorithm) == NID_mgf1 &&
	    (h = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(X509_ALGOR),
	    x->maskGenAlgorithm->parameter)) != NULL &&
	    OBJ_obj2nid(h->algorithm) ==
	    OBJ_obj2nid(x->hashAlgorithm->algorithm) &&
	    OBJ_obj2nid(h->algorithm) == (p->bits == 256 ? NID_sha256 :
	    p->bits == 384 ? NID_sha384 : NID_sha512) &&
	    ASN1_INTEGER_get(x->saltLength) == (long)p->salt &&
	    p->salt >= p->bits / 8 && (n = i2d_X509_ALGOR(a, &der)) > 0 &&
	    cs_span_eq(cs_span_of(der, (size_t)n), in);
	OPENSSL_free(der);
	RSA_PSS_PARAMS_free(x);
	X509_ALGOR_free(h);
	X509_ALGOR_free(a);
	ERR_clear_error();
	return fine;
}

static enum vec_answer
probe(cs_span in)
{
	cs_err e = {0};
	cs_pss p;

	if (cs_pss_parse(in, &p, &e) != CS_OK)
		return e.cls == CS_EFORMAT && (e.detail == CS_R_UNSUPPORTED ||
		    e.detail == CS_R_NOT_DER || e.detail == CS_R_MALFORMED) &&
		    p.bits == 0 && p.salt == 0 ? VEC_REFUSED : VEC_BROKEN;
	return cs_pss_is(in) && agrees(in, &p) ? VEC_ACCEPTED : VEC_BROKEN;
}

static const struct {
	const char *hex, *name;
	unsigned bits;
	size_t salt;
} good[] = {
	{WHOLE("201", "201", "020120"), "SHA-256", 256, 32},
	{WHOLE("202", "202", "020130"), "SHA-384", 384, 48},
	{WHOLE("203", "203", "020140"), "SHA-512", 512, 64},
	{BARE("201", "201", "020120"), "SHA-256 without NULL", 256, 32},
	{BARE("203", "203", "02017f"), "SHA-512, a longer salt", 512, 127},
	{"303f" PSS "3032a00d" H("201") "a11c" MASK(HN("201")) "a203020120",
	    "one NULL", 256, 32},
	{"303f" PSS "3032a00f" HN("201") "a11a" MASKB(H("201")) "a203020120",
	    "the other NULL", 256, 32},
	{"3042" PSS "3035a00f" HN("201") "a11c" MASK(HN("201"))
	    "a204020200de", "what OpenSSL writes by itself", 256, 222},
	{"3042" PSS "3035a00f" HN("201") "a11c" MASK(HN("201"))
	    "a20402020200", "the longest", 256, 512},
};

static void
test_good(size_t i)
{
	cs_buf *b = vec_hex(good[i].hex);
	const cs_span in = cs_buf_span(b);
	cs_err e = {0};
	cs_pss p;

	ok(cs_pss_parse(in, &p, &e) == CS_OK && p.bits == good[i].bits &&
	    p.salt == good[i].salt && cs_pss_is(in), "%s %s", good[i].name,
	    e.text);
	ok(probe(in) == VEC_ACCEPTED, "%s: OpenSSL agrees", good[i].name);
	ok(vec_prefixes(in, probe) == 0, "%s: no prefix", good[i].name);
	ok(vec_trailing(in, probe) == 0, "%s: nothing behind", good[i].name);
	ok(vec_flips(in, probe) == 0, "%s: flips", good[i].name);
	ok(vec_trees(in, probe) == 0, "%s: trees", good[i].name);
	cs_buf_free(&b);
}

static const struct {
	const char *hex, *name;
	int reason;
} bad[] = {
	{"300b" PSS, "no parameters", CS_R_MALFORMED},
	{"300d" PSS "0500", "NULL instead", CS_R_MALFORMED},
	{"300d" PSS "3000", "all defaults, SHA-1", CS_R_UNSUPPORTED},
	{"3012" PSS "3005a203020120", "a salt alone", CS_R_UNSUPPORTED},
	{"3023" PSS "3016a00f" HN("201") "a203020120", "MGF1 by default",
	    CS_R_UNSUPPORTED},
	{"3030" PSS "3023a11c" MASK(HN("201")) "a203020120", "hash by default",
	    CS_R_UNSUPPORTED},
	{"303c" PSS "302fa00f" HN("201") "a11c" MASK(HN("201")),
	    "salt by default", CS_R_UNSUPPORTED},
	{WHOLE("201", "201", "020114"), "a salt of 20", CS_R_UNSUPPORTED},
	{WHOLE("201", "201", "02011f"), "a salt of 31", CS_R_UNSUPPORTED},
	{WHOLE("202", "202", "02012f"), "a salt of 47", CS_R_UNSUPPORTED},
	{WHOLE("203", "203", "02013f"), "a salt of 63", CS_R_UNSUPPORTED},
	{WHOLE("201", "201", "020100"), "no salt", CS_R_UNSUPPORTED},
	{WHOLE("201", "201", "0201ff"), "a negative salt", CS_R_UNSUPPORTED},
	{"3042" PSS "3035a00f" HN("201") "a11c" MASK(HN("201"))
	    "a20402020201", "a salt of 513", CS_R_UNSUPPORTED},
	{"3042" PSS "3035a00f" HN("201") "a11c" MASK(HN("201"))
	    "a20402020020", "a salt not minimal", CS_R_NOT_DER},
	{WHOLE("201", "203", "020140"), "another hash in MGF1",
	    CS_R_UNSUPPORTED},
	{WHOLE("203", "201", "020140"), "another hash", CS_R_UNSUPPORTED},
	{WHOLE("204", "204", "020120"), "SHA-224", CS_R_UNSUPPORTED},
	{WHOLE("208", "208", "020120"), "SHA3-256", CS_R_UNSUPPORTED},
	{"3046" PSS "3039a00f" HN("201") "a11c" MASK(HN("201"))
	    "a203020120a303020101", "the trailer field by default",
	    CS_R_UNSUPPORTED},
	{"3046" PSS "3039a00f" HN("201") "a11c" MASK(HN("201"))
	    "a203020120a303020102", "another trailer field",
	    CS_R_UNSUPPORTED},
	{"3041" PSS "3034a11c" MASK(HN("201")) "a00f" HN("201") "a203020120",
	    "in another order", CS_R_UNSUPPORTED},
	{"3041" PSS "3034a00f" HN("201") "a11c301a" PSS HN("201")
	    "a203020120", "another mask", CS_R_UNSUPPORTED},
	{"300f06092a864886f70d01010b0500" "02", "bytes behind", CS_R_NOT_DER},
	{"300d06092a864886f70d01010b0500", "PKCS #1", CS_R_UNSUPPORTED},
	{"300506032b6570", "Ed25519", CS_R_UNSUPPORTED},
	{"", "nothing", CS_R_NOT_DER},
};

static void
test_bad(size_t i)
{
	cs_buf *b = vec_hex(bad[i].hex);
	cs_err e = {0};
	cs_pss p;
	int rc;

	rc = cs_pss_parse(cs_buf_span(b), &p, &e);
	ok(rc == CS_EFORMAT && e.detail == bad[i].reason && p.salt == 0,
	    "%s: %s, %s", bad[i].name, cs_reason_name(e.detail), e.text);
	cs_buf_free(&b);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		test_good(i);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		test_bad(i);
	return done_testing();
}
