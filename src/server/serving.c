/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/serving.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>

#include <countersign/verifier.h>

#include "base/time.h"
#include "net/process.h"
#include "net/sandbox.h"
#include "server/msg.h"
#include "server/warm.h"

static const char where[] = "server/front";
static const char starting[] = "the issuer is being started again";
static const char ending[] = "the server is being ended";

#define TICK_MS 250
#define DRAIN_TICK_MS 20
#define FAREWELL_MS 200 /* for answers to whom nothing came */
#define AWAY_MS 12000   /* an issuer that died is started again before this */
#define CONTROL_MAX (256 * 1024)         /* octets of log that wait */
#define ISSUER_MAX (8 * 1024 * 1024)     /* octets of questions */

void
cs_serving_say(cs_serving *s, int level, const char *fmt, ...)
{
	cs_frame f = {.type = CS_MSG_SAY, .n = 2, .fd = -1};
	char text[2048] = "";
	uint8_t room[8];
	va_list ap;
	int n;

	if (s->control == NULL)
		return;
	n = s->lost == 0 ? 0 : snprintf(text, sizeof(text),
	    "(%u lines are lost) ", s->lost);
	va_start(ap, fmt);
	(void)vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	f.part[0] = cs_frame_number(level, room);
	f.part[1] = cs_span_str(text);
	s->lost = cs_post_put(s->control, &f, NULL) == CS_OK ? 0 : s->lost + 1;
}

static void
stop(cs_serving *s, int rc, const cs_err *e)
{
	if (rc != CS_OK && s->rc == CS_OK) {
		s->rc = rc;
		s->e = *e;
	}
	cs_loop_stop(s->loop);
}

/* What is in flight is answered at once: its retry finds what came of it. */
static void
forget_issuer(cs_serving *s, const char *why)
{
	void *about;

	cs_post_free(&s->issuer);
	cs_channel_free(&s->issuer_channel);
	while ((about = cs_asks_take_any(s->asks)) != NULL)
		s->ops.told(s->ops.arg, about, NULL, why);
}

static void
on_issuer_end(void *arg, const char *why)
{
	cs_serving *s = arg;

	if (s->stop_ms == 0)
		cs_serving_say(s, COUNTERSIGN_LOG_WARNING,
		    "the issuer's channel ends%s%s", why == NULL ? "" : ": ",
		    why == NULL ? "" : why);
	s->lost_ms = cs_time_mono_ms();
	forget_issuer(s, starting);
}

/* One that comes late is about nothing any more. */
static void
on_answer(void *arg, cs_frame *f)
{
	cs_serving *s = arg;
	void *about = cs_asks_take(s->asks, f->id);

	if (about != NULL)
		s->ops.told(s->ops.arg, about, f, NULL);
}

/* Takes the descriptor. */
static int
take_issuer(cs_serving *s, int fd, cs_err *e)
{
	const cs_post_env env = {.frame = on_answer, .end = on_issuer_end,
	    .arg = s, .max = ISSUER_MAX};
	int rc;

	s->lost_ms = 0;
	forget_issuer(s, starting);
	if ((rc = cs_channel_new(fd, &s->issuer_channel, e)) != CS_OK)
		return rc;
	cs_channel_long(s->issuer_channel, CS_LONG_IN); /* lists */
	return cs_post_new(s->loop, s->issuer_channel, &env, &s->issuer, e);
}

int
cs_serving_ask(cs_serving *s, const cs_frame *f, void *about,
    int64_t deadline_ms, cs_err *e)
{
	cs_frame with = *f;
	int rc;

	if (s->issuer == NULL || cs_post_ended(s->issuer))
		return cs_fail(e, CS_EIO, where, "%s", starting);
	if (!cs_asks_add(s->asks, about, deadline_ms, &with.id))
		return cs_fail(e, CS_ETIMEOUT, where,
		    "too many requests wait for the issuer");
	if ((rc = cs_post_put(s->issuer, &with, e)) != CS_OK)
		(void)cs_asks_take(s->asks, with.id);
	return rc;
}

static void
on_drain(void *arg)
{
	cs_serving *s = arg;
	int64_t since = cs_time_mono_ms() - s->stop_ms;

	if (since >= CS_SERVING_DRAIN_MS)
		forget_issuer(s, ending);
	if (cs_http_connections(s->http) == 0 ||
	    since >= CS_SERVING_DRAIN_MS + FAREWELL_MS)
		cs_loop_stop(s->loop);
}

static int
take_stop(cs_serving *s, cs_err *e)
{
	if (s->stop_ms != 0)
		return CS_OK;
	s->stop_ms = cs_time_mono_ms();
	cs_http_drain(s->http);
	return cs_loop_every(s->loop, DRAIN_TICK_MS, on_drain, s, &s->drains,
	    e);
}

static int
say_reloaded(cs_serving *s, const char *why, cs_err *e)
{
	cs_frame f = {.type = CS_MSG_RELOADED, .n = 1, .fd = -1};

	f.part[0] = cs_span_str(why == NULL ? "" : why);
	return cs_post_put(s->control, &f, e);
}

static int
take_reload(cs_serving *s, cs_server_conf *conf, cs_err *e)
{
	cs_http_limits limits = s->ops.limits(conf);
	cs_err why = {0};
	int rc = CS_OK;

	if (s->ops.reload != NULL)
		rc = s->ops.reload(s->ops.arg, conf, &why);
	if (rc == CS_OK && conf->limits.queue != s->child->conf->limits.queue)
		rc = cs_fail(&why, CS_EUSAGE, where,
		    "limits { queue }: from the next start on");
	s->child->conf->limits = conf->limits;
	cs_http_set_limits(s->http, &limits);
	return say_reloaded(s, rc == CS_OK ? NULL : why.text, e);
}

