/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "fmt/approval.h"
#include "fmt/csr.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

#define APPROVALS_OID CS_OID_ARC ".2.1"

/*
 * The oracle: OpenSSL reads what cs_csr_parse accepts, to its end, with the
 * same key and the same name; and the digest of the request is over what is
 * left when OpenSSL takes the approvals out.
 */

static bool
equals_i2d(int n, unsigned char *p, cs_span want)
{
	bool same = n >= 0 && p != NULL && cs_span_eq(cs_span_of(p, (size_t)n),
	    want);

	OPENSSL_free(p);
	return same;
}

static bool
same_key(X509_REQ *req, const cs_csr *c)
{
	unsigned char *p = NULL;
	int n = i2d_X509_PUBKEY(X509_REQ_get_X509_PUBKEY(req), &p);

	return equals_i2d(n, p, c->key.der);
}

static bool
same_subject(X509_REQ *req, const cs_csr *c)
{
	unsigned char *p = NULL;
	int n = i2d_X509_NAME(X509_REQ_get_subject_name(req), &p);

	return equals_i2d(n, p, c->subject);
}

static bool
same_name(X509_REQ *req, const cs_csr *c)
{
	STACK_OF(X509_EXTENSION) *list = X509_REQ_get_extensions(req);
	GENERAL_NAMES *names = X509V3_get_d2i(list, NID_subject_alt_name, NULL,
	    NULL);
	const GENERAL_NAME *name;
	bool same = false;

	if (sk_GENERAL_NAME_num(names) == 1) {
		name = sk_GENERAL_NAME_value(names, 0);
		same = name->type == GEN_URI && cs_span_eq(c->agent_id,
		    cs_span_of(name->d.ia5->data,
		    (size_t)name->d.ia5->length));
	}
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return same;
}

static bool
same_base(X509_REQ *req, const cs_csr *c)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(APPROVALS_OID, 1);
	cs_buf *base = cs_buf_new(c->der.n + 16);
	unsigned char *p = NULL;
	bool same;
	int at, n;

	at = X509_REQ_get_attr_by_OBJ(req, obj, -1);
	same = (at >= 0) == (c->n_approvals != 0);
	if (at >= 0)
		X509_ATTRIBUTE_free(X509_REQ_delete_attr(req, at));
	n = i2d_re_X509_REQ_tbs(req, &p);
	same = same && cs_csr_base_info(c, base, NULL) == CS_OK &&
	    equals_i2d(n, p, cs_buf_span(base)) &&
	    (at >= 0 || cs_span_eq(cs_buf_span(base), c->info));
	ASN1_OBJECT_free(obj);
	cs_buf_free(&base);
	return same;
}

static bool
oracle(cs_span in, const cs_csr *c)
{
	const unsigned char *p = in.p;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)in.n);
	const char *fault = NULL;

	if (req == NULL || p != in.p + in.n)
		fault = "OpenSSL does not read it";
	else if (!same_key(req, c))
		fault = "another key";
	else if (!same_subject(req, c))
		fault = "another subject";
	else if (!same_name(req, c))
		fault = "another name";
	else if (!same_base(req, c))
		fault = "another base";
	X509_REQ_free(req);
	if (fault != NULL)
		printf("# %s\n", fault);
	return fault == NULL;
}

static enum vec_answer
probe(cs_span in)
{
	cs_err e = {0};
	cs_csr *c = NULL;
	enum vec_answer a;

	if (cs_csr_parse(in, &c, &e) != CS_OK)
		return c == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE && e.text[0] != '\0' ? VEC_REFUSED :
		    VEC_BROKEN;
	a = cs_span_eq(c->der, in) && oracle(in, c) ? VEC_ACCEPTED :
	    VEC_BROKEN;
	cs_csr_free(&c);
	return a;
}

static void
test_vectors(const struct vec *v, size_t n)
{
	cs_err e;
	cs_csr *c;
	size_t i, good = 0;
	int want;

	for (i = 0; i < n; i++) {
		want = vec_reason(v[i].name);
		if (want == CS_R_NONE) {
			ok(probe(cs_buf_span(v[i].der)) == VEC_ACCEPTED, "%s",
			    v[i].name);
			good++;
			continue;
		}
		c = NULL;
		e = (cs_err){0};
		ok(cs_csr_parse(cs_buf_span(v[i].der), &c, &e) == CS_EFORMAT &&
		    c == NULL && e.detail == want, "%s", v[i].name);
		if (e.detail != want)
			printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
		cs_csr_free(&c);
	}
	ok(good >= 19 && n - good >= 80, "%zu good, %zu bad vectors", good,
	    n - good);
}

