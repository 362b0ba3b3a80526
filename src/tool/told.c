/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/told.h"

#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "fmt/names.h"

#define LINE_ROOM 192 /* of what stands beside an owner's name */
#define TPM2 "tpm2:"

static void
put_assurance(const cs_assurance *a, cs_out *out)
{
	cs_out_object(out, "assurance", NULL);
	cs_out_bool(out, "hardware", NULL, a->hardware);
	cs_out_bool(out, "asserted", NULL, a->asserted);
	cs_out_bool(out, "present", NULL, a->present);
	cs_out_bool(out, "verified", NULL, a->verified);
	cs_out_bool(out, "by_policy", NULL, a->by_policy);
	cs_out_close(out);
}

const char *
cs_told_presence(const cs_assurance *a)
{
	if (a->verified)
		return a->present ? "touch and PIN" : "PIN without touch";
	if (a->present)
		return a->by_policy ? "touch by policy" : "touch";
	return "no presence";
}

const char *
cs_told_protection(const cs_assurance *a)
{
	if (a->hardware)
		return "hardware";
	return a->asserted ? "hardware asserted" : "hardware unproven";
}

/* Whose hardware a TPM is stands in the line: `no presence` of it is for ever,
 * not for once. */
static int
put_protection(const cs_told *t, cs_buf *b)
{
	cs_span proof = t->at[0].attested;
	int r = cs_buf_put_str(b, cs_told_protection(&t->assurance));

	if (r != CS_OK || !t->assurance.hardware || t->n != 1 ||
	    !cs_span_is(cs_span_cut(proof, 0, strlen(TPM2)), TPM2))
		return r;
	return cs_buf_printf(b, " %.*s", (int)proof.n, proof.p);
}

static const char *
role_name(enum cs_role role)
{
	static const char *const names[] = {
		[CS_ROLE_OWN] = "own",
		[CS_ROLE_GRANT] = "grant",
		[CS_ROLE_USE] = "use",
	};

	return names[role];
}

/* A key without a counter has no member. */
static void
put_counter(const cs_counter *c, cs_out *out)
{
	if (!c->given)
		return;
	cs_out_int(out, "counter", NULL, c->value);
	if (c->compared)
		cs_out_bool(out, "counter_regressed", NULL, c->regressed);
}

static void
put_approval(const cs_told_approval *a, cs_out *out)
{
	cs_out_object(out, NULL, NULL);
	cs_out_str(out, "role", NULL, role_name(a->role));
	cs_out_span(out, "owner", NULL, a->owner);
	cs_out_hash(out, "owner_key", NULL, a->key_hash);
	cs_out_hex(out, "approval_id", NULL, a->approval_id);
	cs_out_hex(out, "tbs_sha256", NULL, a->tbs_hash);
	cs_out_str(out, "type", NULL, a->type);
	cs_out_time(out, "not_before", NULL, a->not_before);
	cs_out_time(out, "not_after", NULL, a->not_after);
	cs_out_duration(out, "max_lifetime", NULL, a->max_lifetime);
	cs_out_int(out, "max_issuances", NULL, a->max_issuances);
	put_assurance(&a->assurance, out);
	if (a->attested.p != NULL)
		cs_out_span(out, "attested", NULL, a->attested);
	else
		cs_out_null(out, "attested");
	put_counter(&a->counter, out);
	cs_out_str(out, "anchor_file", NULL, a->anchor_file);
	cs_out_int(out, "anchor_line", NULL, a->anchor_line);
	cs_out_bool(out, "shared_key", NULL, a->shared_key);
	cs_out_bool(out, "other_eku", NULL, a->other_eku);
	cs_out_close(out);
}

static int
put_owner(const cs_told_approval *a, bool first, cs_buf *b)
{
	int r;

	if (a->role == CS_ROLE_USE)
		return CS_OK; /* its grant says whose */
	if ((r = cs_buf_put_str(b, first ? " by " : " and ")) != CS_OK ||
	    (r = cs_buf_put(b, a->owner)) != CS_OK ||
	    a->role != CS_ROLE_GRANT)
		return r;
	return cs_buf_put_str(b, " under a grant");
}

