/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/time.h"
#include "issuerbed.h"
#include "net/frame.h"
#include "server/fronts.h"
#include "server/link.h"
#include "tap.h"

/*
 * All threads of an issuer in one process that is no sandbox, for who looks at
 * threads: readers of two fronts and an admin's channel, the pool, the link to a
 * keyholder that goes and comes back, and what asks all at once.
 */

#define FRONTS 2
#define ASKERS 3 /* of each front */
#define TURNS 12
#define WAIT_MS 60000
#define KEYS_TURNS 300
#define SOON_MS 20000 /* of milliseconds */
#define FULL_MS 50 /* not read in this time: full, or slow */

static struct issuerbed b;
static const char *const vectors[] = {"approved.pem", "approved-rsa.pem",
    "approved-agent-rsa.pem", "approved-p384.pem", "approved-ed25519.pem",
    "approved-pss.pem", "approved-p384-sha256.pem", "approved-protection.pem",
    "approved-rsa-sha512.pem", "approved-p256-sha512.pem"};
#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))
static cs_buf *message[VECTORS];
static cs_link *keys_link;

struct keyholder { /* a thread that signs until its channel ends */
	cs_channel *channel;
	int fd; /* of the channel */
	pthread_t thread;
};

struct front { /* our end; one asker at a time has it */
	pthread_mutex_t lock;
	cs_channel *channel;
	uint64_t id;
};

struct asker {
	struct front *front;
	pthread_t thread;
	int answers;
};

static void
answer(cs_channel *c, const cs_frame *ask)
{
	cs_buf *sig = cs_buf_new(1024);
	cs_frame f = {.type = CS_MSG_SIGNED, .id = ask->id, .n = 1, .fd = -1};
	cs_err e = {0};

	if (ask->type == CS_MSG_KEYS) {
		f = (cs_frame){.type = CS_MSG_KEYS_ARE, .id = ask->id, .n = 2,
		    .part = {cs_span_str("ca"), b.ca[0]->der}, .fd = -1};
	} else if (ask->type == CS_MSG_LAST_CRL) {
		f.type = CS_MSG_LAST_CRL_IS;
		f.part[0] = cs_span_of("", 0);
	} else if (issuerbed_sign(&b, ask->type, ask->part[0], ask->part[1],
	    0, sig, &e) == CS_OK) {
		f.part[0] = cs_buf_span(sig);
	}
	/* Who has gone gets none. */
	(void)!cs_channel_send(c, &f, cs_time_mono_ms() + WAIT_MS, &e);
	cs_buf_free(&sig);
}

static void *
hold_keys(void *arg)
{
	struct keyholder *k = arg;
	cs_frame *f = NULL;
	bool end = false;

	while (cs_channel_receive(k->channel, 0, &f, &end, NULL) == CS_OK &&
	    !end) {
		if (f != NULL)
			answer(k->channel, f);
		cs_frame_free(&f);
	}
	cs_frame_free(&f);
	return NULL;
}

static void
keyholder_comes(struct keyholder *k)
{
	int pair[2];
	cs_err e = {0};

	if (cs_channel_pair(pair, &e) != CS_OK ||
	    cs_channel_new(pair[0], &k->channel, &e) != CS_OK)
		exit(99);
	k->fd = pair[0];
	if (pthread_create(&k->thread, NULL, hold_keys, k) != 0 ||
	    cs_link_set(keys_link, pair[1], &e) != CS_OK)
		exit(99);
}

static void
keyholder_goes(struct keyholder *k)
{
	(void)shutdown(k->fd, SHUT_RDWR);
	(void)pthread_join(k->thread, NULL);
	cs_channel_free(&k->channel);
}

static bool
fill(cs_frame *f, cs_msg_room *room, int turn)
{
	static const uint8_t digest[32];
	static atomic_uint next; /* so that some ask for the same */
	unsigned n = atomic_fetch_add(&next, 1) / 2 % VECTORS;
	const cs_ask_issue issue = {.operation = COUNTERSIGN_OP_ISSUE,
	    .kinds = 3, .message = cs_buf_span(message[n]),
	    .deadline_ms = cs_time_mono_ms() + WAIT_MS,
	    .request_id = cs_span_str("r"),
	    .address = cs_span_str("192.0.2.7")};
	const cs_ask_lookup look = {.request_digest = cs_span_of(digest, 32),
	    .kinds = 1, .deadline_ms = issue.deadline_ms};

	switch (turn % 4) {
	case 0:
		return cs_ask_issue_put(&issue, room, f, NULL) == CS_OK;
	case 1:
		*f = (cs_frame){.type = CS_MSG_CRL, .fd = -1};
		return true;
	case 2:
		return cs_ask_lookup_put(&look, room, f, NULL) == CS_OK;
	default:
		*f = (cs_frame){.type = CS_MSG_BUNDLE, .fd = -1};
		return true;
	}
}

