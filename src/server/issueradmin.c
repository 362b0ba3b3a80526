/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/time.h"
#include "crypt/hash.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "server/issuerp.h"
#include "store/audit.h"
#include "store/memory.h"
#include "store/revoke.h"

/* Acts of the admin socket, whose front passes on who asks. What it is asked to
 * do is bounded by the verbs of the table at the end. */

static const char where[] = "server/admin";

#define AUDIT_ROWS 256 /* of one answer */
#define CLAIM_ROWS 1000
#define METRICS_MAX (64 * 1024)
/* Octets of rows in one answer: a frame has to hold it. A record alone is never
 * longer. */
#define ROWS_MAX (768 * 1024)
#define ROW_LEN 512 /* of a row without its texts */
#define ESCAPED 3   /* an octet of text, as \u00e9 has two */

struct act {
	cs_issuer *i;
	const cs_ask_admin *ask;
	json_t *in;      /* an object */
	json_t *out;     /* the answer, an object */
	cs_buf *text;    /* or this */
	int64_t now, deadline_ms;
	int status;
	bool failed;     /* no memory, or what is no UTF-8 */
	int64_t passed;  /* rows, or claims by number, that were told before */
	size_t rows_len; /* of the list */
	bool more;       /* it does not hold all */
};

static void
set(struct act *a, json_t *to, const char *key, json_t *v)
{
	if (json_object_set_new(to, key, v) != 0)
		a->failed = true;
}

static void
set_text(struct act *a, json_t *to, const char *key, cs_span s)
{
	set(a, to, key, json_stringn((const char *)s.p, s.n));
}

static void
set_hex(struct act *a, json_t *to, const char *key, cs_span s)
{
	cs_buf *b = cs_buf_new(2 * s.n + 1);

	if (b == NULL || cs_hex_put(b, s) != CS_OK)
		a->failed = true;
	else
		set_text(a, to, key, cs_buf_span(b));
	cs_buf_free(&b);
}

static void
set_time(struct act *a, json_t *to, const char *key, int64_t t)
{
	char text[24];

	if (cs_rfc3339_put(t, text))
		set(a, to, key, json_string(text));
	else
		set(a, to, key, json_null());
}

static void
push(struct act *a, json_t *list, json_t *v)
{
	if (json_array_append_new(list, v) != 0)
		a->failed = true;
}

/* Once a row did not fit, none behind it is there. */
static bool
fits(struct act *a, size_t n)
{
	a->rows_len += ROW_LEN + n;
	if (a->more || a->rows_len <= ROWS_MAX)
		return !a->more;
	a->more = true;
	set(a, a->out, "more", json_true());
	return false;
}

static bool
is_told(struct act *a)
{
	if (a->passed == 0)
		return false;
	a->passed--;
	return true;
}

static int
bad(cs_err *e, const char *what)
{
	return cs_fail(e, CS_EUSAGE, where, "%s", what);
}

/* A member that is text; absent when it is not there. */
static int
get_text(const struct act *a, const char *key, cs_span *out, cs_err *e)
{
	const json_t *v = json_object_get(a->in, key);

	*out = (cs_span){0};
	if (v == NULL)
		return CS_OK;
	if (!json_is_string(v))
		return cs_fail(e, CS_EUSAGE, where, "%s: expected text", key);
	*out = cs_span_of(json_string_value(v), json_string_length(v));
	return CS_OK;
}

static int
get_number(const struct act *a, const char *key, int64_t *out, cs_err *e)
{
	const json_t *v = json_object_get(a->in, key);

	if (v == NULL)
		return CS_OK;
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return cs_fail(e, CS_EUSAGE, where, "%s: expected a number",
		    key);
	*out = json_integer_value(v);
	return CS_OK;
}

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
get_hex(cs_span in, cs_buf *out, cs_err *e)
{
	size_t i;
	int high, low;

	for (i = 0; i + 1 < in.n; i += 2)
		if ((high = digit(in.p[i])) < 0 ||
		    (low = digit(in.p[i + 1])) < 0 ||
		    cs_buf_put_byte(out, (uint8_t)(high << 4 | low)) != CS_OK)
			break;
	return i == in.n && in.n != 0 ? CS_OK :
	    bad(e, "expected lowercase hex digits");
}

