/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/cms.h>

#include "fmt/cert.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "issue/bundle.h"
#include "issue/wit.h"
#include "tap.h"
#include "vec.h"

#define ROOM (64 * 1024)

static bool
same(const cs_bundle *a, const cs_bundle *b)
{
	size_t i;

	if (a->n_certs != b->n_certs || a->n_keys != b->n_keys ||
	    a->sequence != b->sequence || a->refresh != b->refresh)
		return false;
	for (i = 0; i < a->n_certs; i++)
		if (!cs_span_eq(a->certs[i], b->certs[i]))
			return false;
	for (i = 0; i < a->n_keys; i++)
		if (!cs_span_eq(a->keys[i].der, b->keys[i].der) ||
		    strcmp(a->kids[i], b->kids[i]) != 0)
			return false;
	return true;
}

/* What was read can be written, and is then read as the same. */
static enum vec_answer
probe(cs_span in)
{
	cs_buf *out = cs_buf_new(CS_BUNDLE_LEN_MAX);
	cs_bundle *b = NULL, *back = NULL;
	enum vec_answer answer = VEC_BROKEN;
	cs_err e = {0};

	if (cs_bundle_parse(in, &b, &e) != CS_OK)
		answer = b == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE ? VEC_REFUSED : VEC_BROKEN;
	else if (cs_bundle_put(b, out, NULL) == CS_OK &&
	    cs_bundle_parse(cs_buf_span(out), &back, NULL) == CS_OK &&
	    same(b, back))
		answer = VEC_ACCEPTED;
	cs_bundle_free(&b);
	cs_bundle_free(&back);
	cs_buf_free(&out);
	return answer;
}

/* A CA's certificate of each kind, and the key of one for tokens. */
static cs_buf *
good_bundle(const struct vec *v, size_t n)
{
	cs_bundle b = {.sequence = 7, .refresh = 300, .n_certs = 3};
	cs_buf *out = cs_buf_new(ROOM);
	cs_cert *c = NULL;

	b.certs[0] = vec_find(v, n, "good");
	b.certs[1] = vec_find(v, n, "good-p384");
	b.certs[2] = vec_find(v, n, "good-rsa-3072");
	if (cs_cert_parse(b.certs[0], &c, NULL) == CS_OK) {
		b.keys[b.n_keys++] = c->key;
		ok(cs_bundle_put(&b, out, NULL) == CS_OK, "written");
	}
	cs_cert_free(&c);
	return out;
}

static void
test_fields(cs_span in, const struct vec *v, size_t n)
{
	cs_bundle *b = NULL;
	char kid[44];

	if (!ok(cs_bundle_parse(in, &b, NULL) == CS_OK, "read"))
		return;
	ok(b->n_certs == 3 && b->n_keys == 1 && b->sequence == 7 &&
	    b->refresh == 300, "as many");
	ok(cs_span_eq(b->certs[1], vec_find(v, n, "good-p384")),
	    "certificates");
	ok(cs_jwk_thumbprint(&b->keys[0], kid, NULL) == CS_OK &&
	    strcmp(kid, b->kids[0]) == 0 && strlen(kid) == 43, "kid");
	cs_bundle_free(&b);
}

