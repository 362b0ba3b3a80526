/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/time.h"
#include "fmt/reason.h"
#include "net/http.h"
#include "net/process.h"
#include "server/hookp.h"
#include "server/msg.h"
#include "server/pool.h"

/*
 * `countersign-server --webhook` as a process: HTTP in one thread, with the
 * plugin and the store in others. What is asked when the queue is full, or when
 * the store does not answer, is told to come again.
 */

static const char where[] = "server/hook";

#define DEADLINE_MS 8000 /* the CA waits for ten seconds */
#define TICK_MS 200
#define THREADS_LEAST 8
#define THREADS_MOST 64

struct job { /* one call */
	struct run *run;
	struct job *next;       /* of those that are done */
	cs_http_request *request; /* NULL: gone */
	enum cs_conf_hook kind;
	cs_buf *id, *address, *body;
	int64_t deadline_ms;
	cs_hook_told told;
	bool late;
};

struct run {
	cs_child *child;
	cs_hook_files files;    /* gate and TLS */
	cs_host host;
	cs_hook hook;
	cs_loop *loop;
	cs_watch *watches[3];
	size_t n_watches;
	cs_http *http;
	cs_pool *pool;
	size_t jobs;            /* not answered yet */
	bool stops;
	int64_t alive_ms;       /* when it has to be said again */
	int wake;
	pthread_mutex_t lock;
	struct job *done;
};

static void
say(void *arg, int level, const char *text)
{
	const struct run *r = arg;

	cs_say(r->child->control, level, "%s", text);
}

static void
job_free(struct job *j)
{
	cs_buf_free(&j->id);
	cs_buf_free(&j->address);
	cs_buf_free(&j->body);
	cs_hook_told_clear(&j->told);
	free(j);
}

static void
send_answer(cs_http_request *r, int status, cs_span body)
{
	static const cs_http_field again = {"Retry-After", "2"};
	const cs_http_answer a = {.status = status,
	    .type = "application/json", .body = body, .fields = &again,
	    .n_fields = status == 503 ? 1 : 0};

	cs_http_answer_send(r, &a);
}

/* What is no verdict, before or instead of one. */
static void
send_no(cs_http_request *r, int status, const char *code, const char *text)
{
	static const cs_http_field allow = {"Allow", "POST"};
	cs_buf *b = cs_buf_new(8192);
	cs_http_answer a = {.status = status, .type = "application/json"};

	if (b == NULL || cs_hook_deny_put(code, cs_span_str(text), b, NULL) !=
	    CS_OK)
		a.type = NULL;
	a.body = cs_buf_span(b);
	if (status == 405) {
		a.fields = &allow;
		a.n_fields = 1;
	}
	cs_http_answer_send(r, &a);
	cs_buf_free(&b);
}

#define TEXT(s) (int)(s).n, (s).p == NULL ? "" : (const char *)(s).p

static void
log_verdict(const struct job *j)
{
	const cs_hook_told *t = &j->told;
	cs_span id = cs_buf_span(j->id), from = cs_buf_span(j->address);
	cs_span agent = cs_buf_span(t->agent);
	cs_buf *hex = cs_buf_new(2 * sizeof(t->digest) + 1);

	if (hex == NULL || !t->has_digest ||
	    cs_hex_put(hex, cs_span_of(t->digest, sizeof(t->digest))) != CS_OK)
		cs_buf_free(&hex);
	cs_say(j->run->child->control, t->status >= 500 ?
	    COUNTERSIGN_LOG_ERROR : COUNTERSIGN_LOG_INFO, "%s webhook=%.*s "
	    "address=%.*s request=%s agent=%.*s outcome=%s%s%s%s%s",
	    j->kind == CS_HOOK_ENRICHING ? "enrich" : "authorize", TEXT(id),
	    TEXT(from), hex == NULL ? "-" : cs_buf_cstr(hex), TEXT(agent),
	    t->allowed ? "allowed" : t->status == 200 ? "refused" : "failed",
	    t->allowed ? "" : " reason=", t->allowed ? "" :
	    t->why.detail == CS_R_NONE ? "denied" :
	    cs_reason_name(t->why.detail), t->allowed ? "" : ": ",
	    t->allowed ? "" : t->why.text);
	cs_buf_free(&hex);
}

