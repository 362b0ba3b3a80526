/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/bundle.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/enc.h"
#include "fmt/cert.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "issue/jwk.h"
#include "issue/wit.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "bundle", __VA_ARGS__)

#define WIT_ALG "ES256"

static cs_span
text_of(const json_t *v)
{
	if (!json_is_string(v))
		return (cs_span){0};
	return cs_span_of(json_string_value(v), json_string_length(v));
}

/* One that is there already is passed over. */
static int
add_cert(cs_bundle *b, cs_span der, cs_err *e)
{
	size_t i, at = cs_buf_len(b->own);

	for (i = 0; i < b->n_certs; i++)
		if (cs_span_eq(b->certs[i], der))
			return CS_OK;
	if (b->n_certs == CS_BUNDLE_MAX)
		return BAD(e, CS_R_TOO_LARGE, "more than %d certificates",
		    CS_BUNDLE_MAX);
	if (cs_buf_put(b->own, der) != CS_OK)
		return cs_nomem(e, "bundle");
	b->certs[b->n_certs++] = cs_span_cut(cs_buf_span(b->own), at, der.n);
	return CS_OK;
}

static int
add_wit_key(cs_bundle *b, const cs_spki *k, cs_err *e)
{
	size_t i, at = cs_buf_len(b->own);
	cs_spki *out;
	int r;

	for (i = 0; i < b->n_keys; i++)
		if (cs_span_eq(b->keys[i].der, k->der))
			return CS_OK;
	if (b->n_keys == CS_BUNDLE_MAX)
		return BAD(e, CS_R_TOO_LARGE, "more than %d keys of tokens",
		    CS_BUNDLE_MAX);
	if (cs_buf_put(b->own, k->der) != CS_OK)
		return cs_nomem(e, "bundle");
	out = &b->keys[b->n_keys];
	if ((r = cs_spki_parse(cs_span_cut(cs_buf_span(b->own), at, k->der.n),
	    out, e)) != CS_OK ||
	    (r = cs_jwk_thumbprint(out, b->kids[b->n_keys], e)) != CS_OK)
		return r;
	b->n_keys++;
	return CS_OK;
}

/* x5c: one certificate, of the key that the JWK is. */
static int
read_cert(cs_bundle *b, const json_t *o, const cs_spki *k, cs_err *e)
{
	const json_t *list = json_object_get(o, "x5c");
	cs_span text = text_of(json_array_get(list, 0));
	cs_buf *der = NULL;
	cs_cert *c = NULL;
	int r;

	if (json_array_size(list) != 1 || text.p == NULL)
		return BAD(e, CS_R_MALFORMED, "expected one certificate in "
		    "x5c");
	if ((der = cs_buf_new(text.n)) == NULL)
		return cs_nomem(e, "bundle");
	if (cs_base64_get(der, text, false, NULL) != CS_OK)
		r = BAD(e, CS_R_MALFORMED, "x5c is not base64");
	else if ((r = cs_cert_parse(cs_buf_span(der), &c, e)) == CS_OK &&
	    !cs_span_eq(c->key.der, k->der))
		r = BAD(e, CS_R_MALFORMED, "x5c is of another key");
	if (r == CS_OK)
		r = add_cert(b, cs_buf_span(der), e);
	cs_cert_free(&c);
	cs_buf_free(&der);
	return r;
}

/* Our tokens name a key by its thumbprint, and are signed by P-256: none of
 * them could name another. */
static int
read_wit(cs_bundle *b, const json_t *o, const cs_spki *k, cs_err *e)
{
	const json_t *alg = json_object_get(o, "alg");
	cs_span kid = text_of(json_object_get(o, "kid"));
	char thumbprint[44];
	int r;

	if (kid.p == NULL)
		return BAD(e, CS_R_MALFORMED, "expected a kid");
	if (k->kind != CS_KEY_P256 ||
	    (alg != NULL && !cs_span_is(text_of(alg), WIT_ALG)))
		return CS_OK;
	if ((r = cs_jwk_thumbprint(k, thumbprint, e)) != CS_OK)
		return r;
	return cs_span_is(kid, thumbprint) ? add_wit_key(b, k, e) : CS_OK;
}