/* The rest are of the same make. */
static bool
is_swept(const struct vec *v)
{
	static const char *const names[] = {"certtool-rsa2048",
	    "edited-all-attributes", "edited-approvals",
	    "edited-subject-types", "edited-unknown-extension",
	    "openssl-ed25519", "openssl-p256-full", "openssl-p384",
	    "python-p256"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(v->name, names[i]) == 0)
			return true;
	return false;
}

static void
test_sweeps(const struct vec *v, size_t n)
{
	cs_span s;
	size_t i;

	for (i = 0; i < n; i++) {
		if (vec_reason(v[i].name) != CS_R_NONE)
			continue;
		s = cs_buf_span(v[i].der);
		ok(vec_prefixes(s, probe) == 0, "%s: prefixes", v[i].name);
		ok(vec_trailing(s, probe) == 0, "%s: trailing", v[i].name);
		if (!is_swept(&v[i]))
			continue;
		ok(vec_flips(s, probe) == 0, "%s: flips", v[i].name);
		ok(vec_trees(s, probe) == 0, "%s: elements", v[i].name);
	}
}

static cs_csr *
parse(cs_span in)
{
	cs_err e = {0};
	cs_csr *c = NULL;

	if (cs_csr_parse(in, &c, &e) != CS_OK)
		printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
	return c;
}

static void
test_fields(const struct vec *v, size_t n)
{
	cs_csr *c = parse(vec_find(v, n, "edited-all-attributes"));

	if (!ok(c != NULL, "all attributes"))
		return;
	ok(cs_span_is(c->agent_id, "wimse://corp.example/agent/alice"),
	    "agent identifier");
	ok(cs_span_is(c->trust_domain, "corp.example"), "trust domain");
	ok(cs_span_is(c->purpose, "reads \xe2\x82\xac"), "purpose");
	ok(cs_span_is(c->intended_owner, "mailto:alice@corp.example"),
	    "intended owner");
	ok(c->evidence.n == 12 && c->evidence.p[0] == CS_DER_SEQ, "evidence");
	ok(c->n_approvals == 0 && c->attr_approvals.p == NULL, "a base");
	ok(c->n_ignored == 0, "nothing passed over");
	ok(c->key.kind == CS_KEY_P256 && c->key.bits == 256, "key");
	cs_csr_free(&c);
	c = parse(vec_find(v, n, "openssl-p256-full"));
	ok(c != NULL && c->n_ignored == 4, "four extensions passed over");
	ok(c != NULL && c->purpose.p == NULL && c->evidence.p == NULL &&
	    c->intended_owner.p == NULL, "absent ones are absent");
	cs_csr_free(&c);
	c = parse(vec_find(v, n, "openssl-p256-purpose"));
	ok(c != NULL && cs_span_is(c->purpose,
	    "reads the mailing list of the committee"),
	    "purpose by openssl req");
	cs_csr_free(&c);
	c = parse(vec_find(v, n, "edited-approvals"));
	ok(c != NULL && c->n_approvals == 2 && c->approvals[0].n == 17,
	    "approvals counted and cut");
	cs_csr_free(&c);
}

/* Appends a request around `info`; the signature is none. */
static cs_buf *
wrap(cs_span info)
{
	static const uint8_t alg[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48,
	    0xce, 0x3d, 0x04, 0x03, 0x02};
	cs_buf *b = cs_buf_new(info.n + 64);
	cs_err e = {0};

	ok(cs_csr_put(info, cs_span_of(alg, sizeof(alg)), cs_span_str("sig"), b,
	    &e) == CS_OK, "put");
	return b;
}

/* OwnerApprovals of this size: framing, and octets of no meaning. */
static cs_buf *
approval_of(size_t size)
{
	cs_buf *b = cs_buf_new(size + 16), *fill = cs_buf_new(size);
	size_t m;

	while (cs_buf_len(fill) < size - 8)
		if (cs_buf_put_byte(fill, 'x') != CS_OK)
			break;
	m = cs_der_begin(b, CS_DER_SEQ);
	cs_der_put(b, CS_DER_OCTETS, cs_buf_span(fill));
	cs_der_close(b, m);
	cs_buf_free(&fill);
	return b;
}

/* The composite of a base request: the same base, the approvals as given, in
 * sorted place, and OpenSSL's own composite is the same. */
