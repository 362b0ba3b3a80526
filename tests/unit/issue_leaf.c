/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include <openssl/x509.h>

#include "fmt/cert.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "issue/authority.h"
#include "issue/leaf.h"
#include "tap.h"
#include "vec.h"

/* A certificate of it is one for the reader of certificates, too. */
static bool
holds_any(const cs_leaf *l, cs_span in)
{
	cs_buf *whole = cs_buf_new(in.n + 256);
	cs_bindings *b = NULL;
	cs_cert *c = NULL;
	cs_span signer = {0};
	cs_err e = {0};
	bool good;

	good = cs_leaf_signer(in, &signer, &e) == CS_OK &&
	    cs_span_eq(signer, l->authority_key_id) &&
	    cs_signed_put(in, l->sig_alg, cs_span_str("signature"), whole,
	    &e) == CS_OK &&
	    cs_cert_parse(cs_buf_span(whole), &c, &e) == CS_OK &&
	    cs_span_eq(c->tbs, in) && c->n_names == 1 && c->n_uris == 1 &&
	    cs_span_eq(c->uris[0], l->agent_id) && c->san_critical &&
	    cs_span_eq(c->bindings, l->bindings) && c->subject.n == 2 &&
	    c->key_usage == CS_KU_DIGITAL_SIGNATURE && c->n_uses == 2 &&
	    c->has_constraints && !c->ca && c->unknown_critical.p == NULL &&
	    cs_bindings_parse(l->bindings, 0, &b, &e) == CS_OK &&
	    l->policies == cs_leaf_policies(b);
	cs_bindings_free(&b);
	cs_cert_free(&c);
	cs_buf_free(&whole);
	return good;
}

/* What was read is written as the same bytes. */
static bool
holds(const cs_leaf *l, cs_span in)
{
	cs_buf *out = cs_buf_new(in.n + 16);
	cs_err e = {0};
	bool good = holds_any(l, in) && cs_leaf_put(l, out, &e) == CS_OK &&
	    cs_span_eq(cs_buf_span(out), in);

	cs_buf_free(&out);
	return good;
}

typedef int parser(cs_span in, cs_leaf **out, cs_err *e);

static enum vec_answer
probe_by(parser *parse, bool (*right)(const cs_leaf *l, cs_span in), cs_span in)
{
	enum vec_answer answer;
	cs_leaf *l = NULL;
	cs_err e = {0};

	if (parse(in, &l, &e) != CS_OK)
		return l == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE && e.text[0] != '\0' ? VEC_REFUSED :
		    VEC_BROKEN;
	answer = right(l, in) ? VEC_ACCEPTED : VEC_BROKEN;
	cs_leaf_free(&l);
	return answer;
}

static enum vec_answer
probe(cs_span in)
{
	return probe_by(cs_leaf_parse, holds, in);
}

static enum vec_answer
probe_any(cs_span in)
{
	return probe_by(cs_leaf_parse_any, holds_any, in);
}

static int
reason_by(parser *parse, cs_span in)
{
	cs_leaf *l = NULL;
	cs_err e = {0};
	int r = parse(in, &l, &e);

	if (r != CS_OK && (r != CS_EFORMAT || l != NULL))
		e.detail = -1;
	cs_leaf_free(&l);
	return r == CS_OK ? CS_R_NONE : e.detail;
}

/* Ours, as they are named; a relying party's reader takes those of others. */
static void
test_vectors(const struct vec *v, size_t n)
{
	size_t i, good = 0, others = 0;
	int want, found;
	cs_span in;

	for (i = 0; i < n; i++) {
		in = cs_buf_span(v[i].der);
		want = vec_reason(v[i].name);
		found = reason_by(cs_leaf_parse_any, in);
		if (!ok(found == want, "%s: of anybody", v[i].name))
			printf("# %s\n", cs_reason_name(found));
		good += want == CS_R_NONE && probe(in) == VEC_ACCEPTED;
		if (vec_is(&v[i], "any")) {
			others += probe_any(in) == VEC_ACCEPTED;
			want = CS_R_MALFORMED;
		}
		found = reason_by(cs_leaf_parse, in);
		if (!ok(found == want, "%s", v[i].name))
			printf("# %s\n", cs_reason_name(found));
	}
	ok(good == 18 && others == 15 && n > 100,
	    "%zu vectors, %zu of them good, and %zu of others", n, good,
	    others);
}

