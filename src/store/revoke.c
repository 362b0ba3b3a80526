/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>

#include "base/enc.h"
#include "base/text.h"
#include "base/time.h"
#include "fmt/reason.h"
#include "store/audit.h"
#include "store/claimp.h"

static const char where[] = "store/revoke";

const char *
cs_revoke_name(enum cs_revoke_what what)
{
	static const char *const names[] = {
		[CS_REVOKE_OWNER] = "owner",
		[CS_REVOKE_KEY] = "key",
		[CS_REVOKE_AGENT] = "agent",
		[CS_REVOKE_GRANT] = "grant",
		[CS_REVOKE_APPROVAL] = "approval",
	};

	return what < CS_REVOKE_OWNER || what > CS_REVOKE_APPROVAL ? "nothing" :
	    names[what];
}

static bool
is_text(enum cs_revoke_what what)
{
	return what == CS_REVOKE_OWNER || what == CS_REVOKE_AGENT;
}

/* A name as the audit log and sentences have it. */
static int
put_name(enum cs_revoke_what what, cs_span name, cs_buf *out)
{
	return is_text(what) ? cs_buf_put(out, name) : cs_hex_put(out, name);
}

static int
check_name(const cs_revocation *r, cs_err *e)
{
	const cs_word hash = {"hash", r->name, CS_HASH_LEN, CS_HASH_LEN};

	switch (r->what) {
	case CS_REVOKE_OWNER:
		return cs_owner_check(r->name, e);
	case CS_REVOKE_AGENT:
		return cs_agent_id_check(r->name, NULL, e);
	case CS_REVOKE_APPROVAL:
		if (r->name.p != NULL && r->name.n == CS_APPROVAL_ID_LEN)
			return CS_OK;
		return cs_words_check(&hash, 1, where, e);
	case CS_REVOKE_KEY:
	case CS_REVOKE_GRANT:
		return cs_words_check(&hash, 1, where, e);
	default:
		return cs_fail(e, CS_EUSAGE, where, "nothing to revoke");
	}
}

static int
check_words(cs_span reason, cs_span actor, cs_err *e)
{
	const cs_word words[] = {
		{"reason", reason.p == NULL ? cs_span_of("", 0) : reason, 0,
		    CS_REASON_MAX},
		{"actor", actor, 1, CS_ACTOR_MAX},
	};
	int rc;

	if ((rc = cs_words_check(words, 2, where, e)) != CS_OK)
		return rc;
	return cs_text_plain(reason) && cs_text_plain(actor) ? CS_OK :
	    cs_fail(e, CS_EUSAGE, where, "a reason and an actor are text "
	    "without control or invisible characters");
}

/* What is revoked, and by whom; a bad identifier is a bad word here. */
static int
check(const cs_revocation *r, int64_t time, cs_span reason, cs_span actor,
    cs_err *e)
{
	int rc;

	if (check_name(r, e) != CS_OK)
		return e == NULL ? CS_EUSAGE : (e->cls = CS_EUSAGE);
	if ((rc = cs_time_check("time", time, where, e)) != CS_OK)
		return rc;
	return check_words(reason, actor, e);
}

struct revoked {
	bool found;
	char *text;
	size_t len;
};

static int
tell(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct revoked *v = arg;
	char since[24];
	cs_revocation r = {0};
	cs_buf *name = NULL;
	int rc;

	if ((rc = cs_revocation_row_get(col, n, &r, e)) != CS_OK)
		return rc;
	if ((name = cs_buf_new(2 * CS_AGENT_ID_MAX)) == NULL ||
	    put_name(r.what, r.name, name) != CS_OK ||
	    !cs_rfc3339_put(r.time, since)) {
		cs_buf_free(&name);
		return cs_nomem(e, where);
	}
	v->found = true;
	snprintf(v->text, v->len, "%s %s revoked since %s%s%.*s",
	    cs_revoke_name(r.what), cs_buf_cstr(name), since,
	    r.reason.n == 0 ? "" : ": ", (int)r.reason.n,
	    (const char *)r.reason.p);
	cs_buf_free(&name);
	return CS_OK;
}

