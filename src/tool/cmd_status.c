/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>

#include "base/enc.h"
#include "base/time.h"
#include "store/memory.h"
#include "tool/past.h"
#include "tool/revokename.h"
#include "tool/storeverb.h"

/* What an authority remembers: of everybody, or of what is named. */

struct opts {
	struct cs_common common;
	struct cs_revoke_words words;
	struct cs_past_opts past;
	bool live;
};

static const struct cs_opt rows[] = {
    CS_PAST_ROWS(struct opts),
    CS_REVOKE_ROWS(struct opts, words),
    {"live", 0, CS_OPT_FLAG, offsetof(struct opts, live), NULL,
	"of what is named too, only credentials that live", 0, 0,
	CS_COMPLETE_NONE},
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "status",
    .synopsis = "",
    .summary = "show credentials, revocations and denials",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
};

struct query {
	cs_out *out;
	int64_t now;
	enum cs_revoke_what what; /* 0: everything */
	cs_span name;
	bool live;
};

static bool
is(const struct query *q, enum cs_revoke_what what, cs_span value)
{
	return q->what == what && cs_span_eq(q->name, value);
}

/* Times as text, beside others in one line. */
static const char *
when(int64_t t, char out[24])
{
	return cs_rfc3339_put(t, out) ? out : "?";
}

static const char *
life(const cs_stored_claim *c, int64_t now)
{
	if (c->ended != 0)
		return "ended";
	return c->not_after > now ? "live" : "expired";
}

static const char *
kind(const cs_stored_claim *c)
{
	return c->kind == 2 ? "wit" : "x509";
}

static void
put_claim_line(const cs_stored_claim *c, const char *state, cs_out *out)
{
	char until[24] = "", ended[24] = "";

	if (c->ended != 0)
		cs_out_printf(out, NULL, state, "%" PRId64 ", %s of %.*s by "
		    "%.*s at %s: %.*s", c->number, kind(c),
		    (int)c->agent_id.n, c->agent_id.p, (int)c->owner.n,
		    c->owner.p, when(c->ended, ended), (int)c->end_reason.n,
		    c->end_reason.p);
	else
		cs_out_printf(out, NULL, state, "%" PRId64 ", %s of %.*s by "
		    "%.*s until %s%s", c->number, kind(c),
		    (int)c->agent_id.n, c->agent_id.p, (int)c->owner.n,
		    c->owner.p, when(c->not_after, until),
		    c->recorded ? "" : ", never recorded");
}

static int
each_claim(void *arg, const cs_stored_claim *c, cs_err *e)
{
	const struct query *q = arg;
	const char *state = life(c, q->now);
	cs_out *out = q->out;

	(void)e;
	cs_out_object(out, NULL, NULL);
	put_claim_line(c, state, out);
	cs_out_int(out, "number", NULL, c->number);
	cs_out_str(out, "state", NULL, state);
	cs_out_str(out, "kind", NULL, kind(c));
	cs_out_span(out, "agent", NULL, c->agent_id);
	cs_out_hash(out, "agent_key", NULL, c->agent_key_hash);
	cs_out_span(out, "owner", NULL, c->owner);
	cs_out_hex(out, "serial", NULL, c->serial);
	cs_out_hex(out, "request_digest", NULL, c->request_digest);
	cs_out_time(out, "claimed", NULL, c->time);
	cs_out_time(out, "not_before", NULL, c->not_before);
	cs_out_time(out, "not_after", NULL, c->not_after);
	cs_out_bool(out, "recorded", NULL, c->recorded);
	if (c->ended != 0) {
		cs_out_time(out, "ended", NULL, c->ended);
		cs_out_span(out, "reason", NULL, c->end_reason);
	}
	cs_out_close(out);
	return CS_OK;
}

/* Of everybody those that live; of who is named all. */
static int
put_claims(cs_past *p, const struct query *q, cs_err *e)
{
	cs_claim_ask ask = {.live_only = q->live || q->what == 0,
	    .now = q->now};

	if (q->what == CS_REVOKE_OWNER)
		ask.owner = q->name;
	if (q->what == CS_REVOKE_KEY)
		ask.key_hash = q->name;
	if (q->what == CS_REVOKE_AGENT)
		ask.agent_id = q->name;
	if (q->what == CS_REVOKE_GRANT || q->what == CS_REVOKE_APPROVAL)
		ask.tbs_hash = q->name;
	return cs_past_claims(p, &ask, each_claim, (void *)(uintptr_t)q, e);
}

