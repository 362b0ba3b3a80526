/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/master.h"

#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <countersign/verifier.h>

#include "base/time.h"
#include "net/listen.h"
#include "net/notify.h"
#include "server/masterp.h"

static const char where[] = "server/master";

#define TICK_MS 50
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 10000
#define SETTLED_MS 60000 /* who lived so long starts at once again */
#define DEATHS_MS 60000
/* Since it was told to end; all of it takes less than ten seconds. */
#define DRAIN_MS 7000
#define ISSUER_MS 1500
#define KEYHOLDER_MS 800
#define RELOAD_MS 10000

void
cs_master_say(cs_master *m, int level, const char *fmt, ...)
{
	char text[2048] = "";
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)cs_log_line(m->env->log, level, "master", cs_span_str(text));
}

void
cs_master_give_up(cs_master *m, int rc, const cs_err *e)
{
	if (m->rc == CS_OK) {
		m->rc = rc;
		m->e = *e;
	}
	cs_loop_stop(m->loop);
}

/* A manager that has no room is told at the next tick: nobody waits for him,
 * and what came later stands for what was before it. */
static void
tell_manager(cs_master *m)
{
	cs_err e = {0};
	int rc;

	if (m->notice[0] == '\0')
		return;
	rc = cs_notify(m->env->notify, m->notice, &e);
	if (rc == CS_ETIMEOUT)
		return;
	m->notice[0] = '\0';
	if (rc != CS_OK)
		cs_master_say(m, COUNTERSIGN_LOG_WARNING, "%s", e.text);
}

void
cs_master_notify(cs_master *m, const char *state)
{
	(void)snprintf(m->notice, sizeof(m->notice), "%s", state);
	tell_manager(m);
}

static bool
is_front(const cs_slot *s)
{
	return s->role == CS_ROLE_FRONT || s->role == CS_ROLE_ADMIN ||
	    s->role == CS_ROLE_WEBHOOK;
}

/* All slots of one half: those that face somebody, and those behind them. */
static bool
all_are(const cs_master *m, bool fronts, enum cs_slot_state state)
{
	size_t i;

	for (i = 0; i < m->n_slots; i++)
		if (is_front(&m->slots[i]) == fronts &&
		    m->slots[i].state != state)
			return false;
	return true;
}

static void
say_where(cs_master *m)
{
	cs_buf *b = cs_buf_new(2048);
	size_t i;
	int fd;

	for (i = 0; b != NULL && i < m->sockets->n_listen; i++) {
		fd = cs_sockets_of(m->sockets, 0, i);
		cs_buf_reset(b);
		if (cs_listen_name(fd, b, NULL) == CS_OK)
			cs_master_say(m, COUNTERSIGN_LOG_INFO, "listens on %s",
			    cs_buf_cstr(b));
	}
	cs_buf_free(&b);
}

static void
reload_once_more(cs_master *m)
{
	if (!m->reload_again)
		return;
	m->reload_again = false;
	cs_master_reload(m);
}

void
cs_master_look(cs_master *m)
{
	if (m->served || m->stop_ms != 0 || !all_are(m, false, CS_SLOT_UP) ||
	    !all_are(m, true, CS_SLOT_UP))
		return;
	m->served = true;
	say_where(m);
	cs_master_say(m, COUNTERSIGN_LOG_INFO, "serves %s",
	    m->conf->trust_domain);
	cs_master_notify(m, "READY=1\nSTATUS=serves");
	reload_once_more(m);
}

/* Its exit status is the negated class; anything else is an end that it did not
 * choose. */
static int
class_of(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;

	return code >= 1 && code <= -CS_EBUG ? -code : CS_EBUG;
}

