/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/witp.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/enc.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "issue/jwk.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "wit", __VA_ARGS__)

/* json_object_set_new() takes the value, and fails when there is none. */
static int
set(json_t *o, const char *name, json_t *value, cs_err *e)
{
	return json_object_set_new(o, name, value) == 0 ? CS_OK :
	    cs_nomem(e, "wit");
}

static int
set_span(json_t *o, const char *name, cs_span s, cs_err *e)
{
	return set(o, name, json_stringn((const char *)s.p, s.n), e);
}

static int
set_encoded(json_t *o, const char *name, int (*put)(cs_buf *, cs_span),
    cs_span octets, cs_err *e)
{
	cs_buf *b = cs_buf_new(octets.n * 2 + 4);
	int r;

	if (b == NULL || put(b, octets) != CS_OK)
		r = cs_nomem(e, "wit");
	else
		r = set_span(o, name, cs_buf_span(b), e);
	cs_buf_free(&b);
	return r;
}

/* `parent` owns what it gives. */
static json_t *
set_object(json_t *parent, const char *name)
{
	json_t *o = json_object();

	return json_object_set_new(parent, name, o) == 0 ? o : NULL;
}

static int
set_key(json_t *o, const cs_spki *key, cs_err *e)
{
	json_t *cnf = set_object(o, "cnf");

	if (cnf == NULL)
		return cs_nomem(e, "wit");
	return set(cnf, "jwk", cs_jwk_make(key, true), e);
}

static int
set_full(json_t *o, const cs_binding *b, cs_err *e)
{
	cs_buf *der = cs_buf_new(b->full.n + 8);
	int r;

	if (der == NULL)
		return cs_nomem(e, "wit");
	/* [0] is IMPLICIT: it stands where the SEQUENCE's tag was. */
	cs_der_put(der, CS_DER_SEQ, b->full);
	if ((r = cs_der_done(der, e)) == CS_OK)
		r = set_encoded(o, "value", cs_base64url_put, cs_buf_span(der),
		    e);
	cs_buf_free(&der);
	return r;
}

/* An approval in full tells its carrier; of another the caller does. */
static int
carrier_of(const cs_binding *b, enum cs_carrier told, enum cs_carrier *out,
    cs_err *e)
{
	cs_approval *a = NULL;
	int r;

	*out = told;
	if ((r = cs_binding_approval(b, 0, &a, e)) != CS_OK)
		return r;
	if (a != NULL)
		*out = a->carrier;
	cs_approval_free(&a);
	if (*out == CS_CARRIER_NONE)
		return cs_fail_detail(e, CS_EUSAGE, CS_R_INTERNAL, "wit",
		    "an approval's digest without the type of the approval");
	return CS_OK;
}

static int
set_approval(json_t *o, const cs_binding *b, enum cs_carrier told, cs_err *e)
{
	json_t *a = set_object(o, "approval");
	enum cs_carrier c;
	int r;

	if (a == NULL)
		return cs_nomem(e, "wit");
	if ((r = carrier_of(b, told, &c, e)) != CS_OK ||
	    (r = set_encoded(a, "id", cs_hex_put, b->approval_id, e)) !=
	    CS_OK ||
	    (r = set(a, "type", json_string(cs_carrier_name(c)), e)) != CS_OK)
		return r;
	if (b->full.p != NULL)
		return set_full(a, b, e);
	return set_encoded(a, "sha256", cs_base64url_put, b->digest, e);
}

static int
set_amr(json_t *o, unsigned assurance, cs_err *e)
{
	json_t *list = json_array();
	size_t i;
	int r;

	if ((r = set(o, "amr", list, e)) != CS_OK)
		return r;
	for (i = 0; i < CS_WIT_AMRS; i++)
		if ((assurance & cs_wit_amrs[i].bound) != 0 &&
		    json_array_append_new(list,
		    json_string(cs_wit_amrs[i].name)) != 0)
			return cs_nomem(e, "wit");
	return CS_OK;
}

static int
put_owner(json_t *list, const cs_binding *b, enum cs_carrier told, cs_err *e)
{
	json_t *o = json_object();
	int r;

	if (json_array_append_new(list, o) != 0)
		return cs_nomem(e, "wit");
	if ((r = set_span(o, "sub", b->owner, e)) != CS_OK ||
	    (r = set_key(o, &b->key, e)) != CS_OK ||
	    (r = set_approval(o, b, told, e)) != CS_OK)
		return r;
	return set_amr(o, b->assurance, e);
}

static int
put_owners(json_t *payload, const cs_wit *w, cs_err *e)
{
	json_t *list = json_array();
	cs_buf *claim = NULL;
	size_t i;
	int r;

	if ((r = cs_wit_claim(w->sub, &claim, e)) != CS_OK) {
		json_decref(list);
		return r;
	}
	r = set(payload, cs_buf_cstr(claim), list, e);
	for (i = 0; i < w->bindings->n && r == CS_OK; i++)
		r = put_owner(list, &w->bindings->at[i], w->carriers[i], e);
	cs_buf_free(&claim);
	return r;
}

/* Members in the order of their names, so that there is one way to write it. */
static int
put_part(const json_t *o, cs_buf *out, cs_err *e)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	int r = CS_OK;

	if (text == NULL || cs_base64url_put(out, cs_span_str(text)) != CS_OK)
		r = BAD(e, CS_R_TOO_LARGE, "a token that is too large");
	free(text);
	return r;
}

static int
put_header(const cs_wit *w, cs_buf *out, cs_err *e)
{
	json_t *o = json_object();
	int r;

	if ((r = set(o, "typ", json_string(CS_WIT_TYPE), e)) == CS_OK &&
	    (r = set(o, "alg", json_string(CS_WIT_ALG), e)) == CS_OK &&
	    (r = set_span(o, "kid", w->kid, e)) == CS_OK)
		r = put_part(o, out, e);
	json_decref(o);
	return r;
}

static int
put_payload(const cs_wit *w, cs_buf *out, cs_err *e)
{
	json_t *o = json_object();
	int r;

	if ((r = set_span(o, "sub", w->sub, e)) == CS_OK &&
	    (r = set(o, "iat", json_integer(w->iat), e)) == CS_OK &&
	    (r = set(o, "exp", json_integer(w->exp), e)) == CS_OK &&
	    (r = set_encoded(o, "jti", cs_hex_put, w->jti, e)) == CS_OK &&
	    (r = set_key(o, &w->key, e)) == CS_OK &&
	    (r = put_owners(o, w, e)) == CS_OK)
		r = put_part(o, out, e);
	json_decref(o);
	return r;
}

int
cs_wit_put(const cs_wit *w, cs_buf *out, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	if ((r = cs_wit_check(w, e)) != CS_OK)
		return cs_wrap(e, "a token");
	if (w->bindings == NULL || w->bindings->n == 0)
		return BAD(e, CS_R_NO_APPROVAL, "a token without owners");
	if ((b = cs_buf_new(CS_WIT_INPUT_MAX)) == NULL)
		return cs_nomem(e, "wit");
	if ((r = put_header(w, b, e)) == CS_OK &&
	    (r = cs_buf_put_byte(b, '.')) == CS_OK &&
	    (r = put_payload(w, b, e)) == CS_OK &&
	    cs_buf_put(out, cs_buf_span(b)) != CS_OK)
		r = cs_nomem(e, "wit");
	cs_buf_free(&b);
	return r;
}