/* The one line; two owners, "A and B". */
static int
put_line(const cs_told *t, cs_out *out, cs_err *e)
{
	cs_buf *b = cs_buf_new(CS_AGENT_ID_MAX +
	    (t->n + 1) * (CS_OWNER_MAX + LINE_ROOM));
	char until[24] = "";
	int r = CS_EBUG;
	size_t i;

	if (b == NULL || !cs_rfc3339_put(t->not_after, until))
		goto out;
	r = cs_buf_put(b, t->agent);
	for (i = 0; r == CS_OK && i < t->n; i++)
		r = put_owner(&t->at[i], i == 0, b);
	if (r == CS_OK && (r = cs_buf_put_str(b, " (")) == CS_OK &&
	    (r = put_protection(t, b)) == CS_OK &&
	    (r = cs_buf_printf(b, ", %s) until %s", cs_told_presence(&t->assurance),
		until)) == CS_OK)
		cs_out_span(out, NULL, "approved", cs_buf_span(b));
out:
	cs_buf_free(&b);
	return r == CS_OK ? CS_OK : cs_nomem(e, "verify");
}

/* Whose line has counter-strict is refused, all others hear of it. */
static void
put_regressed(const cs_told *t, cs_out *out)
{
	const cs_told_approval *a;
	size_t i;

	for (i = 0; i < t->n; i++) {
		a = &t->at[i];
		if (a->counter.regressed)
			cs_out_printf(out, NULL, "warning", "expected a "
			    "counter above %" PRIu32 ", found %" PRIu32
			    ": the key may have been copied, %s:%u",
			    a->counter.last, a->counter.value, a->anchor_file,
			    a->anchor_line);
	}
}

static int
put_approved(const cs_told *t, cs_out *out, cs_err *e)
{
	size_t i;
	int r;

	if ((r = put_line(t, out, e)) != CS_OK)
		return r;
	put_regressed(t, out);
	cs_out_span(out, "owner", NULL, t->owner);
	cs_out_time(out, "not_after", NULL, t->not_after);
	cs_out_duration(out, "max_lifetime", NULL, t->max_lifetime);
	cs_out_int(out, "max_issuances", NULL, t->max_issuances);
	put_assurance(&t->assurance, out);
	cs_out_list(out, "approvals", NULL);
	for (i = 0; i < t->n; i++)
		put_approval(&t->at[i], out);
	cs_out_close(out);
	return CS_OK;
}

static int
put_refused(const cs_told *t, const char *state, cs_out *out, cs_err *e)
{
	const char *reason = cs_reason_name(t->reason);

	cs_out_on_failure(out, CS_OUT_ANSWER);
	cs_out_str(out, "reason", NULL, reason);
	cs_out_printf(out, NULL, state, "%s: %s", reason, t->text);
	return cs_fail_detail(e, t->cls == CS_OK ? CS_EREFUSED : t->cls,
	    t->reason, "verify", "%s", t->text);
}

static int
put_denied(const cs_told *t, cs_out *out, cs_err *e)
{
	cs_out_on_failure(out, CS_OUT_ANSWER);
	if (t->owner.p != NULL) {
		cs_out_span(out, "owner", NULL, t->owner);
		cs_out_time(out, "not_after", NULL, t->not_after);
	}
	cs_out_printf(out, NULL, "denied", "%s", t->text);
	return cs_fail(e, CS_EREFUSED, "verify", "denied %s", t->text);
}

static const char *
state_name(enum cs_state s)
{
	switch (s) {
	case CS_APPROVED:
		return "approved";
	case CS_DENIED:
		return "denied";
	case CS_PENDING:
		return "pending";
	case CS_REFUSED:
		break;
	}
	return "refused";
}

int
cs_told_put(const cs_told *t, cs_out *out, cs_err *e)
{
	const char *state = state_name(t->state);

	if (t->agent.p != NULL) {
		cs_out_span(out, "agent", NULL, t->agent);
		cs_out_hash(out, "agent_key", NULL, t->agent_key_hash);
		cs_out_hex(out, "request_digest", NULL, t->request_digest);
	}
	cs_out_str(out, "state", NULL, state);
	if (t->state == CS_APPROVED)
		return put_approved(t, out, e);
	if (t->state == CS_DENIED)
		return put_denied(t, out, e);
	return put_refused(t, state, out, e);
}