static int
get_what(cs_span name, enum cs_revoke_what *out, cs_err *e)
{
	int w;

	for (w = CS_REVOKE_OWNER; w <= CS_REVOKE_APPROVAL; w++)
		if (cs_span_is(name,
		    cs_revoke_name((enum cs_revoke_what)w))) {
			*out = (enum cs_revoke_what)w;
			return CS_OK;
		}
	return bad(e, "what: expected owner, key, agent, grant or approval");
}

/* {what, name, reason}; `own` keeps what is not as it came. */
static int
get_revocation(const struct act *a, cs_revocation *r, cs_buf *own,
    char actor[32], cs_err *e)
{
	cs_span what = {0}, name = {0};
	int rc;

	if ((rc = get_text(a, "what", &what, e)) != CS_OK ||
	    (rc = get_text(a, "name", &name, e)) != CS_OK ||
	    (rc = get_text(a, "reason", &r->reason, e)) != CS_OK ||
	    (rc = get_what(what, &r->what, e)) != CS_OK)
		return rc;
	r->name = name;
	r->time = a->now;
	(void)snprintf(actor, 32, "uid %" PRId64, a->ask->uid);
	r->actor = cs_span_str(actor);
	if (name.n > CS_AGENT_ID_MAX)
		return bad(e, "name: too long");
	if (r->what == CS_REVOKE_OWNER || r->what == CS_REVOKE_AGENT)
		return CS_OK;
	rc = get_hex(name, own, e);
	r->name = cs_buf_span(own);
	return rc;
}

/* As the log has it. */
static void
set_act(struct act *a, const cs_revocation *r)
{
	set_time(a, a->out, "time", r->time);
	set_text(a, a->out, "actor", r->actor);
}

static int
do_revoke(struct act *a, cs_err *e)
{
	cs_revocation r = {.live = 0};
	cs_buf *own = cs_buf_new(CS_AGENT_ID_MAX);
	char actor[32];
	int64_t ended = 0;
	int rc;

	if (own == NULL)
		return cs_nomem(e, where);
	if ((rc = get_revocation(a, &r, own, actor, e)) == CS_OK &&
	    (rc = cs_revoke(a->i->env.store, &r, a->deadline_ms, &ended,
	    e)) == CS_OK) {
		set(a, a->out, "ended", json_integer(ended));
		set_act(a, &r);
		cs_issuer_log(a->i, COUNTERSIGN_LOG_WARNING,
		    "revoke %s by %s: %" PRId64 " ended",
		    cs_revoke_name(r.what), actor, ended);
	}
	cs_buf_free(&own);
	return rc;
}

static int
do_lift(struct act *a, cs_err *e)
{
	cs_revocation r = {.live = 0};
	cs_buf *own = cs_buf_new(CS_AGENT_ID_MAX);
	char actor[32];
	int rc;

	if (own == NULL)
		return cs_nomem(e, where);
	if ((rc = get_revocation(a, &r, own, actor, e)) == CS_OK &&
	    (rc = cs_revoke_lift(a->i->env.store, &r, a->now, a->deadline_ms,
	    e)) == CS_OK) {
		set_act(a, &r);
		cs_issuer_log(a->i, COUNTERSIGN_LOG_WARNING, "lift %s by %s",
		    cs_revoke_name(r.what), actor);
	}
	cs_buf_free(&own);
	return rc;
}

static int
put_revocation(void *arg, const cs_revocation *r, cs_err *e)
{
	struct act *a = arg;
	json_t *o;

	(void)e;
	if (is_told(a) || !fits(a, ESCAPED * (r->name.n + r->reason.n +
	    r->actor.n + r->lifted_reason.n + r->lifted_actor.n)))
		return CS_OK;
	o = json_object();
	set(a, o, "what", json_string(cs_revoke_name(r->what)));
	if (r->what == CS_REVOKE_OWNER || r->what == CS_REVOKE_AGENT)
		set_text(a, o, "name", r->name);
	else
		set_hex(a, o, "name", r->name);
	set_time(a, o, "time", r->time);
	set_text(a, o, "reason", r->reason);
	set_text(a, o, "actor", r->actor);
	set(a, o, "ended", json_integer(r->live));
	if (r->lifted != 0) {
		set_time(a, o, "lifted", r->lifted);
		set_text(a, o, "lifted_reason", r->lifted_reason);
		set_text(a, o, "lifted_actor", r->lifted_actor);
	}
	push(a, json_object_get(a->out, "revocations"), o);
	return CS_OK;
}