/* In a thread of the pool. */
static void
work(void *arg, bool late)
{
	struct job *j = arg;
	struct run *r = j->run;
	uint64_t one = 1;

	j->late = late;
	if (!late) {
		cs_hook_answer(&r->hook, j->kind, cs_buf_span(j->body),
		    cs_time_now(), j->deadline_ms, &j->told);
		log_verdict(j);
	}
	(void)pthread_mutex_lock(&r->lock);
	j->next = r->done;
	r->done = j;
	(void)pthread_mutex_unlock(&r->lock);
	(void)!write(r->wake, &one, sizeof(one));
}

static void
tell(struct job *j)
{
	if (j->request != NULL) {
		cs_http_set_data(j->request, NULL);
		if (j->late)
			send_no(j->request, 503, "internal",
			    "the deadline came before its turn");
		else
			send_answer(j->request, j->told.status,
			    cs_buf_span(j->told.body));
	}
	j->run->jobs--;
	job_free(j);
}

static void
take_done(void *arg)
{
	struct run *r = arg;
	struct job *j, *next;
	uint64_t n;

	(void)!read(r->wake, &n, sizeof(n));
	(void)pthread_mutex_lock(&r->lock);
	j = r->done;
	r->done = NULL;
	(void)pthread_mutex_unlock(&r->lock);
	for (; j != NULL; j = next) {
		next = j->next;
		tell(j);
	}
}

/* NULL: out of memory. */
static struct job *
job_new(struct run *r, cs_http_request *q, enum cs_conf_hook kind, cs_span id)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	*j = (struct job){.run = r, .request = q, .kind = kind,
	    .deadline_ms = cs_time_mono_ms() + DEADLINE_MS,
	    .id = cs_buf_dup(id), .address = cs_buf_dup(cs_http_address(q)),
	    .body = cs_buf_dup(cs_http_body(q))};
	if (j->id != NULL && j->address != NULL && j->body != NULL)
		return j;
	job_free(j);
	return NULL;
}

static void
put_job(struct run *r, cs_http_request *q, enum cs_conf_hook kind, cs_span id)
{
	struct job *j = job_new(r, q, kind, id);
	cs_err e = {0};

	if (j == NULL) {
		send_no(q, 503, "internal", "out of memory");
		return;
	}
	if (cs_pool_put(r->pool, NULL, work, j, j->deadline_ms, &e) == CS_OK) {
		r->jobs++;
		cs_http_set_data(q, j);
		return;
	}
	job_free(j);
	send_no(q, 503, "internal", e.text);
}

/* Go names no type; who names one has to mean JSON. */
static bool
is_json(const cs_http_request *q)
{
	static const char json[] = "application/json";
	cs_span type = {0};

	if (cs_http_header(q, "Content-Type", &type, NULL) != CS_OK)
		return false;
	return type.p == NULL || cs_span_is(type, json) ||
	    (type.n > sizeof(json) && cs_span_is(cs_span_cut(type, 0,
	    sizeof(json)), "application/json;"));
}

static int
check_caller(const struct run *r, const cs_http_request *q,
    cs_hook_caller *c, cs_err *e)
{
	int rc;

	if ((rc = cs_http_header(q, "X-Smallstep-Webhook-ID", &c->id, e)) !=
	    CS_OK ||
	    (rc = cs_http_header(q, "X-Smallstep-Signature", &c->signature,
	    e)) != CS_OK)
		return rc;
	c->client_cert = cs_http_client_cert(q);
	c->body = cs_http_body(q);
	return cs_hook_gate_pass(r->files.gate, c, e);
}

