/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "fmt/reason.h"
#include "net/process.h"
#include "net/sandbox.h"
#include "server/host.h"
#include "server/issuer.h"
#include "server/link.h"
#include "server/pool.h"
#include "server/role.h"

/*
 * The issuer as a process: a thread that listens to the master, one for each
 * channel to a front, one that reads what the keyholder answers, and a pool
 * that does the work. What a front asks is a job; what is asked when the queue
 * is full is answered at once.
 */

static const char where[] = "server/issuer";

#define KEYS_MS 30000  /* until the keyholder has said which keys it has */
#define TICK_MS 30000
#define ANSWER_MS 2000 /* a front that does not read is as good as gone */

struct run {
	cs_child *child;
	cs_host host;
	cs_link *link;
	cs_keys_told keys;
	cs_issuer *issuer;
	cs_pool *pool;
	int64_t next_tick;
	atomic_bool ticks; /* one is in the pool */
	struct front *fronts;
};

struct front { /* a channel, for its reader and for jobs on their way */
	struct run *run;
	struct front *next;
	cs_channel *channel;
	bool is_admin;
	atomic_uint refs;
	atomic_bool ended;
	pthread_t thread;
};

struct job {
	struct run *run;
	struct front *front;
	cs_frame *ask;
	int64_t deadline_ms, began_us;
};

static void
say(void *arg, int level, const char *text)
{
	const struct run *r = arg;

	cs_say(r->child->control, level, "%s", text);
}

static void
front_drop(struct front *f)
{
	if (atomic_fetch_sub(&f->refs, 1) != 1)
		return;
	cs_channel_free(&f->channel);
	free(f);
}

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
job_free(struct job *j)
{
	front_drop(j->front);
	cs_frame_free(&j->ask);
	free(j);
}

static void
send_answer(const struct job *j, cs_frame *f)
{
	cs_err e = {0};

	f->id = j->ask->id;
	if (cs_channel_send(j->front->channel, f, cs_time_mono_ms() +
	    ANSWER_MS, &e) != CS_OK)
		cs_say(j->run->child->control, COUNTERSIGN_LOG_WARNING,
		    "an answer that nobody takes: %s", e.text);
}

static void
answer_issue(const struct job *j, const cs_told_issue *t)
{
	cs_msg_room room;
	cs_frame f;

	if (cs_told_issue_put(t, &room, &f, NULL) == CS_OK)
		send_answer(j, &f);
}

static void
answer_given(const struct job *j, int rc, cs_span octets, int64_t number,
    const cs_err *e)
{
	cs_told_given t = {.number = number, .octets = octets};
	cs_msg_room room;
	cs_frame f;

	if (rc != CS_OK) {
		t = (cs_told_given){.reason = e->detail == CS_R_NONE ?
		    CS_R_INTERNAL : e->detail,
		    .text = cs_span_str(e->text)};
	}
	if (cs_told_given_put(&t, &room, &f, NULL) == CS_OK)
		send_answer(j, &f);
}

static void
answer_admin(const struct job *j, int status, cs_span body)
{
	const cs_told_admin t = {status, body};
	cs_msg_room room;
	cs_frame f;

	if (cs_told_admin_put(&t, &room, &f, NULL) == CS_OK)
		send_answer(j, &f);
}

/* Before anything was looked at. */
static void
answer_busy(const struct job *j, const char *why)
{
	const cs_told_issue t = {.outcome = CS_OUTCOME_BUSY,
	    .text = cs_span_str(why), .retry_after = 2};
	cs_err e = {0};

	switch (j->ask->type) {
	case CS_MSG_ADMIN:
		answer_admin(j, 503, cs_span_str("{\"error\":\"busy\"}"));
		break;
	case CS_MSG_BUNDLE:
	case CS_MSG_CRL:
		(void)cs_fail_detail(&e, CS_ETIMEOUT, CS_R_INTERNAL, where,
		    "%s", why);
		answer_given(j, CS_ETIMEOUT, (cs_span){0}, 0, &e);
		break;
	default:
		answer_issue(j, &t);
		break;
	}
}

