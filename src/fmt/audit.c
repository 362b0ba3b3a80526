/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/audit.h"

#include <stdlib.h>

#include "fmt/auditp.h"
#include "fmt/bindings.h"
#include "fmt/der.h"
#include "fmt/names.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "audit", __VA_ARGS__)

#define HASH_LEN CS_AUDIT_HASH_LEN
#define ID_LEN 16
#define SERIAL_MAX 20
#define LINE_MAX_OCTETS 4096
#define NAME_MAX_OCTETS 2048
#define REASON_MAX 1024
#define ACTOR_MAX 256

static int
hash(cs_span *in, cs_span *out, const char *what, cs_err *e)
{
	return cs_der_sized(in, CS_DER_OCTETS, HASH_LEN, HASH_LEN, out, what,
	    e);
}

static int
agent_id(cs_span *in, cs_span *out, cs_err *e)
{
	int r;

	if ((r = cs_der_get(in, CS_DER_IA5, out, e)) != CS_OK ||
	    (r = cs_agent_id_check(*out, NULL, e)) != CS_OK)
		return cs_wrap(e, "agentId");
	return CS_OK;
}

static int
key(cs_span *in, cs_spki *out, const char *what, cs_err *e)
{
	cs_span der = {0};
	int r;

	if ((r = cs_der_whole(in, CS_DER_SEQ, &der, e)) != CS_OK ||
	    (r = cs_spki_parse(der, out, e)) != CS_OK)
		return cs_wrap(e, "%s", what);
	return CS_OK;
}

static int
number(cs_span *in, unsigned tag, int64_t min, int64_t max, int64_t *out,
    const char *what, cs_err *e)
{
	int r = cs_der_uint(in, tag, min, max, out, e);

	return r == CS_OK ? r : cs_wrap(e, "%s", what);
}

static int
read_approval(cs_span *list, cs_audit_approval *a, cs_err *e)
{
	cs_span in = {0};
	int64_t role = 0;
	int r;

	if ((r = cs_der_get(list, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = number(&in, CS_DER_ENUM, CS_AUDIT_OWN, CS_AUDIT_USE, &role,
	    "role", e)) != CS_OK)
		return r;
	a->role = (unsigned)role;
	if ((r = cs_der_get(&in, CS_DER_IA5, &a->owner, e)) != CS_OK ||
	    (r = cs_owner_check(a->owner, e)) != CS_OK)
		return cs_wrap(e, "owner");
	if ((r = key(&in, &a->key, "ownerKey", e)) != CS_OK ||
	    (r = cs_bound_get(&in, &a->assurance, e)) != CS_OK ||
	    (r = cs_der_sized(&in, CS_DER_UTF8, 0, LINE_MAX_OCTETS, &a->line,
	    "line", e)) != CS_OK)
		return r;
	if ((r = cs_der_whole(&in, CS_DER_SEQ, &a->approval, e)) != CS_OK)
		return cs_wrap(e, "approval");
	if (a->approval.n > CS_APPROVAL_MAX)
		return BAD(e, CS_R_TOO_LARGE,
		    "approval: %zu octets, at most %d", a->approval.n,
		    CS_APPROVAL_MAX);
	return cs_der_end(in, "an approval", e);
}

/* A use stands right behind its grant, and a grant before its use. */
static int
check_roles(const cs_audit_record *a, cs_err *e)
{
	unsigned before = CS_AUDIT_OWN;
	size_t i;

	for (i = 0; i < a->n; i++) {
		if ((before == CS_AUDIT_GRANT) !=
		    (a->at[i].role == CS_AUDIT_USE))
			break;
		before = a->at[i].role;
	}
	if (i == a->n && before != CS_AUDIT_GRANT)
		return CS_OK;
	return BAD(e, CS_R_MALFORMED,
	    "approval %zu: expected each use right behind its grant",
	    i < a->n ? i + 1 : i);
}

static int
read_approvals(cs_span *in, cs_audit_record *a, cs_err *e)
{
	cs_span list = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &list, e)) != CS_OK)
		return cs_wrap(e, "approvals");
	while (list.n != 0) {
		if (a->n == CS_AUDIT_APPROVALS_MAX)
			return BAD(e, CS_R_TOO_LARGE,
			    "more than %d approvals", CS_AUDIT_APPROVALS_MAX);
		if ((r = read_approval(&list, &a->at[a->n], e)) != CS_OK)
			return cs_wrap(e, "approval %zu", a->n + 1);
		a->n++;
	}
	if (a->n == 0)
		return BAD(e, CS_R_MALFORMED, "no approval");
	return check_roles(a, e);
}

