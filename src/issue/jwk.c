/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/jwk.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/enc.h"
#include "crypt/hash.h"
#include "fmt/reason.h"
#include "issue/wit.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "jwk", __VA_ARGS__)

#define NUMBER_MAX 512 /* octets of the longest modulus */
#define EXPONENT "AQAB" /* 65537 */

static const struct kind {
	enum cs_key_kind kind;
	const char *kty, *crv, *alg;
	size_t n; /* octets of a coordinate */
} kinds[] = {
	{CS_KEY_P256, "EC", "P-256", "ES256", 32},
	{CS_KEY_P384, "EC", "P-384", "ES384", 48},
	{CS_KEY_ED25519, "OKP", "Ed25519", "Ed25519", 32},
	{CS_KEY_RSA, "RSA", NULL, "RS256", 0},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind *
kind_of(enum cs_key_kind kind)
{
	size_t i;

	for (i = 0; i < N_KINDS; i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	return NULL;
}

static int
set_number(json_t *o, const char *name, cs_span number)
{
	char text[NUMBER_MAX * 4 / 3 + 4];
	cs_buf *b = cs_buf_new(sizeof(text));
	int r = -1;

	if (b != NULL && cs_base64url_put(b, number) == CS_OK)
		r = json_object_set_new(o, name, json_stringn(
		    (const char *)cs_buf_span(b).p, cs_buf_len(b)));
	cs_buf_free(&b);
	return r;
}

static int
set_key(json_t *o, const struct kind *k, const cs_spki *key)
{
	size_t skip = k->kind == CS_KEY_ED25519 ? 0 : 1; /* 04 */
	int r = json_object_set_new(o, "kty", json_string(k->kty));

	if (k->kind == CS_KEY_RSA)
		return r | json_object_set_new(o, "e", json_string(EXPONENT)) |
		    set_number(o, "n", key->modulus);
	r |= json_object_set_new(o, "crv", json_string(k->crv));
	r |= set_number(o, "x", cs_span_cut(key->point, skip, k->n));
	if (skip != 0)
		r |= set_number(o, "y", cs_span_cut(key->point, 1 + k->n,
		    k->n));
	return r;
}

struct json_t *
cs_jwk_make(const cs_spki *key, bool with_alg)
{
	const struct kind *k = kind_of(key->kind);
	json_t *o = k == NULL ? NULL : json_object();

	if (o == NULL)
		return NULL;
	if (set_key(o, k, key) != 0 || (with_alg &&
	    json_object_set_new(o, "alg", json_string(k->alg)) != 0)) {
		json_decref(o);
		return NULL;
	}
	return o;
}

cs_span
cs_json_text(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_string(v))
		return (cs_span){0};
	return cs_span_of(json_string_value(v), json_string_length(v));
}

static int
get_number(const json_t *o, const char *name, size_t n, cs_buf *out, cs_err *e)
{
	size_t at = cs_buf_len(out);
	cs_span text = cs_json_text(o, name);
	int r;

	if (text.p == NULL)
		return BAD(e, CS_R_MALFORMED, "expected a \"%s\"", name);
	if ((r = cs_base64url_get(out, text, e)) != CS_OK)
		return BAD(e, CS_R_MALFORMED, "\"%s\" is not base64url", name);
	if (n != 0 && cs_buf_len(out) - at != n)
		return BAD(e, CS_R_MALFORMED,
		    "\"%s\": expected %zu octets, found %zu", name, n,
		    cs_buf_len(out) - at);
	return CS_OK;
}

static int
get_rsa(const json_t *o, cs_buf *number, cs_buf *der, cs_err *e)
{
	cs_span n;
	int r;

	if (!cs_span_is(cs_json_text(o, "e"), EXPONENT))
		return BAD(e, CS_R_UNSUPPORTED,
		    "expected the RSA exponent 65537");
	if ((r = get_number(o, "n", 0, number, e)) != CS_OK)
		return r;
	n = cs_buf_span(number);
	/* RFC 7518 6.3.1.1: as few octets as hold it. */
	if (n.n == 0 || n.p[0] == 0)
		return BAD(e, CS_R_MALFORMED, "\"n\" begins with a zero");
	return cs_spki_put_rsa(der, n, e);
}

static int
get_point(const json_t *o, const struct kind *k, cs_buf *number, cs_buf *der,
    cs_err *e)
{
	int r;

	if (k->kind == CS_KEY_ED25519) {
		if ((r = get_number(o, "x", k->n, number, e)) != CS_OK)
			return r;
		return cs_spki_put_ed25519(der, cs_buf_span(number), e);
	}
	if (cs_buf_put_byte(number, 0x04) != CS_OK)
		return cs_nomem(e, "jwk");
	if ((r = get_number(o, "x", k->n, number, e)) != CS_OK ||
	    (r = get_number(o, "y", k->n, number, e)) != CS_OK)
		return r;
	return cs_spki_put_ec(der, k->kind, cs_buf_span(number), e);
}

static const struct kind *
kind_of_jwk(const json_t *o)
{
	cs_span kty = cs_json_text(o, "kty");
	cs_span crv = cs_json_text(o, "crv");
	size_t i;

	for (i = 0; i < N_KINDS; i++)
		if (cs_span_is(kty, kinds[i].kty) &&
		    (kinds[i].crv == NULL || cs_span_is(crv, kinds[i].crv)))
			return &kinds[i];
	return NULL;
}

/* What else may stand beside the key. */
static int
check_members(const json_t *o, const struct kind *k, bool exact, cs_err *e)
{
	size_t members = k->kind == CS_KEY_P256 || k->kind == CS_KEY_P384 ?
	    5 : 4;
	const json_t *alg = json_object_get(o, "alg");

	if ((exact || alg != NULL) && !cs_span_is(cs_json_text(o, "alg"),
	    k->alg))
		return BAD(e, CS_R_UNSUPPORTED, "expected the alg %s", k->alg);
	if (exact && json_object_size(o) != members)
		return BAD(e, CS_R_MALFORMED, "expected %zu members, found %zu",
		    members, json_object_size(o));
	return CS_OK;
}

int
cs_jwk_read(const struct json_t *o, bool exact, cs_buf *der, cs_spki *out,
    cs_err *e)
{
	const struct kind *k = kind_of_jwk(o);
	size_t at = cs_buf_len(der);
	cs_buf *number = NULL;
	cs_span all;
	int r;

	*out = (cs_spki){.kind = CS_KEY_NONE};
	if (k == NULL)
		return BAD(e, CS_R_UNSUPPORTED,
		    "expected a P-256, P-384, RSA or Ed25519 key");
	if ((r = check_members(o, k, exact, e)) != CS_OK)
		return r;
	if ((number = cs_buf_new(NUMBER_MAX)) == NULL)
		return cs_nomem(e, "jwk");
	r = k->kind == CS_KEY_RSA ? get_rsa(o, number, der, e) :
	    get_point(o, k, number, der, e);
	all = cs_buf_span(der);
	if (r == CS_OK)
		r = cs_spki_parse(cs_span_cut(all, at, all.n - at), out, e);
	cs_buf_free(&number);
	return r;
}

/* RFC 7638: the required members in their order, hashed. */
int
cs_jwk_thumbprint(const cs_spki *key, char out[44], cs_err *e)
{
	json_t *o = cs_jwk_make(key, false);
	char *text = o == NULL ? NULL :
	    json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	cs_buf *b = cs_buf_new(44);
	uint8_t hash[CS_SHA256_LEN];
	int r;

	out[0] = '\0';
	if (text == NULL || b == NULL)
		r = cs_nomem(e, "jwk");
	else if ((r = cs_sha256(cs_span_str(text), hash, e)) == CS_OK &&
	    (r = cs_base64url_put(b, cs_span_of(hash, sizeof(hash)))) == CS_OK)
		memcpy(out, cs_buf_cstr(b), 44);
	cs_buf_free(&b);
	free(text);
	json_decref(o);
	return r;
}