/* Two questions at once, and both answers in whichever order. */
static bool
ask_both(struct front *at, int turn)
{
	cs_msg_room room[2];
	cs_frame f, *got = NULL;
	bool end = false;
	int i, answers = 0;

	(void)pthread_mutex_lock(&at->lock);
	for (i = 0; i < 2; i++) {
		if (!fill(&f, &room[i], turn + i))
			break;
		f.id = ++at->id;
		if (cs_channel_send(at->channel, &f, cs_time_mono_ms() +
		    WAIT_MS, NULL) != CS_OK)
			break;
	}
	while (i == 2 && answers < 2 && cs_channel_receive(at->channel,
	    cs_time_mono_ms() + WAIT_MS, &got, &end, NULL) == CS_OK && !end) {
		answers += got != NULL;
		cs_frame_free(&got);
	}
	(void)pthread_mutex_unlock(&at->lock);
	return answers == 2;
}

static void *
ask(void *arg)
{
	struct asker *a = arg;
	int i;

	for (i = 0; i < TURNS; i++)
		a->answers += ask_both(a->front, i);
	return NULL;
}

static void
say(void *arg, int level, const char *text)
{
	(void)arg;
	(void)level;
	(void)text;
}

static bool
open_front(cs_fronts *fronts, struct front *f, bool is_admin)
{
	int pair[2];
	cs_err e = {0};

	(void)pthread_mutex_init(&f->lock, NULL);
	return cs_channel_pair(pair, &e) == CS_OK &&
	    cs_channel_new(pair[0], &f->channel, &e) == CS_OK &&
	    cs_fronts_add(fronts, pair[1], is_admin, &e) == CS_OK;
}

static bool
administer(struct front *f, const char *verb)
{
	const cs_ask_admin a = {.verb = cs_span_str(verb)};
	cs_frame *got = NULL, ask_frame;
	cs_told_admin told = {0};
	cs_msg_room room;
	bool end = false, good;

	good = cs_ask_admin_put(&a, &room, &ask_frame, NULL) == CS_OK &&
	    cs_channel_send(f->channel, &ask_frame, 0, NULL) == CS_OK &&
	    cs_channel_receive(f->channel, cs_time_mono_ms() + WAIT_MS, &got,
	    &end, NULL) == CS_OK && got != NULL &&
	    cs_told_admin_get(got, &told, NULL) == CS_OK &&
	    told.status == 200;
	cs_frame_free(&got);
	return good;
}

static void
test_all(cs_fronts *fronts, struct keyholder *k)
{
	struct front front[FRONTS + 1] = {{.id = 0}};
	struct asker asker[FRONTS * ASKERS] = {{.answers = 0}};
	int i, good = 0, acts = 0;

	for (i = 0; i <= FRONTS; i++)
		if (!open_front(fronts, &front[i], i == FRONTS))
			exit(99);
	for (i = 0; i < FRONTS * ASKERS; i++) {
		asker[i].front = &front[i % FRONTS];
		if (pthread_create(&asker[i].thread, NULL, ask, &asker[i]) !=
		    0)
			exit(99);
	}
	for (i = 0; i < 4; i++) {
		keyholder_goes(k);
		keyholder_comes(k);
		acts += administer(&front[FRONTS], "metrics") +
		    administer(&front[FRONTS], "reload");
	}
	for (i = 0; i < FRONTS * ASKERS; i++) {
		(void)pthread_join(asker[i].thread, NULL);
		good += asker[i].answers;
	}
	ok(good == FRONTS * ASKERS * TURNS && acts == 8,
	    "each question is answered while keyholders come and go");
	for (i = 0; i <= FRONTS; i++) {
		cs_channel_free(&front[i].channel);
		(void)pthread_mutex_destroy(&front[i].lock);
	}
}

static bool
looks_up(struct front *f, int64_t deadline_ms)
{
	static const uint8_t digest[32];
	const cs_ask_lookup a = {.request_digest = cs_span_of(digest, 32),
	    .kinds = 1, .deadline_ms = cs_time_mono_ms() + WAIT_MS};
	cs_msg_room room;
	cs_frame ask_frame;

	return cs_ask_lookup_put(&a, &room, &ask_frame, NULL) == CS_OK &&
	    cs_channel_send(f->channel, &ask_frame, deadline_ms, NULL) ==
	    CS_OK;
}

/* Asks without reading, until nobody reads what it asks. */
static int
fills_up(struct front *f)
{
	int n = 0;

	while (looks_up(f, cs_time_mono_ms() + FULL_MS))
		n++;
	return n;
}

/* How many answers come, of so many; only those from the issuer count where
 * `busy` is false. */
