/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tpmevidence.h"

#include <string.h>

#include "fmt/der.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

/* The smallest of each, by hand; what is in their octets is for others. */
#define H32 "0101010101010101010101010101010101010101010101010101010101010101"
#define N32 "0202020202020202020202020202020202020202020202020202020202020202"
#define S32 "0303030303030303030303030303030303030303030303030303030303030303"
#define TIME "180f32303330303130323033303430355a" /* 20300102030405Z */
#define CERTS "300b 3003020105 3004020200ff"
#define OFFER "301c 020100 0401aa 0402bbbb 0403cccccc" CERTS
#define CHALLENGE "305f 020100 0420" H32 "0420" N32 TIME "0401dd 0402eeee"
#define SECRET "308186 020100" CHALLENGE "0420" S32
#define EVIDENCE "304a 020100" OFFER "0420" H32 "0401aa 0402bbbb"

#define FROM 1893553445 /* TIME */

static bool
is_refusal(const cs_err *e)
{
	return e->cls == CS_EFORMAT && (e->detail == CS_R_MALFORMED ||
	    e->detail == CS_R_NOT_DER || e->detail == CS_R_TOO_LARGE ||
	    e->detail == CS_R_UNSUPPORTED);
}

/* What was refused left nothing, what was read is written as it came. */
static enum vec_answer
answer(int r, const cs_err *e, bool is_left, int put, cs_buf *b, cs_span in)
{
	enum vec_answer a;

	if (r != CS_OK)
		a = !is_left && is_refusal(e) ? VEC_REFUSED : VEC_BROKEN;
	else
		a = put == CS_OK && cs_span_eq(cs_buf_span(b), in) ?
		    VEC_ACCEPTED : VEC_BROKEN;
	cs_buf_free(&b);
	return a;
}

static enum vec_answer
probe_offer(cs_span in)
{
	cs_buf *b = cs_buf_new(CS_TPM_EVIDENCE_MAX);
	cs_tpmoffer o;
	cs_err e = {0};
	int r = cs_tpmoffer_parse(in, &o, &e), put = CS_OK;

	if (r == CS_OK)
		put = cs_tpmoffer_put(&o, b, NULL);
	return answer(r, &e, o.key.p != NULL || o.n != 0, put, b, in);
}

static enum vec_answer
probe_challenge(cs_span in)
{
	cs_buf *b = cs_buf_new(CS_TPM_EVIDENCE_MAX);
	cs_tpmchallenge c;
	cs_err e = {0};
	int r = cs_tpmchallenge_parse(in, &c, &e), put = CS_OK;

	if (r == CS_OK)
		put = cs_tpmchallenge_put(&c, b, NULL);
	return answer(r, &e, c.whole.p != NULL || c.offer.p != NULL, put, b,
	    in);
}

static enum vec_answer
probe_secret(cs_span in)
{
	cs_buf *b = cs_buf_new(CS_TPM_EVIDENCE_MAX);
	cs_tpmsecret s;
	cs_err e = {0};
	int r = cs_tpmsecret_parse(in, &s, &e), put = CS_OK;

	if (r == CS_OK)
		put = cs_tpmsecret_put(&s, b, NULL);
	return answer(r, &e, s.secret.p != NULL ||
	    s.challenge.whole.p != NULL, put, b, in);
}

static enum vec_answer
probe_evidence(cs_span in)
{
	cs_buf *b = cs_buf_new(CS_TPM_EVIDENCE_MAX);
	cs_tpmevidence v;
	cs_err e = {0};
	int r = cs_tpmevidence_parse(in, &v, &e), put = CS_OK;

	if (r == CS_OK)
		put = cs_tpmevidence_put(&v, b, NULL);
	return answer(r, &e, v.attest.p != NULL || v.offer.whole.p != NULL,
	    put, b, in);
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
	ok(vec_trees(in, p) == 0, "%s: elements", name);
	cs_buf_free(&b);
}

