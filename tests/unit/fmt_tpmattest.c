/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tpmattest.h"

#include <string.h>

#include "fmt/der.h"
#include "fmt/reason.h"
#include "tap.h"
#include "tpmback.h"
#include "tpmhex.h"
#include "vec.h"

static bool
is_refusal(const cs_err *e)
{
	return e->cls == CS_EFORMAT && (e->detail == CS_R_MALFORMED ||
	    e->detail == CS_R_UNSUPPORTED);
}

static enum vec_answer
probe(cs_span in)
{
	cs_tpmattest a;
	cs_err e = {0};

	if (cs_tpmattest_parse(in, &a, &e) != CS_OK)
		return a.whole.p == NULL && a.name.p == NULL &&
		    is_refusal(&e) ? VEC_REFUSED : VEC_BROKEN;
	return cs_span_eq(a.whole, in) && tpmattest_fills(&a) ? VEC_ACCEPTED :
	    VEC_BROKEN;
}

static bool
is_put(const cs_tpmsig *s)
{
	cs_buf *b = cs_buf_new(CS_TPMSIG_MAX);
	bool good = cs_tpmsig_put(s, b, NULL) == CS_OK &&
	    (s->alg == CS_TPM_ALG_ECDSA ?
	    cs_der_walk(cs_buf_span(b), 0, NULL) == CS_OK :
	    cs_span_eq(cs_buf_span(b), s->sig));

	cs_buf_free(&b);
	return good;
}

static enum vec_answer
probe_sig(cs_span in)
{
	cs_err e = {0};
	cs_tpmsig s;

	if (cs_tpmsig_parse(in, &s, &e) != CS_OK)
		return s.alg == 0 && s.sig.p == NULL && is_refusal(&e) ?
		    VEC_REFUSED : VEC_BROKEN;
	return tpmsig_goes_back(&s, in) && is_put(&s) ? VEC_ACCEPTED :
	    VEC_BROKEN;
}

static void
sweep(const char *name, const char *hex, vec_probe *p)
{
	cs_buf *b = vec_hex(hex);
	cs_span in = cs_buf_span(b);

	ok(p(in) == VEC_ACCEPTED, "%s", name);
	ok(vec_prefixes(in, p) == 0, "%s: prefixes", name);
	ok(vec_trailing(in, p) == 0, "%s: trailing", name);
	ok(vec_flips(in, p) == 0, "%s: flips", name);
	cs_buf_free(&b);
}

static void
test_attest(void)
{
	cs_buf *b = vec_hex(TPMHEX_ATTEST), *key = vec_hex("000b"
	    "2bf9a29fdb0e435d36ac2e821363ffa17f6b63ede11047809a4fdf087522eaa4");
	cs_tpmattest a;

	ok(cs_tpmattest_parse(cs_buf_span(b), &a, NULL) == CS_OK &&
	    cs_span_eq(a.whole, cs_buf_span(b)), "whole");
	ok(cs_span_eq(a.name, cs_buf_span(key)), "the key's name");
	ok(cs_span_eq(a.extra, cs_span_of("\x00\xff\x55\xaa", 4)),
	    "extraData");
	ok(a.signer.n == 34 && a.qualified_name.n == 34 &&
	    !cs_span_eq(a.signer, a.qualified_name), "other names");
	cs_buf_free(&b);
	cs_buf_free(&key);
}

/* `n` octets at `at` of a good message become others. */
static void
change(const char *name, const char *good, bool is_sig, size_t at, size_t n,
    const char *with, int want)
{
	cs_buf *from = vec_hex(good), *to = vec_hex(with);
	cs_buf *b = cs_buf_new(2 * CS_TPMSIG_MAX);
	cs_span in = cs_buf_span(from);
	cs_err e = {0};
	cs_tpmattest a;
	cs_tpmsig s;
	int r;

	r = cs_buf_put(b, cs_span_cut(in, 0, at)) |
	    cs_buf_put(b, cs_buf_span(to)) |
	    cs_buf_put(b, cs_span_cut(in, at + n, in.n - at - n));
	if (r == CS_OK)
		r = is_sig ? cs_tpmsig_parse(cs_buf_span(b), &s, &e) :
		    cs_tpmattest_parse(cs_buf_span(b), &a, &e);
	if (!ok(want == CS_R_NONE ? r == CS_OK : r == CS_EFORMAT &&
	    e.detail == want, "%s", name))
		printf("# %d %s: %s\n", r, cs_reason_name(e.detail), e.text);
	cs_buf_free(&from);
	cs_buf_free(&to);
	cs_buf_free(&b);
}

static void
attest(const char *name, size_t at, size_t n, const char *with, int want)
{
	change(name, TPMHEX_ATTEST, false, at, n, with, want);
}

