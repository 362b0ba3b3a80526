/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tpmpub.h"

#include <string.h>

#include "fmt/reason.h"
#include "tap.h"
#include "tpmback.h"
#include "tpmhex.h"
#include "vec.h"

#define SIGNING (CS_TPMA_FIXED_TPM | CS_TPMA_FIXED_PARENT | \
	CS_TPMA_SENSITIVE_DATA_ORIGIN | CS_TPMA_USER_WITH_AUTH | CS_TPMA_SIGN)
#define STORAGE (CS_TPMA_FIXED_TPM | CS_TPMA_FIXED_PARENT | \
	CS_TPMA_SENSITIVE_DATA_ORIGIN | CS_TPMA_RESTRICTED | CS_TPMA_DECRYPT)

static const struct golden {
	const char *name, *hex;
	enum cs_key_kind kind;
	unsigned bits;
	uint32_t attributes;
	size_t policy;
	uint16_t sym, sym_bits, scheme, scheme_hash;
} all[] = {
	{"ak", TPMHEX_AK, CS_KEY_P256, 256,
	    SIGNING | CS_TPMA_NO_DA | CS_TPMA_RESTRICTED, 0, CS_TPM_ALG_NULL,
	    0, CS_TPM_ALG_ECDSA, CS_TPM_ALG_SHA256},
	{"ek-p256", TPMHEX_EK_P256, CS_KEY_P256, 256,
	    STORAGE | CS_TPMA_ADMIN_WITH_POLICY, 32, CS_TPM_ALG_AES, 128,
	    CS_TPM_ALG_NULL, CS_TPM_ALG_NULL},
	{"ek-rsa", TPMHEX_EK_RSA, CS_KEY_RSA, 2048,
	    STORAGE | CS_TPMA_ADMIN_WITH_POLICY, 32, CS_TPM_ALG_AES, 128,
	    CS_TPM_ALG_NULL, CS_TPM_ALG_NULL},
	{"p384", TPMHEX_P384, CS_KEY_P384, 384, SIGNING | CS_TPMA_DECRYPT, 0,
	    CS_TPM_ALG_NULL, 0, CS_TPM_ALG_NULL, CS_TPM_ALG_NULL},
	{"rsa", TPMHEX_RSA, CS_KEY_RSA, 2048, SIGNING | CS_TPMA_DECRYPT, 0,
	    CS_TPM_ALG_NULL, 0, CS_TPM_ALG_NULL, CS_TPM_ALG_NULL},
	{"srk", TPMHEX_SRK, CS_KEY_P256, 256,
	    STORAGE | CS_TPMA_USER_WITH_AUTH, 0, CS_TPM_ALG_AES, 128,
	    CS_TPM_ALG_NULL, CS_TPM_ALG_NULL},
};

/* Its SubjectPublicKeyInfo is one, or it has none by section 2. */
static bool
has_spki(const cs_tpmpub *p)
{
	cs_buf *b = cs_buf_new(1024);
	cs_err e = {0};
	cs_spki s = {0};
	bool good;

	if (cs_tpmpub_spki(p, b, &e) != CS_OK)
		good = p->kind == CS_KEY_RSA && e.detail == CS_R_UNSUPPORTED;
	else
		good = cs_spki_parse(cs_buf_span(b), &s, NULL) == CS_OK &&
		    s.kind == p->kind && s.bits == p->bits;
	cs_buf_free(&b);
	return good;
}

static enum vec_answer
probe(cs_span in)
{
	cs_err e = {0};
	cs_tpmpub p;

	if (cs_tpmpub_parse(in, &p, &e) != CS_OK)
		return p.whole.p == NULL && e.cls == CS_EFORMAT &&
		    (e.detail == CS_R_MALFORMED ||
		    e.detail == CS_R_UNSUPPORTED) ? VEC_REFUSED : VEC_BROKEN;
	return (tpmpub_goes_back(&p, 0) || tpmpub_goes_back(&p, 65537)) &&
	    has_spki(&p) ? VEC_ACCEPTED : VEC_BROKEN;
}