static bool
is_hex(cs_span s, const char *hex)
{
	cs_buf *b = vec_hex(hex);
	bool same = cs_span_eq(s, cs_buf_span(b));

	cs_buf_free(&b);
	return same;
}

static void
test_offer(void)
{
	cs_buf *b = vec_hex(OFFER);
	cs_tpmoffer o;

	ok(cs_tpmoffer_parse(cs_buf_span(b), &o, NULL) == CS_OK &&
	    cs_span_eq(o.whole, cs_buf_span(b)), "offer: whole");
	ok(is_hex(o.key, "aa") && is_hex(o.ak, "bbbb") &&
	    is_hex(o.ek, "cccccc"), "offer: keys");
	ok(o.n == 2 && is_hex(o.certs[0], "3003020105") &&
	    is_hex(o.certs[1], "3004020200ff"), "offer: certificates");
	cs_buf_free(&b);
}

static bool
is_challenge(const cs_tpmchallenge *c)
{
	return is_hex(c->whole, CHALLENGE) && is_hex(c->offer, H32) &&
	    is_hex(c->nonce, N32) && c->not_after == FROM &&
	    is_hex(c->blob, "dd") && is_hex(c->secret, "eeee");
}

static void
test_others(void)
{
	cs_buf *challenge = vec_hex(CHALLENGE), *secret = vec_hex(SECRET);
	cs_buf *evidence = vec_hex(EVIDENCE);
	cs_tpmchallenge c;
	cs_tpmsecret s;
	cs_tpmevidence v;

	ok(cs_tpmchallenge_parse(cs_buf_span(challenge), &c, NULL) == CS_OK &&
	    is_challenge(&c), "challenge");
	ok(cs_tpmsecret_parse(cs_buf_span(secret), &s, NULL) == CS_OK &&
	    is_challenge(&s.challenge) && is_hex(s.secret, S32), "secret");
	ok(cs_tpmevidence_parse(cs_buf_span(evidence), &v, NULL) == CS_OK &&
	    is_hex(v.offer.whole, OFFER) && v.offer.n == 2 &&
	    is_hex(v.challenge, H32) && is_hex(v.attest, "aa") &&
	    is_hex(v.signature, "bbbb"), "evidence");
	cs_buf_free(&challenge);
	cs_buf_free(&secret);
	cs_buf_free(&evidence);
}

static void
judge(const char *name, vec_probe *p, const char *hex, int want)
{
	cs_buf *b = vec_hex(hex);
	cs_span in = cs_buf_span(b);
	cs_tpmchallenge c;
	cs_tpmsecret s;
	cs_tpmoffer o;
	cs_err e = {0};
	int r = p == probe_offer ? cs_tpmoffer_parse(in, &o, &e) :
	    p == probe_secret ? cs_tpmsecret_parse(in, &s, &e) :
	    cs_tpmchallenge_parse(in, &c, &e);

	if (!ok(r == CS_EFORMAT && e.detail == want, "%s", name))
		printf("# %d %s: %s\n", r, cs_reason_name(e.detail), e.text);
	cs_buf_free(&b);
}

static void
test_refused(void)
{
	judge("version 1", probe_offer, "301c 020101 0401aa 0402bbbb"
	    "0403cccccc" CERTS, CS_R_UNSUPPORTED);
	judge("no version", probe_offer, "3019 0401aa 0402bbbb 0403cccccc"
	    CERTS, CS_R_MALFORMED);
	judge("empty key", probe_offer, "301b 020100 0400 0402bbbb 0403cccccc"
	    CERTS, CS_R_MALFORMED);
	judge("no certificate", probe_offer, "3011 020100 0401aa 0402bbbb"
	    "0403cccccc 3000", CS_R_MALFORMED);
	judge("a certificate that is none", probe_offer, "3014 020100 0401aa"
	    "0402bbbb 0403cccccc 3003020105", CS_R_MALFORMED);
	judge("not in the fewest octets", probe_offer, "30811c 020100 0401aa"
	    "0402bbbb 0403cccccc" CERTS, CS_R_NOT_DER);
	judge("a short hash", probe_challenge, "3040 020100 0401aa 0420" N32
	    TIME "0401dd 0402eeee", CS_R_MALFORMED);
	judge("a time without seconds", probe_challenge, "305d 020100 0420"
	    H32 "0420" N32 "180d3230333030313032303330345a 0401dd 0402eeee",
	    CS_R_NOT_DER);
	judge("a challenge alone", probe_secret, CHALLENGE, CS_R_MALFORMED);
	judge("a short secret", probe_secret, "3067 020100" CHALLENGE
	    "0401aa", CS_R_MALFORMED);
}

