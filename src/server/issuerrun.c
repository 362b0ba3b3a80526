/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "net/process.h"
#include "net/sandbox.h"
#include "server/fronts.h"
#include "server/host.h"
#include "server/issuer.h"
#include "server/link.h"
#include "server/places.h"
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
#define AWAY_MS 5000   /* a keyholder that died is started again before this */

struct run {
	cs_child *child;
	cs_host host;
	cs_link *link;
	cs_keys_told keys;
	cs_issuer *issuer;
	cs_pool *pool;
	int64_t next_tick;
	atomic_bool ticks; /* one is in the pool */
	cs_fronts *fronts;
};

static void
say(void *arg, int level, const char *text)
{
	const struct run *r = arg;

	cs_say(r->child->control, level, "%s", text);
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
	if (cs_pool_put(r->pool, NULL, do_tick, r, 0, NULL) != CS_OK)
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
		    cs_fronts_add(r->fronts, o.fd, o.peer ==
		    CS_ROLE_ADMIN, e);
	rc = cs_host_reload(&r->host, e);
	if (rc == CS_OK)
		cs_issuer_limits(r->issuer, &o.conf->limits);
	cs_server_conf_free(&o.conf);
	return cs_say_reloaded(r->child->control, rc == CS_OK ? NULL :
	    e->text, e);
}

/* A channel that ended while both its ends live is not made again: the master
 * hears of it when we end, and gives all of us new ones. */
static int
look_for_keyholder(const struct run *r, cs_err *e)
{
	return cs_link_away(r->link) < AWAY_MS ? CS_OK : cs_fail(e, CS_EIO,
	    where, "the keyholder's channel ended, and no other came for %d s",
	    AWAY_MS / 1000);
}

/* No memory, as a rule. Another one begins with nothing. */
static int
look_for_strength(const struct run *r, cs_err *e)
{
	return !cs_fronts_spent(r->fronts) ? CS_OK : cs_fail(e, CS_EBUG, where,
	    "a question could not be taken up: out of memory");
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
		if ((rc = look_for_keyholder(r, e)) != CS_OK ||
		    (rc = look_for_strength(r, e)) != CS_OK)
			break;
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

/* A claim and a record each wait for the disk, with all those that wait then:
 * more threads than cores can use make fewer commits. */
static size_t
threads(const cs_server_conf *c)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t n = 8 * (cores < 1 ? 1 : (int64_t)cores);

	if (c->workers != 0)
		return (size_t)c->workers;
	return (size_t)(n < 16 ? 16 : n > 64 ? 64 : n);
}

static int64_t
queued(void *arg)
{
	const struct run *r = arg;

	return (int64_t)cs_pool_queued(r->pool);
}

/* The keyholder answers, and signs with the key that it had at the start. */
static int
there(void *arg, int64_t deadline_ms, cs_err *e)
{
	const struct run *r = arg;
	cs_keys_told now = {.n_ca = 0};
	int rc;

	if ((rc = cs_link_keys(r->link, deadline_ms, &now, e)) == CS_OK &&
	    !cs_span_eq(now.ca[0]->der, r->keys.ca[0]->der))
		rc = cs_fail(e, CS_EBUG, where, "the keyholder has another CA");
	cs_keys_told_clear(&now);
	return rc;
}

static int
make_issuer(struct run *r, cs_err *e)
{
	cs_issuer_env env = {.conf = r->child->conf,
	    .plugin = r->host.plugin, .instance = r->host.instance,
	    .store = r->host.store, .signer = cs_link_signer(r->link),
	    .there = there, .there_arg = r, .ca = r->keys.ca,
	    .n_ca = r->keys.n_ca, .n_wit = r->keys.n_wit,
	    .log = say, .log_arg = r, .queued = queued, .queued_arg = r,
	    .workers = (int64_t)threads(r->child->conf)};
	size_t i;

	for (i = 0; i < r->keys.n_wit; i++)
		env.wit[i] = r->keys.wit[i];
	return cs_issuer_new(&env, cs_time_now(), &r->issuer, e);
}

static int
make_fronts(struct run *r, cs_err *e)
{
	const cs_fronts_env env = {.issuer = r->issuer, .pool = r->pool,
	    .queue = (size_t)r->child->conf->limits.queue, .say = say, .say_arg = r};

	return cs_fronts_new(&env, &r->fronts, e);
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
	static const char *const system[] = {CS_ISSUER_SYSTEM};
	bool remote = is_remote(c->store);
	const cs_sandbox_path paths[] = {
		{.path = dir[0]},
		{.path = dir[1]},
		{.path = remote ? system[0] : dir[2], .may_write = !remote},
		{.path = system[1], .may_miss = true},
		{.path = system[2], .may_miss = true},
		{.path = system[3], .may_miss = true},
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
	    &r->pool, e)) != CS_OK || (rc = make_fronts(r, e)) != CS_OK)
		return rc;
	for (i = 0; i < c->n_fronts && rc == CS_OK; i++) {
		fd = c->front_fd[i];
		c->front_fd[i] = -1;
		if (fd >= 0)
			rc = cs_fronts_add(r->fronts, fd, i == 0, e);
	}
	look_for_keys(r);
	return rc;
}

/* Readers first, then what they have asked, then whom it was asked of. */
static void
finish(struct run *r)
{
	cs_fronts_stop(r->fronts);
	cs_pool_free(&r->pool);
	cs_fronts_free(&r->fronts);
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