static int
do_revocations(struct act *a, cs_err *e)
{
	int rc;

	if ((rc = get_number(a, "skip", &a->passed, e)) != CS_OK)
		return rc;
	set(a, a->out, "revocations", json_array());
	return cs_revocations(a->i->env.store, a->deadline_ms,
	    put_revocation, a, e);
}

static int
put_denial(void *arg, const cs_stored_denial *d, cs_err *e)
{
	struct act *a = arg;
	json_t *o;

	(void)e;
	if (is_told(a) || !fits(a, ESCAPED * (d->agent_id.n + d->owner.n)))
		return CS_OK;
	o = json_object();
	set_text(a, o, "agent", d->agent_id);
	set_hex(a, o, "request", d->request_digest);
	set_text(a, o, "owner", d->owner);
	set_hex(a, o, "owner_key", d->key_hash);
	set_hex(a, o, "tbs_sha256", d->tbs_hash);
	set_time(a, o, "time", d->time);
	set_time(a, o, "not_before", d->not_before);
	set_time(a, o, "not_after", d->not_after);
	push(a, json_object_get(a->out, "denials"), o);
	return CS_OK;
}

static int
do_denials(struct act *a, cs_err *e)
{
	int rc;

	if ((rc = get_number(a, "skip", &a->passed, e)) != CS_OK)
		return rc;
	set(a, a->out, "denials", json_array());
	return cs_denials(a->i->env.store, a->deadline_ms, put_denial, a, e);
}

static int
put_claim(void *arg, const cs_stored_claim *c, cs_err *e)
{
	struct act *a = arg;
	json_t *list = json_object_get(a->out, "credentials"), *o;

	(void)e;
	if (c->number <= a->passed ||
	    !fits(a, (json_array_size(list) == CLAIM_ROWS ? ROWS_MAX : 0) +
	    ESCAPED * (c->agent_id.n + c->owner.n + c->end_reason.n)))
		return CS_OK;
	o = json_object();
	set(a, o, "number", json_integer(c->number));
	set(a, o, "kind", json_string(c->kind == COUNTERSIGN_KIND_WIT ?
	    "wit" : "x509"));
	set_text(a, o, "agent", c->agent_id);
	set_hex(a, o, "agent_key", c->agent_key_hash);
	set_text(a, o, "owner", c->owner);
	set_hex(a, o, "serial", c->serial);
	set_hex(a, o, "request", c->request_digest);
	set_time(a, o, "claimed", c->time);
	set_time(a, o, "not_before", c->not_before);
	set_time(a, o, "not_after", c->not_after);
	set(a, o, "issued", json_boolean(c->recorded));
	if (c->ended != 0) {
		set_time(a, o, "ended", c->ended);
		set_text(a, o, "end_reason", c->end_reason);
	}
	push(a, list, o);
	return CS_OK;
}

static int
do_store(struct act *a, cs_err *e)
{
	json_t *o = a->out;
	cs_store_info i = {0};
	int rc;

	if ((rc = cs_store_look(a->i->env.store, a->now, a->deadline_ms, &i,
	    e)) != CS_OK)
		return rc;
	set(a, o, "engine", json_string(i.engine));
	set(a, o, "authority", json_string(i.authority));
	set(a, o, "schema", json_integer(i.schema));
	if (i.floor != 0)
		set_time(a, o, "floor", i.floor);
	set(a, o, "claims", json_integer(i.claims));
	set(a, o, "live", json_integer(i.live));
	set(a, o, "approvals", json_integer(i.approvals));
	set(a, o, "revocations", json_integer(i.revocations));
	set(a, o, "denials", json_integer(i.denials));
	set(a, o, "sequence", json_integer(i.head.sequence));
	set_hex(a, o, "sha256", cs_span_of(i.head.hash, sizeof(i.head.hash)));
	return CS_OK;
}

struct named { /* octets of those that are named in hex */
	const char *key;
	cs_span *to;
	cs_buf *own;
};

