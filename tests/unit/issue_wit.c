/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/enc.h"
#include "fmt/cert.h"
#include "fmt/ecsig.h"
#include "fmt/reason.h"
#include "issue/leaf.h"
#include "issue/wit.h"
#include "tap.h"
#include "vec.h"

#define CLAIM "https://corp.example/claims/owners"
#define ROOM (128 * 1024)

static char kid[44];

/* A token's content, of a body of tests/vectors/leaf. */
struct source {
	cs_leaf *leaf;
	cs_bindings *bindings;
	cs_wit wit;
};

static bool
source_open(struct source *s, cs_span body)
{
	*s = (struct source){.leaf = NULL};
	if (cs_leaf_parse(body, &s->leaf, NULL) != CS_OK ||
	    cs_bindings_parse(s->leaf->bindings, 0, &s->bindings, NULL) !=
	    CS_OK)
		return false;
	s->wit = (cs_wit){.kid = cs_span_str(kid), .sub = s->leaf->agent_id,
	    .iat = s->leaf->not_before, .exp = s->leaf->not_after,
	    .jti = s->leaf->serial, .key = s->leaf->key,
	    .bindings = s->bindings};
	s->wit.carriers[0] = CS_CARRIER_SSHSIG;
	return true;
}

static void
source_close(struct source *s)
{
	cs_bindings_free(&s->bindings);
	cs_leaf_free(&s->leaf);
}

static cs_buf *
put(const cs_wit *w)
{
	cs_buf *b = cs_buf_new(ROOM);
	cs_err e = {0};

	if (cs_wit_put(w, b, &e) != CS_OK) {
		printf("# %s\n", e.text);
		cs_buf_free(&b);
	}
	return b;
}

/* What was read can be written, and is then read as the same. */
static bool
holds(const cs_wit *w)
{
	cs_buf *one = put(w), *two = NULL;
	cs_wit *back = NULL;
	bool good;

	good = one != NULL && w->n_owners == w->bindings->n &&
	    cs_wit_parse(cs_buf_span(one), &back, NULL) == CS_OK &&
	    cs_span_eq(back->bindings->der, w->bindings->der) &&
	    cs_span_eq(back->sub, w->sub) && back->iat == w->iat &&
	    back->exp == w->exp && cs_span_eq(back->key.der, w->key.der) &&
	    (two = put(back)) != NULL &&
	    cs_span_eq(cs_buf_span(one), cs_buf_span(two));
	cs_wit_free(&back);
	cs_buf_free(&one);
	cs_buf_free(&two);
	return good;
}

static enum vec_answer
probe(cs_span in)
{
	enum vec_answer answer;
	cs_wit *w = NULL;
	cs_err e = {0};

	if (cs_wit_parse(in, &w, &e) != CS_OK)
		return w == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE && e.text[0] != '\0' ? VEC_REFUSED :
		    VEC_BROKEN;
	answer = holds(w) ? VEC_ACCEPTED : VEC_BROKEN;
	cs_wit_free(&w);
	return answer;
}

static json_t *
part_of(cs_span input, bool header)
{
	const uint8_t *dot = memchr(input.p, '.', input.n);
	size_t at = (size_t)(dot - input.p);
	cs_buf *b = cs_buf_new(input.n);
	json_t *o = NULL;

	if (cs_base64url_get(b, header ? cs_span_cut(input, 0, at) :
	    cs_span_cut(input, at + 1, input.n - at - 1), NULL) == CS_OK)
		o = json_loadb((const char *)cs_buf_span(b).p, cs_buf_len(b),
		    0, NULL);
	cs_buf_free(&b);
	return o;
}

static cs_buf *
joined(const char *header, const char *payload)
{
	cs_buf *b = cs_buf_new(ROOM);

	if (cs_base64url_put(b, cs_span_str(header)) != CS_OK ||
	    cs_buf_put_byte(b, '.') != CS_OK ||
	    cs_base64url_put(b, cs_span_str(payload)) != CS_OK)
		cs_buf_free(&b);
	return b;
}

/* The object or array, and the name in it, that a path ends at; @ is the
 * owners' claim. */
