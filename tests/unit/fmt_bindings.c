/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/bindings.h"
#include "fmt/cert.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

/* The bindings of a credential of tests/vectors/credential. */
static cs_buf *
bindings_of(const struct vec *v, size_t n, const char *name)
{
	cs_buf *b = NULL;
	cs_cert *c = NULL;

	if (cs_cert_parse(vec_find(v, n, name), &c, NULL) == CS_OK)
		b = cs_buf_dup(c->bindings);
	cs_cert_free(&c);
	ok(b != NULL, "%s has bindings", name);
	return b;
}

/* What was read is written back as the same bytes. */
static enum vec_answer
probe(cs_span in)
{
	enum vec_answer answer;
	cs_bindings *b = NULL;
	cs_approval *a = NULL;
	cs_buf *out = NULL;
	cs_err e = {0};
	size_t i;

	if (cs_bindings_parse(in, 0, &b, &e) != CS_OK)
		return b == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE ? VEC_REFUSED : VEC_BROKEN;
	out = cs_buf_new(in.n + 16);
	answer = cs_bindings_put(b->at, b->n, out, &e) == CS_OK &&
	    cs_span_eq(cs_buf_span(out), in) ? VEC_ACCEPTED : VEC_BROKEN;
	for (i = 0; i < b->n; i++) {
		if (cs_binding_approval(&b->at[i], 0, &a, &e) == CS_OK &&
		    (a != NULL) != (b->at[i].full.p != NULL))
			answer = VEC_BROKEN;
		cs_approval_free(&a);
	}
	cs_buf_free(&out);
	cs_bindings_free(&b);
	return answer;
}

static void
test_fields(cs_span in, cs_span digest)
{
	cs_bindings *b = NULL;
	cs_approval *a = NULL;
	cs_err e = {0};

	if (!ok(cs_bindings_parse(in, CS_CERT_VALUE_DEPTH, &b, &e) == CS_OK &&
	    b->n == 1, "read"))
		return;
	ok(cs_span_is(b->at[0].owner, "mailto:alice@corp.example") &&
	    b->at[0].key.kind == CS_KEY_P256 && b->at[0].approval_id.n == 16,
	    "owner, key, approval");
	ok(b->at[0].assurance == (CS_BOUND_HARDWARE | CS_BOUND_PRESENT |
	    CS_BOUND_VERIFIED), "assurance");
	ok(cs_binding_approval(&b->at[0], CS_CERT_VALUE_DEPTH, &a, &e) ==
	    CS_OK && a != NULL && cs_span_eq(a->tbs.owner, b->at[0].owner),
	    "the approval in full");
	cs_approval_free(&a);
	cs_bindings_free(&b);
	ok(cs_bindings_parse(in, CS_DER_DEPTH - 3, &b, &e) == CS_EFORMAT &&
	    e.detail == CS_R_NOT_DER, "the depth counts");
	ok(cs_bindings_parse(digest, 0, &b, &e) == CS_OK &&
	    b->at[0].full.p == NULL && b->at[0].digest.n == 32 &&
	    b->at[0].assurance == 0, "a digest");
	ok(cs_binding_approval(&b->at[0], 0, &a, &e) == CS_OK && a == NULL,
	    "which is no approval");
	cs_bindings_free(&b);
}

/* One field changed by `edit`: what the writer's reader says. */
static int
written(const cs_bindings *from, void (*edit)(cs_binding *), size_t n)
{
	cs_binding all[CS_BINDINGS_MAX + 1];
	cs_buf *out = cs_buf_new(1 << 20);
	cs_err e = {0};
	size_t i;
	int r;

	for (i = 0; i <= CS_BINDINGS_MAX; i++)
		all[i] = from->at[0];
	if (edit != NULL)
		edit(&all[0]);
	r = cs_bindings_put(all, n, out, &e);
	cs_buf_free(&out);
	return r == CS_OK ? CS_R_NONE : e.detail;
}