/* Of who or what is asked for, or all that live. */
static int
get_claim_ask(const struct act *a, struct named hex[3], cs_claim_ask *ask,
    cs_err *e)
{
	int64_t live = 0;
	cs_span text;
	size_t i;
	int rc;

	if ((rc = get_text(a, "agent", &ask->agent_id, e)) != CS_OK ||
	    (rc = get_text(a, "owner", &ask->owner, e)) != CS_OK ||
	    (rc = get_number(a, "live", &live, e)) != CS_OK)
		return rc;
	ask->live_only = live != 0 || (ask->agent_id.p == NULL &&
	    ask->owner.p == NULL);
	for (i = 0; i < 3; i++) {
		if ((rc = get_text(a, hex[i].key, &text, e)) != CS_OK)
			return rc;
		if (text.p == NULL)
			continue;
		ask->live_only = live != 0;
		if ((hex[i].own = cs_buf_new(64)) == NULL)
			return cs_nomem(e, where);
		if ((rc = get_hex(text, hex[i].own, e)) != CS_OK)
			return rc;
		*hex[i].to = cs_buf_span(hex[i].own);
	}
	return CS_OK;
}

static int
do_status(struct act *a, cs_err *e)
{
	cs_claim_ask ask = {.now = a->now};
	struct named hex[3] = {{"serial", &ask.serial, NULL},
	    {"key", &ask.key_hash, NULL}, {"approval", &ask.tbs_hash, NULL}};
	size_t i;
	int rc;

	if ((rc = get_claim_ask(a, hex, &ask, e)) == CS_OK &&
	    (rc = get_number(a, "after", &a->passed, e)) == CS_OK) {
		set(a, a->out, "credentials", json_array());
		rc = cs_claims(a->i->env.store, &ask, a->deadline_ms,
		    put_claim, a, e);
	}
	for (i = 0; i < 3; i++)
		cs_buf_free(&hex[i].own);
	return rc;
}

static int
put_record(void *arg, int64_t sequence, cs_span der, cs_err *e)
{
	struct act *a = arg;
	uint8_t hash[32];
	json_t *o;
	cs_buf *b;
	int rc;

	if (!fits(a, der.n / 3 * 4 + 8))
		return CS_OK;
	o = json_object();
	b = cs_buf_new(der.n / 3 * 4 + 8);
	rc = cs_sha256(der, hash, e);
	set(a, o, "sequence", json_integer(sequence));
	set_hex(a, o, "sha256", cs_span_of(hash, sizeof(hash)));
	if (b == NULL || cs_base64_put(b, der, 0) != CS_OK)
		a->failed = true;
	else
		set_text(a, o, "record", cs_buf_span(b));
	cs_buf_free(&b);
	push(a, json_object_get(a->out, "records"), o);
	return rc;
}

static int
do_audit(struct act *a, cs_err *e)
{
	int64_t from = 1, to = 0;
	int rc;

	if ((rc = get_number(a, "from", &from, e)) != CS_OK ||
	    (rc = get_number(a, "to", &to, e)) != CS_OK)
		return rc;
	if (from < 1 || from > INT64_MAX - AUDIT_ROWS)
		return bad(e, "from: no such record");
	if (to == 0 || to >= from + AUDIT_ROWS)
		to = from + AUDIT_ROWS - 1;
	set(a, a->out, "records", json_array());
	rc = cs_audit_walk(a->i->env.store, from, to, a->deadline_ms,
	    put_record, a, e);
	set(a, a->out, "next", json_integer(from + (json_int_t)
	    json_array_size(json_object_get(a->out, "records"))));
	return rc;
}

static int
do_health(struct act *a, cs_err *e)
{
	(void)e;
	set(a, a->out, "status", json_string("ok"));
	return CS_OK;
}

static int
do_ready(struct act *a, cs_err *e)
{
	int rc = cs_issuer_ready(a->i, a->now, a->deadline_ms, e);

	if (rc == CS_OK)
		set(a, a->out, "status", json_string("ready"));
	else
		a->status = 503;
	return rc;
}

static int
do_metrics(struct act *a, cs_err *e)
{
	cs_issuer *i = a->i;
	cs_stats_now now = {.now = a->now, .workers = i->env.workers,
	    .pending = -1, .live = -1,
	    .queued = i->env.queued == NULL ? 0 :
	    i->env.queued(i->env.queued_arg)};
	cs_store_info info = {0};
	cs_crl_state crl;
	cs_err ignored = {0};

	if (cs_pending_count(i->env.store, a->now, a->deadline_ms,
	    &now.pending, &ignored) != CS_OK)
		now.pending = -1;
	if (cs_store_look(i->env.store, a->now, a->deadline_ms, &info,
	    &ignored) == CS_OK)
		now.live = info.live;
	cs_issuer_crl_state(i, &crl);
	now.crl_made = crl.made;
	now.crl_number = crl.number;
	now.crl_entries = crl.entries;
	now.crl_failing = crl.failing;
	if ((a->text = cs_buf_new(METRICS_MAX)) == NULL)
		return cs_nomem(e, where);
	return cs_stats_put(i->stats, &now, a->text, e);
}

