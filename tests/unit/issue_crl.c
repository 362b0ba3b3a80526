/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "crypt/alg.h"
#include "fmt/reason.h"
#include "issue/crl.h"
#include "issue/leaf.h"
#include "tap.h"
#include "vec.h"

/* OpenSSL reads as many entries, and finds each of them. */
static bool
oracle(cs_span whole, const cs_crl *c)
{
	const unsigned char *p = whole.p;
	X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)whole.n);
	STACK_OF(X509_REVOKED) *all;
	bool good;

	if (x == NULL)
		return false;
	all = X509_CRL_get_REVOKED(x);
	good = p == whole.p + whole.n && X509_CRL_get_version(x) == 1 &&
	    (size_t)(all == NULL ? 0 : sk_X509_REVOKED_num(all)) == c->n;
	X509_CRL_free(x);
	return good;
}

static bool
holds(const cs_crl *c, cs_span in)
{
	cs_buf *out = cs_buf_new(in.n + 16), *whole = cs_buf_new(in.n + 256);
	cs_crl *back = NULL;
	size_t i;
	bool good;

	good = cs_crl_put(c, out, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(out), in) &&
	    cs_signed_put(in, c->sig_alg, cs_span_str("sig"), whole, NULL) ==
	    CS_OK &&
	    cs_crl_parse(cs_buf_span(whole), true, &back, NULL) == CS_OK &&
	    cs_span_eq(back->body, in) && cs_span_is(back->sig, "sig") &&
	    back->n == c->n && back->number == c->number &&
	    oracle(cs_buf_span(whole), c);
	for (i = 0; good && i < c->n; i++)
		good = cs_crl_has(c, c->at[i].serial) &&
		    cs_crl_find(c, c->at[i].serial) == &c->at[i];
	cs_crl_free(&back);
	cs_buf_free(&out);
	cs_buf_free(&whole);
	return good;
}

static enum vec_answer
probe(cs_span in)
{
	enum vec_answer answer;
	cs_crl *c = NULL;
	cs_err e = {0};

	if (cs_crl_parse(in, false, &c, &e) != CS_OK)
		return c == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE && e.text[0] != '\0' ? VEC_REFUSED :
		    VEC_BROKEN;
	answer = holds(c, in) ? VEC_ACCEPTED : VEC_BROKEN;
	cs_crl_free(&c);
	return answer;
}

static enum vec_answer
probe_whole(cs_span in)
{
	enum vec_answer answer;
	cs_crl *c = NULL;

	if (cs_crl_parse(in, true, &c, NULL) != CS_OK)
		return c == NULL ? VEC_REFUSED : VEC_BROKEN;
	answer = probe(c->body) == VEC_ACCEPTED && oracle(in, c) ?
	    VEC_ACCEPTED : VEC_BROKEN;
	cs_crl_free(&c);
	return answer;
}

static void
test_vectors(const struct vec *v, size_t n)
{
	size_t i;
	cs_crl *c;
	cs_err e;
	int want;

	for (i = 0; i < n; i++) {
		want = vec_reason(v[i].name);
		if (want == CS_R_NONE) {
			ok(probe(cs_buf_span(v[i].der)) == VEC_ACCEPTED, "%s",
			    v[i].name);
			continue;
		}
		c = NULL;
		e = (cs_err){0};
		if (!ok(cs_crl_parse(cs_buf_span(v[i].der), false, &c, &e) ==
		    CS_EFORMAT && c == NULL && e.detail == want, "%s",
		    v[i].name))
			printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
		cs_crl_free(&c);
	}
	ok(n > 30, "%zu vectors", n);
}

static void
test_put(cs_span good)
{
	cs_crl *c = NULL, put;
	cs_crl_entry at[4], swap;
	cs_buf *b = cs_buf_new(4096);
	cs_err e = {0};

	if (cs_crl_parse(good, false, &c, NULL) != CS_OK || c->n != 4)
		return;
	memcpy(at, c->at, sizeof(at));
	swap = at[0];
	at[0] = at[3];
	at[3] = swap;
	put = *c;
	put.at = at;
	ok(cs_crl_put(&put, b, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(b), good), "put sorts");
	cs_buf_reset(b);
	at[1] = at[2];
	ok(cs_crl_put(&put, b, NULL) == CS_EUSAGE && cs_buf_len(b) == 0,
	    "none twice");
	at[1].serial = cs_span_str("");
	ok(cs_crl_put(&put, b, NULL) == CS_EFORMAT && cs_buf_len(b) == 0,
	    "no serial number");
	put = *c;
	put.number = 0;
	ok(cs_crl_put(&put, b, &e) == CS_EFORMAT && cs_buf_len(b) == 0,
	    "no number");
	ok(!cs_crl_has(c, cs_span_str("\x08")) &&
	    !cs_crl_has(c, cs_span_str("")), "not there");
	cs_buf_free(&b);
	cs_crl_free(&c);
}

#define MANY 20000

static void
test_many(cs_span good)
{
	static uint8_t serials[MANY][16];
	cs_crl_entry *at = calloc(MANY, sizeof(*at));
	cs_buf *b = cs_buf_new(CS_CRL_MAX + 64);
	cs_crl *c = NULL, *back = NULL, put;
	size_t i, found = 0;

	if (cs_crl_parse(good, false, &c, NULL) != CS_OK)
		return;
	for (i = 0; i < MANY; i++) {
		serials[i][0] = 0x11;
		serials[i][1] = (uint8_t)(i * 7919 >> 8);
		serials[i][2] = (uint8_t)(i * 7919);
		serials[i][3] = (uint8_t)(i >> 8);
		serials[i][4] = (uint8_t)i;
		at[i] = (cs_crl_entry){cs_span_of(serials[i], 16),
		    c->this_update - (int64_t)i};
	}
	put = *c;
	put.at = at;
	put.n = MANY;
	ok(cs_crl_put(&put, b, NULL) == CS_OK &&
	    cs_crl_parse(cs_buf_span(b), false, &back, NULL) == CS_OK &&
	    back->n == MANY, "many");
	for (i = 0; back != NULL && i < MANY; i++)
		if (cs_crl_has(back, at[i].serial) &&
		    cs_crl_find(back, at[i].serial)->revoked == at[i].revoked)
			found++;
	ok(found == MANY, "all are found");
	cs_crl_free(&back);
	cs_crl_free(&c);
	cs_buf_free(&b);
	free(at);
}

int
main(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("crl", v);
	cs_span good = vec_find(v, n, "good");
	cs_buf *whole = cs_buf_new(4096);

	test_vectors(v, n);
	test_put(good);
	test_many(good);
	ok(vec_prefixes(good, probe) == 0, "prefixes");
	ok(vec_trailing(good, probe) == 0, "trailing");
	ok(vec_flips(good, probe) == 0, "flips");
	ok(vec_trees(good, probe) == 0, "trees");
	ok(cs_signed_put(good, cs_alg_for_key(CS_KEY_P256,
	    CS_USE_PKCS10)->sig_alg, cs_span_str("signature"), whole, NULL) ==
	    CS_OK && probe_whole(cs_buf_span(whole)) == VEC_ACCEPTED, "whole");
	ok(vec_prefixes(cs_buf_span(whole), probe_whole) == 0, "prefixes");
	ok(vec_trailing(cs_buf_span(whole), probe_whole) == 0, "trailing");
	ok(vec_flips(cs_buf_span(whole), probe_whole) == 0, "flips");
	ok(vec_trees(cs_buf_span(whole), probe_whole) == 0, "trees");
	cs_buf_free(&whole);
	vec_free(v, n);
	return done_testing();
}