/* Keys of kinds and uses that are not known may be of use to others. */
static int
read_key(cs_bundle *b, const json_t *o, cs_err *e)
{
	cs_span use = text_of(json_object_get(o, "use"));
	bool x509 = cs_span_is(use, CS_BUNDLE_X509);
	cs_err why = {0};
	cs_buf *der = NULL;
	cs_spki k;
	int r;

	if (!json_is_object(o))
		return BAD(e, CS_R_MALFORMED, "no object");
	if (!x509 && !cs_span_is(use, CS_BUNDLE_WIT))
		return CS_OK;
	if ((der = cs_buf_new(CS_JWK_SPKI_MAX)) == NULL)
		return cs_nomem(e, "bundle");
	if ((r = cs_jwk_read(o, false, der, &k, &why)) == CS_OK)
		r = x509 ? read_cert(b, o, &k, e) : read_wit(b, o, &k, e);
	else if (why.detail == CS_R_UNSUPPORTED)
		r = CS_OK;
	else if (e != NULL)
		*e = why;
	cs_buf_free(&der);
	return r;
}

static int
read_number(const json_t *o, const char *name, int64_t *out, cs_err *e)
{
	const json_t *v = json_object_get(o, name);

	*out = 0;
	if (v == NULL)
		return CS_OK;
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return BAD(e, CS_R_MALFORMED,
		    "%s: expected a whole number, zero or more", name);
	*out = json_integer_value(v);
	return CS_OK;
}

static int
read_object(cs_bundle *b, const json_t *o, cs_err *e)
{
	const json_t *keys = json_object_get(o, "keys");
	size_t i;
	int r;

	if (!json_is_array(keys))
		return BAD(e, CS_R_MALFORMED, "expected an array \"keys\"");
	if ((r = read_number(o, "spiffe_sequence", &b->sequence, e)) !=
	    CS_OK ||
	    (r = read_number(o, "spiffe_refresh_hint", &b->refresh, e)) !=
	    CS_OK)
		return r;
	for (i = 0; i < json_array_size(keys); i++)
		if ((r = read_key(b, json_array_get(keys, i), e)) != CS_OK)
			return cs_wrap(e, "key %zu", i + 1);
	return CS_OK;
}

static int
read_json(cs_bundle *b, cs_span in, cs_err *e)
{
	json_error_t why;
	json_t *o = json_loadb((const char *)in.p, in.n,
	    JSON_REJECT_DUPLICATES, &why);
	int r;

	if (o == NULL)
		return BAD(e, CS_R_MALFORMED, "%s", why.text);
	r = read_object(b, o, e);
	json_decref(o);
	return r;
}

static int
take_pem(void *arg, cs_span der, cs_err *e)
{
	cs_cert *c = NULL;
	int r = cs_cert_parse(der, &c, e);

	cs_cert_free(&c);
	return r == CS_OK ? add_cert(arg, der, e) : r;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* JSON begins with a brace behind its blanks, PEM does not. */
static bool
is_json(cs_span in)
{
	size_t i = 0;

	while (i < in.n && is_blank(in.p[i]))
		i++;
	return i < in.n && in.p[i] == '{';
}

int
cs_bundle_parse(cs_span in, cs_bundle **out, cs_err *e)
{
	cs_bundle *b = NULL;
	int r;

	*out = NULL;
	if (in.n > CS_BUNDLE_LEN_MAX)
		return BAD(e, CS_R_TOO_LARGE, "a bundle of %zu octets, at "
		    "most %d", in.n, CS_BUNDLE_LEN_MAX);
	if ((b = calloc(1, sizeof(*b))) == NULL ||
	    (b->own = cs_buf_new(in.n + CS_BUNDLE_MAX * CS_JWK_SPKI_MAX)) ==
	    NULL) {
		r = cs_nomem(e, "bundle");
		goto out;
	}
	r = is_json(in) ? read_json(b, in, e) :
	    cs_pem_each(in, CS_PEM_CERTIFICATE, take_pem, b, e);
	if (r == CS_OK && b->n_certs + b->n_keys == 0)
		r = BAD(e, CS_R_MALFORMED, "no key whose use is known");
	if (r != CS_OK) {
		cs_wrap(e, "a bundle");
		goto out;
	}
	*out = b;
	b = NULL; /* transferred */
out:
	cs_bundle_free(&b);
	return r;
}

void
cs_bundle_free(cs_bundle **b)
{
	if (b == NULL || *b == NULL)
		return;
	cs_buf_free(&(*b)->own);
	free(*b);
	*b = NULL;
}
