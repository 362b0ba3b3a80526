/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "p11/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "p11/public.h"

#define WHERE "p11 entry"

static void
flaw(cs_p11_found *f, const char *text)
{
	if (f->entry.flaw[0] == 0)
		(void)snprintf(f->entry.flaw, sizeof(f->entry.flaw), "%.*s",
		    (int)sizeof(f->entry.flaw) - 1, text);
}

/* Only a clear false: what a token does not tell, it may do. */
static bool
may_not_sign(const cs_ck_session *s, CK_OBJECT_HANDLE o)
{
	CK_BBOOL v = CK_TRUE;
	CK_ATTRIBUTE a = {CKA_SIGN, &v, sizeof(v)};

	return s->f->C_GetAttributeValue(s->h, o, &a, 1) == CKR_OK &&
	    a.ulValueLen == sizeof(v) && v == CK_FALSE;
}

/* Why the kind of a key object is none of ours. */
static void
tell_kind(const cs_ck_session *s, cs_p11_found *f)
{
	cs_ck_object o;
	CK_ULONG type = 0;
	char text[64];

	cs_ck_object_init(&o, s, f->seen.object);
	if (!cs_ck_ulong(&o, CKA_KEY_TYPE, &type)) {
		flaw(f, "the token does not tell its type");
	} else if (type == CKK_EC || type == CKK_EC_EDWARDS) {
		flaw(f, type == CKK_EC ?
		    "its curve is neither P-256 nor P-384" :
		    "its curve is not Ed25519");
	} else if (type == CKK_RSA) {
		flaw(f, "the token does not show its modulus");
	} else {
		(void)snprintf(text, sizeof(text),
		    "a key of type 0x%lx cannot sign here",
		    (unsigned long)type);
		flaw(f, text);
	}
}

static int
read_public(const cs_ck_session *s, cs_p11_found *f, cs_err *e)
{
	cs_p11_entry *k = &f->entry;
	cs_err why = {0};
	int r = cs_p11_public_read(s, k->id, cs_span_str(f->seen.label),
	    &k->pub, &why);

	if (r != CS_OK) {
		cs_p11_public_clear(&k->pub);
		flaw(f, why.text);
		if (r != CS_EBUG)
			return CS_OK;
		*e = why;
		return r;
	}
	if (k->pub.kind == CS_P11_NONE && k->info.kind == CS_P11_NONE &&
	    f->seen.cls != CKO_CERTIFICATE)
		tell_kind(s, f);
	else if (k->pub.kind == CS_P11_NONE)
		flaw(f, "the token does not show its public half");
	return CS_OK;
}

/* A certificate has its key inside, which the scan does not open. */
static void
learn_kind(cs_p11_entry *k)
{
	cs_span m = cs_buf_span(k->pub.modulus);
	unsigned top;

	if (k->info.kind != CS_P11_NONE || k->pub.kind == CS_P11_NONE)
		return;
	k->info.kind = k->pub.kind;
	k->info.bits = k->pub.kind == CS_P11_ED25519 ? 255 :
	    (unsigned)cs_p11_kind_width(k->pub.kind) * 8;
	if (k->pub.kind != CS_P11_RSA)
		return;
	k->info.bits = (unsigned)m.n * 8 - 8;
	for (top = m.p[0]; top != 0; top >>= 1)
		k->info.bits++;
}

/* Does the token do what cs_p11_sign() would ask of it? Hash functions are
 * ours. */
static void
check_mechanism(const cs_ck_session *s, cs_p11_found *f)
{
	static const struct {
		CK_MECHANISM_TYPE mechanism;
		const char *flaw;
	} wanted[] = {
		[CS_P11_EC_P256] = {CKM_ECDSA, "the token has no CKM_ECDSA"},
		[CS_P11_EC_P384] = {CKM_ECDSA, "the token has no CKM_ECDSA"},
		[CS_P11_RSA] = {CKM_RSA_PKCS, "the token has no CKM_RSA_PKCS"},
		[CS_P11_ED25519] = {CKM_EDDSA, "the token has no CKM_EDDSA"},
	};
	enum cs_p11_kind kind = f->entry.info.kind;
	CK_MECHANISM_INFO info = {0};
	CK_RV rv;

	if (kind == CS_P11_NONE || s->f->C_GetMechanismInfo == NULL)
		return;
	rv = s->f->C_GetMechanismInfo(f->token.slot, wanted[kind].mechanism,
	    &info);
	if (rv == CKR_MECHANISM_INVALID ||
	    (rv == CKR_OK && (info.flags & CKF_SIGN) == 0))
		flaw(f, wanted[kind].flaw);
}

static int
examine(const cs_ck_session *s, cs_p11_found *f, bool logged_in, cs_err *e)
{
	const cs_p11_seen *seen = &f->seen;
	cs_p11_entry *k = &f->entry;
	int r;

	k->id = seen->n_id > 0 ? cs_span_of(seen->id, seen->n_id) :
	    (cs_span){NULL, 0};
	k->is_hidden = seen->cls != CKO_PRIVATE_KEY;
	if (k->is_hidden && logged_in)
		flaw(f, "its private key is not on the token");
	if (!k->is_hidden && may_not_sign(s, seen->object))
		flaw(f, "it is not for signatures (CKA_SIGN is false)");
	if ((r = read_public(s, f, e)) != CS_OK)
		return r;
	learn_kind(k);
	check_mechanism(s, f);
	return CS_OK;
}