static void
handle(void *arg, cs_http_request *q)
{
	struct run *r = arg;
	cs_hook_caller c = {.kind = cs_hook_kind(cs_http_path(q))};
	cs_span from = cs_http_address(q);
	cs_err e = {0};

	if (c.kind == CS_HOOK_NONE || cs_http_query(q).p != NULL) {
		send_no(q, 404, "unsupported", "there is nothing here");
	} else if (strcmp(cs_http_method(q), "POST") != 0) {
		send_no(q, 405, "unsupported", "a webhook is posted");
	} else if (!is_json(q)) {
		send_no(q, 415, "unsupported", "expected application/json");
	} else if (check_caller(r, q, &c, &e) != CS_OK) {
		cs_say(r->child->control, COUNTERSIGN_LOG_WARNING,
		    "address=%.*s: %s", TEXT(from), e.text);
		/* Which it was is for the log. */
		send_no(q, 401, "unsupported", "this caller is not known");
	} else {
		put_job(r, q, c.kind, c.id);
	}
}

static void
gone(void *arg, cs_http_request *q)
{
	struct job *j = cs_http_data(q);

	(void)arg;
	if (j != NULL)
		j->request = NULL;
}

static void
stop(struct run *r)
{
	if (r->stops)
		return;
	r->stops = true;
	cs_http_drain(r->http);
}

static cs_http_limits
limits_of(const cs_server_conf *c)
{
	return (cs_http_limits){.max_body = (size_t)c->limits.body,
	    .max_headers = (size_t)c->limits.headers,
	    .max_connections = (size_t)c->limits.connections,
	    .max_per_address = (size_t)c->limits.per_address};
}

/* Files all or none; and owners and policy, both or neither. */
static void
reload(struct run *r, cs_server_conf **conf)
{
	cs_http_limits limits;
	cs_err e = {0};
	int rc;

	if ((rc = cs_hook_files_reload(&r->files, r->child, conf, &e)) ==
	    CS_OK) {
		limits = limits_of(r->files.newer);
		cs_http_set_limits(r->http, &limits);
		cs_http_set_tls(r->http, r->files.tls);
	}
	if (rc == CS_OK)
		rc = cs_host_reload(&r->host, &e);
	if (cs_say_reloaded(r->child->control, rc == CS_OK ? NULL : e.text,
	    &e) != CS_OK)
		stop(r);
}

/* What the master says; without him there is nobody to serve for. */
static void
listen_to_master(void *arg)
{
	struct run *r = arg;
	cs_frame *f = NULL;
	cs_order o = {.fd = -1};
	bool end = false;

	while (cs_channel_try(r->child->control, &f, &end, NULL) == CS_OK &&
	    f != NULL) {
		o = (cs_order){.fd = -1};
		if (cs_order_get(f, &o, NULL) != CS_OK)
			end = true;
		else if (o.type == CS_MSG_STOP)
			stop(r);
		else if (o.type == CS_MSG_RELOAD)
			reload(r, &o.conf);
		else if (o.type == CS_MSG_FILE)
			cs_child_keep(r->child, &o);
		if (o.fd >= 0)
			(void)close(o.fd);
		cs_server_conf_free(&o.conf);
		cs_frame_free(&f);
	}
	if (end)
		cs_loop_stop(r->loop);
}

static void
tick(void *arg)
{
	struct run *r = arg;
	int64_t now = cs_time_mono_ms();

	if (r->stops && r->jobs == 0 && cs_http_connections(r->http) == 0) {
		cs_loop_stop(r->loop);
		return;
	}
	if (now < r->alive_ms || !cs_pool_moves(r->pool))
		return;
	r->alive_ms = now + CS_ALIVE_EVERY_MS;
	if (cs_say_alive(r->child->control, NULL) != CS_OK)
		cs_loop_stop(r->loop);
}

