/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/hash.h"
#include "fmt/bindings.h"
#include "tool/auditlog.h"
#include "tool/describe.h"
#include "verify/bound.h"

static void
put_assurance(unsigned assurance, cs_out *out)
{
	static const struct {
		unsigned bit;
		const char *name, *text;
	} bits[] = {{CS_BOUND_HARDWARE, "hardware", "hardware"},
	    {CS_BOUND_ASSERTED, "asserted", "hardware, asserted"},
	    {CS_BOUND_PRESENT, "present", "presence"},
	    {CS_BOUND_VERIFIED, "verified", "verification"}};
	size_t i;

	cs_out_list(out, "assurance", NULL);
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if ((assurance & bits[i].bit) != 0)
			cs_out_str(out, NULL, NULL, bits[i].name);
	cs_out_close(out);
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if ((assurance & bits[i].bit) != 0)
			cs_out_str(out, NULL, "found then", bits[i].text);
}

/* What does not parse is shown as far as it goes. */
static int
put_approval(const cs_audit_approval *a, cs_out *out, cs_err *e)
{
	cs_approval *in = NULL;
	cs_err why = {0};
	int r;

	cs_out_object(out, NULL, "approval");
	cs_out_str(out, "role", "role", cs_auditlog_role(a->role));
	cs_out_span(out, "recorded_owner", NULL, a->owner);
	cs_out_object(out, "key", "key that it was checked with");
	r = cs_describe_owner_key(a->key.der, out, e);
	cs_out_close(out);
	put_assurance(a->assurance, out);
	cs_out_span(out, "line", "line of the owners file", a->line);
	if (r == CS_OK && cs_approval_parse(a->approval, CS_AUDIT_DEPTH, &in,
	    &why) == CS_OK)
		r = cs_describe_approval(in, out, e);
	else if (r == CS_OK)
		cs_out_str(out, "broken", "broken", why.text);
	cs_approval_free(&in);
	cs_out_close(out);
	return r;
}

static int
put_approvals(const cs_audit_record *r, cs_out *out, cs_err *e)
{
	cs_err why = {0};
	size_t i;
	int rc = cs_audit_approvals_check(r, &why);

	if (rc != CS_OK && rc != CS_EREFUSED && rc != CS_EFORMAT) {
		*e = why;
		return rc;
	}
	cs_out_bool(out, "approvals_hold", NULL, rc == CS_OK);
	if (rc != CS_OK)
		cs_out_str(out, "why_not", NULL, why.text);
	cs_out_str(out, NULL, "approvals, checked again", rc == CS_OK ?
	    "good" : why.text);
	cs_out_list(out, "approvals", NULL);
	for (i = 0, rc = CS_OK; rc == CS_OK && i < r->n; i++)
		rc = put_approval(&r->at[i], out, e);
	cs_out_close(out);
	return rc;
}

static int
put_claim(const cs_audit_record *r, cs_out *out, cs_err *e)
{
	int rc;

	cs_out_str(out, "kind", "kind", cs_auditlog_kind(r->kind));
	cs_out_span(out, "agent", "agent", r->agent_id);
	if ((rc = cs_describe_key(r->agent_key.der, out, e)) != CS_OK)
		return rc;
	cs_out_hex(out, "request_digest", "request digest",
	    r->request_digest);
	cs_out_hex(out, "serial", "serial", r->serial);
	cs_out_time(out, "not_before", "credential from", r->not_before);
	cs_out_time(out, "not_after", "credential until", r->not_after);
	cs_out_hex(out, "body_digest", "body digest", r->body_digest);
	return put_approvals(r, out, e);
}

static void
put_revocation(const cs_audit_record *r, cs_out *out)
{
	cs_out_str(out, "what", "what", cs_auditlog_of(r->what));
	cs_out_span(out, "name", "name", r->name);
	cs_out_span(out, "reason", "reason", r->reason);
	cs_out_span(out, "actor", "by", r->actor);
	cs_out_int(out, "live", "credentials ended", r->live);
}

static int
put_event(const cs_audit_record *r, cs_out *out, cs_err *e)
{
	switch (r->event) {
	case CS_AUDIT_CLAIMED:
		return put_claim(r, out, e);
	case CS_AUDIT_ISSUED:
		cs_out_int(out, "claim", "for the claim of record", r->claim);
		cs_out_hex(out, "serial", "serial", r->serial);
		cs_out_hex(out, "credential_sha256", "credential, SHA-256",
		    r->credential);
		break;
	case CS_AUDIT_DENIED:
		cs_out_span(out, "agent", "agent", r->agent_id);
		cs_out_hex(out, "request_digest", "request digest",
		    r->request_digest);
		return put_approvals(r, out, e);
	case CS_AUDIT_REVOKED:
	case CS_AUDIT_LIFTED:
		put_revocation(r, out);
		break;
	case CS_AUDIT_FLOOR:
		cs_out_time(out, "not_before", "no approval from before",
		    r->not_before);
		cs_out_span(out, "why", "why", r->reason);
		break;
	}
	return CS_OK;
}

int
cs_describe_audit(const cs_audit_record *r, cs_out *out, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	int rc;

	if ((rc = cs_sha256(r->der, hash, e)) != CS_OK)
		return rc;
	cs_out_int(out, "sequence", "record", r->sequence);
	cs_out_str(out, "event", "event", cs_audit_event_name(r->event));
	cs_out_time(out, "time", "time", r->time);
	cs_out_span(out, "authority", "authority", r->authority);
	cs_out_hex(out, "hash", "hash", cs_span_of(hash, sizeof(hash)));
	cs_out_hex(out, "previous", "hash of the one before", r->previous);
	return put_event(r, out, e);
}
