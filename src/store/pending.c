/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/pending.h"

#include <inttypes.h>
#include <string.h>

#include "fmt/reason.h"
#include "store/claimp.h"

/* The one table whose rows go again: what is in it is nobody's claim yet. */

static const char where[] = "store/pending";

#define ROOM_TRIES 64 /* of large ones; more would make others wait */

static int
check(const cs_pending *p, cs_err *e)
{
	const cs_word words[] = {
		{"request digest", p->request_digest, CS_HASH_LEN,
		    CS_HASH_LEN},
		{"agent identifier", p->agent_id, 1, CS_AGENT_ID_MAX},
		{"owner", p->owner, 1, CS_OWNER_MAX},
		{"client", p->client.p == NULL ? cs_span_of("", 0) :
		    p->client, 0, CS_PENDING_CLIENT_MAX},
		{"message", p->message, 1, CS_PENDING_MESSAGE_MAX},
		{"evidence", p->evidence.p == NULL ? cs_span_of("", 0) :
		    p->evidence, 0, CS_PENDING_EVIDENCE_MAX},
	};
	int rc;

	if ((rc = cs_words_check(words, sizeof(words) / sizeof(words[0]),
	    where, e)) != CS_OK ||
	    (rc = cs_time_check("time", p->created, where, e)) != CS_OK)
		return rc;
	return cs_time_check("expiry", p->expires, where, e);
}

static int
get_row(const cs_db_value *col, size_t n, cs_pending *out, cs_err *e)
{
	int64_t state = 0;
	int rc;

	if ((rc = cs_col_blob(col, n, 0, CS_HASH_LEN, CS_HASH_LEN,
	    &out->request_digest, e)) != CS_OK ||
	    (rc = cs_col_text(col, n, 1, 1, CS_AGENT_ID_MAX, &out->agent_id,
	    e)) != CS_OK ||
	    (rc = cs_col_text(col, n, 2, 1, CS_OWNER_MAX, &out->owner, e)) !=
	    CS_OK ||
	    (rc = cs_col_int(col, n, 3, CS_TIME_FIRST, CS_TIME_LAST,
	    &out->created, e)) != CS_OK ||
	    (rc = cs_col_int(col, n, 4, CS_TIME_FIRST, CS_TIME_LAST,
	    &out->expires, e)) != CS_OK ||
	    (rc = cs_col_int(col, n, 5, CS_PENDING_WAITS, CS_PENDING_READY,
	    &state, e)) != CS_OK ||
	    (rc = cs_col_blob(col, n, 6, 1, CS_PENDING_MESSAGE_MAX,
	    &out->message, e)) != CS_OK)
		return rc;
	out->state = (enum cs_pending_state)state;
	return cs_col_is_null(col, n, 7) ? CS_OK :
	    cs_col_blob(col, n, 7, 0, CS_PENDING_EVIDENCE_MAX, &out->evidence,
	    e);
}

static int64_t
octets_of(const cs_pending *p)
{
	return (int64_t)(p->message.n + p->evidence.n);
}

/* What there is now, of all and of who asks. */
struct counts {
	int64_t all, octets;
	int64_t mine, my_octets, mine_of_agent;
	int64_t waiting, waiting_octets; /* of mine */
};

struct keeping {
	const cs_pending *p;
	const cs_pending_limits *limits;
	cs_span client;
	struct counts c;
};

static int
take_all(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct counts *c = arg;
	int rc;

	if ((rc = cs_col_int(col, n, 0, 0, INT64_MAX, &c->all, e)) != CS_OK)
		return rc;
	return cs_col_int(col, n, 1, 0, INT64_MAX, &c->octets, e);
}