static void
test_changes(void)
{
	attest("no magic", 0, 4, "ff544346", CS_R_MALFORMED);
	attest("a quote's type", 4, 2, "8018", CS_R_UNSUPPORTED);
	change("a quote", TPMHEX_QUOTE, false, 0, 0, "", CS_R_UNSUPPORTED);
	attest("no signer", 6, 36, "0000", CS_R_MALFORMED);
	attest("a handle as signer", 6, 36, "00044000000b", CS_R_MALFORMED);
	attest("a signer of SHA-1", 8, 2, "0004", CS_R_MALFORMED);
	attest("a signer of SHA-384", 8, 2, "000c", CS_R_MALFORMED);
	attest("no extraData", 42, 6, "0000", CS_R_NONE);
	attest("longer extraData", 42, 2, "0043", CS_R_MALFORMED);
	attest("a clock that is not safe", 64, 1, "00", CS_R_NONE);
	attest("a clock that is safe twice", 64, 1, "02", CS_R_MALFORMED);
	attest("no name", 73, 36, "0000", CS_R_MALFORMED);
	attest("name of one octet", 73, 36, "000100", CS_R_MALFORMED);
	attest("name of another hash alone", 73, 36, "00020004",
	    CS_R_MALFORMED);
	attest("no qualified name", 109, 36, "0000", CS_R_MALFORMED);
}

static void
test_signatures(void)
{
	static const char ec[] = TPMHEX_SIG_ECDSA, rsa[] = TPMHEX_SIG_RSASSA;

	change("ECDAA", ec, true, 0, 2, "001a", CS_R_UNSUPPORTED);
	change("HMAC", ec, true, 0, 2, "0005", CS_R_UNSUPPORTED);
	change("none", ec, true, 0, 72, "0010", CS_R_UNSUPPORTED);
	change("SHA-1", ec, true, 2, 2, "0004", CS_R_UNSUPPORTED);
	change("no hash", ec, true, 2, 2, "0010", CS_R_UNSUPPORTED);
	change("SHA-384", ec, true, 2, 2, "000c", CS_R_NONE);
	change("r empty", ec, true, 4, 34, "0000", CS_R_MALFORMED);
	change("r short", ec, true, 4, 34, "000101", CS_R_NONE);
	change("r long", ec, true, 4, 2, "0031", CS_R_MALFORMED);
	change("s missing", ec, true, 38, 34, "", CS_R_MALFORMED);
	change("s empty", ec, true, 38, 34, "0000", CS_R_MALFORMED);
	change("RSA, empty", rsa, true, 4, 258, "0000", CS_R_MALFORMED);
	change("RSA, too long", rsa, true, 4, 2, "0201", CS_R_MALFORMED);
	change("RSA as ECDSA", rsa, true, 0, 2, "0018", CS_R_MALFORMED);
}

/* r and s are positive, and in their shortest form. */
static void
test_der(void)
{
	cs_buf *in = vec_hex("0018000b 0003000080 00020001");
	cs_buf *want = vec_hex("3007 02020080 020101"), *b = cs_buf_new(64);
	cs_tpmsig s;

	ok(cs_tpmsig_parse(cs_buf_span(in), &s, NULL) == CS_OK &&
	    cs_tpmsig_put(&s, b, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(b), cs_buf_span(want)), "DER");
	cs_buf_free(&b);
	b = cs_buf_new(4);
	ok(cs_tpmsig_put(&s, b, NULL) == CS_EBUG, "no room");
	cs_buf_free(&b);
	cs_buf_free(&in);
	cs_buf_free(&want);
}

static void
test_too_large(void)
{
	static const uint8_t big[CS_TPMATTEST_MAX + CS_TPMSIG_MAX];
	cs_err e = {0};
	cs_tpmattest a;
	cs_tpmsig s;

	ok(cs_tpmattest_parse(cs_span_of(big, sizeof(big)), &a, &e) ==
	    CS_EFORMAT && e.detail == CS_R_TOO_LARGE, "too large");
	memset(&e, 0, sizeof(e));
	ok(cs_tpmsig_parse(cs_span_of(big, sizeof(big)), &s, &e) ==
	    CS_EFORMAT && e.detail == CS_R_TOO_LARGE, "too large a signature");
}

int
main(void)
{
	sweep("attest", TPMHEX_ATTEST, probe);
	sweep("ecdsa", TPMHEX_SIG_ECDSA, probe_sig);
	sweep("rsassa", TPMHEX_SIG_RSASSA, probe_sig);
	sweep("rsapss", TPMHEX_SIG_RSAPSS, probe_sig);
	test_attest();
	test_changes();
	test_signatures();
	test_der();
	test_too_large();
	return done_testing();
}