static void
test_sweeps(cs_span in, vec_probe *by, const char *name)
{
	ok(vec_prefixes(in, by) == 0, "%s: prefixes", name);
	ok(vec_trailing(in, by) == 0, "%s: trailing", name);
	ok(vec_flips(in, by) == 0, "%s: flips", name);
	ok(vec_trees(in, by) == 0, "%s: trees", name);
}

/* 2026-11-21T11:59:00Z and an hour. */
#define START INT64_C(1795262340)

static void
test_fields(cs_span in)
{
	cs_leaf *l = NULL;
	uint8_t id[CS_KEY_ID_LEN];

	if (!ok(cs_leaf_parse(in, &l, NULL) == CS_OK, "read"))
		return;
	ok(l->not_before == START && l->not_after == START + 3600, "times");
	ok(cs_span_is(l->agent_id, "wimse://corp.example/agent/alice") &&
	    l->key.kind == CS_KEY_P256, "identifier and key");
	ok(l->serial.n == 16 && l->serial.p[0] == 0x5a &&
	    l->authority_key_id.n == 20 && l->authority_key_id.p[0] == 0x3f,
	    "serial number and the CA's key");
	ok(cs_span_is(l->crl_url, "http://crl.corp.example/crl/3f") &&
	    l->policies == CS_CP_APPROVED, "list and policies");
	ok(cs_key_id(&l->key, id, NULL) == CS_OK &&
	    cs_span_eq(l->key_id, cs_span_of(id, sizeof(id))),
	    "the key's identifier");
	cs_leaf_free(&l);
}

/* What the writer's reader says of one field changed. */
static int
written(const cs_leaf *from, void (*edit)(cs_leaf *))
{
	cs_buf *out = cs_buf_new(1 << 18);
	cs_leaf l = *from;
	cs_err e = {0};
	int r;

	edit(&l);
	if ((r = cs_buf_put_str(out, "x")) == CS_OK)
		r = cs_leaf_put(&l, out, &e);
	if (r != CS_OK && cs_buf_len(out) != 1)
		r = e.detail = -1;
	cs_buf_free(&out);
	return r == CS_OK ? CS_R_NONE : e.detail;
}

static void
edit_nothing(cs_leaf *l)
{
	l->key_id = (cs_span){0};
}

static void
edit_serial(cs_leaf *l)
{
	l->serial.n = 15;
}

static void
edit_policies(cs_leaf *l)
{
	l->policies |= CS_CP_PRESENCE;
}

static void
edit_no_policy(cs_leaf *l)
{
	l->policies = 0;
}

static void
edit_time(cs_leaf *l)
{
	l->not_after = l->not_before;
}

static void
edit_year(cs_leaf *l)
{
	l->not_before = -(INT64_C(1) << 40);
}

static void
edit_id(cs_leaf *l)
{
	l->agent_id = cs_span_str("wimse://corp.example/a//b");
}

static void
edit_issuer(cs_leaf *l)
{
	l->issuer = cs_span_of("\x30\x00", 2);
}

static void
edit_no_issuer(cs_leaf *l)
{
	l->issuer = (cs_span){0};
}

static void
edit_url(cs_leaf *l)
{
	l->crl_url = cs_span_str("ftp://corp.example/");
}

static void
edit_bindings(cs_leaf *l)
{
	l->bindings = cs_span_cut(l->bindings, 0, l->bindings.n - 1);
}

static void
test_put(cs_span in)
{
	static const struct {
		void (*edit)(cs_leaf *);
		int want;
		const char *name;
	} tests[] = {
		{edit_nothing, CS_R_NONE, "the key identifier is made"},
		{edit_serial, CS_R_MALFORMED, "a short serial number"},
		{edit_policies, CS_R_MALFORMED, "a policy too many"},
		{edit_no_policy, CS_R_MALFORMED, "no policy"},
		{edit_time, CS_R_MALFORMED, "no time to live"},
		{edit_year, CS_R_NOT_DER, "a time before years"},
		{edit_id, CS_R_BAD_IDENTIFIER, "a bad identifier"},
		{edit_issuer, CS_R_MALFORMED, "an empty issuer"},
		{edit_no_issuer, CS_R_MALFORMED, "no issuer"},
		{edit_url, CS_R_MALFORMED, "another kind of URL"},
		{edit_bindings, CS_R_NOT_DER, "bindings cut off"},
	};
	cs_leaf *l = NULL;
	size_t i;

	if (cs_leaf_parse(in, &l, NULL) != CS_OK)
		return;
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		ok(written(l, tests[i].edit) == tests[i].want, "written: %s",
		    tests[i].name);
	cs_leaf_free(&l);
}

