/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/witp.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/enc.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "issue/jwk.h"
#include "issue/owners.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "wit", __VA_ARGS__)

/* What is under way. Spans of bindings borrow from `room`. */
struct reading {
	cs_wit *w;
	json_t *header, *payload;
	cs_buf *claim, *room, *bindings;
	cs_binding at[CS_BINDINGS_MAX];
	size_t n;
};

/* These members and no others. */
static int
check_members(const json_t *o, const char *what, const char *const *names,
    size_t n, cs_err *e)
{
	size_t i;

	if (!json_is_object(o))
		return BAD(e, CS_R_MALFORMED, "%s: expected an object", what);
	for (i = 0; i < n; i++)
		if (json_object_get(o, names[i]) == NULL)
			return BAD(e, CS_R_MALFORMED,
			    "%s: expected a member \"%s\"", what, names[i]);
	if (json_object_size(o) != n)
		return BAD(e, CS_R_MALFORMED,
		    "%s: expected %zu members, found %zu", what, n,
		    json_object_size(o));
	return CS_OK;
}

/* Decodes a part of the token and reads it as one object. */
static int
load_part(cs_span text, const char *what, json_t **out, cs_err *e)
{
	cs_buf *b = cs_buf_new(text.n);
	json_error_t why;
	int r = CS_OK;

	if (b == NULL)
		return cs_nomem(e, "wit");
	if (cs_base64url_get(b, text, NULL) != CS_OK)
		r = BAD(e, CS_R_MALFORMED, "%s: not base64url", what);
	else if ((*out = json_loadb((const char *)cs_buf_span(b).p,
	    cs_buf_len(b), JSON_REJECT_DUPLICATES, &why)) == NULL)
		r = BAD(e, CS_R_MALFORMED, "%s: %s", what, why.text);
	cs_buf_free(&b);
	return r;
}

/* Bytes into `room`, which *out borrows from. */
static int
keep(cs_buf *room, cs_span in, cs_span *out, cs_err *e)
{
	size_t at = cs_buf_len(room);

	if (cs_buf_put(room, in) != CS_OK)
		return cs_nomem(e, "wit");
	*out = cs_span_cut(cs_buf_span(room), at, in.n);
	return CS_OK;
}

static int
nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Sixteen octets in lowercase hexadecimal. */
static int
keep_hex(cs_buf *room, cs_span text, const char *what, cs_span *out, cs_err *e)
{
	uint8_t octets[CS_WIT_JTI_LEN];
	int high, low;
	size_t i;

	for (i = 0; i < sizeof(octets) && text.n == 2 * sizeof(octets); i++) {
		high = nibble(text.p[2 * i]);
		low = nibble(text.p[2 * i + 1]);
		if (high < 0 || low < 0)
			break;
		octets[i] = (uint8_t)(high << 4 | low);
	}
	if (i != sizeof(octets))
		return BAD(e, CS_R_MALFORMED,
		    "%s: expected %zu lowercase hexadecimal digits", what,
		    2 * sizeof(octets));
	return keep(room, cs_span_of(octets, sizeof(octets)), out, e);
}

static int
keep_base64url(cs_buf *room, cs_span text, const char *what, cs_span *out,
    cs_err *e)
{
	size_t at = cs_buf_len(room);

	if (text.p == NULL || cs_base64url_get(room, text, NULL) != CS_OK)
		return BAD(e, CS_R_MALFORMED, "%s: expected base64url", what);
	*out = cs_span_cut(cs_buf_span(room), at, cs_buf_len(room) - at);
	return CS_OK;
}

/* cnf: the one key in it, its SubjectPublicKeyInfo kept in `room`. */
static int
read_key(const json_t *o, cs_buf *room, cs_spki *out, cs_err *e)
{
	static const char *const names[] = {"jwk"};
	const json_t *cnf = json_object_get(o, "cnf");
	int r;

	if ((r = check_members(cnf, "cnf", names, 1, e)) != CS_OK)
		return r;
	if ((r = cs_jwk_read(json_object_get(cnf, "jwk"), true, room, out,
	    e)) != CS_OK)
		return cs_wrap(e, "cnf");
	return CS_OK;
}

static enum cs_carrier
carrier_named(cs_span name)
{
	int c;

	for (c = CS_CARRIER_SSHSIG; c > CS_CARRIER_NONE; c--)
		if (cs_span_is(name, cs_carrier_name((enum cs_carrier)c)))
			break;
	return (enum cs_carrier)c;
}

/* The value is a whole OwnerApproval, a binding has its content. */
static int
read_value(struct reading *d, const json_t *a, cs_binding *b, cs_err *e)
{
	cs_span der = {0};
	int r;

	if ((r = keep_base64url(d->room, cs_json_text(a, "value"), "value",
	    &der, e)) != CS_OK || (r = cs_der_walk(der, 0, e)) != CS_OK ||
	    (r = cs_der_get(&der, CS_DER_SEQ, &b->full, e)) != CS_OK)
		return r;
	return CS_OK;
}