int
cs_txn_revoked(cs_txn *t, const cs_revoked_ask *ask, bool *found, char *text,
    size_t text_len, cs_err *e)
{
	const cs_db_value in[] = {cs_db_blob(ask->owner),
	    cs_db_blob(ask->key_hash), cs_db_blob(ask->agent_id),
	    cs_db_blob(ask->tbs_hash), cs_db_blob(ask->approval_id)};
	struct revoked v = {false, text, text_len};
	int rc;

	*found = false;
	rc = cs_txn_run(t, CS_SQL_REVOKED, in, 5, tell, &v, NULL, e);
	if (rc == CS_OK)
		*found = v.found;
	return rc;
}

struct asking {
	const cs_revoked_ask *ask;
	bool found;
	char *text;
	size_t len;
};

static int
ask_work(cs_txn *t, void *arg, cs_err *e)
{
	struct asking *a = arg;

	return cs_txn_revoked(t, a->ask, &a->found, a->text, a->len, e);
}

int
cs_revoked(cs_store *s, const cs_revoked_ask *ask, int64_t deadline_ms,
    bool *found, char *text, size_t text_len, cs_err *e)
{
	struct asking a = {ask, false, text, text_len};
	int rc;

	*found = false;
	rc = cs_store_read(s, ask_work, &a, deadline_ms, e);
	if (rc == CS_OK)
		*found = a.found;
	return rc;
}

struct revoking {
	const cs_revocation *r;
	int64_t time; /* of this act */
	cs_span reason, actor;
	int64_t ended;
};

static int
append(cs_txn *t, const struct revoking *g, enum cs_audit_event event,
    int64_t *number, cs_err *e)
{
	cs_audit_record a = {.event = event, .time = g->time,
	    .what = (int)g->r->what, .reason = g->reason, .actor = g->actor,
	    .live = g->ended};
	cs_buf *name = cs_buf_new(2 * CS_AGENT_ID_MAX);
	int rc = CS_OK;

	if (name == NULL || put_name(g->r->what, g->r->name, name) != CS_OK)
		rc = cs_nomem(e, where);
	a.name = cs_buf_span(name);
	if (rc == CS_OK)
		rc = cs_audit_append(t, &a, number, e);
	cs_buf_free(&name);
	return rc;
}

/* "owner mailto:alice@corp.example revoked: lost her card" */
static int
put_end(const struct revoking *g, cs_buf *out)
{
	if (cs_buf_printf(out, "%s ", cs_revoke_name(g->r->what)) != CS_OK ||
	    put_name(g->r->what, g->r->name, out) != CS_OK ||
	    cs_buf_put_str(out, " revoked") != CS_OK)
		return CS_EBUG;
	return g->reason.n == 0 ? CS_OK :
	    cs_buf_printf(out, ": %.*s", (int)g->reason.n,
	    (const char *)g->reason.p);
}

static enum cs_sql
end_by(const cs_revocation *r)
{
	switch (r->what) {
	case CS_REVOKE_OWNER:
		return CS_SQL_END_OWNER;
	case CS_REVOKE_KEY:
		return CS_SQL_END_KEY;
	case CS_REVOKE_AGENT:
		return CS_SQL_END_AGENT;
	default:
		return r->name.n == CS_APPROVAL_ID_LEN ? CS_SQL_END_ID :
		    CS_SQL_END_TBS;
	}
}

/* By a clock that is ahead everything has expired. What lives by the last claim
 * is ended, too: with a clock that is right that is nothing more, or has
 * expired since, and whoever is told of a few too many has lost nothing. */
static int
end_claims(cs_txn *t, struct revoking *g, cs_err *e)
{
	cs_buf *why = NULL;
	int64_t last = 0;
	cs_db_value v[4] = {is_text(g->r->what) ? cs_db_text(g->r->name) :
	    cs_db_blob(g->r->name), cs_db_int(g->time)};
	int rc;

	if ((rc = cs_clock_get(t, &last, e)) != CS_OK)
		return rc;
	if ((why = cs_buf_new(CS_END_MAX)) == NULL || put_end(g, why) != CS_OK)
		rc = cs_nomem(e, where);
	else {
		v[2] = cs_db_text(cs_buf_span(why));
		v[3] = cs_db_int(last < g->time ? last : g->time);
		rc = cs_txn_run(t, end_by(g->r), v, 4, NULL, NULL, &g->ended,
		    e);
	}
	cs_buf_free(&why);
	return rc;
}

