/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "p11/public.h"

#include <stdlib.h>
#include <string.h>

#define WHERE "p11 public key"

void
cs_p11_public_clear(cs_p11_public *p)
{
	p->kind = CS_P11_NONE;
	cs_buf_free(&p->point);
	cs_buf_free(&p->modulus);
}

size_t
cs_p11_kind_width(enum cs_p11_kind k)
{
	switch (k) {
	case CS_P11_EC_P256:
	case CS_P11_ED25519:
		return 32;
	case CS_P11_EC_P384:
		return 48;
	default:
		return 0;
	}
}

enum cs_p11_kind
cs_p11_curve(cs_span params)
{
	static const struct {
		enum cs_p11_kind kind;
		size_t n;
		uint8_t der[16];
	} known[] = {
		{CS_P11_EC_P256, 10, {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1,
		    7}},
		{CS_P11_EC_P384, 7, {6, 5, 0x2b, 0x81, 4, 0, 0x22}},
		{CS_P11_ED25519, 5, {6, 3, 0x2b, 0x65, 0x70}},
		{CS_P11_ED25519, 14, "\x13\x0c" "edwards25519"},
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (cs_span_eq(params, cs_span_of(known[i].der, known[i].n)))
			return known[i].kind;
	return CS_P11_NONE;
}

static cs_span
without_zeros(cs_span v)
{
	while (v.n > 0 && v.p[0] == 0)
		v = cs_span_of(v.p + 1, v.n - 1);
	return v;
}

static enum cs_p11_kind
curve_kind(const cs_ck_object *o, bool edwards)
{
	enum cs_p11_kind k = CS_P11_NONE;
	cs_buf *params = NULL;

	if (cs_ck_bytes(o, CKA_EC_PARAMS, 64, &params, NULL) == CS_OK)
		k = cs_p11_curve(cs_buf_span(params));
	cs_buf_free(&params);
	return (k == CS_P11_ED25519) == edwards ? k : CS_P11_NONE;
}

static unsigned
modulus_bits(const cs_ck_object *o)
{
	cs_buf *m = NULL;
	cs_span v = {NULL, 0};
	unsigned bits = 0, top;

	if (cs_ck_bytes(o, CKA_MODULUS, CS_P11_MODULUS_MAX + 1, &m, NULL) ==
	    CS_OK)
		v = without_zeros(cs_buf_span(m));
	if (v.n > 0) {
		bits = (unsigned)v.n * 8 - 8;
		for (top = v.p[0]; top != 0; top >>= 1)
			bits++;
	}
	cs_buf_free(&m);
	return bits;
}

enum cs_p11_kind
cs_p11_object_kind(const cs_ck_object *o, unsigned *bits)
{
	enum cs_p11_kind k = CS_P11_NONE;
	CK_ULONG type = 0;

	*bits = 0;
	if (!cs_ck_ulong(o, CKA_KEY_TYPE, &type))
		return CS_P11_NONE;
	if (type == CKK_RSA && (*bits = modulus_bits(o)) != 0)
		return CS_P11_RSA;
	if (type == CKK_EC || type == CKK_EC_EDWARDS)
		k = curve_kind(o, type == CKK_EC_EDWARDS);
	if (k != CS_P11_NONE)
		*bits = k == CS_P11_ED25519 ? 255 :
		    (unsigned)cs_p11_kind_width(k) * 8;
	return k;
}

int
cs_p11_public_set_point(cs_p11_public *out, enum cs_p11_kind k, cs_span in,
    cs_err *e)
{
	size_t w = cs_p11_kind_width(k), n = k == CS_P11_ED25519 ? w : 2 * w + 1;

	/* PKCS#11 2.40, 2.3.3: a DER OCTET STRING; older tokens give it raw. */
	if (in.n == n + 2 && in.p[0] == 4 && in.p[1] == n)
		in = cs_span_of(in.p + 2, n);
	if (w == 0 || in.n != n || (k != CS_P11_ED25519 && in.p[0] != 4))
		return cs_fail(e, CS_EDEVICE, WHERE, "the token gives a point "
		    "of %zu bytes, expected %zu uncompressed", in.n, n);
	cs_p11_public_clear(out);
	if ((out->point = cs_buf_dup(in)) == NULL)
		return cs_nomem(e, WHERE);
	out->kind = k;
	return CS_OK;
}

int
cs_p11_public_set_rsa(cs_p11_public *out, cs_span modulus, cs_span exponent,
    cs_err *e)
{
	static const uint8_t f4[] = {1, 0, 1};

	modulus = without_zeros(modulus);
	exponent = without_zeros(exponent);
	if (modulus.n == 0 || modulus.n > CS_P11_MODULUS_MAX)
		return cs_fail(e, CS_EDEVICE, WHERE,
		    "the token gives an RSA modulus of %zu bytes", modulus.n);
	if (!cs_span_eq(exponent, cs_span_of(f4, sizeof(f4))))
		return cs_fail(e, CS_EDEVICE, WHERE, "the token's RSA key has "
		    "a public exponent other than 65537");
	cs_p11_public_clear(out);
	if ((out->modulus = cs_buf_dup(modulus)) == NULL)
		return cs_nomem(e, WHERE);
	out->kind = CS_P11_RSA;
	return CS_OK;
}

static int
read_rsa(const cs_ck_object *o, cs_p11_public *out, cs_err *e)
{
	cs_buf *m = NULL, *x = NULL;
	int r;

	if ((r = cs_ck_bytes(o, CKA_MODULUS, CS_P11_MODULUS_MAX + 1, &m,
	    e)) == CS_OK &&
	    (r = cs_ck_bytes(o, CKA_PUBLIC_EXPONENT, 64, &x, e)) == CS_OK &&
	    cs_buf_len(m) > 0 && cs_buf_len(x) > 0)
		r = cs_p11_public_set_rsa(out, cs_buf_span(m), cs_buf_span(x),
		    e);
	cs_buf_free(&x);
	cs_buf_free(&m);
	return r;
}

int
cs_p11_public_of(cs_ck_object *o, cs_p11_public *out, cs_err *e)
{
	static const CK_ATTRIBUTE_TYPE ec[] = {CKA_EC_PARAMS, CKA_EC_POINT};
	unsigned bits;
	enum cs_p11_kind k;
	cs_buf *point = NULL;
	CK_ULONG type = 0;
	int r;

	if (cs_ck_ulong(o, CKA_KEY_TYPE, &type) && type != CKK_RSA)
		cs_ck_prefetch(o, ec, 2);
	k = cs_p11_object_kind(o, &bits);
	if (k == CS_P11_NONE)
		return CS_OK;
	if (k == CS_P11_RSA)
		return read_rsa(o, out, e);
	r = cs_ck_bytes(o, CKA_EC_POINT, 256, &point, e);
	if (r == CS_OK && cs_buf_len(point) > 0)
		r = cs_p11_public_set_point(out, k, cs_buf_span(point), e);
	cs_buf_free(&point);
	return r;
}

static int
read_cert(cs_ck_object *o, cs_p11_public *out, cs_err *e)
{
	cs_buf *der = NULL;
	int r = cs_ck_bytes(o, CKA_VALUE, CS_CK_VALUE_MAX, &der, e);

	if (r == CS_OK && cs_buf_len(der) > 0)
		r = cs_p11_public_set_cert(out, cs_buf_span(der), e);
	cs_buf_free(&der);
	return r;
}

/* The token's own filter may lie: compare again. */
static bool
is_named(cs_ck_object *o, CK_OBJECT_CLASS cls, cs_span id, cs_span label)
{
	CK_ATTRIBUTE_TYPE type = id.p != NULL ? CKA_ID : CKA_LABEL;
	const CK_ATTRIBUTE_TYPE first[] = {type, CKA_KEY_TYPE};
	cs_span want = id.p != NULL ? id : label;
	cs_buf *b = NULL;
	bool good;

	if (cls != CKO_CERTIFICATE)
		cs_ck_prefetch(o, first, 2);
	good = cs_ck_bytes(o, type, 4096, &b, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(b), want);
	cs_buf_free(&b);
	return good;
}

static bool
same_public(const cs_p11_public *a, const cs_p11_public *b)
{
	cs_span x = cs_buf_span(a->kind == CS_P11_RSA ? a->modulus : a->point);
	cs_span y = cs_buf_span(b->kind == CS_P11_RSA ? b->modulus : b->point);

	return a->kind == b->kind && cs_span_eq(x, y);
}

/* Takes *in: the first key that shows is the one; any other contradicts. */
static int
merge(cs_p11_public *out, cs_p11_public *in, cs_err *e)
{
	bool differs = in->kind != CS_P11_NONE && out->kind != CS_P11_NONE &&
	    !same_public(out, in);

	if (in->kind != CS_P11_NONE && out->kind == CS_P11_NONE) {
		cs_p11_public_clear(out);
		*out = *in;
		memset(in, 0, sizeof(*in)); /* transferred */
	}
	cs_p11_public_clear(in);
	if (differs)
		return cs_fail(e, CS_EDEVICE, WHERE, "the token has different "
		    "public keys of the same identifier or label");
	return CS_OK;
}

typedef int read_object(cs_ck_object *o, cs_p11_public *out, cs_err *e);

/* A renewed certificate stands beside the old one, with the same key. */
static int
read_class(const cs_ck_session *s, CK_OBJECT_CLASS cls, read_object *read,
    cs_span id, cs_span label, cs_p11_public *out, cs_err *e)
{
	cs_ck_objects *all = malloc(sizeof(*all));
	size_t i;
	int r;

	if (all == NULL)
		return cs_nomem(e, WHERE);
	r = cs_ck_find(s, cls, id, id.p != NULL ? (cs_span){NULL, 0} : label,
	    all, e);
	for (i = 0; r == CS_OK && i < all->n; i++) {
		cs_p11_public one = {0};
		cs_ck_object o;

		cs_ck_object_init(&o, s, all->h[i]);
		if (!is_named(&o, cls, id, label))
			continue;
		r = read(&o, &one, e);
		if (r == CS_OK)
			r = merge(out, &one, e);
		cs_p11_public_clear(&one);
	}
	free(all);
	return r;
}

int
cs_p11_public_read(const cs_ck_session *s, cs_span id, cs_span label,
    cs_p11_public *out, cs_err *e)
{
	static const struct {
		CK_OBJECT_CLASS cls;
		read_object *read;
	} sources[] = {
		{CKO_PRIVATE_KEY, cs_p11_public_of},
		{CKO_PUBLIC_KEY, cs_p11_public_of},
		{CKO_CERTIFICATE, read_cert},
	};
	size_t i;
	int r = CS_OK;

	cs_p11_public_clear(out);
	if (id.p == NULL && label.n == 0)
		return CS_OK;
	for (i = 0; i < 3 && r == CS_OK && out->kind == CS_P11_NONE; i++)
		r = read_class(s, sources[i].cls, sources[i].read, id, label,
		    out, e);
	return r;
}

static int
put_cert(const cs_ck_object *o, cs_buf *out, cs_err *e)
{
	cs_buf *der = NULL;
	int r = cs_ck_bytes(o, CKA_VALUE, CS_CK_VALUE_MAX, &der, e);

	if (r == CS_OK && cs_buf_len(der) > 0 &&
	    cs_buf_put(out, cs_buf_span(der)) != CS_OK)
		r = cs_fail(e, CS_EDEVICE, WHERE, "the token has more "
		    "certificates of the key than there is room for");
	cs_buf_free(&der);
	return r;
}

int
cs_p11_public_certs(const cs_ck_session *s, cs_span id, cs_span label,
    cs_buf *out, cs_err *e)
{
	cs_ck_objects *all;
	size_t i;
	int r;

	if (id.p == NULL && label.n == 0)
		return CS_OK;
	if ((all = malloc(sizeof(*all))) == NULL)
		return cs_nomem(e, WHERE);
	r = cs_ck_find(s, CKO_CERTIFICATE, id, id.p != NULL ?
	    (cs_span){NULL, 0} : label, all, e);
	for (i = 0; r == CS_OK && i < all->n; i++) {
		cs_ck_object o;

		cs_ck_object_init(&o, s, all->h[i]);
		if (is_named(&o, CKO_CERTIFICATE, id, label))
			r = put_cert(&o, out, e);
	}
	free(all);
	return r;
}