static int
do_reload(struct act *a, cs_err *e)
{
	char why[1024] = "";
	int rc = a->i->env.plugin->reload(a->i->env.instance, why,
	    sizeof(why));

	if (rc == CS_OK)
		return CS_OK;
	return cs_fail(e, rc < 0 && rc >= CS_EBUG ? rc : CS_EBUG, where, "%s",
	    why);
}

static const struct verb {
	const char *name;
	int (*run)(struct act *a, cs_err *e);
} verbs[] = {
	{"revoke", do_revoke},
	{"lift", do_lift},
	{"revocations", do_revocations},
	{"denials", do_denials},
	{"store", do_store},
	{"status", do_status},
	{"audit", do_audit},
	{"health", do_health},
	{"ready", do_ready},
	{"metrics", do_metrics},
	{"reload", do_reload},
};

static int
run(struct act *a, cs_err *e)
{
	size_t n;

	for (n = 0; n < sizeof(verbs) / sizeof(verbs[0]); n++)
		if (cs_span_is(a->ask->verb, verbs[n].name))
			return verbs[n].run(a, e);
	a->status = 404;
	return bad(e, "no such verb");
}

static int
read_body(struct act *a, cs_err *e)
{
	json_error_t why;

	if (a->ask->body.n == 0)
		a->in = json_object();
	else
		a->in = json_loadb((const char *)a->ask->body.p,
		    a->ask->body.n, JSON_REJECT_DUPLICATES, &why);
	if (a->in != NULL && json_is_object(a->in))
		return CS_OK;
	return bad(e, "expected a JSON object");
}

static int
status_of(int rc)
{
	switch (rc) {
	case CS_EUSAGE:
	case CS_EFORMAT:
		return 400;
	case CS_EREFUSED:
		return 409;
	case CS_EIO:
	case CS_ETIMEOUT:
		return 503;
	default:
		return 500;
	}
}

static void
set_failure(struct act *a, int rc, const cs_err *e)
{
	json_t *text = json_string(e->text);

	if (a->status == 200)
		a->status = status_of(rc);
	cs_buf_free(&a->text);
	(void)json_object_clear(a->out);
	set(a, a->out, "error", text != NULL ? text :
	    json_string("bytes that are no text"));
	if (e->detail != CS_R_NONE)
		set(a, a->out, "reason",
		    json_string(cs_reason_name(e->detail)));
}

static int
dump(struct act *a, cs_buf **out, cs_err *e)
{
	char *text = a->failed ? NULL :
	    json_dumps(a->out, JSON_COMPACT | JSON_ENSURE_ASCII);

	*out = text == NULL ? NULL : cs_buf_dup(cs_span_str(text));
	free(text);
	return *out != NULL ? CS_OK : cs_nomem(e, where);
}

/* For want of memory we end, and begin anew (fronts.c); but what a damaged store
 * holds would be there again. */
static void
say_no_text(struct act *a)
{
	a->failed = false;
	a->status = 500;
	(void)json_object_clear(a->out);
	set(a, a->out, "error", json_string("out of memory, or what the store "
	    "holds is no text"));
}

int
cs_issuer_admin(cs_issuer *i, const cs_ask_admin *ask, int64_t now,
    int64_t deadline_ms, int *status, cs_buf **out, cs_err *e)
{
	struct act a = {.i = i, .ask = ask, .now = now, .status = 200,
	    .deadline_ms = cs_issuer_deadline(deadline_ms)};
	cs_err why = {0};
	int rc;

	*out = NULL;
	if ((a.out = json_object()) == NULL)
		return cs_nomem(e, where);
	if ((rc = read_body(&a, &why)) == CS_OK)
		rc = run(&a, &why);
	if (rc != CS_OK)
		set_failure(&a, rc, &why);
	if (a.failed)
		say_no_text(&a);
	*status = a.status;
	if (a.text != NULL) {
		*out = a.text;
		rc = CS_OK;
	} else {
		rc = dump(&a, out, e);
	}
	json_decref(a.in);
	json_decref(a.out);
	return rc;
}