static json_t *
walk(json_t *o, const char *path, char name[64])
{
	const char *dot;
	json_t *next;

	for (;; path = dot + 1, o = next) {
		dot = strchr(path, '.');
		(void)snprintf(name, 64, "%.*s",
		    dot == NULL ? 63 : (int)(dot - path), path);
		if (strcmp(name, "@") == 0)
			(void)snprintf(name, 64, CLAIM);
		if (dot == NULL)
			return o;
		next = json_is_array(o) ? json_array_get(o, (size_t)atoi(name))
		    : json_object_get(o, name);
	}
}

static void
edit(json_t *o, const char *path, const char *value)
{
	char name[64];
	json_t *at = walk(o, path, name), *v;

	v = value == NULL ? NULL : json_loads(value, JSON_DECODE_ANY, NULL);
	if (json_is_array(at) && v == NULL)
		(void)json_array_remove(at, (size_t)atoi(name));
	else if (json_is_array(at) && strcmp(name, "+") == 0)
		(void)json_array_append_new(at, v);
	else if (json_is_array(at))
		(void)json_array_set_new(at, (size_t)atoi(name), v);
	else if (v == NULL)
		(void)json_object_del(at, name);
	else
		(void)json_object_set_new(at, name, v);
}

/* Each changes one thing; value NULL takes it away. */
static const struct edit {
	const char *path, *value;
	int want;
} header_edits[] = {
	{"typ", "\"JWT\"", CS_R_UNSUPPORTED},
	{"typ", "\"WIT+JWT\"", CS_R_UNSUPPORTED},
	{"typ", "7", CS_R_UNSUPPORTED},
	{"typ", NULL, CS_R_MALFORMED},
	{"alg", "\"none\"", CS_R_UNSUPPORTED},
	{"alg", "\"HS256\"", CS_R_UNSUPPORTED},
	{"alg", NULL, CS_R_MALFORMED},
	{"kid", NULL, CS_R_MALFORMED},
	{"kid", "\"short\"", CS_R_MALFORMED},
	{"kid", "7", CS_R_MALFORMED},
	{"jku", "\"https://corp.example/keys\"", CS_R_MALFORMED},
	{"crit", "[]", CS_R_MALFORMED},
}, payload_edits[] = {
	{"sub", "\"wimse://corp.example/agent/%61\"", CS_R_BAD_IDENTIFIER},
	{"sub", "\"wimse://other.example/agent\"", CS_R_MALFORMED},
	{"sub", "7", CS_R_BAD_IDENTIFIER},
	{"sub", NULL, CS_R_BAD_IDENTIFIER},
	{"iat", "1795262340.0", CS_R_MALFORMED},
	{"iat", "\"1795262340\"", CS_R_MALFORMED},
	{"iat", "1795265940", CS_R_MALFORMED},
	{"iat", "-1", CS_R_MALFORMED},
	{"iat", NULL, CS_R_MALFORMED},
	{"exp", "1795262340", CS_R_MALFORMED},
	{"exp", "253402300800", CS_R_MALFORMED},
	{"exp", NULL, CS_R_MALFORMED},
	{"jti", "\"5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A\"", CS_R_MALFORMED},
	{"jti", "\"5a5a\"", CS_R_MALFORMED},
	{"jti", NULL, CS_R_MALFORMED},
	{"aud", "\"https://corp.example\"", CS_R_MALFORMED},
	{"act", "{}", CS_R_MALFORMED},
	{"iss", "\"https://corp.example\"", CS_R_MALFORMED},
	{"nbf", "1795262340", CS_R_MALFORMED},
	{"cnf", NULL, CS_R_MALFORMED},
	{"cnf", "[]", CS_R_MALFORMED},
	{"cnf.kid", "\"x\"", CS_R_MALFORMED},
	{"cnf.jwk", "{}", CS_R_UNSUPPORTED},
	{"cnf.jwk.alg", NULL, CS_R_UNSUPPORTED},
	{"cnf.jwk.alg", "\"ES384\"", CS_R_UNSUPPORTED},
	{"cnf.jwk.use", "\"sig\"", CS_R_MALFORMED},
	{"cnf.jwk.d", "\"AA\"", CS_R_MALFORMED},
	{"cnf.jwk.crv", "\"P-521\"", CS_R_UNSUPPORTED},
	{"cnf.jwk.kty", "\"ec\"", CS_R_UNSUPPORTED},
	{"cnf.jwk.x", "\"AA\"", CS_R_MALFORMED},
	{"cnf.jwk.x", "\"=\"", CS_R_MALFORMED},
	{"cnf.jwk.y", NULL, CS_R_MALFORMED},
	{"@", NULL, CS_R_MALFORMED},
	{"@", "[]", CS_R_MALFORMED},
	{"@", "{}", CS_R_MALFORMED},
	{"@.+", "{}", CS_R_MALFORMED},
	{"@.0.sub", "\"mailto:Alice@corp.example\"", CS_R_BAD_IDENTIFIER},
	{"@.0.sub", "\"mailto:bob@corp.example\"", CS_R_WRONG_OWNER},
	{"@.0.sub", "7", CS_R_MALFORMED},
	{"@.0.sub", NULL, CS_R_MALFORMED},
	{"@.0.act", "{}", CS_R_MALFORMED},
	{"@.0.cnf.jwk.alg", NULL, CS_R_UNSUPPORTED},
	{"@.0.amr", NULL, CS_R_MALFORMED},
	{"@.0.amr", "\"user\"", CS_R_MALFORMED},
	{"@.0.amr", "[\"pin\",\"user\"]", CS_R_MALFORMED},
	{"@.0.amr", "[\"user\",\"user\"]", CS_R_MALFORMED},
	{"@.0.amr", "[\"otp\"]", CS_R_MALFORMED},
	{"@.0.amr", "[7]", CS_R_MALFORMED},
	{"@.0.approval", NULL, CS_R_MALFORMED},
	{"@.0.approval.id", "\"0101\"", CS_R_MALFORMED},
	{"@.0.approval.id", "\"09090909090909090909090909090909\"",
	    CS_R_BINDING_MISMATCH},
	{"@.0.approval.type", "\"webauthn\"", CS_R_WRONG_TYPE},
	{"@.0.approval.type", "\"pgp\"", CS_R_UNSUPPORTED},
	{"@.0.approval.type", "\"none\"", CS_R_UNSUPPORTED},
	{"@.0.approval.type", NULL, CS_R_MALFORMED},
	{"@.0.approval.value", NULL, CS_R_MALFORMED},
	{"@.0.approval.value", "\"\"", CS_R_NOT_DER},
	{"@.0.approval.value", "\"MAA\"", CS_R_MALFORMED},
	{"@.0.approval.value", "\"MAA=\"", CS_R_MALFORMED},
	{"@.0.approval.sha256", "\"AA\"", CS_R_MALFORMED},
	/* These still say what a token may say. */
	{"iat", "1795262341", CS_R_NONE},
	{"@.0.amr", "[\"hwk\",\"user\",\"pin\"]", CS_R_NONE},
	{"@.0.amr", "[\"user\"]", CS_R_NONE},
};

