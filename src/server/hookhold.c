/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>

#include "fmt/cert.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "issue/leaf.h"
#include "server/hook.h"
#include "store/claim.h"

/* What was claimed, in the store, and a certificate that is held to it. */

static const char where[] = "server/hook";

/*
 *	SEQUENCE { version INTEGER (2), bindings OCTET STRING,
 *	    message OCTET STRING }
 *
 * Version 1 is a claim of an issuer that signs by itself: server/draft.c.
 */
#define FIELDS_VERSION 2
#define CLOCKS_DIFFER 60

#define REFUSE(e, reason, ...) \
	cs_fail_detail((e), CS_EREFUSED, (reason), where, __VA_ARGS__)

int
cs_hook_fields_put(cs_span bindings, cs_span message, cs_buf *out, cs_err *e)
{
	size_t seq = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put_uint(out, CS_DER_INTEGER, FIELDS_VERSION);
	cs_der_put(out, CS_DER_OCTETS, bindings);
	cs_der_put(out, CS_DER_OCTETS, message);
	cs_der_close(out, seq);
	return cs_der_done(out, e);
}

int
cs_hook_fields_get(cs_span fields, cs_span *bindings, cs_span *message,
    cs_err *e)
{
	cs_span seq = {0};
	int64_t version = 0;
	int rc;

	*bindings = *message = (cs_span){0};
	if ((rc = cs_der_walk(fields, 0, e)) != CS_OK ||
	    (rc = cs_der_get(&fields, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (rc = cs_der_uint(&seq, CS_DER_INTEGER, FIELDS_VERSION, FIELDS_VERSION, &version,
	    e)) != CS_OK ||
	    (rc = cs_der_get(&seq, CS_DER_OCTETS, bindings, e)) != CS_OK ||
	    (rc = cs_der_get(&seq, CS_DER_OCTETS, message, e)) != CS_OK)
		return rc;
	return cs_der_end(seq, "fields", e);
}

static int
hold_names(const cs_hook_cert *c, const cs_hook_terms *t, cs_err *e)
{
	if (c->has_subject)
		return REFUSE(e, CS_R_BINDING_MISMATCH,
		    "expected an empty subject");
	if (c->n_names != 1 || !cs_span_eq(c->uri, t->agent))
		return REFUSE(e, CS_R_BINDING_MISMATCH, "expected one name, "
		    "%.*s, found %zu%s%.*s", (int)t->agent.n,
		    (const char *)t->agent.p, c->n_names,
		    c->uri.p == NULL ? "" : ", ", (int)(c->uri.n > 512 ? 512 :
		    c->uri.n), c->uri.p == NULL ? "" : (const char *)c->uri.p);
	return CS_OK;
}

static int
hold_times(const cs_hook_cert *c, const cs_hook_terms *t, int64_t now,
    cs_err *e)
{
	if (c->not_after <= c->not_before || c->not_after > t->not_after)
		return REFUSE(e, CS_R_LIFETIME_EXCEEDED, "expected a "
		    "certificate that ends at %" PRId64 " at the latest, "
		    "found %" PRId64 " to %" PRId64, t->not_after,
		    c->not_before, c->not_after);
	if (c->not_before < t->not_before ||
	    c->not_before > now + CLOCKS_DIFFER)
		return REFUSE(e, CS_R_NOT_YET_VALID, "expected a certificate "
		    "that begins between %" PRId64 " and now, %" PRId64
		    ", found %" PRId64, t->not_before, now, c->not_before);
	return CS_OK;
}

static int
hold_profile(const cs_hook_cert *c, cs_err *e)
{
	const char *why = NULL;

	if (c->is_ca || c->has_constraints)
		why = "a certificate of no CA";
	else if (!c->only_signs)
		why = "keyUsage digitalSignature and no other";
	else if (!c->both_uses)
		why = "extKeyUsage serverAuth and clientAuth and no other";
	else if (c->stray.p != NULL)
		return REFUSE(e, CS_R_POLICY_REFUSED, "expected ownerBindings, "
		    "once and not critical, as the one extension of the "
		    "template, found %.*s", (int)(c->stray.n > 64 ? 64 :
		    c->stray.n), (const char *)c->stray.p);
	return why == NULL ? CS_OK : REFUSE(e, CS_R_POLICY_REFUSED,
	    "expected %s", why);
}

/* The template puts in what it was given, and nothing like it. */
static int
hold_bindings(const cs_hook_cert *c, const cs_hook_terms *t, cs_err *e)
{
	cs_bindings *b = NULL;
	unsigned want;
	int rc;

	if (!cs_span_eq(c->bindings, t->bindings))
		return REFUSE(e, CS_R_BINDING_MISMATCH, "expected the owner "
		    "bindings that were given to the template, found %s",
		    c->bindings.p == NULL ? "none" : "others");
	if ((rc = cs_bindings_parse(t->bindings, CS_CERT_VALUE_DEPTH, &b,
	    e)) != CS_OK)
		return rc;
	want = cs_leaf_policies(b);
	cs_bindings_free(&b);
	if (c->policies != want || c->other_policy.p != NULL)
		return REFUSE(e, CS_R_POLICY_REFUSED, "expected the policies "
		    "that were given to the template, found others");
	return CS_OK;
}

int
cs_hook_hold(const cs_hook_cert *c, const cs_hook_terms *t, int64_t now,
    cs_err *e)
{
	int rc;

	if ((rc = hold_names(c, t, e)) != CS_OK ||
	    (rc = hold_times(c, t, now, e)) != CS_OK ||
	    (rc = hold_profile(c, e)) != CS_OK)
		return rc;
	return hold_bindings(c, t, e);
}
