/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/bundle.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/enc.h"
#include "fmt/cert.h"
#include "fmt/reason.h"
#include "issue/jwk.h"
#include "issue/wit.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "bundle", __VA_ARGS__)

/* json_object_set_new() takes the value, and fails when there is none. */
static int
set(json_t *o, const char *name, json_t *value)
{
	return json_object_set_new(o, name, value);
}

/* `keys` owns what it gives, or NULL. */
static json_t *
add_key(json_t *keys, const cs_spki *k, bool with_alg, const char *use)
{
	json_t *o = cs_jwk_make(k, with_alg);

	if (json_array_append_new(keys, o) != 0 ||
	    set(o, "use", json_string(use)) != 0)
		return NULL;
	return o;
}

/* x5c is base64 with padding (RFC 7517 4.7). */
static int
set_cert(json_t *o, cs_span der)
{
	cs_buf *text = cs_buf_new(der.n * 4 / 3 + 8);
	json_t *list = json_array();
	int r = -1;

	if (set(o, "x5c", list) == 0 && text != NULL &&
	    cs_base64_put(text, der, 0) == CS_OK)
		r = json_array_append_new(list, json_stringn(
		    (const char *)cs_buf_span(text).p, cs_buf_len(text)));
	cs_buf_free(&text);
	return r;
}

static int
put_cert(json_t *keys, cs_span der, cs_err *e)
{
	json_t *o = NULL;
	cs_cert *c = NULL;
	int r;

	if ((r = cs_cert_parse(der, &c, e)) != CS_OK)
		return r;
	o = add_key(keys, &c->key, false, CS_BUNDLE_X509);
	if (o == NULL || set_cert(o, der) != 0)
		r = cs_nomem(e, "bundle");
	cs_cert_free(&c);
	return r;
}

static int
put_key(json_t *keys, const cs_spki *k, cs_err *e)
{
	char kid[44];
	json_t *o;
	int r;

	if (k->kind != CS_KEY_P256)
		return BAD(e, CS_R_UNSUPPORTED,
		    "a key of tokens that is not P-256");
	if ((r = cs_jwk_thumbprint(k, kid, e)) != CS_OK)
		return r;
	if ((o = add_key(keys, k, true, CS_BUNDLE_WIT)) == NULL ||
	    set(o, "kid", json_string(kid)) != 0)
		return cs_nomem(e, "bundle");
	return CS_OK;
}

static int
put_keys(const cs_bundle *b, json_t *keys, cs_err *e)
{
	size_t i;
	int r = CS_OK;

	for (i = 0; i < b->n_certs && r == CS_OK; i++)
		r = put_cert(keys, b->certs[i], e);
	for (i = 0; i < b->n_keys && r == CS_OK; i++)
		r = put_key(keys, &b->keys[i], e);
	return r;
}

static int
put_all(const cs_bundle *b, json_t *o, cs_err *e)
{
	json_t *keys = json_array();

	if (set(o, "keys", keys) != 0 ||
	    set(o, "spiffe_sequence", json_integer(b->sequence)) != 0 ||
	    (b->refresh != 0 && set(o, "spiffe_refresh_hint",
	    json_integer(b->refresh)) != 0))
		return cs_nomem(e, "bundle");
	return put_keys(b, keys, e);
}

int
cs_bundle_put(const cs_bundle *b, cs_buf *out, cs_err *e)
{
	json_t *o = NULL;
	char *text = NULL;
	int r;

	if (b->n_certs > CS_BUNDLE_MAX || b->n_keys > CS_BUNDLE_MAX ||
	    b->sequence < 0 || b->refresh < 0)
		return cs_fail(e, CS_EUSAGE, "bundle",
		    "more than %d keys, or a number below zero",
		    CS_BUNDLE_MAX);
	o = json_object();
	if ((r = put_all(b, o, e)) == CS_OK &&
	    ((text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS)) == NULL ||
	    cs_buf_put_str(out, text) != CS_OK))
		r = cs_nomem(e, "bundle");
	free(text);
	json_decref(o);
	return r;
}