static int
do_issue(const struct job *j, cs_err *e)
{
	cs_issuer *i = j->run->issuer;
	cs_ask_issue a;
	cs_issued out = {.own = NULL};
	bool issue = j->ask->type == CS_MSG_ISSUE;
	int rc = issue ? cs_ask_issue_get(j->ask, &a, e) :
	    cs_ask_approve_get(j->ask, &a, e);

	if (rc == CS_OK)
		rc = issue ? cs_issuer_issue(i, &a, cs_time_now(), &out, e) :
		    cs_issuer_approve(i, &a, cs_time_now(), &out, e);
	if (rc == CS_OK)
		answer_issue(j, &out.told);
	cs_issued_clear(&out);
	return rc;
}

static int
do_lookup(const struct job *j, cs_err *e)
{
	cs_ask_lookup a;
	cs_issued out = {.own = NULL};
	int rc = cs_ask_lookup_get(j->ask, &a, e);

	if (rc == CS_OK)
		rc = cs_issuer_lookup(j->run->issuer, &a, cs_time_now(), &out,
		    e);
	if (rc == CS_OK)
		answer_issue(j, &out.told);
	cs_issued_clear(&out);
	return rc;
}

static void
do_given(const struct job *j)
{
	cs_issuer *i = j->run->issuer;
	cs_span key_id = {0};
	cs_buf *b = NULL;
	int64_t number = 0;
	cs_err e = {0};
	int rc;

	if (j->ask->n != 0)
		key_id = j->ask->part[0];
	rc = j->ask->type == CS_MSG_BUNDLE ?
	    cs_issuer_bundle(i, &b, &number, &e) :
	    cs_issuer_crl(i, key_id, cs_time_now(), j->deadline_ms, &b,
	    &number, &e);
	answer_given(j, rc, cs_buf_span(b), number, &e);
	cs_buf_free(&b);
}

static int
do_admin(const struct job *j, cs_err *e)
{
	cs_ask_admin a;
	cs_buf *b = NULL;
	int status = 500, rc = cs_ask_admin_get(j->ask, &a, e);

	if (rc == CS_OK)
		rc = cs_issuer_admin(j->run->issuer, &a, cs_time_now(),
		    j->deadline_ms, &status, &b, e);
	if (rc == CS_OK)
		answer_admin(j, status, cs_buf_span(b));
	cs_buf_free(&b);
	return rc;
}

static int
do_ask(const struct job *j, cs_err *e)
{
	if (j->front->is_admin != (j->ask->type == CS_MSG_ADMIN))
		return cs_fail(e, CS_EFORMAT, where, "a question of type %u "
		    "over a channel that has no such ones", j->ask->type);
	switch (j->ask->type) {
	case CS_MSG_ISSUE:
	case CS_MSG_APPROVE:
		return do_issue(j, e);
	case CS_MSG_LOOKUP:
		return do_lookup(j, e);
	case CS_MSG_BUNDLE:
	case CS_MSG_CRL:
		do_given(j);
		return CS_OK;
	case CS_MSG_ADMIN:
		return do_admin(j, e);
	default:
		return cs_fail(e, CS_EFORMAT, where,
		    "a question of type %u", j->ask->type);
	}
}

/* A front whose frames are none is not our front any more. */
static void
do_job(void *arg, bool late)
{
	struct job *j = arg;
	cs_err e = {0};
	int rc = CS_OK;

	if (late)
		answer_busy(j, "the deadline came before its turn");
	else
		rc = do_ask(j, &e);
	if (rc != CS_OK) {
		cs_say(j->run->child->control, COUNTERSIGN_LOG_ERROR,
		    "a front's channel ends: %s", e.text);
		(void)shutdown(cs_channel_fd(j->front->channel), SHUT_RDWR);
	}
	cs_issuer_took(j->run->issuer, now_us() - j->began_us);
	job_free(j);
}

static int64_t
deadline_of(const cs_frame *f)
{
	cs_ask_issue a;
	cs_ask_lookup l;

	if (cs_ask_issue_get(f, &a, NULL) == CS_OK ||
	    cs_ask_approve_get(f, &a, NULL) == CS_OK)
		return cs_issuer_deadline(a.deadline_ms);
	if (cs_ask_lookup_get(f, &l, NULL) == CS_OK)
		return cs_issuer_deadline(l.deadline_ms);
	return cs_issuer_deadline(0);
}