int
cs_p11_found_new(const cs_ck_session *s, const cs_p11_uri *u,
    const cs_p11_token *t, const cs_p11_seen *seen, bool logged_in,
    cs_p11_found **out, cs_err *e)
{
	cs_p11_found *f = calloc(1, sizeof(*f));
	int r = CS_OK;

	*out = NULL;
	if (f == NULL)
		return cs_nomem(e, WHERE);
	f->token = *t;
	cs_p11_info_fill(u, &t->info, seen, &f->entry.info);
	f->entry.info.slot_id = t->slot;
	f->entry.is_token = seen == NULL;
	if (seen != NULL) {
		f->seen = *seen;
		memset(&f->seen.pub, 0, sizeof(f->seen.pub)); /* the scan's */
		r = examine(s, f, logged_in, e);
	}
	if (r == CS_OK) {
		*out = f;
		f = NULL; /* transferred */
	}
	cs_p11_found_free(&f);
	return r;
}

void
cs_p11_found_free(cs_p11_found **fp)
{
	cs_p11_found *f = *fp;

	if (f == NULL)
		return;
	cs_p11_public_clear(&f->entry.pub);
	free(f);
	*fp = NULL;
}

void
cs_p11_found_pin(cs_p11_found *f, const CK_TOKEN_INFO *now)
{
	static const struct {
		CK_FLAGS flag;
		enum cs_p11_pin pin;
	} states[] = {
		{CKF_USER_PIN_LOCKED, CS_P11_PIN_LOCKED},
		{CKF_USER_PIN_TO_BE_CHANGED, CS_P11_PIN_EXPIRED},
		{CKF_USER_PIN_FINAL_TRY, CS_P11_PIN_LAST},
		{CKF_USER_PIN_COUNT_LOW, CS_P11_PIN_LOW},
	};
	size_t i;

	f->entry.pin = CS_P11_PIN_NONE;
	if (!f->entry.info.login_needed)
		return;
	if ((now->flags & CKF_USER_PIN_INITIALIZED) == 0) {
		f->entry.pin = CS_P11_PIN_UNSET;
		return;
	}
	f->entry.pin = CS_P11_PIN_OK;
	for (i = sizeof(states) / sizeof(states[0]); i-- > 0;)
		if ((now->flags & states[i].flag) != 0)
			f->entry.pin = states[i].pin;
}

/* What a URI does not say, it takes from anybody. */
static bool
fits(const char *said, const char *other)
{
	return said[0] == 0 || strcmp(said, other) == 0;
}

static bool
fits_token(const cs_p11_info *a, const cs_p11_info *b)
{
	return fits(a->token, b->token) && fits(a->serial, b->serial) &&
	    (a->serial[0] != 0 || (fits(a->model, b->model) &&
	    fits(a->manufacturer, b->manufacturer)));
}

/* Would the URI of `a` be taken for that of `b`, too? */
static bool
leads_to(const cs_p11_found *a, const cs_p11_found *b)
{
	const cs_p11_info *i = &a->entry.info;

	if ((strstr(i->uri, "module-name=") != NULL &&
	    a->token.f != b->token.f) || !fits_token(i, &b->entry.info))
		return false;
	if (a->entry.is_token || b->entry.is_token)
		return true;
	/* No value holds a '=' as it is. */
	return (a->entry.id.p == NULL ||
	    cs_span_eq(a->entry.id, b->entry.id)) &&
	    (strstr(i->uri, "object=") == NULL ||
	    strcmp(a->seen.label, b->seen.label) == 0);
}

static bool
is_alone(const cs_p11_found *a, cs_p11_found *const *all, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (all[i] != a && leads_to(a, all[i]))
			return false;
	return true;
}

/* The same URI, for this module only. */
static int
name_module(cs_p11_found *f, const cs_p11_modules *m, const cs_p11_uri *u,
    cs_err *e)
{
	cs_p11_uri narrow = *u; /* borrows all but the name */
	cs_p11_info now;
	char *name;

	if (u->attr[CS_P11_A_MODULE_PATH] != NULL ||
	    u->attr[CS_P11_A_MODULE_NAME] != NULL ||
	    (name = cs_p11_modules_name(m, f->token.f)) == NULL)
		return CS_OK;
	narrow.attr[CS_P11_A_MODULE_NAME] = cs_buf_dup(cs_span_str(name));
	free(name);
	if (narrow.attr[CS_P11_A_MODULE_NAME] == NULL)
		return cs_nomem(e, WHERE);
	cs_p11_info_fill(&narrow, &f->token.info,
	    f->entry.is_token ? NULL : &f->seen, &now);
	cs_buf_free(&narrow.attr[CS_P11_A_MODULE_NAME]);
	memcpy(f->entry.info.uri, now.uri, sizeof(now.uri));
	return CS_OK;
}

int
cs_p11_found_name(cs_p11_found *const *all, size_t n, const cs_p11_modules *m,
    const cs_p11_uri *u, cs_err *e)
{
	size_t i;
	int r;

	for (i = 0; i < n; i++)
		if (!is_alone(all[i], all, n) &&
		    (r = name_module(all[i], m, u, e)) != CS_OK)
			return r;
	for (i = 0; i < n; i++) {
		if (all[i]->entry.info.uri[0] != 0 &&
		    is_alone(all[i], all, n))
			continue;
		all[i]->entry.info.uri[0] = 0;
		flaw(all[i], "no URI names it, and it alone");
	}
	return CS_OK;
}