static int
read_times(cs_span *in, cs_audit_record *a, cs_err *e)
{
	int r;

	if ((r = cs_der_gentime(in, &a->not_before, e)) != CS_OK)
		return cs_wrap(e, "notBefore");
	if ((r = cs_der_gentime(in, &a->not_after, e)) != CS_OK)
		return cs_wrap(e, "notAfter");
	if (a->not_before > a->not_after)
		return BAD(e, CS_R_MALFORMED, "notBefore is behind notAfter");
	return CS_OK;
}

static int
read_claim(cs_span *in, cs_audit_record *a, cs_err *e)
{
	int64_t kind = 0;
	int r;

	if ((r = number(in, CS_DER_ENUM, CS_AUDIT_X509, CS_AUDIT_WIT, &kind,
	    "kind", e)) != CS_OK ||
	    (r = agent_id(in, &a->agent_id, e)) != CS_OK ||
	    (r = key(in, &a->agent_key, "agentKey", e)) != CS_OK ||
	    (r = hash(in, &a->request_digest, "requestDigest", e)) != CS_OK ||
	    (r = cs_der_sized(in, CS_DER_OCTETS, 1, SERIAL_MAX, &a->serial,
	    "serial", e)) != CS_OK ||
	    (r = read_times(in, a, e)) != CS_OK ||
	    (r = hash(in, &a->body_digest, "bodyDigest", e)) != CS_OK)
		return r;
	a->kind = (int)kind;
	return read_approvals(in, a, e);
}

static int
read_issue(cs_span *in, cs_audit_record *a, cs_err *e)
{
	int r;

	if ((r = number(in, CS_DER_INTEGER, 1, INT64_MAX, &a->claim, "claim",
	    e)) != CS_OK)
		return r;
	if (a->claim >= a->sequence)
		return BAD(e, CS_R_MALFORMED,
		    "claim: expected a record before %lld, found %lld",
		    (long long)a->sequence, (long long)a->claim);
	if ((r = cs_der_sized(in, CS_DER_OCTETS, 1, SERIAL_MAX, &a->serial,
	    "serial", e)) != CS_OK)
		return r;
	return hash(in, &a->credential, "credential", e);
}

/* What says no speaks for itself, so that no grant is behind it. */
static int
read_denial(cs_span *in, cs_audit_record *a, cs_err *e)
{
	int r;

	if ((r = agent_id(in, &a->agent_id, e)) != CS_OK ||
	    (r = hash(in, &a->request_digest, "requestDigest", e)) != CS_OK ||
	    (r = read_approval(in, &a->at[0], e)) != CS_OK)
		return r;
	if (a->at[0].role != CS_AUDIT_OWN)
		return BAD(e, CS_R_MALFORMED,
		    "role: expected 0 of a denial, found %u", a->at[0].role);
	a->n = 1;
	return CS_OK;
}

static int
check_hex(cs_span s, cs_err *e)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((s.p[i] < '0' || s.p[i] > '9') &&
		    (s.p[i] < 'a' || s.p[i] > 'f'))
			return BAD(e, CS_R_MALFORMED,
			    "name: expected lowercase hex at %zu, found %02x",
			    i, s.p[i]);
	return CS_OK;
}

static int
check_name(const cs_audit_record *a, cs_err *e)
{
	bool is_id = a->what == CS_AUDIT_OF_APPROVAL &&
	    a->name.n == 2 * ID_LEN;

	if (a->what == CS_AUDIT_OF_OWNER)
		return cs_owner_check(a->name, e);
	if (a->what == CS_AUDIT_OF_AGENT)
		return cs_agent_id_check(a->name, NULL, e);
	if (!is_id && a->name.n != 2 * HASH_LEN)
		return BAD(e, CS_R_MALFORMED,
		    "name: expected %d characters, found %zu", 2 * HASH_LEN,
		    a->name.n);
	return check_hex(a->name, e);
}

static int
read_revocation(cs_span *in, cs_audit_record *a, cs_err *e)
{
	int64_t what = 0;
	int r;

	if ((r = number(in, CS_DER_ENUM, CS_AUDIT_OF_OWNER,
	    CS_AUDIT_OF_APPROVAL, &what, "what", e)) != CS_OK)
		return r;
	a->what = (int)what;
	if ((r = cs_der_sized(in, CS_DER_UTF8, 1, NAME_MAX_OCTETS, &a->name,
	    "name", e)) != CS_OK ||
	    (r = check_name(a, e)) != CS_OK ||
	    (r = cs_der_sized(in, CS_DER_UTF8, 0, REASON_MAX, &a->reason,
	    "reason", e)) != CS_OK ||
	    (r = cs_der_sized(in, CS_DER_UTF8, 1, ACTOR_MAX, &a->actor,
	    "actor", e)) != CS_OK)
		return r;
	return number(in, CS_DER_INTEGER, 0, INT64_MAX, &a->live, "live", e);
}