static void
enqueue(struct front *f, cs_frame **ask)
{
	struct job *j = calloc(1, sizeof(*j));
	cs_err e = {0};

	if (j == NULL) {
		cs_frame_free(ask);
		return;
	}
	(void)atomic_fetch_add(&f->refs, 1);
	*j = (struct job){.run = f->run, .front = f, .ask = *ask,
	    .deadline_ms = deadline_of(*ask), .began_us = now_us()};
	*ask = NULL; /* transferred */
	if (cs_pool_put(f->run->pool, do_job, j, j->deadline_ms, &e) ==
	    CS_OK)
		return;
	answer_busy(j, e.text);
	job_free(j);
}

static void *
read_front(void *arg)
{
	struct front *f = arg;
	cs_frame *ask = NULL;
	cs_err e = {0};
	bool end = false;

	while (cs_channel_receive(f->channel, 0, &ask, &end, &e) == CS_OK &&
	    !end)
		if (ask != NULL)
			enqueue(f, &ask);
	cs_frame_free(&ask);
	if (!end)
		cs_say(f->run->child->control, COUNTERSIGN_LOG_WARNING,
		    "a front's channel ends: %s", e.text);
	atomic_store(&f->ended, true);
	return NULL;
}

/* Whose channels have ended. */
static void
join_fronts(struct run *r)
{
	struct front **at = &r->fronts, *f;

	while ((f = *at) != NULL) {
		if (!atomic_load(&f->ended)) {
			at = &f->next;
			continue;
		}
		(void)pthread_join(f->thread, NULL);
		*at = f->next;
		front_drop(f);
	}
}

static int
add_front(struct run *r, int fd, bool is_admin, cs_err *e)
{
	struct front *f;
	cs_channel *c = NULL;
	int rc;

	join_fronts(r);
	if ((rc = cs_channel_new(fd, &c, e)) != CS_OK)
		return rc;
	if ((f = calloc(1, sizeof(*f))) == NULL) {
		cs_channel_free(&c);
		return cs_nomem(e, where);
	}
	cs_channel_long(c, CS_LONG_OUT);
	f->run = r;
	f->channel = c;
	f->is_admin = is_admin;
	atomic_init(&f->refs, 1);
	if (pthread_create(&f->thread, NULL, read_front, f) != 0) {
		front_drop(f);
		return cs_fail(e, CS_EBUG, where, "no thread for a front");
	}
	f->next = r->fronts;
	r->fronts = f;
	return CS_OK;
}

static void
do_tick(void *arg, bool late)
{
	struct run *r = arg;
	cs_err e = {0};

	(void)late;
	if (cs_issuer_tick(r->issuer, cs_time_now(), &e) != CS_OK)
		cs_say(r->child->control, COUNTERSIGN_LOG_ERROR, "%s",
		    e.text);
	atomic_store(&r->ticks, false);
}

static void
tick(struct run *r)
{
	if (cs_time_mono_ms() < r->next_tick || atomic_exchange(&r->ticks,
	    true))
		return;
	r->next_tick = cs_time_mono_ms() + TICK_MS;
	if (cs_pool_put(r->pool, do_tick, r, 0, NULL) != CS_OK)
		atomic_store(&r->ticks, false);
}

static int
take_order(struct run *r, cs_frame *f, bool *stop, cs_err *e)
{
	cs_order o = {.fd = -1};
	int rc;

	if ((rc = cs_order_get(f, &o, e)) != CS_OK)
		return rc;
	if (o.type == CS_MSG_STOP) {
		*stop = true;
		return CS_OK;
	}
	if (o.type == CS_MSG_CHANNEL)
		return o.peer == CS_ROLE_KEYHOLDER ?
		    cs_link_set(r->link, o.fd, e) :
		    add_front(r, o.fd, o.peer == CS_ROLE_ADMIN, e);
	rc = cs_host_reload(&r->host, e);
	if (rc == CS_OK)
		cs_issuer_limits(r->issuer, &o.conf->limits);
	cs_server_conf_free(&o.conf);
	return cs_say_reloaded(r->child->control, rc == CS_OK ? NULL :
	    e->text, e);
}