static void
test_policies(void)
{
	static const struct {
		unsigned assurance[2];
		size_t n;
		unsigned want;
	} tests[] = {
		{{0, 0}, 1, CS_CP_APPROVED},
		{{CS_BOUND_ASSERTED, 0}, 1, CS_CP_APPROVED},
		{{CS_BOUND_HARDWARE, 0}, 1, CS_CP_APPROVED | CS_CP_HARDWARE},
		{{CS_BOUND_PRESENT | CS_BOUND_VERIFIED, CS_BOUND_PRESENT}, 2,
		    CS_CP_APPROVED | CS_CP_PRESENCE},
		{{15, 15}, 2, 15},
		{{15, 0}, 2, CS_CP_APPROVED}, /* a grant and its use */
		{{CS_BOUND_HARDWARE, CS_BOUND_ASSERTED}, 2, CS_CP_APPROVED},
	};
	static cs_bindings b;
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		b.n = tests[i].n;
		b.at[0].assurance = tests[i].assurance[0];
		b.at[1].assurance = tests[i].assurance[1];
		ok(cs_leaf_policies(&b) == tests[i].want, "policies %zu",
		    i + 1);
	}
}

/* What another has written says the same as when we write it. */
static void
test_any(cs_span in)
{
	cs_buf *out = cs_buf_new(in.n + 64);
	cs_leaf *l = NULL, *ours = NULL;

	if (!ok(cs_leaf_parse_any(in, &l, NULL) == CS_OK &&
	    cs_leaf_put(l, out, NULL) == CS_OK &&
	    cs_leaf_parse(cs_buf_span(out), &ours, NULL) == CS_OK, "ours of it"))
		return;
	ok(ours->policies == 15 && l->policies == 15 &&
	    cs_span_eq(ours->agent_id, l->agent_id) &&
	    cs_span_eq(ours->serial, l->serial) &&
	    cs_span_eq(ours->authority_key_id, l->authority_key_id) &&
	    cs_span_eq(ours->crl_url, l->crl_url) &&
	    cs_span_eq(ours->bindings, l->bindings) &&
	    cs_span_eq(ours->key.der, l->key.der), "says the same");
	ok(!cs_span_eq(cs_buf_span(out), in), "in another order");
	cs_leaf_free(&ours);
	cs_leaf_free(&l);
	cs_buf_free(&out);
}

static void
test_signed(cs_span in)
{
	cs_buf *out = cs_buf_new(in.n + 256);
	cs_span alg = cs_alg_for_key(CS_KEY_P256, CS_USE_PKCS10)->sig_alg;
	cs_span sig = cs_span_str("signature");
	const unsigned char *p;
	X509 *x = NULL;

	ok(cs_signed_put(in, alg, sig, out, NULL) == CS_OK, "signed");
	p = cs_buf_span(out).p;
	ok((x = d2i_X509(NULL, &p, (long)cs_buf_len(out))) != NULL &&
	    p == cs_buf_span(out).p + cs_buf_len(out),
	    "a certificate for OpenSSL");
	X509_free(x);
	cs_buf_reset(out);
	ok(cs_signed_put(cs_span_cut(in, 0, in.n - 1), alg, sig, out, NULL) !=
	    CS_OK, "half a body");
	ok(cs_signed_put(in, cs_span_str(""), sig, out, NULL) != CS_OK,
	    "no algorithm");
	ok(cs_signed_put(in, alg, cs_span_str(""), out, NULL) != CS_OK,
	    "no signature");
	cs_buf_free(&out);
}

int
main(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("leaf", v);

	if (!vec_has_arc())
		return 0;
	test_vectors(v, n);
	test_fields(vec_find(v, n, "good"));
	test_put(vec_find(v, n, "good"));
	test_policies();
	test_signed(vec_find(v, n, "good"));
	test_sweeps(vec_find(v, n, "good"), probe, "good");
	test_sweeps(vec_find(v, n, "good-digest"), probe, "digest");
	test_sweeps(vec_find(v, n, "good-no-url"), probe, "no URL");
	test_sweeps(vec_find(v, n, "any-go"), probe_any, "Go's");
	test_sweeps(vec_find(v, n, "any-reversed"), probe_any, "reversed");
	test_any(vec_find(v, n, "any-reversed"));
	vec_free(v, n);
	return done_testing();
}