static void
test_edit(cs_span good, bool header, const struct edit *t)
{
	json_t *h = part_of(good, true), *p = part_of(good, false);
	char *ht, *pt;
	cs_wit *w = NULL;
	cs_err e = {0};
	cs_buf *b;
	int r;

	edit(header ? h : p, t->path, t->value);
	ht = json_dumps(h, JSON_COMPACT);
	pt = json_dumps(p, JSON_COMPACT);
	b = joined(ht, pt);
	r = cs_wit_parse(cs_buf_span(b), &w, &e);
	if (!ok(t->want == CS_R_NONE ? r == CS_OK && holds(w) :
	    r == CS_EFORMAT && w == NULL && e.detail == t->want, "%s %s",
	    t->path, t->value == NULL ? "gone" : t->value))
		printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
	cs_wit_free(&w);
	cs_buf_free(&b);
	free(ht);
	free(pt);
	json_decref(h);
	json_decref(p);
}

/* Text that no JSON writer gives. */
static void
test_text(cs_span good)
{
	json_t *p = part_of(good, false);
	char *pt = json_dumps(p, JSON_COMPACT), header[256], twice[512];
	cs_buf *b = NULL;
	size_t i;

	(void)snprintf(header, sizeof(header),
	    "{\"kid\":\"%s\",\"typ\":\"wit+jwt\",\"alg\":\"ES256\"}", kid);
	b = joined(header, pt);
	ok(probe(cs_buf_span(b)) == VEC_ACCEPTED, "another order of members");
	cs_buf_free(&b);
	(void)snprintf(twice, sizeof(twice), "{\"alg\":\"none\",%s",
	    header + 1);
	b = joined(twice, pt);
	ok(probe(cs_buf_span(b)) == VEC_REFUSED, "a member twice");
	cs_buf_free(&b);
	for (i = 0; i < 3; i++) {
		static const char *const behind[] = {" {}", "x", "\t[]"};

		(void)snprintf(twice, sizeof(twice), "%s%s", header,
		    behind[i]);
		b = joined(twice, pt);
		ok(probe(cs_buf_span(b)) == VEC_REFUSED, "behind the header");
		cs_buf_free(&b);
	}
	b = joined(header, "[]");
	ok(probe(cs_buf_span(b)) == VEC_REFUSED, "no object");
	cs_buf_free(&b);
	ok(probe(cs_span_str("")) == VEC_REFUSED &&
	    probe(cs_span_str(".")) == VEC_REFUSED &&
	    probe(cs_span_str("e30.e30")) == VEC_REFUSED &&
	    probe(cs_span_str("e30.e30.")) == VEC_REFUSED, "nothing");
	free(pt);
	json_decref(p);
}