/* An offer with `n` certificates of `size` octets, its key of `key`. */
static int
large(size_t n, size_t size, size_t key, cs_err *e)
{
	static uint8_t zeros[CS_TPM_EVIDENCE_MAX];
	cs_buf *b = cs_buf_new(2 * CS_TPM_EVIDENCE_MAX);
	cs_tpmoffer o;
	size_t i, all, m;
	int r;

	memset(e, 0, sizeof(*e));
	all = cs_der_begin(b, CS_DER_SEQ);
	cs_der_put_uint(b, CS_DER_INTEGER, 0);
	cs_der_put(b, CS_DER_OCTETS, cs_span_of(zeros, key));
	cs_der_put(b, CS_DER_OCTETS, cs_span_of(zeros, 1));
	cs_der_put(b, CS_DER_OCTETS, cs_span_of(zeros, 1));
	m = cs_der_begin(b, CS_DER_SEQ);
	for (i = 0; i < n; i++) {
		size_t c = cs_der_begin(b, CS_DER_SEQ);

		cs_der_put(b, CS_DER_OCTETS, cs_span_of(zeros, size - 8));
		cs_der_close(b, c);
	}
	cs_der_close(b, m);
	cs_der_close(b, all);
	r = cs_tpmoffer_parse(cs_buf_span(b), &o, e);
	cs_buf_free(&b);
	return r;
}

static void
test_limits(void)
{
	cs_err e;

	ok(large(CS_TPM_CERTS_MAX, 1024, 1024, &e) == CS_OK,
	    "as many certificates as may be");
	ok(large(CS_TPM_CERTS_MAX + 1, 1024, 1024, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE, "one more");
	ok(large(1, CS_TPM_CERT_MAX, 1, &e) == CS_OK, "a large one");
	ok(large(1, CS_TPM_CERT_MAX + 1, 1, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE, "one octet more");
	ok(large(1, 1024, 1025, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE, "a key of 1025 octets");
	ok(large(CS_TPM_CERTS_MAX, CS_TPM_CERT_MAX, 1, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE, "all of the largest");
}

static void
test_no_room(void)
{
	cs_buf *in = vec_hex(SECRET), *b = cs_buf_new(8);
	cs_tpmsecret s;
	cs_tpmevidence v = {0};

	ok(cs_tpmsecret_parse(cs_buf_span(in), &s, NULL) == CS_OK &&
	    cs_tpmsecret_put(&s, b, NULL) == CS_EBUG, "no room");
	cs_buf_reset(b);
	ok(cs_tpmchallenge_put(&s.challenge, b, NULL) == CS_EBUG,
	    "nor for a challenge");
	cs_buf_reset(b);
	ok(cs_tpmevidence_put(&v, b, NULL) == CS_EBUG, "nor for evidence");
	cs_buf_free(&b);
	cs_buf_free(&in);
}

int
main(void)
{
	sweep("offer", OFFER, probe_offer);
	sweep("challenge", CHALLENGE, probe_challenge);
	sweep("secret", SECRET, probe_secret);
	sweep("evidence", EVIDENCE, probe_evidence);
	test_offer();
	test_others();
	test_refused();
	test_limits();
	test_no_room();
	return done_testing();
}
