/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/err.h>
#include <openssl/ess.h>

#include "fmt/reason.h"
#include "fmt/signingcert.h"
#include "tap.h"
#include "vec.h"

#define H16 "000102030405060708090a0b0c0d0e0f"
#define H32 "0420" H16 H16
#define H48 "0430" H16 H16 H16
#define H64 "0440" H16 H16 H16 H16
#define SHA(last) "300b0609608648016503040" last
#define SHAN(last) "300d0609608648016503040" last "0500"
#define NAME "300c310a300806035504030c0178" /* CN=x */
#define ISSUER "3015" "3010a40e" NAME "020107"

/* OpenSSL, where it takes the name, reads all of it and writes it again. */
static bool
agrees(cs_span in)
{
	const unsigned char *at = in.p;
	ESS_SIGNING_CERT_V2 *x = d2i_ESS_SIGNING_CERT_V2(NULL, &at,
	    (long)in.n);
	uint8_t *der = NULL;
	bool fine = true;
	int n;

	if (x != NULL) {
		n = i2d_ESS_SIGNING_CERT_V2(x, &der);
		fine = at == in.p + in.n && n > 0 &&
		    cs_span_eq(cs_span_of(der, (size_t)n), in);
	}
	OPENSSL_free(der);
	ESS_SIGNING_CERT_V2_free(x);
	ERR_clear_error();
	return fine;
}

/* What is written of it is what was read. */
static bool
comes_back(cs_span in, const cs_signing_cert *c)
{
	cs_buf *b = cs_buf_new(in.n);
	bool same = cs_signing_cert_put(c, b, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(b), in);

	cs_buf_free(&b);
	return same;
}

static enum vec_answer
probe(cs_span in)
{
	cs_signing_cert c;
	cs_err e = {0};

	if (cs_signing_cert_parse(in, &c, &e) != CS_OK)
		return e.cls == CS_EFORMAT && e.detail != CS_R_NONE &&
		    e.text[0] != '\0' && c.hash.p == NULL ? VEC_REFUSED :
		    VEC_BROKEN;
	return c.hash.n >= 32 && c.hash.n <= 64 &&
	    (c.issuer.p == NULL) == (c.serial.p == NULL) &&
	    comes_back(in, &c) && agrees(in) ? VEC_ACCEPTED : VEC_BROKEN;
}

static const struct {
	const char *hex, *name;
	bool alg, issuer;
	size_t hash;
} good[] = {
	{"3026" "3024" "3022" H32, "SHA-256", false, false, 32},
	{"303d" "303b" "3039" H32 ISSUER, "SHA-256 and an issuer", false, true,
	    32},
	{"3043" "3041" "303f" SHA("202") H48, "SHA-384", true, false, 48},
	{"306a" "3068" "3066" SHA("203") H64 ISSUER, "SHA-512 and an issuer",
	    true, true, 64},
	{"3035" "3033" "3031" SHAN("201") H32, "SHA-256 with NULL", true,
	    false, 32},
};

static void
test_good(size_t i)
{
	cs_buf *b = vec_hex(good[i].hex);
	const cs_span in = cs_buf_span(b);
	cs_signing_cert c;
	cs_err e = {0};

	ok(cs_signing_cert_parse(in, &c, &e) == CS_OK &&
	    (c.alg.p != NULL) == good[i].alg &&
	    (c.issuer.p != NULL) == good[i].issuer &&
	    c.hash.n == good[i].hash, "%s %s", good[i].name, e.text);
	ok(c.issuer.p == NULL || (c.issuer.n == 14 && c.serial.n == 1 &&
	    c.serial.p[0] == 7), "%s: issuer and serial", good[i].name);
	ok(probe(in) == VEC_ACCEPTED, "%s: OpenSSL agrees", good[i].name);
	ok(vec_prefixes(in, probe) == 0, "%s: no prefix", good[i].name);
	ok(vec_trailing(in, probe) == 0, "%s: nothing behind", good[i].name);
	ok(vec_flips(in, probe) == 0, "%s: flips", good[i].name);
	ok(vec_trees(in, probe) == 0, "%s: trees", good[i].name);
	cs_buf_free(&b);
}

#define ID "3022" H32

static const struct {
	const char *hex, *name;
	int reason;
} bad[] = {
	{"", "nothing", CS_R_NOT_DER},
	{"3000", "empty", CS_R_MALFORMED},
	{"30023000", "no certificate", CS_R_MALFORMED},
	{"300430023000", "an empty one", CS_R_MALFORMED},
	{"3133" "3031" "302f" SHA("201") H32, "a set", CS_R_MALFORMED},
	{"3033" "3031" "302f" SHA("201") H32, "SHA-256 written out",
	    CS_R_NOT_DER},
	{"304a" "3048" ID ID, "two", CS_R_UNSUPPORTED},
	{"302a" "3024" ID "30023000", "a policy", CS_R_UNSUPPORTED},
	{"3028" "3024" ID "3000", "no policy", CS_R_UNSUPPORTED},
	{"3028" "3024" ID "0500", "more behind the certificates",
	    CS_R_MALFORMED},
	{"3028" "3026" "3024" H32 "0500", "more in it", CS_R_MALFORMED},
	{"303f" "303d" "303b" H32 ISSUER "0500", "more behind its issuer",
	    CS_R_MALFORMED},
	{"303f" "303d" "303b" H32 "3017" "3010a40e" NAME "0201070500",
	    "more in its issuer", CS_R_MALFORMED},
	{"3041" "303f" "303d" H32 "3019" "3014a40e" NAME "82026121" "020107",
	    "two issuers", CS_R_MALFORMED},
	{"3031" "302f" "302d" H32 "3009" "300482026121" "020107",
	    "an issuer of another kind", CS_R_MALFORMED},
	{"302d" "302b" "3029" H32 "3005" "3000" "020107", "no issuer",
	    CS_R_MALFORMED},
	{"303a" "3038" "3036" H32 "3012" "3010a40e" NAME, "no serial",
	    CS_R_MALFORMED},
	{"303b" "3039" "3037" H32 "3013" "300ea40c" "310a300806035504030c0178"
	    "020107", "a name without its sequence", CS_R_MALFORMED},
	{"303e" "303c" "303a" H32 "3016" "3010a40e" NAME "02020007",
	    "a serial not minimal", CS_R_NOT_DER},
	{"300a" "3008" "3006" "0404" "00010203", "a hash of 4 octets",
	    CS_R_MALFORMED},
	{"3006" "3004" "3002" "0400", "an empty hash", CS_R_MALFORMED},
	{"3047" "3045" "3043" "0441" H16 H16 H16 H16 "00",
	    "a hash of 65 octets", CS_R_MALFORMED},
	{"3026" "3024" "3022" "0c20" "61626364616263646162636461626364"
	    "61626364616263646162636461626364", "a string for a hash",
	    CS_R_MALFORMED},
	{"3028" "3026" "3024" "3000" H32, "no algorithm", CS_R_MALFORMED},
	{"302b" "3029" "3027" "3003020101" H32, "a number for an algorithm",
	    CS_R_MALFORMED},
};

static void
test_bad(size_t i)
{
	cs_buf *b = vec_hex(bad[i].hex);
	cs_signing_cert c;
	cs_err e = {0};
	int r;

	r = cs_signing_cert_parse(cs_buf_span(b), &c, &e);
	ok(r == CS_EFORMAT && e.detail == bad[i].reason && c.hash.p == NULL,
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