static void
test_golden(const struct golden *g)
{
	cs_buf *hex = vec_hex(g->hex), *spki = cs_buf_new(1024);
	cs_span in = cs_buf_span(hex);
	cs_tpmpub p;

	ok(cs_tpmpub_sized(&in, &p, NULL) == CS_OK && in.n == 0, "%s",
	    g->name);
	ok(p.kind == g->kind && p.bits == g->bits &&
	    p.name_alg == CS_TPM_ALG_SHA256 && p.attributes == g->attributes &&
	    p.policy.n == g->policy, "%s: key", g->name);
	ok(p.sym == g->sym && p.sym_bits == g->sym_bits &&
	    p.sym_mode == (g->sym_bits != 0 ? CS_TPM_ALG_CFB : 0) &&
	    p.scheme == g->scheme && p.scheme_hash == g->scheme_hash,
	    "%s: parameters", g->name);
	ok(cs_tpmpub_spki(&p, spki, NULL) == CS_OK, "%s: spki", g->name);
	ok(probe(p.whole) == VEC_ACCEPTED, "%s: whole", g->name);
	ok(vec_prefixes(p.whole, probe) == 0, "%s: prefixes", g->name);
	ok(vec_trailing(p.whole, probe) == 0, "%s: trailing", g->name);
	ok(vec_flips(p.whole, probe) == 0, "%s: flips", g->name);
	cs_buf_free(&hex);
	cs_buf_free(&spki);
}

/* One change of a good area: `n` octets at `at`, which has no size before
 * it. */
static void
change(const char *name, const char *good, size_t at, size_t n,
    const char *with, int want)
{
	cs_buf *from = vec_hex(good), *to = vec_hex(with);
	cs_buf *b = cs_buf_new(CS_TPMPUB_MAX);
	cs_span in = cs_buf_span(from);
	cs_err e = {0};
	cs_tpmpub p;
	int r;

	in = cs_span_cut(in, 2, in.n - 2);
	r = cs_buf_put(b, cs_span_cut(in, 0, at)) |
	    cs_buf_put(b, cs_buf_span(to)) |
	    cs_buf_put(b, cs_span_cut(in, at + n, in.n - at - n));
	if (r == CS_OK)
		r = cs_tpmpub_parse(cs_buf_span(b), &p, &e);
	if (!ok(want == CS_R_NONE ? r == CS_OK : r == CS_EFORMAT &&
	    e.detail == want && p.whole.p == NULL, "%s", name))
		printf("# %d %s: %s\n", r, cs_reason_name(e.detail), e.text);
	cs_buf_free(&from);
	cs_buf_free(&to);
	cs_buf_free(&b);
}

static void
test_head(void)
{
	change("keyed hash", TPMHEX_AK, 0, 2, "0008", CS_R_UNSUPPORTED);
	change("symmetric cipher", TPMHEX_AK, 0, 2, "0025", CS_R_UNSUPPORTED);
	change("nothing known", TPMHEX_AK, 0, 2, "0010", CS_R_UNSUPPORTED);
	change("nameAlg SHA-1", TPMHEX_AK, 2, 2, "0004", CS_R_UNSUPPORTED);
	change("nameAlg SHA-384", TPMHEX_AK, 2, 2, "000c", CS_R_NONE);
	change("no nameAlg", TPMHEX_AK, 2, 2, "0010", CS_R_UNSUPPORTED);
	change("reserved attribute 0", TPMHEX_AK, 4, 4, "00050473",
	    CS_R_UNSUPPORTED);
	change("x509sign", TPMHEX_AK, 4, 4, "000d0472", CS_R_UNSUPPORTED);
	change("reserved attribute 31", TPMHEX_AK, 4, 4, "80050472",
	    CS_R_UNSUPPORTED);
	change("policy of one octet", TPMHEX_AK, 8, 2, "000100",
	    CS_R_MALFORMED);
	change("policy of another hash", TPMHEX_EK_P256, 2, 2, "000c",
	    CS_R_MALFORMED);
	change("policy too long", TPMHEX_AK, 8, 2, "0021", CS_R_MALFORMED);
}

static void
test_ecc(void)
{
	change("TDES", TPMHEX_SRK, 10, 2, "0003", CS_R_UNSUPPORTED);
	change("AES of 64 bits", TPMHEX_SRK, 12, 2, "0040", CS_R_UNSUPPORTED);
	change("AES of 256 bits", TPMHEX_SRK, 12, 2, "0100", CS_R_NONE);
	change("CBC", TPMHEX_SRK, 14, 2, "0042", CS_R_UNSUPPORTED);
	change("ECDAA", TPMHEX_AK, 12, 4, "001a000b0000", CS_R_UNSUPPORTED);
	change("ECC with RSASSA", TPMHEX_AK, 12, 2, "0014", CS_R_UNSUPPORTED);
	change("ECDSA with SHA-1", TPMHEX_AK, 14, 2, "0004", CS_R_UNSUPPORTED);
	change("P-521", TPMHEX_AK, 16, 2, "0005", CS_R_UNSUPPORTED);
	change("BN_P256", TPMHEX_AK, 16, 2, "0010", CS_R_UNSUPPORTED);
	change("a KDF", TPMHEX_AK, 18, 2, "0020000b", CS_R_UNSUPPORTED);
	change("x empty", TPMHEX_AK, 20, 34, "0000", CS_R_MALFORMED);
	change("x short", TPMHEX_AK, 20, 34, "000101", CS_R_NONE);
	change("x long", TPMHEX_AK, 20, 2, "002100", CS_R_MALFORMED);
	change("y missing", TPMHEX_AK, 54, 34, "", CS_R_MALFORMED);
}

