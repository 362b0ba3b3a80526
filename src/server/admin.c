/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <countersign/verifier.h>

#include "base/time.h"
#include "server/adminroutes.h"
#include "server/serving.h"

/*
 * The admin's front as a process: HTTP on the unix socket, for those whom the
 * kernel names. Who may asks the issuer over a channel that no other front has,
 * so that a hole in those gives nobody an act of an operator.
 */

static const char where[] = "server/admin";

#define MAX_CONNECTIONS 128

struct admin {
	cs_serving s;
	bool has_group;
	gid_t group;
};

struct call {
	struct admin *a;
	cs_http_request *r; /* NULL: the client went */
	cs_admin_ask ask;
	cs_peer peer;
	char method[8];
};

/* Taken and cleared, both. What merely looks is not worth a line. */
static void
answer(struct call *c, cs_web_answer *ans)
{
	const cs_http_field field = {ans->fields[0].name,
	    ans->fields[0].value};
	const cs_http_answer a = {.status = ans->status, .type = ans->type,
	    .body = cs_buf_span(ans->body), .fields = &field,
	    .n_fields = ans->n_fields == 0 ? 0 : 1};

	if (ans->status != 200 || strcmp(c->method, "GET") != 0)
		cs_serving_say(&c->a->s, ans->status >= 500 ?
		    COUNTERSIGN_LOG_WARNING : COUNTERSIGN_LOG_INFO,
		    "uid %ld, process %ld: %s %s %d%s%s",
		    (long)c->peer.uid, (long)c->peer.pid, c->method,
		    c->ask.path, ans->status,
		    ans->outcome[0] == '\0' ? "" : " ", ans->outcome);
	if (c->r != NULL)
		cs_http_answer_send(c->r, &a);
	cs_web_answer_clear(ans);
	cs_admin_ask_clear(&c->ask);
	free(c);
}

static void
fail(struct call *c, int status, const char *reason, const char *text)
{
	cs_web_answer ans = {0};

	cs_web_fail(CS_WEB_V1, status, reason, text, status == 503 ? 2 : 0,
	    &ans);
	answer(c, &ans);
}

static void
told(void *arg, void *about, const cs_frame *f, const char *why)
{
	struct call *c = about;
	cs_web_answer ans = {0};

	(void)arg;
	if (f == NULL) {
		fail(c, 503, "unavailable", why);
		return;
	}
	cs_admin_tell(&c->ask, f, &ans);
	answer(c, &ans);
}

static void
gone(void *arg, cs_http_request *r)
{
	struct call *c = cs_http_data(r);

	(void)arg;
	if (c != NULL)
		c->r = NULL;
}

/* Root, we ourselves, and the operators. */
static bool
may(const struct admin *a, cs_http_request *r, cs_peer *peer)
{
	if (!cs_http_is_unix(r, peer))
		return false;
	return peer->uid == 0 || peer->uid == geteuid() ||
	    (a->has_group && cs_http_peer_is_in(r, a->group));
}

static void
ask(struct call *c)
{
	const cs_ask_admin q = {.uid = c->peer.uid, .gid = c->peer.gid,
	    .pid = c->peer.pid, .verb = cs_span_str(c->ask.verb),
	    .body = cs_buf_span(c->ask.body)};
	cs_msg_room room;
	cs_frame f;
	cs_err e = {0};
	int rc;

	if ((rc = cs_ask_admin_put(&q, &room, &f, &e)) == CS_OK)
		rc = cs_serving_ask(&c->a->s, &f, c, cs_time_mono_ms() +
		    CS_SERVING_ASK_MS, &e);
	if (rc == CS_ETIMEOUT || rc == CS_EIO)
		fail(c, 503, "unavailable", e.text);
	else if (rc != CS_OK)
		fail(c, 500, "internal", e.text);
}

static void
hear(struct call *c)
{
	cs_web_request q = {.method = c->method, .path = cs_http_path(c->r),
	    .query = cs_http_query(c->r), .body = cs_http_body(c->r)};
	cs_web_answer ans = {0};
	cs_err e = {0};

	if (cs_http_header(c->r, "Content-Type", &q.type, &e) != CS_OK) {
		fail(c, 400, "malformed", e.text);
		return;
	}
	cs_admin_hear(&q, &c->ask, &ans);
	if (c->ask.verb == NULL)
		answer(c, &ans);
	else
		ask(c);
}

static void
handle(void *arg, cs_http_request *r)
{
	static const cs_http_answer none = {.status = 500, .close = true};
	struct call *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		cs_http_answer_send(r, &none);
		return;
	}
	c->a = arg;
	c->r = r;
	c->ask.path = "-";
	memccpy(c->method, cs_http_method(r), '\0', sizeof(c->method) - 1);
	cs_http_set_data(r, c);
	if (may(arg, r, &c->peer))
		hear(c);
	else
		fail(c, 403, "not-allowed", "this socket is for root, the "
		    "server's user and its admin-group");
}

static int
find_group(struct admin *a, const char *name, cs_err *e)
{
	struct group room, *found = NULL;
	char text[16384];

	if (name == NULL)
		return CS_OK;
	if (getgrnam_r(name, &room, text, sizeof(text), &found) != 0 ||
	    found == NULL)
		return cs_fail(e, CS_EUSAGE, where,
		    "admin-group: there is no group %s", name);
	a->group = found->gr_gid;
	a->has_group = true;
	return CS_OK;
}

/* An operator's are not those of agents. */
static cs_http_limits
limits(const cs_server_conf *c)
{
	(void)c;
	return (cs_http_limits){.max_body = CS_ADMIN_BODY_MAX,
	    .max_connections = MAX_CONNECTIONS};
}

int
cs_admin_run(cs_child *c)
{
	struct admin a = {.has_group = false};
	const cs_serving_ops ops = {.told = told, .limits = limits,
	    .gone = gone, .handle = handle, .arg = &a};
	cs_err e = {0};
	int rc;

	if ((rc = cs_serving_begin(&a.s, c, &ops, &e)) == CS_OK &&
	    (rc = find_group(&a, c->conf->admin_group, &e)) == CS_OK &&
	    (rc = cs_serving_open(&a.s, NULL, &e)) == CS_OK)
		rc = cs_serving_run(&a.s, &e);
	cs_serving_end(&a.s);
	if (rc != CS_OK)
		cs_say(c->control, COUNTERSIGN_LOG_ERROR, "%s", e.text);
	return -rc;
}