static void
put_revoked_line(const cs_revocation *r, cs_span name, cs_out *out)
{
	char from[24] = "", to[24] = "";

	if (r->lifted == 0)
		cs_out_printf(out, NULL, "revoked", "%s %.*s since %s by %.*s: "
		    "%.*s", cs_revoke_name(r->what), (int)name.n, name.p,
		    when(r->time, from), (int)r->actor.n, r->actor.p,
		    (int)r->reason.n, r->reason.p);
	else
		cs_out_printf(out, NULL, "lifted", "%s %.*s at %s by %.*s: "
		    "%.*s; it was revoked from %s by %.*s: %.*s",
		    cs_revoke_name(r->what), (int)name.n, name.p,
		    when(r->lifted, to), (int)r->lifted_actor.n,
		    r->lifted_actor.p, (int)r->lifted_reason.n,
		    r->lifted_reason.p, when(r->time, from),
		    (int)r->actor.n, r->actor.p, (int)r->reason.n,
		    r->reason.p);
}

static int
each_revocation(void *arg, const cs_revocation *r, cs_err *e)
{
	const struct query *q = arg;
	cs_out *out = q->out;
	cs_buf *name = NULL;

	if (q->what != 0 && !is(q, r->what, r->name))
		return CS_OK;
	if ((name = cs_revoke_shown(r->what, r->name)) == NULL)
		return cs_nomem(e, "status");
	cs_out_object(out, NULL, NULL);
	put_revoked_line(r, cs_buf_span(name), out);
	cs_revoke_put(r->what, r->name, out);
	cs_out_bool(out, "in_force", NULL, r->lifted == 0);
	cs_out_time(out, "time", NULL, r->time);
	cs_out_span(out, "reason", NULL, r->reason);
	cs_out_span(out, "actor", NULL, r->actor);
	cs_out_int(out, "ended", NULL, r->live);
	if (r->lifted != 0) {
		cs_out_time(out, "lifted", NULL, r->lifted);
		cs_out_span(out, "lifted_reason", NULL, r->lifted_reason);
		cs_out_span(out, "lifted_actor", NULL, r->lifted_actor);
	}
	cs_out_close(out);
	cs_buf_free(&name);
	return CS_OK;
}

static int
each_denial(void *arg, const cs_stored_denial *d, cs_err *e)
{
	const struct query *q = arg;
	cs_out *out = q->out;
	char until[24] = "";

	(void)e;
	if (q->what != 0 && !is(q, CS_REVOKE_OWNER, d->owner) &&
	    !is(q, CS_REVOKE_KEY, d->key_hash) &&
	    !is(q, CS_REVOKE_AGENT, d->agent_id) &&
	    !is(q, CS_REVOKE_APPROVAL, d->tbs_hash))
		return CS_OK;
	cs_out_object(out, NULL, NULL);
	cs_out_printf(out, NULL, d->not_after < q->now ? "was denied" :
	    "denied", "%.*s by %.*s until %s", (int)d->agent_id.n,
	    d->agent_id.p, (int)d->owner.n, d->owner.p,
	    when(d->not_after, until));
	cs_out_span(out, "agent", NULL, d->agent_id);
	cs_out_hex(out, "request_digest", NULL, d->request_digest);
	cs_out_span(out, "owner", NULL, d->owner);
	cs_out_hash(out, "owner_key", NULL, d->key_hash);
	cs_out_hex(out, "tbs_sha256", NULL, d->tbs_hash);
	cs_out_time(out, "time", NULL, d->time);
	cs_out_time(out, "not_before", NULL, d->not_before);
	cs_out_time(out, "not_after", NULL, d->not_after);
	cs_out_close(out);
	return CS_OK;
}

static int
put(cs_past *p, struct query *q, cs_err *e)
{
	cs_store_info info = {0};
	int r;

	if ((r = cs_past_look(p, q->now, &info, e)) != CS_OK)
		return r;
	cs_past_put(p, true, q->out);
	cs_store_verb_put(&info, q->out);
	cs_out_list(q->out, "credentials", NULL);
	r = put_claims(p, q, e);
	cs_out_close(q->out);
	if (r != CS_OK)
		return r;
	cs_out_list(q->out, "revoked", NULL);
	r = cs_past_revocations(p, each_revocation, q, e);
	cs_out_close(q->out);
	if (r != CS_OK)
		return r;
	cs_out_list(q->out, "denied", NULL);
	r = cs_past_denials(p, each_denial, q, e);
	cs_out_close(q->out);
	return r;
}

static int
run(const cs_tool *t, const void *opts, const cs_words *words, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	struct query q = {.out = out, .now = cs_time_now(), .live = o->live};
	cs_buf *name = NULL;
	cs_past *p = NULL;
	int r;

	(void)words;
	if ((r = cs_revoke_words_read(&o->words, &q.what, &name, e)) !=
		CS_OK || (r = cs_past_open(t, &o->past, CS_DB_READ, q.now, &p,
	    e)) != CS_OK)
		goto out;
	q.name = cs_buf_span(name);
	r = put(p, &q, e);
out:
	cs_past_close(&p);
	cs_buf_free(&name);
	return r;
}

const struct cs_verb cs_cmd_status = {
    &spec, sizeof(struct opts), NULL, run};