static void
say_death(cs_slot *s, int status)
{
	int64_t lived = cs_time_mono_ms() - s->since_ms;

	if (WIFSIGNALED(status))
		cs_master_say(s->m, COUNTERSIGN_LOG_ERROR, "%s died of signal "
		    "%d (%s) after %lld ms", s->name, WTERMSIG(status),
		    WTERMSIG(status) == SIGSYS ? "a system call that its "
		    "sandbox does not allow" : strsignal(WTERMSIG(status)),
		    (long long)lived);
	else
		cs_master_say(s->m, COUNTERSIGN_LOG_ERROR, "%s ended with "
		    "status %d after %lld ms", s->name, WEXITSTATUS(status),
		    (long long)lived);
}

/* Three within a minute: the token is gone, or somebody tries. */
static bool
dies_too_often(cs_slot *s, int64_t now)
{
	memmove(&s->deaths[0], &s->deaths[1], 2 * sizeof(s->deaths[0]));
	s->deaths[2] = now;
	s->n_deaths++;
	return s->n_deaths >= 3 && now - s->deaths[0] <= DEATHS_MS;
}

static void
died(cs_slot *s, int status)
{
	cs_master *m = s->m;
	int64_t now = cs_time_mono_ms();
	cs_err e = {0};

	if (s->state == CS_SLOT_GONE)
		return;
	say_death(s, status);
	s->pause_ms = now - s->since_ms >= SETTLED_MS || s->pause_ms == 0 ?
	    PAUSE_MIN_MS : 2 * s->pause_ms;
	if (s->pause_ms > PAUSE_MAX_MS)
		s->pause_ms = PAUSE_MAX_MS;
	s->again_ms = now + s->pause_ms;
	if (m->stop_ms != 0)
		s->state = CS_SLOT_GONE;
	else if (!m->served)
		cs_master_give_up(m, cs_fail(&e, class_of(status), where,
		    "%s did not start", s->name), &e);
	else if (dies_too_often(s, now) && s->role == CS_ROLE_KEYHOLDER)
		cs_master_give_up(m, cs_fail(&e, CS_EDEVICE, where, "the "
		    "keyholder died three times within a minute: nothing can "
		    "be signed"), &e);
	cs_master_reloaded(m);
}

static void
reap(void *arg)
{
	cs_master *m = arg;
	int status = 0;
	size_t i;

	for (i = 0; i < m->n_slots; i++)
		if (cs_slot_reap(&m->slots[i], &status))
			died(&m->slots[i], status);
}

/* Who faces somebody starts when those behind him are up, the first time. */
static bool
may_start(const cs_slot *s, int64_t now)
{
	return s->state == CS_SLOT_DOWN && now >= s->again_ms &&
	    (!is_front(s) || s->m->served ||
		all_are(s->m, false, CS_SLOT_UP));
}

static void
start(cs_slot *s, int64_t now)
{
	cs_err e = {0};
	int rc = cs_slot_start(s, &e);

	if (rc == CS_OK)
		return;
	if (!s->m->served) {
		cs_master_give_up(s->m, rc, &e);
		return;
	}
	cs_master_say(s->m, COUNTERSIGN_LOG_ERROR, "%s", e.text);
	s->again_ms = now + PAUSE_MAX_MS;
}

static void
look_for_silence(cs_slot *s, int64_t now)
{
	int64_t limit = s->state == CS_SLOT_STARTING ? CS_READY_LIMIT_MS :
	    CS_ALIVE_LIMIT_MS;

	if (s->state != CS_SLOT_STARTING && s->state != CS_SLOT_UP)
		return;
	if (now - s->heard_ms < limit)
		return;
	cs_master_say(s->m, COUNTERSIGN_LOG_ERROR, "%s has said nothing for "
	    "%lld s and is killed", s->name,
	    (long long)((now - s->heard_ms) / 1000));
	s->heard_ms = now;
	cs_slot_kill(s);
}

/* Tells those of a role to end, or, when their time has come, makes them. True:
 * they have. */
static bool
end_role(cs_master *m, bool fronts, enum cs_role role, bool now)
{
	bool all = true;
	cs_slot *s;
	size_t i;

	for (i = 0; i < m->n_slots; i++) {
		s = &m->slots[i];
		if (fronts ? !is_front(s) : s->role != role)
			continue;
		cs_slot_stop(s);
		if (now)
			cs_slot_kill(s);
		all = all && s->state == CS_SLOT_GONE;
	}
	return all;
}