static int
take_order(cs_serving *s, cs_frame *f, cs_err *e)
{
	cs_order o = {.fd = -1};
	int rc;

	if ((rc = cs_order_get(f, &o, e)) != CS_OK)
		return rc;
	if (o.type == CS_MSG_STOP)
		return take_stop(s, e);
	if (o.type == CS_MSG_FILE) {
		cs_child_keep(s->child, &o);
		return CS_OK;
	}
	if (o.type == CS_MSG_CHANNEL)
		return take_issuer(s, o.fd, e);
	rc = take_reload(s, o.conf, e);
	cs_server_conf_free(&o.conf);
	return rc;
}

static void
on_order(void *arg, cs_frame *f)
{
	cs_serving *s = arg;
	cs_err e = {0};
	int rc = take_order(s, f, &e);

	if (rc != CS_OK)
		stop(s, rc, &e);
}

/* Without a master nobody would end us. */
static void
on_master_end(void *arg, const char *why)
{
	cs_serving *s = arg;
	cs_err e = {0};

	if (why == NULL)
		cs_loop_stop(s->loop);
	else
		stop(s, cs_fail(&e, CS_EFORMAT, where, "%s", why), &e);
}

static void
say_alive(cs_serving *s, int64_t now)
{
	const cs_frame f = {.type = CS_MSG_ALIVE, .fd = -1};

	if (now < s->next_alive)
		return;
	s->next_alive = now + CS_ALIVE_EVERY_MS;
	(void)!cs_post_put(s->control, &f, NULL);
}

/* A channel that ended while the issuer lives is not made again: the master
 * hears of it when we end, and gives another one. */
static void
look_for_issuer(cs_serving *s, int64_t now)
{
	cs_err e = {0};

	if (s->lost_ms != 0 && s->stop_ms == 0 && now - s->lost_ms >= AWAY_MS)
		stop(s, cs_fail(&e, CS_EIO, where, "the issuer's channel "
		    "ended, and no other came for %d s", AWAY_MS / 1000), &e);
}

static void
on_tick(void *arg)
{
	cs_serving *s = arg;
	int64_t now = cs_time_mono_ms();
	void *about;

	say_alive(s, now);
	look_for_issuer(s, now);
	while ((about = cs_asks_take_late(s->asks, now)) != NULL)
		s->ops.told(s->ops.arg, about, NULL,
		    "the issuer did not answer in time");
}

/* As many descriptors as we may have: a connection is one. */
static void
raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}

int
cs_serving_begin(cs_serving *s, cs_child *c, const cs_serving_ops *ops,
    cs_err *e)
{
	int rc;

	*s = (cs_serving){.child = c, .ops = *ops};
	raise_limit();
	if ((rc = cs_server_warm(e)) != CS_OK ||
	    (rc = cs_loop_new(&s->loop, e)) != CS_OK)
		return rc;
	return cs_asks_new((size_t)c->conf->limits.queue, &s->asks, e);
}

static int
open_http(cs_serving *s, cs_tls *tls, cs_err *e)
{
	cs_child *c = s->child;
	cs_http_limits limits = s->ops.limits(c->conf);
	const cs_http_env env = {.limits = &limits, .tls = tls,
	    .admit = s->ops.admit, .handle = s->ops.handle,
	    .gone = s->ops.gone, .arg = s->ops.arg};
	int rc = cs_http_new(s->loop, &env, c->listen, c->n_listen, &s->http,
	    e);

	while (c->n_listen > 0)
		c->listen[--c->n_listen] = -1; /* taken */
	return rc;
}

static int
open_posts(cs_serving *s, cs_err *e)
{
	const cs_post_env env = {.frame = on_order, .end = on_master_end,
	    .arg = s, .max = CONTROL_MAX};
	int fd = s->child->peer_fd, rc;

	s->child->peer_fd = -1;
	if ((rc = cs_post_new(s->loop, s->child->control, &env, &s->control,
	    e)) != CS_OK)
		return rc;
	return fd < 0 ? CS_OK : take_issuer(s, fd, e);
}

int
cs_serving_open(cs_serving *s, cs_tls *tls, cs_err *e)
{
	const cs_server_conf *c = s->child->conf;
	const cs_sandbox box = {.may = CS_MAY_ACCEPT};
	char had[128] = "";
	int rc;

	if ((rc = cs_process_become(c->user, c->group, e)) != CS_OK ||
	    (rc = cs_sandbox_enter(&box, had, sizeof(had), e)) != CS_OK ||
	    (rc = open_http(s, tls, e)) != CS_OK ||
	    (rc = cs_loop_every(s->loop, TICK_MS, on_tick, s, &s->ticks,
	    e)) != CS_OK || (rc = cs_say_ready(s->child->control, had,
	    e)) != CS_OK)
		return rc;
	return open_posts(s, e);
}

int
cs_serving_run(cs_serving *s, cs_err *e)
{
	int rc = cs_loop_run(s->loop, e);

	if (rc == CS_OK && s->rc != CS_OK) {
		rc = s->rc;
		*e = s->e;
	}
	return rc;
}

void
cs_serving_end(cs_serving *s)
{
	if (s->asks != NULL)
		forget_issuer(s, ending);
	cs_http_free(&s->http);
	cs_watch_free(&s->ticks);
	cs_watch_free(&s->drains);
	cs_post_free(&s->control);
	cs_asks_free(&s->asks);
	cs_loop_free(&s->loop);
}