static int
hears(struct front *f, int of, bool busy)
{
	cs_frame *got = NULL;
	cs_told_issue told;
	bool end = false;
	int n = 0, good = 0;

	for (; n < of && cs_channel_receive(f->channel, cs_time_mono_ms() +
	    WAIT_MS, &got, &end, NULL) == CS_OK && !end; n++) {
		good += got != NULL && cs_told_issue_get(got, &told, NULL) ==
		    CS_OK && (busy || told.outcome != CS_OUTCOME_BUSY);
		cs_frame_free(&got);
	}
	return good;
}

/* Its channel ends, though it did nothing to have it end but ask and not read:
 * still more, for who was slow to take it was not full. */
static bool
is_left(struct front *f)
{
	struct pollfd p = {.fd = cs_channel_fd(f->channel),
	    .events = POLLRDHUP};
	int64_t end = cs_time_mono_ms() + WAIT_MS;

	while (poll(&p, 1, 0) == 0 && cs_time_mono_ms() < end)
		(void)looks_up(f, cs_time_mono_ms() + FULL_MS);
	return poll(&p, 1, 0) == 1;
}

static void *
ask_for_keys(void *arg)
{
	struct asker *a = arg;
	cs_keys_told told;
	int i, rc;

	for (i = 0; i < KEYS_TURNS; i++) {
		rc = cs_link_keys(keys_link, cs_time_mono_ms() + i % 2, &told,
		    NULL);
		a->answers += rc == CS_OK || rc == CS_ETIMEOUT;
		cs_keys_told_clear(&told);
	}
	return NULL;
}

/* Answers that come as their askers go are nobody's, and no other's. */
static void
test_late(void)
{
	struct asker asker[ASKERS] = {{.answers = 0}};
	cs_keys_told told;
	int i, answers = 0;

	for (i = 0; i < ASKERS; i++)
		if (pthread_create(&asker[i].thread, NULL, ask_for_keys,
		    &asker[i]) != 0)
			exit(99);
	for (i = 0; i < ASKERS; i++) {
		(void)pthread_join(asker[i].thread, NULL);
		answers += asker[i].answers;
	}
	ok(answers == ASKERS * KEYS_TURNS && cs_link_keys(keys_link,
	    cs_time_mono_ms() + WAIT_MS, &told, NULL) == CS_OK &&
	    told.n_ca == 1, "answers that come at the deadline");
	cs_keys_told_clear(&told);
}

/* A front that asks and does not read is nobody's trouble but its own. */
static void
test_deaf(cs_fronts *fronts)
{
	struct front deaf = {.id = 0}, slow = {.id = 0}, good = {.id = 0};
	int i, n, asked = 0, answers = 0;
	int64_t began;

	if (!open_front(fronts, &deaf, false) ||
	    !open_front(fronts, &slow, false) ||
	    !open_front(fronts, &good, false))
		exit(99);
	ok(fills_up(&deaf) > 0, "a front asks and does not read");
	began = cs_time_mono_ms();
	for (i = 0; i < 50; i++)
		answers += looks_up(&good, 0) ? hears(&good, 1, false) : 0;
	ok(answers == 50 && cs_time_mono_ms() - began < SOON_MS,
	    "%d of 50 answers for another meanwhile, soon", answers);
	ok(is_left(&deaf) && !looks_up(&deaf, 0), "the first is left");
	for (i = 0, answers = 0; i < 3; i++) {
		asked += n = fills_up(&slow);
		answers += hears(&slow, n, true);
	}
	ok(asked > 0 && answers == asked && looks_up(&slow, 0) &&
	    hears(&slow, 1, false) == 1, "one that reads now and then is not");
	cs_channel_free(&deaf.channel);
	cs_channel_free(&slow.channel);
	cs_channel_free(&good.channel);
}

static void
hold(void *arg, bool late)
{
	const atomic_bool *held = arg;

	(void)late;
	while (atomic_load(held))
		(void)sched_yield();
}

/* Two fronts, and a worker that has nothing else to do while it is *held. */
static cs_fronts *
two_held(cs_fronts_env *env, struct front *many, struct front *few,
    atomic_bool *held)
{
	cs_fronts *fronts = NULL;

	atomic_init(held, true);
	if (cs_pool_new(1, 16, &env->pool, NULL) != CS_OK ||
	    cs_pool_put(env->pool, NULL, hold, held, 0, NULL) != CS_OK ||
	    cs_fronts_new(env, &fronts, NULL) != CS_OK ||
	    !open_front(fronts, many, false) ||
	    !open_front(fronts, few, false))
		exit(99);
	while (cs_pool_queued(env->pool) != 0)
		(void)sched_yield();
	return fronts;
}

