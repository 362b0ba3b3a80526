/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/time.h"
#include "fmt/names.h"
#include "tool/auditlog.h"
#include "tool/past.h"

/* Reading the audit log: a line a record, and one of them in full. */

struct opts {
	struct cs_common common;
	struct cs_past_opts past;
	const char *owner, *agent, *event;
	int64_t since, until, last;
};

static const struct opts defaults = {.since = -1, .until = -1, .last = -1};

/* Claims that fit, in order: what was issued for them fits, too. */
struct claims {
	int64_t *v;
	size_t n, room;
};

struct list {
	const struct opts *o;
	cs_out *out; /* NULL: only counts */
	struct claims claims;
	int64_t fits, skip, end;
};

static int
add_claim(struct claims *c, int64_t sequence, cs_err *e)
{
	size_t room = c->room == 0 ? 256 : 2 * c->room;
	int64_t *v;

	if (c->n == c->room) {
		if ((v = realloc(c->v, room * sizeof(*v))) == NULL)
			return cs_nomem(e, "audit");
		c->v = v;
		c->room = room;
	}
	c->v[c->n++] = sequence;
	return CS_OK;
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool
has_claim(const struct claims *c, int64_t sequence)
{
	return c->n != 0 &&
	    bsearch(&sequence, c->v, c->n, sizeof(*c->v), compare) != NULL;
}

static bool
fits_owner(const cs_audit_record *r, const char *owner)
{
	size_t i;

	if (owner == NULL)
		return true;
	for (i = 0; i < r->n; i++)
		if (cs_span_is(r->at[i].owner, owner))
			return true;
	return r->what == CS_AUDIT_OF_OWNER && cs_span_is(r->name, owner);
}

static bool
fits_agent(const cs_audit_record *r, const char *agent)
{
	return agent == NULL || cs_span_is(r->agent_id, agent) ||
	    (r->what == CS_AUDIT_OF_AGENT && cs_span_is(r->name, agent));
}

static int
check_fit(struct list *l, const cs_audit_record *r, bool *fits, cs_err *e)
{
	const struct opts *o = l->o;
	bool who;
	int rc;

	if (r->event == CS_AUDIT_ISSUED && (o->owner != NULL ||
	    o->agent != NULL))
		who = has_claim(&l->claims, r->claim);
	else
		who = fits_owner(r, o->owner) && fits_agent(r, o->agent);
	if (who && r->event == CS_AUDIT_CLAIMED &&
	    (rc = add_claim(&l->claims, r->sequence, e)) != CS_OK)
		return rc;
	*fits = who && (o->event == NULL || strcmp(o->event,
	    cs_audit_event_name(r->event)) == 0) &&
	    (o->since < 0 || r->time >= o->since) &&
	    (o->until < 0 || r->time <= o->until);
	return CS_OK;
}

static int
put_owners(cs_buf *b, const cs_audit_record *r)
{
	size_t i;
	int rc = CS_OK;

	for (i = 0; rc == CS_OK && i < r->n; i++)
		if (r->at[i].role != CS_AUDIT_USE)
			rc = cs_buf_printf(b, " %.*s", (int)r->at[i].owner.n,
			    (const char *)r->at[i].owner.p);
	return rc;
}

/* What the line says behind the event. */
static int
put_words(cs_buf *b, const cs_audit_record *r)
{
	int rc;

	switch (r->event) {
	case CS_AUDIT_CLAIMED:
	case CS_AUDIT_DENIED:
		if ((rc = cs_buf_put(b, r->agent_id)) != CS_OK ||
		    (rc = cs_buf_put_str(b, " by")) != CS_OK)
			return rc;
		return put_owners(b, r);
	case CS_AUDIT_ISSUED:
		if ((rc = cs_buf_printf(b, "claim %" PRId64 ", serial ",
		    r->claim)) != CS_OK)
			return rc;
		return cs_hex_put(b, r->serial);
	case CS_AUDIT_REVOKED:
	case CS_AUDIT_LIFTED:
		return cs_buf_printf(b, "%s %.*s by %.*s",
		    cs_auditlog_of(r->what), (int)r->name.n,
		    (const char *)r->name.p, (int)r->actor.n,
		    (const char *)r->actor.p);
	case CS_AUDIT_FLOOR:
		return cs_buf_put(b, r->reason);
	}
	return CS_OK;
}

#define LINE_ROOM (16 * 1024) /* sixteen owners, an agent, a name */

static int
put_line(cs_out *out, const cs_audit_record *r, cs_err *e)
{
	cs_buf *b = cs_buf_new(LINE_ROOM);
	char at[24] = "?";
	int rc;

	if (b == NULL)
		return cs_nomem(e, "audit");
	if (!cs_rfc3339_put(r->time, at))
		at[0] = '?'; /* years 2000 to 9999: never */
	rc = cs_buf_printf(b, "%" PRId64 "  %s  %-7s  ", r->sequence, at,
	    cs_audit_event_name(r->event));
	if (rc == CS_OK)
		rc = put_words(b, r);
	if (rc == CS_OK)
		cs_out_text(out, "", cs_buf_span(b));
	cs_buf_free(&b);
	return rc == CS_OK ? rc : cs_nomem(e, "audit");
}

static void
put_json_owners(cs_out *out, const cs_audit_record *r)
{
	size_t i;

	cs_out_list(out, "owners", NULL);
	for (i = 0; i < r->n; i++)
		if (r->at[i].role != CS_AUDIT_USE)
			cs_out_span(out, NULL, NULL, r->at[i].owner);
	cs_out_close(out);
}

static int
put_record(cs_out *out, const cs_audit_record *r, cs_err *e)
{
	cs_out_object(out, NULL, NULL);
	cs_out_int(out, "sequence", NULL, r->sequence);
	cs_out_time(out, "time", NULL, r->time);
	cs_out_str(out, "event", NULL, cs_audit_event_name(r->event));
	if (r->agent_id.p != NULL)
		cs_out_span(out, "agent", NULL, r->agent_id);
	if (r->n != 0)
		put_json_owners(out, r);
	if (r->serial.p != NULL)
		cs_out_hex(out, "serial", NULL, r->serial);
	if (r->event == CS_AUDIT_ISSUED)
		cs_out_int(out, "claim", NULL, r->claim);
	if (r->what != 0) {
		cs_out_str(out, "what", NULL, cs_auditlog_of(r->what));
		cs_out_span(out, "name", NULL, r->name);
		cs_out_span(out, "actor", NULL, r->actor);
	}
	if (r->reason.p != NULL)
		cs_out_span(out, "reason", NULL, r->reason);
	cs_out_close(out);
	return put_line(out, r, e);
}

/* What cannot be read fits every question: it is what one looks for. */
static void
put_broken(cs_out *out, int64_t sequence, const cs_err *why)
{
	cs_out_object(out, NULL, NULL);
	cs_out_int(out, "sequence", NULL, sequence);
	cs_out_str(out, "broken", NULL, why->text);
	cs_out_close(out);
	cs_out_printf(out, NULL, "", "%" PRId64 "  broken: %s", sequence,
	    why->text);
}

static int
list_row(void *arg, int64_t sequence, cs_span der, cs_err *e)
{
	struct list *l = arg;
	cs_audit_record *r = NULL;
	cs_err why = {0};
	bool fits = true;
	int rc = CS_OK;

	if (cs_auditlog_row(sequence, der, &r, &why) != CS_OK &&
	    why.cls != CS_EFORMAT) {
		*e = why;
		return why.cls;
	}
	if (r != NULL && (rc = check_fit(l, r, &fits, e)) != CS_OK)
		fits = false;
	l->end = sequence;
	if (fits && l->fits++ >= l->skip && l->out != NULL) {
		if (r == NULL)
			put_broken(l->out, sequence, &why);
		else
			rc = put_record(l->out, r, e);
	}
	cs_audit_free(&r);
	return rc;
}

/* How many there are comes first, where only the last ones are wanted. */
static int
count(cs_past *s, struct list *l, cs_err *e)
{
	struct list first = {.o = l->o};
	int r;

	if (l->o->last < 0)
		return CS_OK;
	if ((r = cs_past_walk(s, 1, 0, list_row, &first, e)) == CS_OK &&
	    first.fits > l->o->last)
		l->skip = first.fits - l->o->last;
	l->end = first.end;
	free(first.claims.v);
	return r;
}

static int
run_list(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	struct list l = {.o = o, .out = out};
	cs_past *s = NULL;
	int r;

	(void)w;
	if (o->owner != NULL && cs_owner_check(cs_span_str(o->owner), e) !=
	    CS_OK)
		return cs_tool_usage(e, "--owner");
	if (o->agent != NULL && cs_agent_id_check(cs_span_str(o->agent), NULL,
	    e) != CS_OK)
		return cs_tool_usage(e, "--agent");
	if ((r = cs_past_open(t, &o->past, CS_DB_READ, cs_time_now(), &s, e)) !=
	    CS_OK)
		return r;
	cs_out_list(out, "records", NULL);
	if ((r = count(s, &l, e)) == CS_OK)
		r = cs_past_walk(s, 1, l.end, list_row, &l, e);
	cs_out_close(out);
	if (r == CS_OK && l.fits == 0)
		cs_out_text(out, "", cs_span_str("no record fits"));
	free(l.claims.v);
	cs_past_close(&s);
	return r;
}

struct show {
	cs_out *out;
	bool found;
};

static int
show_row(void *arg, int64_t sequence, cs_span der, cs_err *e)
{
	struct show *s = arg;
	cs_audit_record *r = NULL;
	int rc;

	s->found = true;
	if ((rc = cs_auditlog_row(sequence, der, &r, e)) != CS_OK)
		return cs_wrap(e, "record %" PRId64, sequence);
	rc = cs_describe_audit(r, s->out, e);
	cs_audit_free(&r);
	return rc;
}

static int
read_number(const char *text, int64_t *out, cs_err *e)
{
	char *end = NULL;
	long long v;

	v = strtoll(text, &end, 10);
	if (text[0] < '1' || text[0] > '9' || *end != '\0' ||
	    v == INT64_MAX)
		return cs_fail(e, CS_EUSAGE, "audit",
		    "expected the number of a record, found %s", text);
	*out = v;
	return CS_OK;
}

static int
run_show(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	struct show show = {.out = out};
	cs_past *s = NULL;
	int64_t n = 0;
	int r;

	if ((r = read_number(w->v[0], &n, e)) != CS_OK ||
	    (r = cs_past_open(t, &o->past, CS_DB_READ, cs_time_now(), &s,
	    e)) != CS_OK)
		return r;
	r = cs_past_walk(s, n, n, show_row, &show, e);
	cs_past_close(&s);
	if (r == CS_OK && !show.found)
		r = cs_fail(e, CS_EREFUSED, "audit",
		    "the log has no record %" PRId64, n);
	return r;
}

static const struct cs_opt list_rows[] = {
    CS_PAST_ROWS(struct opts),
    {"owner", 0, CS_OPT_STRING, offsetof(struct opts, owner), "OWNER",
	"only what this owner approved, denied or lost", 0, 0,
	CS_COMPLETE_NONE},
    {"agent", 0, CS_OPT_STRING, offsetof(struct opts, agent), "ID",
	"only what this agent got or lost", 0, 0, CS_COMPLETE_NONE},
    {"event", 0, CS_OPT_CHOICE, offsetof(struct opts, event),
	"claimed|issued|denied|revoked|lifted|floor", "only this event", 0, 0,
	CS_COMPLETE_NONE},
    {"since", 0, CS_OPT_TIME, offsetof(struct opts, since), "TIME",
	"only from this time on", 0, 0, CS_COMPLETE_NONE},
    {"until", 0, CS_OPT_TIME, offsetof(struct opts, until), "TIME",
	"only up to this time", 0, 0, CS_COMPLETE_NONE},
    {"last", 0, CS_OPT_COUNT, offsetof(struct opts, last), "N",
	"only the last N of them", 1, 1000000000, CS_COMPLETE_NONE},
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec list_spec = {
    .verb = "audit list",
    .synopsis = "",
    .summary = "list the records of the audit log",
    .rows = list_rows,
    .n = sizeof(list_rows) / sizeof(list_rows[0]),
};

const struct cs_verb cs_cmd_audit_list = {
    &list_spec, sizeof(struct opts), &defaults, run_list};

static const struct cs_opt show_rows[] = {
    CS_PAST_ROWS(struct opts),
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec show_spec = {
    .verb = "audit show",
    .synopsis = "SEQUENCE",
    .summary = "show one record of the audit log in full",
    .rows = show_rows,
    .n = sizeof(show_rows) / sizeof(show_rows[0]),
    .min_operands = 1,
    .max_operands = 1,
};

const struct cs_verb cs_cmd_audit_show = {
    &show_spec, sizeof(struct opts), &defaults, run_show};
