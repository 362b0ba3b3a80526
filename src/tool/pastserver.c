/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/pastserver.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/text.h"
#include "base/time.h"
#include "crypt/hash.h"

static const char where[] = "server";

#define PATH_MAX_OCTETS 16384
#define PARTS_MAX 10000 /* of a list that has no numbers to end it */
#define OWN_MAX 1024     /* octets of a row that came in hex */
#define SERIAL_MAX 64

/* A row as it is read: what failed first sticks. */
struct row {
	const json_t *o;
	cs_buf *own;
	cs_err *e;
	int rc;
};

static void
spoil(struct row *r, const char *key, const char *expected)
{
	if (r->rc == CS_OK)
		r->rc = cs_fail(r->e, CS_EFORMAT, where,
		    "the server's answer: %s is no %s", key, expected);
}

/* Text as a store has it: UTF-8, as JSON is. */
static cs_span
get_text(struct row *r, const char *key)
{
	cs_span s = {0};

	if (r->rc == CS_OK)
		r->rc = cs_server_text(r->o, key, &s, r->e);
	return s;
}

static int64_t
get_number(struct row *r, const char *key)
{
	int64_t n = 0;

	if (r->rc == CS_OK)
		r->rc = cs_server_number(r->o, key, &n, r->e);
	return n;
}

static int64_t
get_time(struct row *r, const char *key)
{
	cs_span s = get_text(r, key);
	int64_t t = 0;

	if (r->rc == CS_OK && !cs_rfc3339_get(s, &t))
		spoil(r, key, "time");
	return t;
}

static bool
get_bool(struct row *r, const char *key)
{
	const json_t *v = json_object_get(r->o, key);

	if (!json_is_boolean(v))
		spoil(r, key, "truth");
	return json_is_true(v);
}

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Of these many octets, or from 1 to SERIAL_MAX for 0. */
static cs_span
get_hex(struct row *r, const char *key, size_t n)
{
	cs_span s = get_text(r, key);
	size_t i, at = cs_buf_len(r->own);
	int high, low;

	if (r->rc != CS_OK)
		return s;
	if (s.n % 2 != 0 || (n != 0 ? s.n != 2 * n : s.n == 0 ||
	    s.n > (size_t)2 * SERIAL_MAX))
		spoil(r, key, "hex of that length");
	for (i = 0; r->rc == CS_OK && i < s.n; i += 2)
		if ((high = digit(s.p[i])) < 0 ||
		    (low = digit(s.p[i + 1])) < 0 ||
		    cs_buf_put_byte(r->own, (uint8_t)(high << 4 | low)) !=
		    CS_OK)
			spoil(r, key, "lowercase hex");
	return cs_span_cut(cs_buf_span(r->own), at, s.n / 2);
}

static bool
has(const struct row *r, const char *key)
{
	return json_object_get(r->o, key) != NULL;
}

static int
ask_path(cs_server *s, const cs_buf *path, json_t **out, cs_err *e)
{
	const cs_server_ask ask = {.method = "GET",
	    .path = cs_buf_cstr(path)};

	*out = NULL;
	if (cs_buf_failed(path))
		return cs_fail(e, CS_EUSAGE, where,
		    "what is asked for is too long");
	return cs_server_ask_json(s, &ask, out, e);
}

/* &KEY=VALUE, percent-encoded; what fails sticks to the buf. */
static void
put_query(cs_buf *path, const char *key, cs_span value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t i;
	int r;

	if (value.p == NULL)
		return;
	r = cs_buf_printf(path, "&%s=", key);
	for (i = 0; r == CS_OK && i < value.n; i++)
		r = value.p[i] != 0 && strchr(plain, value.p[i]) != NULL ?
		    cs_buf_put_byte(path, value.p[i]) :
		    cs_buf_printf(path, "%%%02X", (unsigned)value.p[i]);
	if (r != CS_OK)
		cs_buf_fail(path);
}

/* The first begins with a question mark. */
static void
put_number(cs_buf *path, const char *key, int64_t n)
{
	if (cs_buf_printf(path, "%s=%" PRId64, key, n) != CS_OK)
		cs_buf_fail(path);
}

static void
put_query_hex(cs_buf *path, const char *key, cs_span value)
{
	cs_buf *hex = cs_buf_new(2 * value.n + 1);

	if (hex == NULL || cs_hex_put(hex, value) != CS_OK)
		cs_buf_fail(path);
	else if (value.p != NULL)
		put_query(path, key, cs_buf_span(hex));
	cs_buf_free(&hex);
}