/* One member of one key of the good bundle; of the bundle, -1. */
static const struct edit {
	int key;
	const char *name, *value; /* NULL: taken away */
	int want;                 /* CS_R_NONE: read, with so many */
	size_t certs, keys;
} edits[] = {
	{0, "use", "\"sig\"", CS_R_NONE, 2, 1},
	{0, "use", NULL, CS_R_NONE, 2, 1},
	{0, "crv", "\"P-521\"", CS_R_NONE, 2, 1},
	{0, "kty", "\"AKP\"", CS_R_NONE, 2, 1},
	{0, "key_ops", "[]", CS_R_NONE, 3, 1},
	{0, "x5c", NULL, CS_R_MALFORMED, 0, 0},
	{0, "x5c", "[]", CS_R_MALFORMED, 0, 0},
	{0, "x5c", "[7]", CS_R_MALFORMED, 0, 0},
	{0, "x5c", "[\"AA==\", \"AA==\"]", CS_R_MALFORMED, 0, 0},
	{0, "x5c", "[\"AA=\"]", CS_R_MALFORMED, 0, 0},
	{0, "x", "\"AA\"", CS_R_MALFORMED, 0, 0},
	{0, "x", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
	    CS_R_MALFORMED, 0, 0},
	{2, "e", "\"Aw\"", CS_R_NONE, 2, 1},
	{2, "n", "\"AAAA\"", CS_R_MALFORMED, 0, 0},
	{3, "use", "\"jwt-svid\"", CS_R_NONE, 3, 0},
	{3, "kid", NULL, CS_R_MALFORMED, 0, 0},
	{3, "kid", "\"another\"", CS_R_NONE, 3, 0},
	{3, "alg", NULL, CS_R_NONE, 3, 1},
	{3, "alg", "\"ES384\"", CS_R_NONE, 3, 0},
	{-1, "spiffe_sequence", NULL, CS_R_NONE, 3, 1},
	{-1, "spiffe_sequence", "-1", CS_R_MALFORMED, 0, 0},
	{-1, "spiffe_sequence", "1.0", CS_R_MALFORMED, 0, 0},
	{-1, "spiffe_refresh_hint", "\"300\"", CS_R_MALFORMED, 0, 0},
	{-1, "more", "[]", CS_R_NONE, 3, 1},
	{-1, "keys", NULL, CS_R_MALFORMED, 0, 0},
	{-1, "keys", "[]", CS_R_MALFORMED, 0, 0},
	{-1, "keys", "[7]", CS_R_MALFORMED, 0, 0},
	{-1, "keys", "{}", CS_R_MALFORMED, 0, 0},
};

static void
test_edit(cs_span good, const struct edit *t)
{
	json_t *o = json_loadb((const char *)good.p, good.n, 0, NULL), *at;
	cs_bundle *b = NULL;
	cs_err e = {0};
	char *text;
	int r;

	at = t->key < 0 ? o : json_array_get(json_object_get(o, "keys"),
	    (size_t)t->key);
	if (t->value == NULL)
		(void)json_object_del(at, t->name);
	else
		(void)json_object_set_new(at, t->name,
		    json_loads(t->value, JSON_DECODE_ANY, NULL));
	text = json_dumps(o, JSON_INDENT(2));
	r = cs_bundle_parse(cs_span_str(text), &b, &e);
	if (!ok(t->want == CS_R_NONE ? r == CS_OK &&
	    b->n_certs == t->certs && b->n_keys == t->keys &&
	    probe(cs_span_str(text)) == VEC_ACCEPTED :
	    r == CS_EFORMAT && b == NULL && e.detail == t->want, "%d %s %s",
	    t->key, t->name, t->value == NULL ? "gone" : t->value))
		printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
	cs_bundle_free(&b);
	free(text);
	json_decref(o);
}

static bool
put_pem(cs_buf *b, const char *label, cs_span der)
{
	return cs_pem_put(b, label, der, NULL) == CS_OK;
}

static void
test_pem(const struct vec *v, size_t n)
{
	cs_span one = vec_find(v, n, "good"), two = vec_find(v, n, "good-p384");
	cs_buf *b = cs_buf_new(ROOM);
	cs_bundle *read = NULL;

	ok(put_pem(b, CS_PEM_CERTIFICATE, one) &&
	    put_pem(b, CS_PEM_CERTIFICATE, two) &&
	    put_pem(b, CS_PEM_CERTIFICATE, one) &&
	    cs_bundle_parse(cs_buf_span(b), &read, NULL) == CS_OK &&
	    read->n_certs == 2 && read->n_keys == 0 && read->sequence == 0,
	    "PEM, each once");
	cs_bundle_free(&read);
	ok(put_pem(b, CS_PEM_CERTIFICATE, cs_span_str("no")) &&
	    probe(cs_buf_span(b)) == VEC_REFUSED, "one that is none");
	cs_buf_reset(b);
	ok(put_pem(b, CS_PEM_CRL, one) &&
	    probe(cs_buf_span(b)) == VEC_REFUSED, "another label");
	ok(probe(cs_span_str("")) == VEC_REFUSED &&
	    probe(cs_span_str(" ")) == VEC_REFUSED &&
	    probe(cs_span_str("{}")) == VEC_REFUSED &&
	    probe(cs_span_str("{\"keys\":[],\"keys\":[]}")) == VEC_REFUSED,
	    "nothing");
	cs_buf_free(&b);
}

