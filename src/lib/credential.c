/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "lib/credentialp.h"

#include <stdlib.h>

#include "fmt/names.h"
#include "fmt/reason.h"

_Static_assert((int)COUNTERSIGN_CREDENTIAL_REFUSED == CS_CREDENTIAL_REFUSED &&
    (int)COUNTERSIGN_CREDENTIAL_PROVEN == CS_CREDENTIAL_PROVEN &&
    (int)COUNTERSIGN_CREDENTIAL_ISSUER_ONLY == CS_CREDENTIAL_ISSUER_ONLY,
    "the states of verify/");
_Static_assert((int)COUNTERSIGN_HARDWARE == CS_BOUND_HARDWARE &&
    (int)COUNTERSIGN_ASSERTED == CS_BOUND_ASSERTED &&
    (int)COUNTERSIGN_PRESENT == CS_BOUND_PRESENT &&
    (int)COUNTERSIGN_VERIFIED == CS_BOUND_VERIFIED, "the bits of fmt/");

static int
reach(const countersign_credential_question *q, countersign_credential *out,
    cs_err *e)
{
	const cs_credential_in in = {
		.certificate = cs_lib_span(q->certificate),
		.anchors = q->anchors == NULL ? NULL : q->anchors->a,
		.owner = cs_span_str(q->owner),
		.owner_key = cs_lib_span(q->owner_key),
		.authority = cs_span_str(q->authority),
		.now = q->now,
		.keys = cs_lib_keys(q->keys),
	};
	int r;

	if ((r = cs_authority_check(in.authority, e)) != CS_OK ||
	    (r = cs_credential_check(&in, &out->c, e)) != CS_OK)
		return r;
	out->text = cs_lib_escape(cs_span_str(
	    cs_credential_error(out->c)->text));
	return out->text == NULL ? cs_nomem(e, "lib") : CS_OK;
}

/* Pinned owners in one way, not in two and not in none. */
static bool
is_asked(const countersign_credential_question *q)
{
	bool one = q->owner != NULL && q->owner_key.ptr != NULL;
	bool half = q->owner != NULL || q->owner_key.ptr != NULL;

	return q->size == sizeof(*q) && q->authority != NULL &&
	    (q->anchors != NULL ? !half : one);
}

int
countersign_credential_check(const countersign_credential_question *question,
    countersign_credential **out, countersign_error *error)
{
	countersign_credential *c = NULL;
	cs_err e = {0};
	int r;

	*out = NULL;
	if (!is_asked(question))
		return cs_lib_usage(error, "a question of another size, "
		    "without an authority, or not one kind of pinned owner");
	if ((c = calloc(1, sizeof(*c))) == NULL)
		r = cs_nomem(&e, "lib");
	else
		r = reach(question, c, &e);
	if (r == CS_OK) {
		*out = c;
		c = NULL; /* transferred */
	} else {
		r = cs_lib_report(error, &e);
	}
	countersign_credential_free(&c);
	return r;
}

void
countersign_credential_free(countersign_credential **credential)
{
	if (credential == NULL || *credential == NULL)
		return;
	cs_buf_free(&(*credential)->text);
	cs_credential_free(&(*credential)->c);
	cs_relied_free(&(*credential)->r);
	free(*credential);
	*credential = NULL;
}

int
countersign_credential_state(const countersign_credential *credential)
{
	if (credential == NULL)
		return COUNTERSIGN_CREDENTIAL_REFUSED;
	return credential->r != NULL ? (int)cs_relied_state(credential->r) :
	    (int)cs_credential_state(credential->c);
}

static const cs_err *
why_not(const countersign_credential *credential)
{
	return credential->r != NULL ? cs_relied_error(credential->r) :
	    cs_credential_error(credential->c);
}

/* NULL when refused. */
static const cs_said *
said(const countersign_credential *credential)
{
	if (countersign_credential_state(credential) ==
	    COUNTERSIGN_CREDENTIAL_REFUSED)
		return NULL;
	return credential->r != NULL ? cs_relied_said(credential->r) :
	    cs_credential_said(credential->c);
}

static bool
is_proven(const countersign_credential *credential)
{
	return countersign_credential_state(credential) ==
	    COUNTERSIGN_CREDENTIAL_PROVEN;
}

const char *
countersign_credential_reason(const countersign_credential *credential)
{
	return is_proven(credential) ? "" :
	    cs_reason_name(why_not(credential)->detail);
}

const char *
countersign_credential_text(const countersign_credential *credential)
{
	return is_proven(credential) ? "" : cs_buf_cstr(credential->text);
}

size_t
countersign_credential_count(const countersign_credential *credential)
{
	const cs_said *s = said(credential);

	return s == NULL ? 0 : s->bindings->n;
}

countersign_bytes
countersign_credential_agent(const countersign_credential *credential)
{
	const cs_said *s = said(credential);
	const countersign_bytes none = {NULL, 0};

	return s == NULL ? none : cs_lib_bytes(s->agent_id);
}

countersign_bytes
countersign_credential_agent_key(const countersign_credential *credential)
{
	const cs_said *s = said(credential);
	const countersign_bytes none = {NULL, 0};

	return s == NULL ? none : cs_lib_bytes(s->key.der);
}

int64_t
countersign_credential_not_before(const countersign_credential *credential)
{
	const cs_said *s = said(credential);

	return s == NULL ? 0 : s->not_before;
}

int64_t
countersign_credential_not_after(const countersign_credential *credential)
{
	const cs_said *s = said(credential);

	return s == NULL ? 0 : s->not_after;
}

countersign_bytes
countersign_credential_serial(const countersign_credential *credential)
{
	if (said(credential) == NULL)
		return (countersign_bytes){NULL, 0};
	return cs_lib_bytes(credential->r != NULL ?
	    cs_relied_serial(credential->r) :
	    cs_credential_cert(credential->c)->serial);
}

static const cs_binding *
binding_at(const countersign_credential *credential, size_t i)
{
	static const cs_binding none = {.assurance = 0};

	return i >= countersign_credential_count(credential) ? &none :
	    &said(credential)->bindings->at[i];
}

countersign_bytes
countersign_credential_owner(const countersign_credential *credential,
    size_t i)
{
	return cs_lib_bytes(binding_at(credential, i)->owner);
}

countersign_bytes
countersign_credential_owner_key(const countersign_credential *credential,
    size_t i)
{
	return cs_lib_bytes(binding_at(credential, i)->key.der);
}

countersign_bytes
countersign_credential_approval_id(const countersign_credential *credential,
    size_t i)
{
	return cs_lib_bytes(binding_at(credential, i)->approval_id);
}

unsigned
countersign_credential_assurance(const countersign_credential *credential,
    size_t i)
{
	return binding_at(credential, i)->assurance;
}