static int
read_approval(struct reading *d, const json_t *o, cs_binding *b, cs_err *e)
{
	static const char *const full[] = {"id", "type", "value"};
	static const char *const digest[] = {"id", "type", "sha256"};
	const json_t *a = json_object_get(o, "approval");
	bool whole = json_object_get(a, "value") != NULL;
	enum cs_carrier c;
	int r;

	if ((r = check_members(a, "approval", whole ? full : digest, 3, e)) !=
	    CS_OK || (r = keep_hex(d->room, cs_json_text(a, "id"),
	    "approval id", &b->approval_id, e)) != CS_OK)
		return r;
	if ((c = carrier_named(cs_json_text(a, "type"))) == CS_CARRIER_NONE)
		return BAD(e, CS_R_UNSUPPORTED,
		    "approval: a type that is none of ours");
	d->w->carriers[d->n] = c;
	if (whole)
		return read_value(d, a, b, e);
	return keep_base64url(d->room, cs_json_text(a, "sha256"), "sha256",
	    &b->digest, e);
}

/* In the order of the table, none twice. */
static int
read_amr(const json_t *o, cs_binding *b, cs_err *e)
{
	const json_t *list = json_object_get(o, "amr"), *one;
	size_t i, at = 0;

	if (!json_is_array(list))
		return BAD(e, CS_R_MALFORMED, "amr: expected an array");
	for (i = 0; i < CS_WIT_AMRS; i++) {
		one = json_array_get(list, at);
		if (!json_is_string(one) ||
		    strcmp(json_string_value(one), cs_wit_amrs[i].name) != 0)
			continue;
		b->assurance |= cs_wit_amrs[i].bound;
		at++;
	}
	if (at != json_array_size(list))
		return BAD(e, CS_R_MALFORMED,
		    "amr: expected of hwk, user, pin, in this order");
	return CS_OK;
}

static int
read_owner(struct reading *d, const json_t *o, cs_err *e)
{
	static const char *const names[] = {"amr", "approval", "cnf", "sub"};
	cs_binding *b = &d->at[d->n];
	int r;

	if ((r = check_members(o, "an owner", names, 4, e)) != CS_OK)
		return r;
	b->owner = cs_json_text(o, "sub");
	if (b->owner.p == NULL)
		return BAD(e, CS_R_MALFORMED, "an owner: sub is no text");
	if ((r = read_key(o, d->room, &b->key, e)) != CS_OK ||
	    (r = read_approval(d, o, b, e)) != CS_OK)
		return r;
	return read_amr(o, b, e);
}

/* The claim as bindings: one reader judges what both kinds of credential say
 * of owners. */
static int
read_owners(struct reading *d, cs_err *e)
{
	const json_t *list = json_object_get(d->payload, cs_buf_cstr(d->claim));
	size_t n = json_array_size(list);
	int r;

	if (n < 1 || n > CS_BINDINGS_MAX)
		return BAD(e, n == 0 ? CS_R_MALFORMED : CS_R_TOO_LARGE,
		    "expected 1 to %d owners, found %zu", CS_BINDINGS_MAX, n);
	for (; d->n < n; d->n++)
		if ((r = read_owner(d, json_array_get(list, d->n), e)) !=
		    CS_OK)
			return cs_wrap(e, "owner %zu", d->n + 1);
	if ((r = cs_bindings_put(d->at, d->n, d->bindings, e)) != CS_OK ||
	    (r = cs_bindings_parse(cs_buf_span(d->bindings), 0, &d->w->owners,
	    e)) != CS_OK)
		return r;
	return cs_bindings_check(d->w->owners, 0, e);
}

/* "type" is the approval's own, where that is there. */
static int
check_types(const cs_wit *w, cs_err *e)
{
	cs_approval *a = NULL;
	size_t i;
	int r;

	for (i = 0; i < w->owners->n; i++) {
		if ((r = cs_binding_approval(&w->owners->at[i], 0, &a, e)) !=
		    CS_OK)
			return r;
		if (a != NULL && a->carrier != w->carriers[i])
			r = BAD(e, CS_R_WRONG_TYPE, "owner %zu: type is %s, the "
			    "approval %s", i + 1,
			    cs_carrier_name(w->carriers[i]),
			    cs_carrier_name(a->carrier));
		cs_approval_free(&a);
		if (r != CS_OK)
			return r;
	}
	return CS_OK;
}