static int
take_mine(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct counts *c = arg;
	int rc;

	if ((rc = cs_col_int(col, n, 0, 0, INT64_MAX, &c->mine, e)) != CS_OK ||
	    (rc = cs_col_int(col, n, 1, 0, INT64_MAX, &c->my_octets, e)) !=
	    CS_OK)
		return rc;
	if ((rc = cs_col_int(col, n, 2, 0, INT64_MAX, &c->mine_of_agent,
	    e)) != CS_OK ||
	    (rc = cs_col_int(col, n, 3, 0, INT64_MAX, &c->waiting, e)) !=
	    CS_OK)
		return rc;
	return cs_col_int(col, n, 4, 0, INT64_MAX, &c->waiting_octets, e);
}

static int
count_all(cs_txn *t, int64_t now, struct counts *c, cs_err *e)
{
	const cs_db_value v = cs_db_int(now);

	return cs_txn_run(t, CS_SQL_PENDING_COUNT, &v, 1, take_all, c, NULL,
	    e);
}

static int
count(cs_txn *t, struct keeping *k, cs_err *e)
{
	const cs_db_value v[] = {cs_db_text(k->client),
	    cs_db_int(k->p->created), cs_db_text(k->p->agent_id)};
	int rc;

	k->c = (struct counts){0};
	if ((rc = count_all(t, k->p->created, &k->c, e)) != CS_OK)
		return rc;
	return cs_txn_run(t, CS_SQL_PENDING_OF, v, 3, take_mine, &k->c, NULL,
	    e);
}

/* *gone is 0 when nothing of this client waits. */
static int
drop_oldest(cs_txn *t, cs_span client, int64_t now, cs_span agent_id,
    int64_t *gone, cs_err *e)
{
	const cs_db_value v[] = {cs_db_text(client), cs_db_int(now),
	    cs_db_text(agent_id)};

	*gone = 0;
	return cs_txn_run(t, CS_SQL_PENDING_OLDEST, v, 3, NULL, NULL, gone, e);
}

struct most { /* who has most of it */
	char client[CS_PENDING_CLIENT_MAX];
	size_t len;
	int64_t n, octets;
};

static int
take_most(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct most *m = arg;
	cs_span client = {0};
	int rc;

	if ((rc = cs_col_text(col, n, 0, 0, CS_PENDING_CLIENT_MAX, &client,
	    e)) != CS_OK ||
	    (rc = cs_col_int(col, n, 1, 0, INT64_MAX, &m->n, e)) != CS_OK ||
	    (rc = cs_col_int(col, n, 2, 0, INT64_MAX, &m->octets, e)) != CS_OK)
		return rc;
	m->len = client.n;
	if (client.n != 0)
		memcpy(m->client, client.p, client.n);
	return CS_OK;
}

/* Who has more that waits than this client would have makes room for it; among
 * equals it is its own matter. */
static int
share(cs_txn *t, const struct keeping *k, bool in_octets, int64_t *gone,
    cs_err *e)
{
	const cs_db_value v[] = {cs_db_int(k->p->created),
	    cs_db_int(in_octets)};
	int64_t would = in_octets ? k->c.waiting_octets + octets_of(k->p) :
	    k->c.waiting + 1;
	struct most m = {.len = 0};
	int rc;

	*gone = 0;
	if ((rc = cs_txn_run(t, CS_SQL_PENDING_MOST, v, 2, take_most, &m, NULL,
	    e)) != CS_OK)
		return rc;
	if ((in_octets ? m.octets : m.n) > would &&
	    (rc = drop_oldest(t, cs_span_of(m.client, m.len), k->p->created,
	    (cs_span){0}, gone, e)) != CS_OK)
		return rc;
	return *gone != 0 ? CS_OK : drop_oldest(t, k->client, k->p->created,
	    (cs_span){0}, gone, e);
}

static bool
is_over(int64_t limit, int64_t would)
{
	return limit != 0 && would > limit;
}

/* One makes room at the first limit that it would pass; *room: it passes
 * none. */