static void
end_all(cs_master *m, int64_t now)
{
	int64_t drain = m->env->drain_ms == 0 ? DRAIN_MS : m->env->drain_ms;
	int64_t since = now - m->stop_ms;

	if (!end_role(m, true, CS_ROLE_FRONT, since >= drain) ||
	    !end_role(m, false, CS_ROLE_ISSUER, since >= drain + ISSUER_MS))
		return;
	if (end_role(m, false, CS_ROLE_KEYHOLDER,
		since >= drain + ISSUER_MS + KEYHOLDER_MS))
		cs_loop_stop(m->loop);
}

static void
feed_watchdog(cs_master *m, int64_t now)
{
	if (m->watchdog_ms == 0 || now < m->next_watchdog_ms)
		return;
	m->next_watchdog_ms = now + m->watchdog_ms / 2;
	/* The next one will do. */
	(void)!cs_notify(m->env->notify, "WATCHDOG=1", NULL);
}

static void
tick(void *arg)
{
	cs_master *m = arg;
	int64_t now = cs_time_mono_ms();
	size_t i;

	reap(m);
	tell_manager(m);
	feed_watchdog(m, now);
	for (i = 0; i < m->n_slots; i++)
		cs_slot_log_look(&m->slots[i], now);
	if (m->stop_ms != 0) {
		end_all(m, now);
		return;
	}
	for (i = 0; m->rc == CS_OK && i < m->n_slots; i++) {
		look_for_silence(&m->slots[i], now);
		if (may_start(&m->slots[i], now))
			start(&m->slots[i], now);
	}
	if (m->reloading && now - m->reload_ms > RELOAD_MS) {
		cs_master_say(m, COUNTERSIGN_LOG_ERROR, "not everybody has "
		    "said that it reloaded; going on");
		for (i = 0; i < m->n_slots; i++)
			m->slots[i].reloading = false;
		cs_master_reloaded(m);
	}
}

static void
stop(void *arg)
{
	cs_master *m = arg;

	if (m->stop_ms != 0) {
		cs_master_say(m, COUNTERSIGN_LOG_WARNING, "told to end again: "
		    "ends at once");
		cs_loop_stop(m->loop);
		return;
	}
	cs_master_say(m, COUNTERSIGN_LOG_INFO, "ends");
	cs_master_notify(m, "STOPPING=1");
	m->stop_ms = cs_time_mono_ms();
	tick(m);
}

void
cs_master_reloaded(cs_master *m)
{
	size_t i;

	for (i = 0; i < m->n_slots; i++)
		if (m->slots[i].reloading)
			return;
	if (!m->reloading)
		return;
	m->reloading = false;
	cs_master_say(m, m->bad_reload ? COUNTERSIGN_LOG_WARNING :
	    COUNTERSIGN_LOG_INFO, "reloaded%s", m->bad_reload ?
	    ", but for what is said above" : "");
	cs_master_notify(m, "READY=1\nSTATUS=serves");
	reload_once_more(m);
}

/* Who asks for it before the start is done, or the reload before it, has
 * changed something that may not have been seen. */
static void
reload(void *arg)
{
	cs_master *m = arg;

	if (m->stop_ms != 0)
		return;
	if (m->served && !m->reloading)
		cs_master_reload(m);
	else
		m->reload_again = true;
}

static int
watch_signals(cs_master *m, cs_err *e)
{
	static const struct {
		int signo;
		void (*fn)(void *arg);
	} all[] = {{SIGCHLD, reap}, {SIGTERM, stop}, {SIGINT, stop},
	    {SIGHUP, reload}};
	size_t i;
	int rc;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if ((rc = cs_loop_signal(m->loop, all[i].signo, all[i].fn, m,
			 &m->watches[i], e)) != CS_OK)
			return rc;
		m->n_watches = i + 1;
	}
	rc = cs_loop_every(m->loop, TICK_MS, tick, m, &m->watches[i], e);
	if (rc == CS_OK)
		m->n_watches++;
	return rc;
}