/* One list of an answer, in parts: `query` says from where the next one goes,
 * `row` takes one. */
struct list {
	cs_server *s;
	const char *path, *member;
	void (*query)(struct list *l, cs_buf *path);
	int (*row)(struct list *l, struct row *r);
	const cs_claim_ask *ask; /* of claims */
	int64_t at;              /* rows that came, or the last one's number */
	int64_t to;              /* of the log */
	int64_t lacks;           /* the first of it that did not come; 0 */
	union {
		cs_claim_fn *claim;
		cs_revocation_fn *revocation;
		cs_denial_fn *denial;
		cs_audit_row_fn *record;
	} each;
	void *arg;
};

static int
take_rows(struct list *l, const json_t *rows, cs_err *e)
{
	struct row r = {.own = cs_buf_new(OWN_MAX), .e = e};
	size_t i;

	if (r.own == NULL)
		return cs_nomem(e, where);
	for (i = 0; r.rc == CS_OK && i < json_array_size(rows); i++) {
		r.o = json_array_get(rows, i);
		cs_buf_reset(r.own);
		r.rc = l->row(l, &r);
	}
	cs_buf_free(&r.own);
	return r.rc;
}

/* *more: there are, behind what came. */
static int
take_part(struct list *l, bool *more, cs_err *e)
{
	cs_buf *path = cs_buf_new(PATH_MAX_OCTETS);
	json_t *told = NULL, *rows;
	int rc;

	if (path == NULL)
		return cs_nomem(e, where);
	if (cs_buf_put_str(path, l->path) == CS_OK)
		l->query(l, path);
	if ((rc = ask_path(l->s, path, &told, e)) != CS_OK)
		goto out;
	rows = json_object_get(told, l->member);
	*more = json_is_true(json_object_get(told, "more"));
	if (!json_is_array(rows) || (*more && json_array_size(rows) == 0))
		rc = cs_fail(e, CS_EFORMAT, where,
		    "the server's answer: %s is no list", l->member);
	else if ((rc = take_rows(l, rows, e)) == CS_OK && l->to != 0)
		*more = json_array_size(rows) != 0 && l->at < l->to;
out:
	json_decref(told);
	cs_buf_free(&path);
	return rc;
}

static int
take(struct list *l, cs_err *e)
{
	bool more = true;
	int64_t part;
	int rc = CS_OK;

	for (part = 0; rc == CS_OK && more; part++)
		rc = part < PARTS_MAX || l->to != 0 ? take_part(l, &more, e) :
		    cs_fail(e, CS_EFORMAT, where,
		    "the server's list of %s has no end", l->member);
	return rc;
}

int
cs_pastserver_look(cs_server *s, cs_store_info *out, cs_err *e)
{
	const cs_server_ask ask = {.method = "GET", .path = "/v1/store"};
	struct row r = {.own = cs_buf_new(OWN_MAX), .e = e};
	cs_span engine, authority, hash;
	json_t *told = NULL;

	*out = (cs_store_info){0};
	if (r.own == NULL)
		return cs_nomem(e, where);
	if ((r.rc = cs_server_ask_json(s, &ask, &told, e)) != CS_OK)
		goto out;
	r.o = told;
	engine = get_text(&r, "engine");
	authority = get_text(&r, "authority");
	out->schema = get_number(&r, "schema");
	out->floor = has(&r, "floor") ? get_time(&r, "floor") : 0;
	out->claims = get_number(&r, "claims");
	out->live = get_number(&r, "live");
	out->approvals = get_number(&r, "approvals");
	out->revocations = get_number(&r, "revocations");
	out->denials = get_number(&r, "denials");
	out->head.sequence = get_number(&r, "sequence");
	hash = get_hex(&r, "sha256", sizeof(out->head.hash));
	if (r.rc == CS_OK && (engine.n >= sizeof(out->engine) ||
	    authority.n >= sizeof(out->authority)))
		spoil(&r, "engine or authority", "name");
	if (r.rc == CS_OK) {
		memcpy(out->engine, engine.p, engine.n);
		memcpy(out->authority, authority.p, authority.n);
		memcpy(out->head.hash, hash.p, hash.n);
	}
out:
	json_decref(told);
	cs_buf_free(&r.own);
	return r.rc;
}