static void
test_vector(const struct vec *v)
{
	struct source s;
	cs_buf *one = NULL, *two = NULL;
	cs_wit *w = NULL;
	size_t i;

	if (!source_open(&s, cs_buf_span(v->der)))
		return;
	for (i = 0; i < s.bindings->n; i++)
		s.bindings->at[i].assurance &= ~(unsigned)CS_BOUND_ASSERTED;
	one = put(&s.wit);
	two = put(&s.wit);
	ok(one != NULL && cs_span_eq(cs_buf_span(one), cs_buf_span(two)),
	    "%s: the same twice", v->name);
	ok(cs_wit_parse(cs_buf_span(one), &w, NULL) == CS_OK && holds(w) &&
	    w->n_owners == s.bindings->n &&
	    cs_span_eq(w->key.der, s.leaf->key.der) &&
	    cs_span_eq(w->kid, cs_span_str(kid)) &&
	    cs_span_eq(w->jti, s.leaf->serial), "and read");
	for (i = 0; i < s.bindings->n; i++)
		ok(cs_span_eq(w->bindings->at[i].owner,
		    s.bindings->at[i].owner) &&
		    cs_span_eq(w->bindings->at[i].key.der,
		    s.bindings->at[i].key.der) &&
		    w->bindings->at[i].assurance ==
		    s.bindings->at[i].assurance &&
		    (s.bindings->at[i].full.p == NULL ?
		    cs_span_eq(w->bindings->at[i].digest,
		    s.bindings->at[i].digest) &&
		    w->carriers[i] == CS_CARRIER_SSHSIG :
		    cs_span_eq(w->bindings->at[i].full,
		    s.bindings->at[i].full) &&
		    w->carriers[i] == CS_CARRIER_CMS), "owner %zu", i + 1);
	cs_wit_free(&w);
	cs_buf_free(&one);
	cs_buf_free(&two);
	source_close(&s);
}