static int
read_floor(cs_span *in, cs_audit_record *a, cs_err *e)
{
	int r;

	if ((r = cs_der_gentime(in, &a->not_before, e)) != CS_OK)
		return cs_wrap(e, "notBefore");
	return cs_der_sized(in, CS_DER_UTF8, 1, CS_AUDIT_WHY_MAX, &a->reason,
	    "why", e);
}

static const struct {
	const char *name;
	int (*read)(cs_span *in, cs_audit_record *a, cs_err *e);
} events[] = {
	[CS_AUDIT_CLAIMED] = {"claimed", read_claim},
	[CS_AUDIT_ISSUED] = {"issued", read_issue},
	[CS_AUDIT_DENIED] = {"denied", read_denial},
	[CS_AUDIT_REVOKED] = {"revoked", read_revocation},
	[CS_AUDIT_LIFTED] = {"lifted", read_revocation},
	[CS_AUDIT_FLOOR] = {"floor", read_floor},
};
#define N_EVENTS (sizeof(events) / sizeof(events[0]))

static int
read_event(cs_span *in, cs_audit_record *a, cs_err *e)
{
	cs_span body = {0};
	unsigned tag = 0;
	int r;

	if ((r = cs_der_any(in, &tag, &body, NULL, e)) != CS_OK)
		return cs_wrap(e, "event");
	if (tag < CS_DER_CTXC(0) || tag >= CS_DER_CTXC(N_EVENTS))
		return BAD(e, CS_R_UNSUPPORTED, "an event of tag 0x%02x", tag);
	a->event = (enum cs_audit_event)(tag - CS_DER_CTXC(0));
	if ((r = events[a->event].read(&body, a, e)) != CS_OK ||
	    (r = cs_der_end(body, "the event", e)) != CS_OK)
		return cs_wrap(e, "%s", events[a->event].name);
	return CS_OK;
}

static int
read_head(cs_span *in, cs_audit_record *a, cs_err *e)
{
	int64_t version = 0;
	int r;

	if ((r = number(in, CS_DER_INTEGER, 0, INT32_MAX, &version, "version",
	    e)) != CS_OK)
		return r;
	if (version != 1)
		return BAD(e, CS_R_UNSUPPORTED, "version %lld, expected 1",
		    (long long)version);
	if ((r = number(in, CS_DER_INTEGER, 1, INT64_MAX, &a->sequence,
	    "sequence", e)) != CS_OK ||
	    (r = hash(in, &a->previous, "previous", e)) != CS_OK)
		return r;
	if ((r = cs_der_gentime(in, &a->time, e)) != CS_OK)
		return cs_wrap(e, "time");
	if ((r = cs_der_get(in, CS_DER_IA5, &a->authority, e)) != CS_OK ||
	    (r = cs_authority_check(a->authority, e)) != CS_OK)
		return cs_wrap(e, "authority");
	return CS_OK;
}

int
cs_audit_read(cs_span der, cs_audit_record *a, cs_err *e)
{
	cs_span whole = der, in = {0};
	int r;

	if (der.n > CS_AUDIT_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", der.n,
		    CS_AUDIT_MAX);
	if ((r = cs_der_walk(der, 0, e)) != CS_OK ||
	    (r = cs_der_get(&whole, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = read_head(&in, a, e)) != CS_OK ||
	    (r = read_event(&in, a, e)) != CS_OK ||
	    (r = cs_der_end(in, "the record", e)) != CS_OK)
		return cs_wrap(e, "audit record");
	a->der = der;
	return CS_OK;
}

int
cs_audit_parse(cs_span in, cs_audit_record **out, cs_err *e)
{
	cs_audit_record *a = NULL;
	int r;

	*out = NULL;
	if (in.n > CS_AUDIT_MAX)
		return BAD(e, CS_R_TOO_LARGE,
		    "audit record: %zu octets, at most %d", in.n,
		    CS_AUDIT_MAX);
	if ((a = calloc(1, sizeof(*a))) == NULL ||
	    (a->own = cs_buf_dup(in)) == NULL) {
		r = cs_nomem(e, "audit");
		goto out;
	}
	if ((r = cs_audit_read(cs_buf_span(a->own), a, e)) != CS_OK)
		goto out;
	*out = a;
	a = NULL; /* transferred */
out:
	cs_audit_free(&a);
	return r;
}

void
cs_audit_free(cs_audit_record **r)
{
	if (r == NULL || *r == NULL)
		return;
	cs_buf_free(&(*r)->own);
	free(*r);
	*r = NULL;
}

const char *
cs_audit_event_name(enum cs_audit_event event)
{
	return (size_t)event < N_EVENTS ? events[event].name : "unknown";
}