/* Another reader may take the one, or the other. */
static void
test_repeated(cs_span good)
{
	static const char *const more[] = {"\"more\":1", "\"keys\":[]",
	    "\"spiffe_sequence\":7", "\"spiffe_sequenc\\u0065\":7"};
	cs_buf *b = cs_buf_new(ROOM);
	size_t i;

	for (i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		cs_buf_reset(b);
		ok(cs_buf_printf(b, "{%s,%.*s", more[i], (int)good.n - 1,
		    (const char *)good.p + 1) == CS_OK &&
		    probe(cs_buf_span(b)) == (i == 0 ? VEC_ACCEPTED :
		    VEC_REFUSED), "a member more: %s", more[i]);
	}
	cs_buf_free(&b);
}

static void
test_certs_only(const struct vec *v, size_t n)
{
	cs_span certs[2] = {vec_find(v, n, "good-p384"),
	    vec_find(v, n, "good")}, swapped[2] = {certs[1], certs[0]};
	cs_buf *one = cs_buf_new(ROOM), *two = cs_buf_new(ROOM);
	STACK_OF(X509) *all = NULL;
	CMS_ContentInfo *cms;
	const unsigned char *p;

	ok(cs_certs_only_put(certs, 2, one, NULL) == CS_OK &&
	    cs_der_walk(cs_buf_span(one), 0, NULL) == CS_OK, "certs-only");
	ok(cs_certs_only_put(swapped, 2, two, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(one), cs_buf_span(two)), "a set");
	p = cs_buf_span(one).p;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)cs_buf_len(one));
	ok(cms != NULL && (all = CMS_get1_certs(cms)) != NULL &&
	    sk_X509_num(all) == 2, "for OpenSSL");
	sk_X509_pop_free(all, X509_free);
	CMS_ContentInfo_free(cms);
	ok(cs_certs_only_put(certs, 0, one, NULL) == CS_EUSAGE, "none");
	certs[0].n--;
	ok(cs_certs_only_put(certs, 1, one, NULL) != CS_OK, "half a one");
	cs_buf_free(&one);
	cs_buf_free(&two);
}

static void
test_csrattrs(void)
{
	cs_buf *b = cs_buf_new(256);
	cs_span in, list = {0}, oid = {0};
	bool asks[CS_OID_END + 1] = {false};
	size_t n = 0;

	ok(cs_csrattrs_put(b, NULL) == CS_OK &&
	    cs_der_walk(in = cs_buf_span(b), 0, NULL) == CS_OK &&
	    cs_der_get(&in, CS_DER_SEQ, &list, NULL) == CS_OK, "csrattrs");
	for (; list.n != 0; n++) {
		if (cs_der_get(&list, CS_DER_OID, &oid, NULL) != CS_OK)
			break;
		asks[cs_oid_find(oid)] = true;
	}
	ok(n == 5 && list.n == 0 && asks[CS_OID_AT_OWNER_APPROVALS] &&
	    asks[CS_OID_AT_INTENDED_OWNER] && asks[CS_OID_AA_EVIDENCE] &&
	    asks[CS_OID_EXTENSION_REQUEST], "what is wanted");
	ok(!asks[CS_OID_CHALLENGE_PASSWORD], "and never a password");
	cs_buf_free(&b);
}

int
main(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("authority", v), i;
	cs_buf *good = good_bundle(v, n);

	test_fields(cs_buf_span(good), v, n);
	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
		test_edit(cs_buf_span(good), &edits[i]);
	test_repeated(cs_buf_span(good));
	test_pem(v, n);
	test_certs_only(v, n);
	test_csrattrs();
	ok(probe(cs_buf_span(good)) == VEC_ACCEPTED, "good");
	ok(vec_prefixes(cs_buf_span(good), probe) == 0, "prefixes");
	ok(vec_flips(cs_buf_span(good), probe) == 0, "flips");
	cs_buf_free(&good);
	vec_free(v, n);
	return done_testing();
}