static void
test_rsa(void)
{
	change("RSA with ECDSA", TPMHEX_RSA, 12, 2, "0018000b",
	    CS_R_UNSUPPORTED);
	change("RSAES", TPMHEX_RSA, 12, 2, "0015", CS_R_UNSUPPORTED);
	change("RSAPSS", TPMHEX_RSA, 12, 2, "0016000b", CS_R_NONE);
	change("RSA of 1024 bits", TPMHEX_RSA, 14, 2, "0400",
	    CS_R_UNSUPPORTED);
	change("RSA of 2047 bits", TPMHEX_RSA, 14, 2, "07ff",
	    CS_R_UNSUPPORTED);
	change("RSA of 2049 bits", TPMHEX_RSA, 14, 2, "0801",
	    CS_R_UNSUPPORTED);
	change("RSA of 4104 bits", TPMHEX_RSA, 14, 2, "1008",
	    CS_R_UNSUPPORTED);
	change("modulus shorter than it", TPMHEX_RSA, 14, 2, "0c00",
	    CS_R_MALFORMED);
	change("exponent 3", TPMHEX_RSA, 16, 4, "00000003", CS_R_UNSUPPORTED);
	change("exponent 65537", TPMHEX_RSA, 16, 4, "00010001", CS_R_NONE);
	change("no modulus", TPMHEX_RSA, 20, 258, "0000", CS_R_MALFORMED);
}

/* Coordinates keep their place when leading zeros were left away. */
static void
test_padding(void)
{
	uint8_t x[] = {0xaa}, y[] = {0xbb, 0xcc};
	cs_tpmpub p = {.kind = CS_KEY_P256, .bits = 256,
	    .x = {x, sizeof(x)}, .y = {y, sizeof(y)}};
	cs_buf *b = cs_buf_new(128);
	cs_spki s = {0};

	ok(cs_tpmpub_spki(&p, b, NULL) == CS_OK &&
	    cs_spki_parse(cs_buf_span(b), &s, NULL) == CS_OK, "padded");
	ok(s.point.n == 65 && s.point.p[0] == 4 && s.point.p[31] == 0 &&
	    s.point.p[32] == 0xaa && s.point.p[33] == 0 &&
	    s.point.p[62] == 0 && s.point.p[63] == 0xbb &&
	    s.point.p[64] == 0xcc, "each coordinate in its place");
	cs_buf_free(&b);
}

/* The bits that are told are those that the number has. */
static void
test_modulus(void)
{
	uint8_t n[384] = {0x40, [383] = 1};
	cs_tpmpub p = {.kind = CS_KEY_RSA, .bits = 3072,
	    .modulus = {n, sizeof(n)}};
	cs_buf *b = cs_buf_new(1024);
	cs_err e = {0};

	ok(cs_tpmpub_spki(&p, b, &e) == CS_EFORMAT &&
	    e.detail == CS_R_UNSUPPORTED, "a modulus of 3071 bits");
	n[0] = 0x80;
	ok(cs_tpmpub_spki(&p, b, &e) == CS_OK, "of 3072");
	n[383] = 2;
	ok(cs_tpmpub_spki(&p, b, &e) == CS_EFORMAT &&
	    e.detail == CS_R_UNSUPPORTED, "an even one");
	cs_buf_free(&b);
}

static void
test_sizes(void)
{
	static const uint8_t big[CS_TPMPUB_MAX + 1];
	cs_buf *hex = vec_hex(TPMHEX_AK);
	cs_span in = cs_span_of(big, sizeof(big));
	cs_err e = {0};
	cs_tpmpub p;

	ok(cs_tpmpub_parse(in, &p, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE, "too large");
	in = cs_buf_span(hex);
	in.n--;
	ok(cs_tpmpub_sized(&in, &p, &e) == CS_EFORMAT &&
	    in.n == cs_buf_len(hex) - 1 && p.whole.p == NULL, "cut off");
	cs_buf_free(&hex);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		test_golden(&all[i]);
	test_head();
	test_ecc();
	test_rsa();
	test_padding();
	test_modulus();
	test_sizes();
	return done_testing();
}