static int
make_room(cs_txn *t, const struct keeping *k, bool *room, int64_t *gone,
    cs_err *e)
{
	const cs_pending_limits *l = k->limits;
	const struct counts *c = &k->c;

	*room = false;
	if (is_over(l->per_agent, c->mine_of_agent + 1))
		return drop_oldest(t, k->client, k->p->created,
		    k->p->agent_id, gone, e);
	if (is_over(l->per_client, c->mine + 1))
		return drop_oldest(t, k->client, k->p->created, (cs_span){0},
		    gone, e);
	if (is_over(l->all, c->all + 1))
		return share(t, k, false, gone, e);
	if (is_over(l->octets, c->octets + octets_of(k->p)))
		return share(t, k, true, gone, e);
	*room = true;
	return CS_OK;
}

static int
full(const struct keeping *k, cs_err *e)
{
	return cs_fail_detail(e, CS_EREFUSED, CS_R_EXHAUSTED, where,
	    "%" PRId64 " requests of %" PRId64 " octets wait for their owners "
	    "already, %" PRId64 " of this client, %" PRId64 " of them of this "
	    "agent", k->c.all, k->c.octets, k->c.mine, k->c.mine_of_agent);
}

static int
has(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	(void)col;
	(void)n;
	(void)e;
	*(bool *)arg = true;
	return CS_OK;
}

static int
put(cs_txn *t, const struct keeping *k, cs_err *e)
{
	const cs_pending *p = k->p;
	const cs_db_value v[] = {cs_db_blob(p->request_digest),
	    cs_db_text(p->agent_id), cs_db_text(p->owner),
	    cs_db_text(k->client), cs_db_int(p->created),
	    cs_db_int(p->expires), cs_db_int(CS_PENDING_WAITS),
	    cs_db_int(octets_of(p)), cs_db_blob(p->message),
	    cs_db_blob(p->evidence)};

	return cs_txn_run(t, CS_SQL_PENDING_PUT, v, 10, NULL, NULL, NULL, e);
}

static int
keep(cs_txn *t, void *arg, cs_err *e)
{
	struct keeping *k = arg;
	const cs_db_value v[] = {cs_db_blob(k->p->request_digest),
	    cs_db_int(k->p->created)};
	bool there = false, room = false;
	int64_t gone = 0;
	int rc, tries;

	if ((rc = cs_txn_run(t, CS_SQL_PENDING_HAS, v, 2, has, &there, NULL,
	    e)) != CS_OK || there)
		return rc;
	for (tries = 0; tries < ROOM_TRIES; tries++) {
		if ((rc = count(t, k, e)) != CS_OK ||
		    (rc = make_room(t, k, &room, &gone, e)) != CS_OK)
			return rc;
		if (room)
			return put(t, k, e);
		if (gone == 0)
			break;
	}
	return full(k, e);
}

int
cs_pending_keep(cs_store *s, const cs_pending *p,
    const cs_pending_limits *limits, int64_t deadline_ms, cs_err *e)
{
	struct keeping k = {.p = p, .limits = limits,
	    .client = p->client.p == NULL ? cs_span_of("", 0) : p->client};
	int rc;

	if ((rc = check(p, e)) != CS_OK)
		return rc;
	return cs_store_write(s, keep, &k, false, deadline_ms, e);
}

struct changing {
	const cs_pending *old;
	cs_span message;
	enum cs_pending_state state;
	int64_t expires, changed, octets;
};

static int
change(cs_txn *t, void *arg, cs_err *e)
{
	struct changing *c = arg;
	const cs_db_value v[] = {cs_db_blob(c->old->request_digest),
	    cs_db_blob(c->old->message), cs_db_blob(c->message),
	    cs_db_int(c->state), cs_db_int(c->expires),
	    cs_db_int(c->octets)};

	return cs_txn_run(t, CS_SQL_PENDING_CHANGE, v, 6, NULL, NULL,
	    &c->changed, e);
}