static int
read_header(struct reading *d, cs_err *e)
{
	static const char *const names[] = {"alg", "kid", "typ"};
	int r;

	if ((r = check_members(d->header, "the header", names, 3, e)) != CS_OK)
		return r;
	if (!cs_span_is(cs_json_text(d->header, "typ"), CS_WIT_TYPE) ||
	    !cs_span_is(cs_json_text(d->header, "alg"), CS_WIT_ALG))
		return BAD(e, CS_R_UNSUPPORTED, "the header: expected typ "
		    CS_WIT_TYPE " and alg " CS_WIT_ALG);
	return keep(d->w->own, cs_json_text(d->header, "kid"), &d->w->kid, e);
}

static int
read_time(const json_t *o, const char *name, int64_t *out, cs_err *e)
{
	const json_t *v = json_object_get(o, name);

	if (!json_is_integer(v))
		return BAD(e, CS_R_MALFORMED, "%s: expected a whole number",
		    name);
	*out = json_integer_value(v);
	return CS_OK;
}

static int
read_payload(struct reading *d, cs_err *e)
{
	const char *names[] = {"cnf", "exp", "iat", "jti", "sub", NULL};
	const json_t *p = d->payload;
	cs_wit *w = d->w;
	int r;

	if ((r = keep(w->own, cs_json_text(p, "sub"), &w->sub, e)) != CS_OK ||
	    (r = cs_wit_claim(w->sub, &d->claim, e)) != CS_OK)
		return cs_wrap(e, "sub");
	names[5] = cs_buf_cstr(d->claim);
	if ((r = check_members(p, "the payload", names, 6, e)) != CS_OK ||
	    (r = read_time(p, "iat", &w->iat, e)) != CS_OK ||
	    (r = read_time(p, "exp", &w->exp, e)) != CS_OK ||
	    (r = keep_hex(w->own, cs_json_text(p, "jti"), "jti", &w->jti, e)) !=
	    CS_OK || (r = read_key(p, w->own, &w->key, e)) != CS_OK ||
	    (r = cs_wit_check(w, e)) != CS_OK ||
	    (r = read_owners(d, e)) != CS_OK ||
	    (r = check_types(w, e)) != CS_OK)
		return r;
	w->bindings = w->owners;
	w->n_owners = w->owners->n;
	return CS_OK;
}

static int
read_both(struct reading *d, cs_span in, cs_err *e)
{
	const uint8_t *dot = in.n == 0 ? NULL : memchr(in.p, '.', in.n);
	size_t at;
	int r;

	if (dot == NULL)
		return BAD(e, CS_R_MALFORMED,
		    "expected a header, a dot, and a payload");
	at = (size_t)(dot - in.p);
	if ((r = load_part(cs_span_cut(in, 0, at), "the header", &d->header,
	    e)) != CS_OK ||
	    (r = load_part(cs_span_cut(in, at + 1, in.n - at - 1),
	    "the payload", &d->payload, e)) != CS_OK ||
	    (r = read_header(d, e)) != CS_OK)
		return r;
	return read_payload(d, e);
}

/* What is kept is never longer than the text that it came from, but for keys,
 * whose coordinates get an AlgorithmIdentifier. */
static int
make_room(struct reading *d, size_t n, cs_err *e)
{
	size_t room = n + (CS_BINDINGS_MAX + 1) * CS_JWK_SPKI_MAX;

	d->w = calloc(1, sizeof(*d->w));
	if (d->w != NULL)
		d->w->own = cs_buf_new(n + CS_JWK_SPKI_MAX);
	d->room = cs_buf_new(room);
	d->bindings = cs_buf_new(2 * room);
	return d->w != NULL && d->w->own != NULL && d->room != NULL &&
	    d->bindings != NULL ? CS_OK : cs_nomem(e, "wit");
}

int
cs_wit_parse(cs_span signing_input, cs_wit **out, cs_err *e)
{
	struct reading *d = NULL;
	int r;

	*out = NULL;
	if (signing_input.n > CS_WIT_INPUT_MAX)
		return BAD(e, CS_R_TOO_LARGE, "a token of %zu octets, at most "
		    "%d", signing_input.n, CS_WIT_INPUT_MAX);
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return cs_nomem(e, "wit");
	if ((r = make_room(d, signing_input.n, e)) == CS_OK &&
	    (r = read_both(d, signing_input, e)) != CS_OK)
		cs_wrap(e, "a token");
	if (r == CS_OK) {
		*out = d->w;
		d->w = NULL; /* transferred */
	}
	cs_wit_free(&d->w);
	json_decref(d->header);
	json_decref(d->payload);
	cs_buf_free(&d->claim);
	cs_buf_free(&d->room);
	cs_buf_free(&d->bindings);
	free(d);
	return r;
}

void
cs_wit_free(cs_wit **w)
{
	if (w == NULL || *w == NULL)
		return;
	cs_bindings_free(&(*w)->owners);
	cs_buf_free(&(*w)->own);
	free(*w);
	*w = NULL;
}