static int
put(cs_txn *t, const struct revoking *g, int64_t number, cs_err *e)
{
	const cs_db_value v[] = {cs_db_int(number), cs_db_int(g->r->what),
	    cs_db_blob(g->r->name), cs_db_int(g->time),
	    cs_db_text(g->reason), cs_db_text(g->actor), cs_db_int(g->ended)};

	return cs_txn_run(t, CS_SQL_REVOCATION_PUT, v, 7, NULL, NULL, NULL, e);
}

static int
in_force(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	char text[sizeof(e->text)];
	struct revoked v = {false, text, sizeof(text)};
	int rc;

	(void)arg;
	if ((rc = tell(&v, col, n, e)) != CS_OK)
		return rc;
	return cs_fail(e, CS_EREFUSED, where, "it is already: %s", text);
}

static int
revoke(cs_txn *t, void *arg, cs_err *e)
{
	struct revoking *g = arg;
	const cs_db_value v[] = {cs_db_int(g->r->what),
	    cs_db_blob(g->r->name)};
	int64_t number = 0;
	int rc;

	g->ended = 0;
	if ((rc = cs_txn_run(t, CS_SQL_REVOCATION_GET, v, 2, in_force, NULL,
	    NULL, e)) != CS_OK ||
	    (rc = end_claims(t, g, e)) != CS_OK ||
	    (rc = append(t, g, CS_AUDIT_REVOKED, &number, e)) != CS_OK)
		return rc;
	return put(t, g, number, e);
}

static cs_span
or_empty(cs_span s)
{
	return s.p == NULL ? cs_span_of("", 0) : s;
}

int
cs_revoke(cs_store *s, const cs_revocation *r, int64_t deadline_ms,
    int64_t *ended, cs_err *e)
{
	struct revoking g = {.r = r, .time = r->time,
	    .reason = or_empty(r->reason), .actor = r->actor};
	int rc;

	*ended = 0;
	if ((rc = check(r, r->time, g.reason, g.actor, e)) != CS_OK)
		return rc;
	rc = cs_store_write(s, revoke, &g, false, deadline_ms, e);
	if (rc == CS_OK)
		*ended = g.ended;
	return rc;
}

static int
lift(cs_txn *t, void *arg, cs_err *e)
{
	const struct revoking *g = arg;
	const cs_db_value v[] = {cs_db_int(g->r->what),
	    cs_db_blob(g->r->name), cs_db_int(g->time), cs_db_text(g->reason),
	    cs_db_text(g->actor)};
	int64_t changed = 0;
	int rc;

	if ((rc = cs_txn_run(t, CS_SQL_REVOCATION_LIFT, v, 5, NULL, NULL,
	    &changed, e)) != CS_OK)
		return rc;
	if (changed == 0)
		return cs_fail(e, CS_EREFUSED, where,
		    "no revocation of this %s is in force",
		    cs_revoke_name(g->r->what));
	return append(t, g, CS_AUDIT_LIFTED, NULL, e);
}

int
cs_revoke_lift(cs_store *s, const cs_revocation *r, int64_t now,
    int64_t deadline_ms, cs_err *e)
{
	struct revoking g = {.r = r, .time = now,
	    .reason = or_empty(r->reason), .actor = r->actor};
	int rc;

	if ((rc = check(r, now, g.reason, g.actor, e)) != CS_OK)
		return rc;
	return cs_store_write(s, lift, &g, false, deadline_ms, e);
}

struct listing {
	cs_revocation_fn *each;
	void *arg;
};

static int
list_row(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	const struct listing *l = arg;
	cs_revocation r;
	int rc = cs_revocation_row_get(col, n, &r, e);

	return rc != CS_OK ? rc : l->each(l->arg, &r, e);
}

int
cs_revocations(cs_store *s, int64_t deadline_ms, cs_revocation_fn *each,
    void *arg, cs_err *e)
{
	struct listing l = {each, arg};

	return cs_store_ask(s, CS_SQL_REVOCATIONS, NULL, 0, list_row, &l,
	    deadline_ms, e);
}