int
cs_pending_change(cs_store *s, const cs_pending *old, cs_span message,
    enum cs_pending_state state, int64_t expires, int64_t deadline_ms,
    bool *changed, cs_err *e)
{
	struct changing c = {old, message, state, expires, 0, 0};
	cs_pending now = *old;
	int rc;

	*changed = false;
	now.message = message;
	now.expires = expires;
	c.octets = octets_of(&now);
	if ((rc = check(old, e)) != CS_OK || (rc = check(&now, e)) != CS_OK)
		return rc;
	if (state != CS_PENDING_WAITS && state != CS_PENDING_READY)
		return cs_fail(e, CS_EUSAGE, where, "no state %d", (int)state);
	rc = cs_store_write(s, change, &c, false, deadline_ms, e);
	if (rc == CS_OK)
		*changed = c.changed != 0;
	return rc;
}

struct finding {
	cs_span request_digest;
	int64_t now;
	cs_pending *out;
	cs_buf *own;
};

static cs_span
keep_span(cs_buf *own, cs_span s)
{
	size_t at = cs_buf_len(own);

	if (s.p == NULL || cs_buf_put(own, s) != CS_OK)
		return (cs_span){0};
	return cs_span_of(cs_buf_span(own).p + at, s.n);
}

static int
take_row(void *arg, const cs_db_value *col, size_t n, cs_err *e)
{
	struct finding *f = arg;
	cs_pending p = {0};
	int rc;

	if ((rc = get_row(col, n, &p, e)) != CS_OK)
		return rc;
	f->own = cs_buf_new(p.request_digest.n + p.agent_id.n + p.owner.n +
	    p.message.n + p.evidence.n);
	if (f->own == NULL)
		return cs_nomem(e, where);
	*f->out = p;
	f->out->request_digest = keep_span(f->own, p.request_digest);
	f->out->agent_id = keep_span(f->own, p.agent_id);
	f->out->owner = keep_span(f->own, p.owner);
	f->out->message = keep_span(f->own, p.message);
	f->out->evidence = keep_span(f->own, p.evidence);
	return CS_OK;
}

static int
find(cs_txn *t, void *arg, cs_err *e)
{
	struct finding *f = arg;
	const cs_db_value v[] = {cs_db_blob(f->request_digest),
	    cs_db_int(f->now)};

	cs_buf_free(&f->own);
	return cs_txn_run(t, CS_SQL_PENDING_GET, v, 2, take_row, f, NULL, e);
}

int
cs_pending_find(cs_store *s, cs_span request_digest, int64_t now,
    int64_t deadline_ms, cs_pending *out, cs_buf **own, cs_err *e)
{
	struct finding f = {request_digest, now, out, NULL};
	int rc;

	*out = (cs_pending){0};
	*own = NULL;
	rc = cs_store_read(s, find, &f, deadline_ms, e);
	if (rc == CS_OK) {
		*own = f.own;
		f.own = NULL; /* transferred */
	} else {
		*out = (cs_pending){0};
	}
	cs_buf_free(&f.own);
	return rc;
}

struct sweeping {
	int64_t now, swept;
};

static int
sweep(cs_txn *t, void *arg, cs_err *e)
{
	struct sweeping *w = arg;
	const cs_db_value now = cs_db_int(w->now);

	return cs_txn_run(t, CS_SQL_PENDING_SWEEP, &now, 1, NULL, NULL,
	    &w->swept, e);
}

int
cs_pending_sweep(cs_store *s, int64_t now, int64_t deadline_ms,
    int64_t *swept, cs_err *e)
{
	struct sweeping w = {now, 0};
	int rc;

	*swept = 0;
	rc = cs_store_write(s, sweep, &w, false, deadline_ms, e);
	if (rc == CS_OK)
		*swept = w.swept;
	return rc;
}

struct counting {
	int64_t now;
	struct counts c;
};

static int
count_now(cs_txn *t, void *arg, cs_err *e)
{
	struct counting *c = arg;

	return count_all(t, c->now, &c->c, e);
}

int
cs_pending_count(cs_store *s, int64_t now, int64_t deadline_ms,
    int64_t *out, cs_err *e)
{
	struct counting c = {now, {0}};
	int rc;

	*out = 0;
	rc = cs_store_read(s, count_now, &c, deadline_ms, e);
	if (rc == CS_OK)
		*out = c.c.all;
	return rc;
}
