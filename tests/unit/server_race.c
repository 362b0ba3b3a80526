/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "issuerbed.h"
#include "tap.h"

/* Threads that ask for the same at the same time: one credential. */

#define THREADS 8

static struct issuerbed b;
static cs_buf *message;
static pthread_barrier_t together;

struct runner {
	pthread_t thread;
	cs_issued got;
	bool good;
};

static void *
run(void *arg)
{
	struct runner *r = arg;

	(void)pthread_barrier_wait(&together);
	r->good = issuerbed_issue(&b, cs_buf_span(message), 3, BED_NOON,
	    &r->got) && r->got.told.outcome == CS_OUTCOME_ISSUED;
	return NULL;
}

static void
test_same(const char *vector)
{
	struct runner r[THREADS] = {{.good = false}};
	int good = 0, same = 0;
	size_t n;

	message = bed_vector(vector);
	(void)pthread_barrier_init(&together, NULL, THREADS);
	for (n = 0; n < THREADS; n++)
		if (pthread_create(&r[n].thread, NULL, run, &r[n]) != 0)
			exit(99);
	for (n = 0; n < THREADS; n++) {
		(void)pthread_join(r[n].thread, NULL);
		good += r[n].good;
		same += cs_span_eq(r[n].got.told.cert, r[0].got.told.cert) &&
		    cs_span_eq(r[n].got.told.wit, r[0].got.told.wit);
	}
	ok(good == THREADS && same == THREADS,
	    "%s: %d answers of %d, %d the same", vector, good, THREADS, same);
	for (n = 0; n < THREADS; n++)
		cs_issued_clear(&r[n].got);
	(void)pthread_barrier_destroy(&together);
	cs_buf_free(&message);
}

int
main(void)
{
	if (!issuerbed_start(&b))
		return 0;
	b.threads = true;
	ok(issuerbed_policy(&b, "domain \"corp.example\" {\n"
	    "path \"/agent\" { groups = {\"*\"} presence = no\n"
	    "move-key = yes } }\n"), "a policy");
	test_same("approved.pem");
	test_same("approved-agent-rsa.pem");
	test_same("approved-agent-ed25519.pem");
	issuerbed_stop(&b);
	return done_testing();
}