static void
composite(cs_span in, const char *name)
{
	cs_buf *out = cs_buf_new(1 << 20), *one = approval_of(300), *whole;
	cs_buf *again = cs_buf_new(1 << 20);
	cs_span twice[2] = {cs_buf_span(one), cs_buf_span(one)};
	cs_csr *c = parse(in), *back;
	cs_err e = {0};

	ok(cs_csr_composite_info(c, twice, 2, out, &e) == CS_OK,
	    "%s: composite", name);
	whole = wrap(cs_buf_span(out));
	back = parse(cs_buf_span(whole));
	if (ok(back != NULL, "%s: read back", name)) {
		ok(oracle(cs_buf_span(whole), back), "%s: oracle", name);
		ok(back->n_approvals == 2 &&
		    cs_span_eq(back->approvals[1], twice[1]), "%s: approvals",
		    name);
		ok(cs_csr_base_info(back, again, &e) == CS_OK &&
		    cs_span_eq(cs_buf_span(again), c->info),
		    "%s: the base is the request", name);
		cs_buf_reset(again);
		ok(cs_csr_composite_info(back, twice, 2, again, &e) == CS_OK &&
		    cs_span_eq(cs_buf_span(again), back->info),
		    "%s: a composite's composite", name);
	}
	cs_csr_free(&back);
	cs_csr_free(&c);
	cs_buf_free(&whole);
	cs_buf_free(&one);
	cs_buf_free(&out);
	cs_buf_free(&again);
}

static void
test_composites(const struct vec *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (vec_reason(v[i].name) == CS_R_NONE &&
		    strcmp(v[i].name, "edited-approvals") != 0)
			composite(cs_buf_span(v[i].der), v[i].name);
}

/* OpenSSL adds the attribute itself: the same bytes as ours. */
static void
test_added_by_openssl(cs_span in)
{
	cs_buf *one = approval_of(200), *list = cs_buf_new(1024),
	    *out = cs_buf_new(4096);
	cs_span approval = cs_buf_span(one);
	const unsigned char *p = in.p;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)in.n);
	cs_csr *c = parse(in);
	unsigned char *q = NULL;
	cs_err e = {0};
	int n;

	cs_der_put(list, CS_DER_SEQ, approval);
	ok(X509_REQ_add1_attr_by_txt(req, APPROVALS_OID, V_ASN1_SEQUENCE,
	    cs_buf_span(list).p, (int)cs_buf_len(list)) == 1, "added");
	n = i2d_re_X509_REQ_tbs(req, &q);
	ok(cs_csr_composite_info(c, &approval, 1, out, &e) == CS_OK &&
	    equals_i2d(n, q, cs_buf_span(out)),
	    "OpenSSL's composite is ours");
	X509_REQ_free(req);
	cs_csr_free(&c);
	cs_buf_free(&one);
	cs_buf_free(&list);
	cs_buf_free(&out);
}

/* A base request of exactly `size` octets, by an attribute nobody knows. */
static cs_buf *
request_of(cs_span good, size_t size)
{
	static const uint8_t oid[] = {0x2b, 0x06, 0x01};
	cs_csr *c = parse(good);
	cs_buf *out = cs_buf_new(size + 4096), *fill = cs_buf_new(size),
	    *whole = NULL;
	size_t info, attrs, attr, set, pad = size;

	do { /* until the framing's share is known */
		cs_buf_free(&whole);
		cs_buf_reset(fill);
		cs_buf_reset(out);
		while (cs_buf_len(fill) < pad &&
		    cs_buf_put_byte(fill, 'x') == CS_OK)
			;
		info = cs_der_begin(out, CS_DER_SEQ);
		cs_der_put_raw(out, c->head);
		attrs = cs_der_begin(out, CS_DER_CTXC(0));
		cs_der_put_raw(out, c->attrs);
		attr = cs_der_begin(out, CS_DER_SEQ);
		cs_der_put(out, CS_DER_OID, cs_span_of(oid, sizeof(oid)));
		set = cs_der_begin(out, CS_DER_SET);
		cs_der_put(out, CS_DER_OCTETS, cs_buf_span(fill));
		cs_der_close(out, set);
		cs_der_close(out, attr);
		cs_der_sort(out, attrs);
		cs_der_close(out, attrs);
		cs_der_close(out, info);
		whole = wrap(cs_buf_span(out));
		pad -= cs_buf_len(whole) - size;
	} while (cs_buf_len(whole) != size);
	cs_csr_free(&c);
	cs_buf_free(&out);
	cs_buf_free(&fill);
	return whole;
}

static void
refused(cs_span in, int reason, const char *name)
{
	cs_err e = {0};
	cs_csr *c = NULL;

	ok(cs_csr_parse(in, &c, &e) == CS_EFORMAT && e.detail == reason &&
	    c == NULL, "%s", name);
	if (e.detail != reason)
		printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
	cs_csr_free(&c);
}