static void
short_id(cs_binding *b)
{
	b->approval_id.n = 15;
}

static void
bad_owner(cs_binding *b)
{
	b->owner = cs_span_str("mailto:Alice@corp.example");
}

static void
short_digest(cs_binding *b)
{
	b->full = (cs_span){0};
	b->digest = cs_span_cut(b->approval_id, 0, 16);
}

static void
test_rules(cs_span in)
{
	cs_bindings *b = NULL;

	if (cs_bindings_parse(in, 0, &b, NULL) != CS_OK) {
		ok(false, "read");
		return;
	}
	ok(written(b, NULL, 0) == CS_R_MALFORMED, "none");
	ok(written(b, NULL, CS_BINDINGS_MAX) == CS_R_NONE, "sixteen");
	ok(written(b, NULL, CS_BINDINGS_MAX + 1) == CS_R_TOO_LARGE,
	    "seventeen");
	ok(written(b, short_id, 1) == CS_R_MALFORMED, "a short identifier");
	ok(written(b, bad_owner, 1) == CS_R_BAD_IDENTIFIER, "a bad owner");
	ok(written(b, short_digest, 1) == CS_R_MALFORMED, "a short digest");
	cs_bindings_free(&b);
}

/* Every set of assurance bits, one byte form each. */
static void
test_assurance(cs_span in)
{
	cs_bindings *b = NULL, *back = NULL;
	cs_buf *out = cs_buf_new(8192);
	unsigned i, wrong = 0;

	if (cs_bindings_parse(in, 0, &b, NULL) != CS_OK)
		return;
	for (i = 0; i < 16; i++) {
		cs_buf_reset(out);
		b->at[0].assurance = i;
		if (cs_bindings_put(b->at, 1, out, NULL) != CS_OK ||
		    cs_bindings_parse(cs_buf_span(out), 0, &back, NULL) !=
		    CS_OK || back->at[0].assurance != i)
			wrong++;
		cs_bindings_free(&back);
	}
	ok(wrong == 0, "every assurance comes back");
	cs_bindings_free(&b);
	cs_buf_free(&out);
}

static void
test_full(const struct vec *v, size_t n, const char *name)
{
	cs_buf *in = bindings_of(v, n, name);
	cs_bindings *b = NULL;
	cs_approval *a = NULL;
	cs_err e = {0};

	ok(cs_bindings_parse(cs_buf_span(in), 0, &b, &e) == CS_OK &&
	    cs_binding_approval(&b->at[0], 0, &a, &e) == CS_EFORMAT &&
	    a == NULL && e.detail == CS_R_MALFORMED, "%s", name);
	cs_bindings_free(&b);
	cs_buf_free(&in);
}

static void
test_sweeps(cs_span in, const char *name)
{
	ok(probe(in) == VEC_ACCEPTED, "%s", name);
	ok(vec_prefixes(in, probe) == 0, "%s: prefixes", name);
	ok(vec_trailing(in, probe) == 0, "%s: trailing", name);
	ok(vec_flips(in, probe) == 0, "%s: flips", name);
	ok(vec_trees(in, probe) == 0, "%s: trees", name);
}

int
main(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("credential", v);
	cs_buf *good, *digest, *two;

	if (!vec_has_arc())
		return 0;
	good = bindings_of(v, n, "proven-assurance");
	digest = bindings_of(v, n, "issuer-only-digest");
	two = bindings_of(v, n, "issuer-only-one-of-two");
	test_fields(cs_buf_span(good), cs_buf_span(digest));
	test_rules(cs_buf_span(good));
	test_assurance(cs_buf_span(digest));
	test_full(v, n, "malformed-batch");
	test_full(v, n, "malformed-large");
	test_sweeps(cs_buf_span(good), "full");
	test_sweeps(cs_buf_span(digest), "digest");
	test_sweeps(cs_buf_span(two), "two");
	cs_buf_free(&good);
	cs_buf_free(&digest);
	cs_buf_free(&two);
	vec_free(v, n);
	return done_testing();
}