/* Until the master says so, or is gone. */
static int
serve(struct run *r, cs_err *e)
{
	cs_channel *control = r->child->control;
	cs_frame *f = NULL;
	bool stop = false, end = false;
	int rc = CS_OK;

	while (rc == CS_OK && !stop && !end) {
		tick(r);
		if (cs_pool_moves(r->pool) &&
		    (rc = cs_say_alive(control, e)) != CS_OK)
			break;
		rc = cs_channel_receive(control, cs_time_mono_ms() +
		    CS_ALIVE_EVERY_MS, &f, &end, e);
		if (rc == CS_ETIMEOUT)
			rc = CS_OK;
		else if (rc == CS_OK && !end && f != NULL)
			rc = take_order(r, f, &stop, e);
		cs_frame_free(&f);
	}
	return rc;
}

static size_t
threads(const cs_server_conf *c)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t n = c->workers != 0 ? c->workers :
	    4 * (cores < 1 ? 1 : (int64_t)cores);

	if (c->workers == 0)
		n = n < 8 ? 8 : n > 64 ? 64 : n;
	return (size_t)n;
}

static int64_t
queued(void *arg)
{
	const struct run *r = arg;

	return (int64_t)cs_pool_queued(r->pool);
}

static int
make_issuer(struct run *r, cs_err *e)
{
	cs_issuer_env env = {.conf = r->child->conf,
	    .plugin = r->host.plugin, .instance = r->host.instance,
	    .store = r->host.store, .signer = cs_link_signer(r->link),
	    .ca = r->keys.ca, .n_ca = r->keys.n_ca, .n_wit = r->keys.n_wit,
	    .log = say, .log_arg = r, .queued = queued, .queued_arg = r,
	    .workers = (int64_t)threads(r->child->conf)};
	size_t i;

	for (i = 0; i < r->keys.n_wit; i++)
		env.wit[i] = r->keys.wit[i];
	return cs_issuer_new(&env, cs_time_now(), &r->issuer, e);
}

static bool
is_remote(const char *store)
{
	return strncmp(store, "postgresql:", strlen("postgresql:")) == 0;
}

/* Where that is which is opened later, too: owners and policy when they change,
 * a store, or the way to its server. */
static int
enter_with(const cs_server_conf *c, char *dir[3], char *had, size_t had_len,
    cs_err *e)
{
	bool remote = is_remote(c->store);
	const cs_sandbox_path paths[] = {
		{.path = dir[0]},
		{.path = dir[1]},
		{.path = remote ? "/etc" : dir[2], .may_write = !remote},
		{.path = "/run", .may_miss = true},
		{.path = "/lib", .may_miss = true},
		{.path = "/usr/lib", .may_miss = true},
	};
	const cs_sandbox s = {.may = CS_MAY_READ | CS_MAY_WRITE |
	    CS_MAY_THREADS | (remote ? CS_MAY_CONNECT | CS_MAY_LOAD : 0),
	    .paths = paths, .n_paths = remote ? 6 : 3};

	return cs_sandbox_enter(&s, had, had_len, e);
}

static int
enter_sandbox(struct run *r, char *had, size_t had_len, cs_err *e)
{
	const cs_server_conf *c = r->child->conf;
	const char *store = strncmp(c->store, "sqlite:", strlen("sqlite:")) ==
	    0 ? c->store + strlen("sqlite:") : c->store;
	char *dir[3];
	int rc;

	dir[0] = cs_is_dir(c->owners) ? strdup(c->owners) :
	    cs_path_directory(c->owners);
	dir[1] = cs_path_directory(c->policy);
	dir[2] = cs_path_directory(store);
	if (dir[0] == NULL || dir[1] == NULL || dir[2] == NULL)
		rc = cs_nomem(e, where);
	else
		rc = enter_with(c, dir, had, had_len, e);
	free(dir[0]);
	free(dir[1]);
	free(dir[2]);
	return rc;
}