static void
test_sizes(cs_span good)
{
	cs_buf *b = request_of(good, CS_REQUEST_MAX), *over, *out;
	cs_span approvals[CS_APPROVALS_MAX + 1];
	cs_csr *c = parse(cs_buf_span(b));
	cs_err e = {0};
	size_t i;

	ok(c != NULL, "64 KiB");
	over = request_of(good, CS_REQUEST_MAX + 1);
	refused(cs_buf_span(over), CS_R_TOO_LARGE, "64 KiB and one octet");
	cs_buf_free(&over);
	cs_buf_free(&b);
	b = approval_of(CS_APPROVAL_MAX);
	ok(cs_buf_len(b) == CS_APPROVAL_MAX, "an approval of 24 KiB");
	for (i = 0; i <= CS_APPROVALS_MAX; i++)
		approvals[i] = cs_buf_span(b);
	out = cs_buf_new(1 << 20);
	ok(cs_csr_composite_info(c, approvals, CS_APPROVALS_MAX, out, &e) ==
	    CS_OK, "16 of them");
	over = wrap(cs_buf_span(out));
	cs_csr_free(&c);
	c = parse(cs_buf_span(over));
	ok(c != NULL && c->n_approvals == CS_APPROVALS_MAX,
	    "the largest composite of the largest request");
	cs_buf_reset(out);
	ok(c != NULL && cs_csr_composite_info(c, approvals,
	    CS_APPROVALS_MAX + 1, out, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE, "17 of them");
	ok(c != NULL && cs_csr_composite_info(c, approvals, 0, out, &e) ==
	    CS_EFORMAT && e.detail == CS_R_NO_APPROVAL, "none of them");
	cs_csr_free(&c);
	cs_buf_free(&over);
	cs_buf_free(&out);
	cs_buf_free(&b);
}

static void
test_large_approval(cs_span good)
{
	cs_buf *b = approval_of(CS_APPROVAL_MAX + 1),
	    *out = cs_buf_new(1 << 17), *whole;
	cs_span one = cs_buf_span(b);
	cs_csr *c = parse(good);
	cs_err e = {0};

	ok(cs_csr_composite_info(c, &one, 1, out, &e) == CS_OK,
	    "an approval of 24 KiB and one octet");
	whole = wrap(cs_buf_span(out));
	refused(cs_buf_span(whole), CS_R_TOO_LARGE, "is refused");
	refused((cs_span){0}, CS_R_MALFORMED, "absent");
	refused(cs_span_of("", 0), CS_R_MALFORMED, "empty");
	cs_buf_free(&whole);
	cs_buf_free(&out);
	cs_buf_free(&b);
	cs_csr_free(&c);
}

static void
test_put(cs_span good)
{
	cs_csr *from = parse(good), *c;
	cs_csr_new n = {.spki = from->key.der,
	    .agent_id = cs_span_str("spiffe://corp.example/ci/job-1")};
	cs_buf *out = cs_buf_new(4096), *whole;
	cs_err e = {0};
	int i;

	for (i = 0; i < 4; i++) {
		n.purpose = cs_span_str((i & 1) != 0 ? "build" : NULL);
		n.intended_owner = cs_span_str((i & 2) != 0 ?
		    "https://corp.example/owner?1" : NULL);
		cs_buf_reset(out);
		ok(cs_csr_put_info(&n, out, &e) == CS_OK, "written %d", i);
		whole = wrap(cs_buf_span(out));
		c = parse(cs_buf_span(whole));
		ok(c != NULL && oracle(cs_buf_span(whole), c) &&
		    cs_span_eq(c->agent_id, n.agent_id) &&
		    cs_span_eq(c->key.der, n.spki) &&
		    c->purpose.n == n.purpose.n &&
		    c->intended_owner.n == n.intended_owner.n &&
		    c->subject.n == 2, "and read %d", i);
		ok(c != NULL && cs_span_is(c->sig, "sig"), "signature %d", i);
		cs_csr_free(&c);
		cs_buf_free(&whole);
	}
	cs_csr_free(&from);
	cs_buf_free(&out);
}

int
main(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("csr", v);
	cs_span good = vec_find(v, n, "openssl-p256");

	if (!vec_has_arc())
		return 0;
	test_vectors(v, n);
	if (!ok(good.p != NULL, "openssl-p256 is there"))
		return done_testing();
	test_fields(v, n);
	test_composites(v, n);
	test_added_by_openssl(good);
	test_sizes(good);
	test_large_approval(good);
	test_put(good);
	test_sweeps(v, n);
	vec_free(v, n);
	return done_testing();
}
