/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugbed.h"
#include "tap.h"

/* Threads of one host that hold the same approval, which is good for one
 * credential: one of them makes it, and all of them answer with it. */

#define THREADS 8

static const char *const vectors[] = {
	"approved.pem", "approved-agent-rsa.pem", "approved-agent-ed25519.pem"
};
#define ROUNDS (sizeof(vectors) / sizeof(vectors[0]))

/* They are of one agent, with another key each. */
static const char moving[] = "domain corp.example { path \"/agent\" {\n"
    "\tgroups = {\"*\"} presence = no move-key = yes\n} }\n";

static struct bed bed;
static countersign_instance *inst;
static cs_buf *messages[ROUNDS];
static pthread_barrier_t together;

struct runner {
	pthread_t thread;
	uint8_t n;
	unsigned made, wrong;
	char got[ROUNDS][16]; /* the credential */
};

/* What it signs says who signed it. */
static void
keep(struct runner *self, size_t round, const countersign_verifier_claim *c)
{
	countersign_verifier_record rec = {.size = sizeof(rec),
	    .time = BED_NOON};
	const countersign_verifier_claim *done = NULL;
	char mine[16];

	(void)snprintf(mine, sizeof(mine), "by %u", (unsigned)self->n);
	rec.credential = (countersign_bytes){(const uint8_t *)mine,
	    strlen(mine)};
	self->made += c->state == COUNTERSIGN_CLAIM_NEW;
	if (bed.p->record(inst, c, &rec, &done, NULL, 0) != COUNTERSIGN_OK ||
	    done->state != COUNTERSIGN_CLAIM_STORED)
		self->wrong++;
	else
		(void)snprintf(self->got[round], sizeof(self->got[round]),
		    "%.*s", (int)done->credential.len,
		    (const char *)done->credential.ptr);
	bed.p->release(inst, done);
}

static void
issue(struct runner *self, size_t round)
{
	countersign_verifier_input in = bed_input(messages[round]);
	const countersign_verifier_answer *a = NULL;
	const countersign_verifier_claim *c = NULL;
	uint8_t serial[16], digest[32] = {0};
	countersign_verifier_terms t = {.size = sizeof(t),
	    .kind = COUNTERSIGN_KIND_X509, .time = BED_NOON,
	    .serial = {serial, sizeof(serial)}, .not_before = BED_NOON - 60,
	    .not_after = BED_NOON + 240, .digest = {digest, sizeof(digest)}};
	char why[256] = "";

	memset(serial, self->n, sizeof(serial));
	serial[0] = (uint8_t)round;
	if (bed.p->verify(inst, &in, &a, why, sizeof(why)) != COUNTERSIGN_OK ||
	    a->state != COUNTERSIGN_APPROVED ||
	    bed.p->claim(inst, a, &t, &c, why, sizeof(why)) !=
	    COUNTERSIGN_OK || c->state == COUNTERSIGN_CLAIM_REFUSED) {
		printf("# %s %s\n", why, c == NULL ? "" : c->text);
		self->wrong++;
	} else {
		keep(self, round, c);
	}
	bed.p->release(inst, c);
	bed.p->release(inst, a);
}

static void *
run(void *arg)
{
	size_t round;

	for (round = 0; round < ROUNDS; round++) {
		(void)pthread_barrier_wait(&together);
		issue(arg, round);
	}
	return NULL;
}

static void
test(void)
{
	struct runner r[THREADS] = {{.wrong = 0}};
	unsigned made = 0, wrong = 0, other = 0;
	size_t i, round;

	(void)pthread_barrier_init(&together, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		r[i].n = (uint8_t)(i + 1);
		if (pthread_create(&r[i].thread, NULL, run, &r[i]) != 0)
			exit(99);
	}
	for (i = 0; i < THREADS; i++) {
		(void)pthread_join(r[i].thread, NULL);
		made += r[i].made;
		wrong += r[i].wrong;
		for (round = 0; round < ROUNDS; round++)
			other += strcmp(r[i].got[round], r[0].got[round]) != 0;
	}
	(void)pthread_barrier_destroy(&together);
	ok(wrong == 0, "%d threads, %u refused", THREADS, wrong);
	ok(made == ROUNDS, "%u claims of %zu approvals", made, ROUNDS);
	ok(other == 0 && r[0].got[0][0] == 'b', "one credential for each");
}

int
main(void)
{
	countersign_verifier_config c;
	size_t i;

	if (!ok(bed_load(&bed), "the module is loaded"))
		return done_testing();
	if (!bed_store(&bed)) {
		skip("no SQLite");
		bed_stop(&bed);
		return done_testing();
	}
	for (i = 0; i < ROUNDS; i++)
		messages[i] = bed_vector(vectors[i]);
	c = bed_config(&bed);
	c.store = bed.store;
	ok(bed_put_str(bed.policy, moving), "a policy");
	inst = bed_open(&bed, &c);
	if (ok(inst != NULL, "an instance"))
		test();
	bed.p->close(inst);
	for (i = 0; i < ROUNDS; i++)
		cs_buf_free(&messages[i]);
	bed_stop(&bed);
	return done_testing();
}