static void
query_claims(struct list *l, cs_buf *path)
{
	const cs_claim_ask *a = l->ask;

	put_number(path, "?after", l->at);
	if (a->live_only)
		put_query(path, "live", cs_span_str("1"));
	put_query(path, "agent", a->agent_id);
	put_query(path, "owner", a->owner);
	put_query_hex(path, "key", a->key_hash);
	put_query_hex(path, "serial", a->serial);
	put_query_hex(path, "approval", a->tbs_hash);
}

static int
claim_row(struct list *l, struct row *r)
{
	cs_stored_claim c = {.number = get_number(r, "number")};
	cs_span kind = get_text(r, "kind");

	c.kind = cs_span_is(kind, "wit") ? CS_AUDIT_WIT : CS_AUDIT_X509;
	if (c.kind == CS_AUDIT_X509 && !cs_span_is(kind, "x509"))
		spoil(r, "kind", "kind of credential");
	if (c.number <= l->at)
		spoil(r, "number", "number behind the last one");
	c.agent_id = get_text(r, "agent");
	c.agent_key_hash = get_hex(r, "agent_key", CS_SHA256_LEN);
	c.owner = get_text(r, "owner");
	c.serial = get_hex(r, "serial", 0);
	c.request_digest = get_hex(r, "request", CS_SHA256_LEN);
	c.time = get_time(r, "claimed");
	c.not_before = get_time(r, "not_before");
	c.not_after = get_time(r, "not_after");
	c.recorded = get_bool(r, "issued");
	if (has(r, "ended")) {
		c.ended = get_time(r, "ended");
		c.end_reason = get_text(r, "end_reason");
	}
	l->at = c.number;
	return r->rc == CS_OK ? l->each.claim(l->arg, &c, r->e) : r->rc;
}

int
cs_pastserver_claims(cs_server *s, const cs_claim_ask *ask,
    cs_claim_fn *each, void *arg, cs_err *e)
{
	struct list l = {.s = s, .path = "/v1/status",
	    .member = "credentials", .query = query_claims, .row = claim_row,
	    .ask = ask, .each.claim = each, .arg = arg};

	return take(&l, e);
}

static void
query_skip(struct list *l, cs_buf *path)
{
	put_number(path, "?skip", l->at);
}

static enum cs_revoke_what
get_what(struct row *r)
{
	cs_span s = get_text(r, "what");
	int w;

	for (w = CS_REVOKE_OWNER; w <= CS_REVOKE_APPROVAL; w++)
		if (cs_span_is(s, cs_revoke_name((enum cs_revoke_what)w)))
			return (enum cs_revoke_what)w;
	spoil(r, "what", "thing to revoke");
	return CS_REVOKE_OWNER;
}

static int
revocation_row(struct list *l, struct row *r)
{
	cs_revocation v = {.what = get_what(r)};

	v.name = v.what == CS_REVOKE_OWNER || v.what == CS_REVOKE_AGENT ?
	    get_text(r, "name") : get_hex(r, "name", 0);
	v.time = get_time(r, "time");
	v.reason = get_text(r, "reason");
	v.actor = get_text(r, "actor");
	v.live = get_number(r, "ended");
	if (has(r, "lifted")) {
		v.lifted = get_time(r, "lifted");
		v.lifted_reason = get_text(r, "lifted_reason");
		v.lifted_actor = get_text(r, "lifted_actor");
	}
	l->at++;
	return r->rc == CS_OK ? l->each.revocation(l->arg, &v, r->e) : r->rc;
}

int
cs_pastserver_revocations(cs_server *s, cs_revocation_fn *each, void *arg,
    cs_err *e)
{
	struct list l = {.s = s, .path = "/v1/revocations",
	    .member = "revocations", .query = query_skip,
	    .row = revocation_row, .each.revocation = each, .arg = arg};

	return take(&l, e);
}

static int
denial_row(struct list *l, struct row *r)
{
	cs_stored_denial d = {.agent_id = get_text(r, "agent")};

	d.request_digest = get_hex(r, "request", CS_SHA256_LEN);
	d.owner = get_text(r, "owner");
	d.key_hash = get_hex(r, "owner_key", CS_SHA256_LEN);
	d.tbs_hash = get_hex(r, "tbs_sha256", CS_SHA256_LEN);
	d.time = get_time(r, "time");
	d.not_before = get_time(r, "not_before");
	d.not_after = get_time(r, "not_after");
	l->at++;
	return r->rc == CS_OK ? l->each.denial(l->arg, &d, r->e) : r->rc;
}

int
cs_pastserver_denials(cs_server *s, cs_denial_fn *each, void *arg, cs_err *e)
{
	struct list l = {.s = s, .path = "/v1/denials", .member = "denials",
	    .query = query_skip, .row = denial_row, .each.denial = each,
	    .arg = arg};

	return take(&l, e);
}