static void
test_put(cs_span body)
{
	struct source s;
	cs_buf *b = cs_buf_new(ROOM);
	cs_err e = {0};
	cs_wit w;

	if (!source_open(&s, body))
		return;
	w = s.wit;
	w.kid.n = 42;
	ok(cs_wit_put(&w, b, &e) == CS_EFORMAT, "a short kid");
	w = s.wit;
	w.exp = w.iat;
	ok(cs_wit_put(&w, b, &e) == CS_EFORMAT, "no time to live");
	w = s.wit;
	w.jti.n = 8;
	ok(cs_wit_put(&w, b, &e) == CS_EFORMAT, "a short jti");
	w = s.wit;
	w.sub = cs_span_str("https://corp.example/agent");
	ok(cs_wit_put(&w, b, &e) == CS_EFORMAT &&
	    e.detail == CS_R_BAD_IDENTIFIER, "no identifier");
	w = s.wit;
	w.bindings = NULL;
	ok(cs_wit_put(&w, b, &e) == CS_EFORMAT &&
	    e.detail == CS_R_NO_APPROVAL, "no owners");
	w = s.wit;
	w.carriers[0] = CS_CARRIER_NONE;
	ok(cs_wit_put(&w, b, &e) == CS_EUSAGE, "a digest of no type");
	ok(cs_buf_len(b) == 0, "and nothing was written");
	cs_buf_free(&b);
	source_close(&s);
}

static void
test_signature(cs_span input)
{
	cs_buf *der = cs_buf_new(128), *token = cs_buf_new(ROOM);
	uint8_t rs[64], back[64];
	cs_span in = {0}, all;
	size_t i;

	for (i = 0; i < sizeof(rs); i++)
		rs[i] = (uint8_t)(i * 7 + (i == 32 ? 0x90 : 0));
	ok(cs_ecsig_put(cs_span_of(rs, sizeof(rs)), der, NULL) == CS_OK &&
	    cs_wit_finish(input, cs_buf_span(der), token, NULL) == CS_OK,
	    "finished");
	all = cs_buf_span(token);
	ok(all.n == input.n + 87 &&
	    cs_wit_split(all, &in, back, NULL) == CS_OK &&
	    cs_span_eq(in, input) && memcmp(rs, back, sizeof(rs)) == 0,
	    "and split");
	for (i = 1; i < 87; i++)
		if (cs_wit_split(cs_span_cut(all, 0, all.n - i), &in, back,
		    NULL) != CS_EFORMAT || in.p != NULL)
			break;
	ok(i == 87, "no prefix");
	ok(cs_buf_put_byte(token, 'A') == CS_OK &&
	    cs_wit_split(cs_buf_span(token), &in, back, NULL) == CS_EFORMAT,
	    "nothing behind");
	ok(cs_wit_finish(input, cs_span_str("x"), token, NULL) == CS_EFORMAT,
	    "no signature");
	ok(cs_wit_split(cs_span_str(""), &in, back, NULL) == CS_EFORMAT,
	    "nothing");
	cs_buf_free(&der);
	cs_buf_free(&token);
}

int
main(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("leaf", v), i;
	cs_buf *good = NULL, *digest = NULL;
	struct source s;

	if (!vec_has_arc())
		return 0;
	if (!source_open(&s, vec_find(v, n, "good-digest")) ||
	    cs_jwk_thumbprint(&s.leaf->key, kid, NULL) != CS_OK)
		return 1;
	ok(strlen(kid) == 43, "a thumbprint");
	s.wit.kid = cs_span_str(kid);
	digest = put(&s.wit);
	source_close(&s);
	if (source_open(&s, vec_find(v, n, "good")))
		good = put(&s.wit);
	source_close(&s);
	for (i = 0; i < n; i++)
		if (vec_is(&v[i], "good"))
			test_vector(&v[i]);
	for (i = 0; i < sizeof(header_edits) / sizeof(header_edits[0]); i++)
		test_edit(cs_buf_span(good), true, &header_edits[i]);
	for (i = 0; i < sizeof(payload_edits) / sizeof(payload_edits[0]); i++)
		test_edit(cs_buf_span(good), false, &payload_edits[i]);
	test_text(cs_buf_span(good));
	test_put(vec_find(v, n, "good-digest"));
	test_signature(cs_buf_span(good));
	ok(probe(cs_buf_span(digest)) == VEC_ACCEPTED, "a digest's");
	ok(vec_prefixes(cs_buf_span(digest), probe) == 0, "prefixes");
	ok(vec_trailing(cs_buf_span(digest), probe) == 0, "trailing");
	ok(vec_flips(cs_buf_span(digest), probe) == 0, "flips");
	cs_buf_free(&good);
	cs_buf_free(&digest);
	vec_free(v, n);
	return done_testing();
}
