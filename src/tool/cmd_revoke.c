/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "store/memory.h"
#include "tool/past.h"
#include "tool/revokename.h"

#define REASON_MAX 1024
#define ACTOR_MAX 256

struct opts {
	struct cs_common common;
	struct cs_revoke_words words;
	struct cs_past_opts past;
	const char *reason;
	bool lift;
};

static const struct cs_opt rows[] = {
    CS_PAST_ROWS(struct opts),
    CS_REVOKE_ROWS(struct opts, words),
    {"reason", 0, CS_OPT_STRING, offsetof(struct opts, reason), "TEXT",
	"why, for the record", 0, 0, CS_COMPLETE_NONE},
    {"lift", 0, CS_OPT_FLAG, offsetof(struct opts, lift), NULL,
	"let new approvals count again", 0, 0, CS_COMPLETE_NONE},
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "revoke",
    .synopsis = "",
    .summary = "end credentials, and let approvals count no more",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
};

/* As the system knows him who typed it. */
static void
who(char actor[ACTOR_MAX])
{
	const struct passwd *p = getpwuid(getuid());

	if (p == NULL || !cs_utf8_valid(cs_span_str(p->pw_name)) ||
	    strlen(p->pw_name) > ACTOR_MAX / 2)
		(void)snprintf(actor, ACTOR_MAX, "uid %lu",
		    (unsigned long)getuid());
	else
		(void)snprintf(actor, ACTOR_MAX, "uid %lu (%s)",
		    (unsigned long)getuid(), p->pw_name);
}

static int
check(const struct opts *o, cs_span name, cs_err *e)
{
	cs_span reason = cs_span_str(o->reason);

	if (name.p == NULL)
		return cs_fail(e, CS_EUSAGE, "revoke", "expected --owner, "
		    "--key, --agent, --grant or --approval, found none");
	if (o->reason == NULL)
		return cs_fail(e, CS_EUSAGE, "revoke", "--reason is missing");
	if (reason.n == 0 || reason.n > REASON_MAX || !cs_text_plain(reason))
		return cs_fail(e, CS_EUSAGE, "revoke", "--reason: expected 1 "
		    "to %d octets of UTF-8 without control characters",
		    REASON_MAX);
	return CS_OK;
}

/* Did this store ever see it? A name that it never saw may be mistyped. */
struct seen {
	cs_out *out;
	int64_t at, n;
	bool list;
};

static int
each_claim(void *arg, const cs_stored_claim *c, cs_err *e)
{
	struct seen *s = arg;

	(void)e;
	s->n++;
	if (!s->list || c->ended != s->at)
		return CS_OK;
	cs_out_object(s->out, NULL, NULL);
	cs_out_int(s->out, "number", NULL, c->number);
	cs_out_span(s->out, "agent", NULL, c->agent_id);
	cs_out_span(s->out, "owner", NULL, c->owner);
	cs_out_hex(s->out, "serial", NULL, c->serial);
	cs_out_time(s->out, "not_after", NULL, c->not_after);
	cs_out_printf(s->out, NULL, "ended", "%" PRId64 ", %.*s", c->number,
	    (int)c->agent_id.n, c->agent_id.p);
	cs_out_close(s->out);
	return CS_OK;
}

static int
look(cs_past *p, const cs_revocation *r, bool list, cs_out *out, int64_t *n,
    cs_err *e)
{
	struct seen seen = {.out = out, .at = r->time, .list = list};
	cs_claim_ask ask = {.now = r->time};
	int rc;

	switch (r->what) {
	case CS_REVOKE_OWNER:
		ask.owner = r->name;
		break;
	case CS_REVOKE_KEY:
		ask.key_hash = r->name;
		break;
	case CS_REVOKE_AGENT:
		ask.agent_id = r->name;
		break;
	case CS_REVOKE_GRANT:
	case CS_REVOKE_APPROVAL:
		ask.tbs_hash = r->name;
		break;
	}
	rc = cs_past_claims(p, &ask, each_claim, &seen, e);
	*n = seen.n;
	return rc;
}

static void
put(const cs_past *p, const cs_revocation *r, const char *title,
    cs_out *out)
{
	cs_buf *shown = cs_revoke_shown(r->what, r->name);
	cs_span text = cs_buf_span(shown);

	cs_past_put(p, false, out);
	cs_revoke_put(r->what, r->name, out);
	cs_out_printf(out, NULL, title, "%s %.*s", cs_revoke_name(r->what),
	    (int)text.n, text.p == NULL ? (const uint8_t *)"" : text.p);
	cs_out_time(out, "time", NULL, r->time);
	cs_out_span(out, "reason", "reason", r->reason);
	cs_out_span(out, "actor", "by", r->actor);
	cs_buf_free(&shown);
}

static int
impose(cs_past *p, cs_revocation *r, cs_out *out, cs_err *e)
{
	int64_t ended = 0, seen = 0;
	cs_buf *own = NULL;
	cs_err why = {0};
	int rc;

	if ((rc = cs_past_revoke(p, r, &ended, &own, e)) != CS_OK)
		return rc;
	put(p, r, "revoked", out);
	cs_out_int(out, "ended", "credentials ended", ended);
	cs_out_list(out, "credentials", NULL);
	rc = look(p, r, ended > 0, out, &seen, &why);
	cs_out_close(out);
	if (rc != CS_OK)
		cs_out_trouble(out, "revoke", &why); /* it is revoked */
	else if (seen == 0)
		cs_out_str(out, NULL, "note",
		    "no credential of this store was ever by it");
	cs_buf_free(&own);
	return CS_OK;
}

static int
act(cs_past *p, cs_revocation *r, bool lift, cs_out *out, cs_err *e)
{
	cs_buf *own = NULL;
	int rc;

	if (!lift)
		return impose(p, r, out, e);
	if ((rc = cs_past_lift(p, r, &own, e)) == CS_OK)
		put(p, r, "lifted", out);
	cs_buf_free(&own);
	return rc;
}

static int
run(const cs_tool *t, const void *opts, const cs_words *words, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	cs_revocation r = {.time = cs_time_now()};
	char actor[ACTOR_MAX];
	cs_past *p = NULL;
	cs_buf *name = NULL;
	int rc;

	(void)words;
	if ((rc = cs_revoke_words_read(&o->words, &r.what, &name, e)) !=
		CS_OK || (rc = check(o, cs_buf_span(name), e)) != CS_OK)
		goto out;
	who(actor);
	r.name = cs_buf_span(name);
	r.reason = r.lifted_reason = cs_span_str(o->reason);
	r.actor = r.lifted_actor = cs_span_str(actor);
	if ((rc = cs_past_open(t, &o->past, CS_DB_WRITE, r.time, &p, e)) ==
	    CS_OK)
		rc = act(p, &r, o->lift, out, e);
out:
	cs_past_close(&p);
	cs_buf_free(&name);
	return rc;
}

const struct cs_verb cs_cmd_revoke = {
    &spec, sizeof(struct opts), NULL, run};