static void
query_log(struct list *l, cs_buf *path)
{
	put_number(path, "?from", l->at + 1);
	put_number(path, "&to", l->to);
}

static int
record_row(struct list *l, struct row *r)
{
	int64_t n = get_number(r, "sequence");
	cs_span text = get_text(r, "record");
	cs_buf *der = cs_buf_new(text.n / 4 * 3 + 3);
	int rc;

	if (der == NULL)
		return cs_nomem(r->e, where);
	if (n <= l->at || n > l->to)
		spoil(r, "sequence", "number behind the last one");
	if (l->lacks == 0 && n != l->at + 1)
		l->lacks = l->at + 1;
	if (r->rc == CS_OK)
		r->rc = cs_base64_get(der, text, false, r->e);
	l->at = n;
	rc = r->rc == CS_OK ? l->each.record(l->arg, n, cs_buf_span(der),
	    r->e) : r->rc;
	cs_buf_free(&der);
	return rc;
}

/* To its last record, as the server says before it gives any: else it could go
 * on for ever, or stop where it likes. What has numbers without a gap has all of
 * them here, too; who asks for one record sees that it did not come. */
int
cs_pastserver_walk(cs_server *s, int64_t from, int64_t to,
    cs_audit_row_fn *each, void *arg, cs_err *e)
{
	struct list l = {.s = s, .path = "/v1/audit", .member = "records",
	    .query = query_log, .row = record_row, .at = from - 1, .to = to,
	    .each.record = each, .arg = arg};
	cs_store_info info;
	int r;

	if (from != to) {
		if ((r = cs_pastserver_look(s, &info, e)) != CS_OK)
			return r;
		if (to == 0 || to > info.head.sequence)
			l.to = info.head.sequence;
	}
	if (from > l.to)
		return CS_OK;
	if ((r = take(&l, e)) != CS_OK || from == to)
		return r;
	if (l.lacks == 0 && l.at < l.to)
		l.lacks = l.at + 1;
	return l.lacks == 0 ? CS_OK : cs_fail(e, CS_EREFUSED, where,
	    "the server's log lacks record %" PRId64 " of %" PRId64, l.lacks,
	    l.to);
}

static json_t *
act_of(const cs_revocation *r)
{
	bool text = r->what == CS_REVOKE_OWNER || r->what == CS_REVOKE_AGENT;
	cs_buf *name = text ? cs_buf_dup(r->name) : cs_buf_new(2 * r->name.n +
	    1);
	json_t *o = NULL;

	if (name != NULL && (text || cs_hex_put(name, r->name) == CS_OK))
		o = json_pack("{s:s, s:s%, s:s%}", "what",
		    cs_revoke_name(r->what), "name",
		    (const char *)cs_buf_span(name).p, cs_buf_len(name),
		    "reason", (const char *)r->reason.p, r->reason.n);
	cs_buf_free(&name);
	return o;
}

/* It may have been done when no answer comes: it is not done twice. */
static int
act(cs_server *s, const char *path, cs_revocation *r, int64_t *ended,
    cs_buf **own, cs_err *e)
{
	json_t *in = act_of(r), *told = NULL;
	char *text = in == NULL ? NULL : json_dumps(in, JSON_COMPACT);
	const cs_server_ask ask = {.method = "POST", .path = path,
	    .type = "application/json", .body = cs_span_str(text),
	    .once = true};
	struct row row = {.e = e};

	if (text == NULL)
		row.rc = cs_nomem(e, where);
	else
		row.rc = cs_server_ask_json(s, &ask, &told, e);
	row.o = told;
	r->time = get_time(&row, "time");
	r->actor = get_text(&row, "actor");
	if (ended != NULL)
		*ended = get_number(&row, "ended");
	if (row.rc == CS_OK && (*own = cs_buf_dup(r->actor)) == NULL)
		row.rc = cs_nomem(e, where);
	r->actor = cs_buf_span(*own);
	json_decref(told);
	json_decref(in);
	free(text);
	return row.rc;
}

int
cs_pastserver_revoke(cs_server *s, cs_revocation *r, int64_t *ended,
    cs_buf **own, cs_err *e)
{
	return act(s, "/v1/revocations", r, ended, own, e);
}

int
cs_pastserver_lift(cs_server *s, cs_revocation *r, cs_buf **own, cs_err *e)
{
	return act(s, "/v1/revocations/lift", r, NULL, own, e);
}