static void
end_two(cs_fronts_env *env, cs_fronts *fronts, struct front *many,
    struct front *few)
{
	cs_fronts_stop(fronts);
	cs_pool_free(&env->pool);
	cs_fronts_free(&fronts);
	cs_channel_free(&many->channel);
	cs_channel_free(&few->channel);
}

/* While the one worker is held: of a queue of 16 one front gets 12, and another
 * what is left of its share. */
static void
test_share(void)
{
	cs_fronts_env env = {.issuer = b.i, .queue = 16, .say = say};
	struct front many = {.id = 0}, few = {.id = 0};
	cs_fronts *fronts = NULL;
	atomic_bool held;
	int i, asked = 0;

	fronts = two_held(&env, &many, &few, &held);
	for (i = 0; i < 40; i++)
		asked += looks_up(&many, 0);
	ok(asked == 40 && hears(&many, 28, true) == 28 &&
	    cs_pool_queued(env.pool) == 12, "a front asks for too much");
	ok(looks_up(&few, 0) && looks_up(&few, 0) && looks_up(&few, 0) &&
	    looks_up(&few, 0) && hears(&few, 1, true) == 1 &&
	    cs_pool_queued(env.pool) == 15, "another has room");
	atomic_store(&held, false);
	ok(hears(&few, 3, false) == 3 && hears(&many, 12, false) == 12,
	    "both are answered");
	end_two(&env, fronts, &many, &few);
}

/* Of what waits for one worker, one front has twelve questions, and another two
 * that came behind them. The job that holds it for longer is the second of its
 * own lane, so that it comes in the second turn; and in the order in which all
 * came, before these two. */
static void
test_turns(void)
{
	cs_fronts_env env = {.issuer = b.i, .queue = 16, .say = say};
	struct front many = {.id = 0}, few = {.id = 0};
	cs_fronts *fronts = NULL;
	atomic_bool held, longer, not_held;
	int i, asked = 0;

	atomic_init(&longer, true);
	atomic_init(&not_held, false);
	fronts = two_held(&env, &many, &few, &held);
	for (i = 0; i < 12; i++)
		asked += looks_up(&many, 0);
	while (cs_pool_queued(env.pool) != 12)
		(void)sched_yield();
	if (cs_pool_put(env.pool, NULL, hold, &not_held, 0, NULL) != CS_OK ||
	    cs_pool_put(env.pool, NULL, hold, &longer, 0, NULL) != CS_OK)
		exit(99);
	for (i = 0; i < 2; i++)
		asked += looks_up(&few, 0);
	while (cs_pool_queued(env.pool) != 16)
		(void)sched_yield();
	ok(asked == 14, "two fronts ask");
	atomic_store(&held, false);
	ok(hears(&many, 1, false) == 1 && hears(&few, 1, false) == 1,
	    "each is served before one is served twice");
	atomic_store(&longer, false);
	ok(hears(&few, 1, false) == 1 && hears(&many, 11, false) == 11,
	    "all are answered");
	end_two(&env, fronts, &many, &few);
}

static void
test_fronts(const cs_fronts_env *env, struct keyholder *k)
{
	cs_fronts *fronts = NULL;
	cs_pool *pool = env->pool;

	if (ok(cs_fronts_new(env, &fronts, NULL) == CS_OK, "fronts")) {
		test_all(fronts, k);
		test_deaf(fronts);
		test_late();
		test_share();
		test_turns();
	}
	cs_fronts_stop(fronts);
	cs_pool_free(&pool);
	cs_fronts_free(&fronts);
}

int
main(void)
{
	cs_fronts_env env = {.say = say, .queue = 64};
	struct keyholder k = {.fd = -1};
	cs_pool *pool = NULL;
	cs_err e = {0};
	size_t i;

	if (!issuerbed_start(&b))
		return 0;
	b.threads = true;
	for (i = 0; i < VECTORS; i++)
		message[i] = bed_vector(vectors[i]);
	if (!ok(issuerbed_policy(&b, "domain \"corp.example\" {\n"
	    "path \"/agent\" { groups = {\"*\"} presence = no\n"
	    "move-key = yes } }\n") &&
	    cs_link_new(&keys_link, &e) == CS_OK &&
	    cs_pool_new(4, 64, &pool, &e) == CS_OK, "a link and a pool"))
		return 1;
	keyholder_comes(&k);
	b.signer = cs_link_signer(keys_link);
	ok(issuerbed_again(&b, 0), "an issuer over them");
	env.issuer = b.i;
	env.pool = pool;
	test_fronts(&env, &k);
	cs_issuer_free(&b.i);
	cs_link_free(&keys_link);
	keyholder_goes(&k);
	for (i = 0; i < VECTORS; i++)
		cs_buf_free(&message[i]);
	issuerbed_stop(&b);
	return done_testing();
}
