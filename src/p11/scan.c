/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "p11/scan.h"

#include <stdlib.h>
#include <string.h>

#include "p11/public.h"

#define WHERE "p11 scan"
#define ROOM_MIN 8 /* CS_CK_OBJECTS_MAX is a power of two times it */
#define SAME(a, b) \
	cs_span_eq(cs_span_of((a), sizeof(a)), cs_span_of((b), sizeof(b)))

bool
cs_p11_token_wants_login(const cs_p11_token *t)
{
	return (t->info.flags & CKF_LOGIN_REQUIRED) != 0;
}

bool
cs_p11_token_is_same(const CK_TOKEN_INFO *a, const CK_TOKEN_INFO *b)
{
	return SAME(a->label, b->label) &&
	    SAME(a->serialNumber, b->serialNumber);
}

/* An identifier or label that cannot be read, is empty, too long, or holds a
 * NUL where a string is wanted, is none: the object can then only match a URI
 * that does not ask for it. */
static void
read_names(const cs_ck_object *o, cs_p11_seen *k)
{
	cs_buf *id = NULL, *label = NULL;
	cs_span v;

	if (cs_ck_bytes(o, CKA_ID, sizeof(k->id), &id, NULL) ==
	    CS_OK && id != NULL) {
		v = cs_buf_span(id);
		memcpy(k->id, v.p, v.n);
		k->n_id = v.n;
	}
	if (cs_ck_bytes(o, CKA_LABEL, CS_P11_LABEL_MAX, &label, NULL) ==
	    CS_OK && label != NULL) {
		v = cs_buf_span(label);
		if (memchr(v.p, 0, v.n) == NULL)
			memcpy(k->label, v.p, v.n);
	}
	cs_buf_free(&label);
	cs_buf_free(&id);
}

static bool
object_matches(const cs_p11_seen *k, const cs_p11_uri *u)
{
	return cs_p11_uri_takes(u, CS_P11_A_ID,
	    cs_span_of(k->id, k->n_id)) &&
	    cs_p11_uri_takes(u, CS_P11_A_OBJECT, cs_span_str(k->label));
}

static bool
same_key(const cs_p11_seen *a, const cs_p11_seen *b)
{
	if (a->token != b->token || a->n_id != b->n_id)
		return false;
	if (a->n_id > 0)
		return cs_span_eq(cs_span_of(a->id, a->n_id),
		    cs_span_of(b->id, b->n_id));
	return a->label[0] != 0 && strcmp(a->label, b->label) == 0;
}

void
cs_p11_scan_free(cs_p11_scan **sp)
{
	cs_p11_scan *s = *sp;
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n_seen; i++)
		cs_p11_public_clear(&s->seen[i].pub);
	free(s->seen);
	free(s);
	*sp = NULL;
}

static int
make_room(cs_p11_scan *scan, cs_err *e)
{
	size_t room = scan->room == 0 ? ROOM_MIN : 2 * scan->room;
	cs_p11_seen *more;

	if (scan->n_seen < scan->room)
		return CS_OK;
	if (scan->n_seen == CS_CK_OBJECTS_MAX)
		return cs_fail(e, CS_EDEVICE, WHERE,
		    "more than %d keys match; name the token and the key",
		    CS_CK_OBJECTS_MAX);
	if ((more = realloc(scan->seen, room * sizeof(*more))) == NULL)
		return cs_nomem(e, WHERE);
	scan->seen = more;
	scan->room = room;
	return CS_OK;
}

/* A public object is the other half of a key that was seen before, or stands
 * for one that is hidden. Private keys are never merged: two are two. Takes
 * what *k holds when it is added. */
static int
add(cs_p11_scan *scan, cs_p11_seen *k, cs_err *e)
{
	size_t i;
	int r;

	for (i = 0; k->cls != CKO_PRIVATE_KEY && i < scan->n_seen; i++) {
		cs_p11_seen *old = &scan->seen[i];

		if (!same_key(old, k))
			continue;
		if (old->kind == CS_P11_NONE || old->bits == 0) {
			old->kind = k->kind;
			old->bits = k->bits;
		}
		cs_p11_public_clear(&old->pub);
		return CS_OK;
	}
	if ((r = make_room(scan, e)) != CS_OK)
		return r;
	scan->seen[scan->n_seen++] = *k;
	memset(&k->pub, 0, sizeof(k->pub)); /* transferred */
	scan->tokens[k->token].n_keys++;
	return CS_OK;
}

/* Certificates of authorities, and those without an identifier, belong to no
 * private key. */
static bool
is_key_certificate(const cs_ck_object *o, const cs_p11_seen *k)
{
	CK_ULONG v = 0;

	if (k->n_id == 0 || !cs_ck_ulong(o, CKA_CERTIFICATE_TYPE, &v) ||
	    v != CKC_X_509)
		return false;
	return !cs_ck_ulong(o, CKA_CERTIFICATE_CATEGORY, &v) ||
	    v != 2; /* CK_CERTIFICATE_CATEGORY_AUTHORITY */
}

static void
prefetch(cs_ck_object *o, CK_OBJECT_CLASS cls)
{
	CK_ATTRIBUTE_TYPE types[4] = {CKA_ID, CKA_LABEL};
	size_t n = 2;

	if (cls != CKO_CERTIFICATE)
		types[n++] = CKA_KEY_TYPE;
	if (cls == CKO_PRIVATE_KEY)
		types[n++] = CKA_ALWAYS_AUTHENTICATE;
	cs_ck_prefetch(o, types, n);
}