/* Owners or lists that lie elsewhere, or links to there, would be read at the
 * start and never again: a key that is taken away from them later would count
 * on. */
static int
read_again(const struct run *r, cs_err *e)
{
	return cs_host_reload(&r->host, e) == CS_OK ? CS_OK :
	    cs_wrap(e, "what is not below the directory of the owners or of "
	    "the policy cannot be read again");
}

/* What is meant for the keyholder alone. */
static void
look_for_key(struct run *r, const char *uri)
{
	static const char scheme[] = "file:";
	const char *path = strncmp(uri, scheme, sizeof(scheme) - 1) == 0 ?
	    uri + sizeof(scheme) - 1 : uri;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return;
	(void)close(fd);
	cs_say(r->child->control, COUNTERSIGN_LOG_WARNING, "a hole in the "
	    "issuer would reach %s: keys want a directory that has neither "
	    "the policy nor the store, or a user of their own", path);
}

static void
look_for_keys(struct run *r)
{
	const cs_server_conf *c = r->child->conf;
	size_t i;

	for (i = 0; i < c->n_ca; i++)
		look_for_key(r, c->ca[i].key);
	for (i = 0; i < c->n_wit; i++)
		look_for_key(r, c->wit[i].key);
}

/* Nothing is opened as root: the store's files are the user's. */
static int
start(struct run *r, char *had, size_t had_len, cs_err *e)
{
	cs_child *c = r->child;
	size_t i;
	int fd = c->keyholder_fd, rc;

	c->keyholder_fd = -1;
	if ((rc = cs_process_become(c->conf->user, c->conf->group, e)) !=
	    CS_OK ||
	    (rc = cs_host_open(c->conf, c->module_dir, cs_time_now(), say, r,
	    &r->host, e)) != CS_OK ||
	    (rc = enter_sandbox(r, had, had_len, e)) != CS_OK ||
	    (rc = read_again(r, e)) != CS_OK ||
	    (rc = cs_link_new(&r->link, e)) != CS_OK ||
	    (rc = cs_link_set(r->link, fd, e)) != CS_OK ||
	    (rc = cs_link_keys(r->link, cs_time_mono_ms() + KEYS_MS, &r->keys,
	    e)) != CS_OK || (rc = make_issuer(r, e)) != CS_OK ||
	    (rc = cs_pool_new(threads(c->conf), (size_t)c->conf->limits.queue,
	    &r->pool, e)) != CS_OK)
		return rc;
	for (i = 0; i < c->n_fronts && rc == CS_OK; i++) {
		fd = c->front_fd[i];
		c->front_fd[i] = -1;
		if (fd >= 0)
			rc = add_front(r, fd, i == 0, e);
	}
	look_for_keys(r);
	return rc;
}

/* Readers first, then what they have asked, then whom it was asked of. */
static void
finish(struct run *r)
{
	struct front *f;

	for (f = r->fronts; f != NULL; f = f->next)
		(void)shutdown(cs_channel_fd(f->channel), SHUT_RD);
	for (f = r->fronts; f != NULL; f = f->next)
		(void)pthread_join(f->thread, NULL);
	cs_pool_free(&r->pool);
	while ((f = r->fronts) != NULL) {
		r->fronts = f->next;
		front_drop(f);
	}
	cs_issuer_free(&r->issuer);
	cs_link_free(&r->link);
	cs_keys_told_clear(&r->keys);
	cs_host_close(&r->host);
}

int
cs_issuer_run(cs_child *c)
{
	struct run *r = calloc(1, sizeof(*r));
	char had[128] = "";
	cs_err e = {0};
	int rc;

	if (r == NULL)
		return -CS_EBUG;
	r->child = c;
	if ((rc = start(r, had, sizeof(had), &e)) == CS_OK &&
	    (rc = cs_say_ready(c->control, had, &e)) == CS_OK)
		rc = serve(r, &e);
	if (rc != CS_OK)
		cs_say(c->control, COUNTERSIGN_LOG_ERROR, "issuer: %s",
		    e.text);
	finish(r);
	free(r);
	return -rc;
}