static size_t
threads(const cs_server_conf *c)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = 4 * (cores < 1 ? 1 : (size_t)cores);

	if (c->workers != 0)
		return (size_t)c->workers;
	return n < THREADS_LEAST ? THREADS_LEAST :
	    n > THREADS_MOST ? THREADS_MOST : n;
}

static int
open_http(struct run *r, cs_err *e)
{
	cs_child *c = r->child;
	const cs_http_limits limits = limits_of(c->conf);
	const cs_http_env env = {.limits = &limits, .tls = r->files.tls,
	    .handle = handle, .gone = gone, .arg = r};
	size_t n = c->n_listen;

	c->n_listen = 0; /* transferred */
	return cs_http_new(r->loop, &env, c->listen, n, &r->http, e);
}

static int
watch(struct run *r, cs_err *e)
{
	int rc;

	if ((r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		return cs_fail(e, CS_EIO, where, "no eventfd");
	if ((rc = cs_loop_readable(r->loop, r->wake, take_done, r,
	    &r->watches[r->n_watches], e)) != CS_OK)
		return rc;
	r->n_watches++;
	if ((rc = cs_loop_readable(r->loop, cs_channel_fd(r->child->control),
	    listen_to_master, r, &r->watches[r->n_watches], e)) != CS_OK)
		return rc;
	r->n_watches++;
	if ((rc = cs_loop_every(r->loop, TICK_MS, tick, r,
	    &r->watches[r->n_watches], e)) == CS_OK)
		r->n_watches++;
	return rc;
}

/* Files that root alone may read first; nothing of the store as root. */
static int
start(struct run *r, char *had, size_t had_len, cs_err *e)
{
	cs_child *c = r->child;
	int rc;

	if ((rc = cs_hook_files_open(&r->files, c, e)) != CS_OK ||
	    (rc = cs_process_become(c->conf->user, c->conf->group, e)) !=
	    CS_OK ||
	    (rc = cs_host_open(c->conf, c->module_dir, cs_time_now(), say, r,
	    &r->host, e)) != CS_OK ||
	    (rc = cs_hook_sandbox(c->conf, had, had_len, e)) != CS_OK ||
	    (rc = cs_host_reload(&r->host, e)) != CS_OK)
		return rc;
	r->hook = (cs_hook){c->conf, {r->host.plugin, r->host.instance},
	    r->host.store};
	if ((rc = cs_loop_new(&r->loop, e)) != CS_OK ||
	    (rc = watch(r, e)) != CS_OK ||
	    (rc = cs_pool_new(threads(c->conf), (size_t)c->conf->limits.queue,
	    &r->pool, e)) != CS_OK)
		return rc;
	return open_http(r, e);
}

/* Jobs first: they have requests, and the store. */
static void
finish(struct run *r)
{
	size_t i;

	cs_pool_free(&r->pool);
	if (r->wake >= 0)
		take_done(r);
	cs_http_free(&r->http);
	for (i = 0; i < r->n_watches; i++)
		cs_watch_free(&r->watches[i]);
	cs_loop_free(&r->loop);
	if (r->wake >= 0)
		(void)close(r->wake);
	cs_host_close(&r->host);
	cs_hook_files_close(&r->files);
	(void)pthread_mutex_destroy(&r->lock);
}

int
cs_hook_run(cs_child *c)
{
	struct run *r = calloc(1, sizeof(*r));
	char had[128] = "";
	cs_err e = {0};
	int rc;

	if (r == NULL)
		return -CS_EBUG;
	r->child = c;
	r->wake = -1;
	(void)pthread_mutex_init(&r->lock, NULL);
	if ((rc = start(r, had, sizeof(had), &e)) == CS_OK &&
	    (rc = cs_say_ready(c->control, had, &e)) == CS_OK)
		rc = cs_loop_run(r->loop, &e);
	if (rc != CS_OK)
		cs_say(c->control, COUNTERSIGN_LOG_ERROR, "webhook: %s",
		    e.text);
	finish(r);
	free(r);
	return -rc;
}