/* All of a key object that the URI matches. A key that cannot be read is not
 * complained of before it is the one. */
static void
read_key(cs_ck_object *o, const cs_p11_uri *u, cs_p11_seen *k)
{
	if (k->cls == CKO_PUBLIC_KEY && u->attr[CS_P11_A_ID] != NULL &&
	    u->attr[CS_P11_A_OBJECT] == NULL &&
	    cs_p11_public_of(o, &k->pub, NULL) != CS_OK)
		cs_p11_public_clear(&k->pub);
	k->kind = cs_p11_object_kind(o, &k->bits);
	if (k->cls == CKO_PRIVATE_KEY)
		k->always_authenticate = cs_ck_is(o, CKA_ALWAYS_AUTHENTICATE);
}

static int
scan_class(const cs_ck_session *s, const cs_p11_uri *u, CK_OBJECT_CLASS cls,
    size_t token, cs_p11_scan *scan, cs_err *e)
{
	cs_ck_objects *found = NULL;
	size_t i;
	int r;

	if ((found = malloc(sizeof(*found))) == NULL)
		return cs_nomem(e, WHERE);
	r = cs_ck_find(s, cls, cs_p11_uri_get(u, CS_P11_A_ID),
	    cs_p11_uri_get(u, CS_P11_A_OBJECT), found, e);
	for (i = 0; r == CS_OK && i < found->n; i++) {
		cs_p11_seen k = {.token = token, .cls = cls,
		    .object = found->h[i]};
		cs_ck_object o;

		cs_ck_object_init(&o, s, k.object);
		prefetch(&o, cls);
		read_names(&o, &k);
		if (!object_matches(&k, u) ||
		    (cls == CKO_CERTIFICATE && !is_key_certificate(&o, &k)))
			continue;
		if (cls != CKO_CERTIFICATE)
			read_key(&o, u, &k);
		r = add(scan, &k, e);
		cs_p11_public_clear(&k.pub);
	}
	free(found);
	return r;
}

int
cs_p11_scan_private(const cs_ck_session *s, const cs_p11_uri *u, size_t token,
    cs_p11_scan *scan, cs_err *e)
{
	return scan_class(s, u, CKO_PRIVATE_KEY, token, scan, e);
}

/* An identifier names one key of a token: once the key that the URI's is of has
 * shown, and what kind it is, other objects of that identifier add nothing. */
static bool
is_complete(const cs_p11_uri *u, size_t token, const cs_p11_scan *scan)
{
	size_t i;

	for (i = 0; i < scan->n_seen; i++)
		if (scan->seen[i].token == token &&
		    scan->seen[i].kind == CS_P11_NONE)
			return false;
	return u->attr[CS_P11_A_ID] != NULL && scan->tokens[token].n_keys > 0;
}

/* Behind a login hide only private objects: without one, what is not visible
 * is not there, and a public key alone (say, in a trust store) is no key. */
int
cs_p11_scan_session(const cs_ck_session *s, const cs_p11_uri *u, size_t token,
    cs_p11_scan *scan, cs_err *e)
{
	cs_p11_token *t = &scan->tokens[token];
	int r = cs_p11_scan_private(s, u, token, scan, e);

	if (r != CS_OK || !cs_p11_token_wants_login(t))
		return r;
	if ((r = scan_class(s, u, CKO_PUBLIC_KEY, token, scan, e)) == CS_OK &&
	    !is_complete(u, token, scan))
		r = scan_class(s, u, CKO_CERTIFICATE, token, scan, e);
	if (r != CS_OK)
		return r;
	t->shows = t->n_keys > 0 || cs_ck_any(s, CKO_PRIVATE_KEY) ||
	    cs_ck_any(s, CKO_PUBLIC_KEY) || cs_ck_any(s, CKO_CERTIFICATE);
	return CS_OK;
}

struct scan_arg {
	const cs_p11_uri *uri;
	cs_p11_scan *scan;
};

static int
scan_token(void *arg, CK_FUNCTION_LIST *f, CK_SLOT_ID slot,
    const CK_TOKEN_INFO *t, cs_err *e)
{
	struct scan_arg *a = arg;
	cs_p11_scan *scan = a->scan;
	cs_ck_session s = {0};
	char label[33];
	int r;

	if (scan->n_tokens == CS_P11_TOKENS_MAX)
		return cs_fail(e, CS_EDEVICE, WHERE,
		    "more than %d tokens match; name one by token= or serial=",
		    CS_P11_TOKENS_MAX);
	scan->tokens[scan->n_tokens++] = (cs_p11_token){.f = f, .slot = slot,
	    .info = *t};
	r = cs_ck_session_open(f, slot, &s, e);
	if (r == CS_OK)
		r = cs_p11_scan_session(&s, a->uri, scan->n_tokens - 1, scan,
		    e);
	cs_ck_session_close(&s);
	if (r == CS_OK)
		return CS_OK;
	cs_ck_field(label, t->label, sizeof(t->label));
	return cs_wrap(e, "token \"%s\"", label);
}

int
cs_p11_scan_tokens(const cs_p11_modules *m, const cs_p11_uri *u,
    cs_p11_scan **out, cs_err *e)
{
	struct scan_arg a = {.uri = u};
	int r;

	*out = NULL;
	if ((a.scan = calloc(1, sizeof(*a.scan))) == NULL)
		return cs_nomem(e, WHERE);
	if ((r = cs_p11_modules_each(m, u, NULL, scan_token, &a, e)) !=
	    CS_OK) {
		cs_p11_scan_free(&a.scan);
		return r;
	}
	*out = a.scan;
	return CS_OK;
}
