/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <pthread.h>
#include <string.h>

#include "claimbed.h"
#include "fmt/reason.h"
#include "tap.h"

/* Threads that want the same, of one store and of two on one database. */

#define THREADS 8
#define ROUNDS 20

static cs_store *stores[2];

struct racer {
	int who;
	int round;
	bool other_request; /* each asks for one of his own */
	enum cs_claim_state state;
	int detail;
	int64_t number;
	char credential[32], stored[32];
	pthread_barrier_t *start;
};

static void *
race(void *arg)
{
	struct racer *r = arg;
	cs_store *s = stores[r->who % 2];
	cs_claim *a = NULL, *out = NULL;
	struct bed_claim c;
	char name[64];
	cs_err e = {0};

	snprintf(name, sizeof(name), "race%d%s", r->round,
	    r->other_request ? "o" : "");
	bed_claim(&c, name);
	snprintf(name, sizeof(name), "race%d %d", r->round, r->who);
	bed_next(&c, name);
	if (r->other_request)
		bed_request(&c, name);
	(void)pthread_barrier_wait(r->start);
	if (cs_claim_make(s, &c.in, &a, &e) != CS_OK) {
		r->detail = e.cls == CS_EREFUSED ? e.detail : -1;
		return NULL;
	}
	r->state = a->state;
	r->number = a->number;
	if (cs_claim_record(s, a->number, a->serial,
	    cs_span_str(r->credential), NOON, bed_deadline(), &out, &e) ==
	    CS_OK)
		snprintf(r->stored, sizeof(r->stored), "%.*s",
		    (int)out->credential.n, (const char *)out->credential.p);
	cs_claim_free(&a);
	cs_claim_free(&out);
	return NULL;
}

static void
run(struct racer *r, int round, bool other_request)
{
	pthread_barrier_t start;
	pthread_t t[THREADS];
	int i;

	if (pthread_barrier_init(&start, NULL, THREADS) != 0)
		return;
	for (i = 0; i < THREADS; i++) {
		r[i] = (struct racer){.who = i, .round = round,
		    .other_request = other_request, .start = &start};
		snprintf(r[i].credential, sizeof(r[i].credential),
		    "credential %d", i);
		if (pthread_create(&t[i], NULL, race, &r[i]) != 0)
			return;
	}
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(t[i], NULL);
	(void)pthread_barrier_destroy(&start);
}

static bool
one_winner(const struct racer *r)
{
	int i, n_new = 0, n_same = 0;

	for (i = 0; i < THREADS; i++) {
		n_new += r[i].state == CS_CLAIM_NEW;
		n_same += r[i].state != CS_CLAIM_NONE &&
		    r[i].number == r[0].number &&
		    strcmp(r[i].stored, r[0].stored) == 0 &&
		    r[i].stored[0] != '\0';
	}
	return n_new == 1 && n_same == THREADS;
}

static bool
one_issued(const struct racer *r)
{
	int i, n_new = 0, n_exhausted = 0;

	for (i = 0; i < THREADS; i++) {
		n_new += r[i].state == CS_CLAIM_NEW;
		n_exhausted += r[i].state == CS_CLAIM_NONE &&
		    r[i].detail == CS_R_EXHAUSTED;
	}
	return n_new == 1 && n_exhausted == THREADS - 1;
}

int
main(void)
{
	struct racer r[THREADS];
	int i, same = 0, others = 0;

	if ((stores[0] = bed_open()) == NULL)
		return 0;
	stores[1] = bed_second();
	for (i = 0; i < ROUNDS; i++) {
		run(r, i, false);
		same += one_winner(r);
		run(r, i, true);
		others += one_issued(r);
	}
	ok(same == ROUNDS, "the same request: one is new, all get what was "
	    "recorded first (%d of %d)", same, ROUNDS);
	ok(others == ROUNDS, "requests of their own: one issuance "
	    "(%d of %d)", others, ROUNDS);
	cs_store_close(&stores[1]);
	bed_close(&stores[0]);
	return done_testing();
}