static void
add_slot(cs_master *m, enum cs_role role, size_t front)
{
	cs_slot *s = &m->slots[m->n_slots];

	if ((m->env->roles & 1U << role) == 0)
		return;
	m->n_slots++;
	s->m = m;
	s->role = role;
	s->front = front;
	s->err = -1;
	if (role == CS_ROLE_FRONT)
		(void)snprintf(s->name, sizeof(s->name), "front %zu",
		    front + 1);
	else
		(void)snprintf(s->name, sizeof(s->name), "%s",
		    cs_role_name(role));
}

/* Of those that we may run on. */
static size_t
count_cores(void)
{
	cpu_set_t set;
	int n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > CS_FRONTS_MAX ? CS_FRONTS_MAX : (size_t)n;
}

/* Webhooks are answered by one process, whose threads work. */
static size_t
count_fronts(const cs_master *m)
{
	if ((m->env->roles & 1U << CS_ROLE_WEBHOOK) != 0)
		return 1;
	return m->conf->fronts == 0 ? count_cores() :
	    (size_t)m->conf->fronts;
}

static int
open_all(cs_master *m, cs_err *e)
{
	size_t i, fronts = count_fronts(m);
	int rc;

	add_slot(m, CS_ROLE_KEYHOLDER, 0);
	add_slot(m, CS_ROLE_ISSUER, 0);
	add_slot(m, CS_ROLE_WEBHOOK, 0);
	for (i = 0; i < fronts; i++)
		add_slot(m, CS_ROLE_FRONT, i);
	if ((rc = cs_state_lock(m->conf, &m->lock, e)) != CS_OK ||
	    (rc = cs_files_look(m->conf, e)) != CS_OK ||
	    (rc = cs_sockets_open(m->conf, &m->env->passed, fronts,
		 &m->sockets, e)) != CS_OK)
		return rc;
	if (m->sockets->admin >= 0)
		add_slot(m, CS_ROLE_ADMIN, 0);
	if ((rc = cs_loop_new(&m->loop, e)) != CS_OK)
		return rc;
	return watch_signals(m, e);
}

/* Microseconds, as systemd says them. */
static int64_t
watchdog_of(const char *text)
{
	int64_t n = 0;

	for (; text != NULL && *text >= '0' && *text <= '9' &&
	     n < INT64_MAX / 100; text++)
		n = n * 10 + (*text - '0');
	return n / 1000;
}

static void
close_all(cs_master *m)
{
	cs_slot *s;
	size_t i;

	for (i = 0; i < m->n_slots; i++)
		cs_slot_kill(&m->slots[i]);
	for (i = 0; i < m->n_slots; i++) {
		s = &m->slots[i];
		if (cs_slot_lives(s) && s->pid > 0)
			(void)waitpid(s->pid, NULL, 0);
		cs_slot_err_end(s);
		cs_slot_log_end(s);
		cs_watch_free(&s->watch);
		cs_channel_free(&s->control);
	}
	for (i = 0; i < m->n_watches; i++)
		cs_watch_free(&m->watches[i]);
	cs_loop_free(&m->loop);
	cs_sockets_free(&m->sockets);
	for (i = 0; i < 2; i++)
		cs_server_conf_free(&m->own[i]);
	if (m->lock >= 0)
		(void)close(m->lock);
}

int
cs_master_run(const cs_master_env *env, cs_err *e)
{
	cs_master *m = calloc(1, sizeof(*m));
	int rc;

	if (m == NULL)
		return cs_nomem(e, where);
	m->env = env;
	m->conf = m->base = env->conf;
	m->lock = -1;
	m->watchdog_ms = watchdog_of(env->watchdog);
	rc = open_all(m, e);
	if (rc == CS_OK)
		rc = cs_loop_run(m->loop, e);
	if (rc == CS_OK && m->rc != CS_OK) {
		rc = m->rc;
		if (e != NULL)
			*e = m->e;
	}
	close_all(m);
	free(m);
	return rc;
}
