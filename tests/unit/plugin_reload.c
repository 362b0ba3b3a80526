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

/* Threads verify while owners and policy are replaced, by good files and by
 * broken ones: no verdict is missing, and each is one of a set that was there.
 * $RELOADS: how often. */

#define THREADS 8
#define RELOADS 200
#define MESSAGES 3

static struct bed bed;
static countersign_instance *inst;
static cs_buf *messages[MESSAGES], *owners;
static atomic_bool stop;
static atomic_uint logged;

static const char closed[] =
    "domain corp.example { path \"/agent\" { quorum = 16 } }\n";

/* What a message may be by the sets that there are: all of them hold one of two
 * owners files and one of two policies. */
static const char *const names[MESSAGES] = {
	"approved.pem", "approved-pair.pem", "signature-invalid.pem"
};

struct runner {
	pthread_t thread;
	unsigned yes, no, wrong;
	size_t start;
};

static bool
is_expected(const countersign_verifier_answer *a, size_t message)
{
	if (a->state == COUNTERSIGN_APPROVED)
		return message != 2 && a->n_approvals == message + 1 &&
		    a->bindings.len > 0;
	return a->state == COUNTERSIGN_REFUSED &&
	    (a->reason == COUNTERSIGN_R_UNKNOWN_OWNER_KEY ||
	    a->reason == COUNTERSIGN_R_POLICY_REFUSED || (message == 2 &&
	    a->reason == COUNTERSIGN_R_SIGNATURE_INVALID));
}

static void
ask(struct runner *self, size_t message)
{
	countersign_verifier_input in = bed_input(messages[message]);
	const countersign_verifier_answer *a = NULL;
	char why[256] = "";

	if (bed.p->verify(inst, &in, &a, why, sizeof(why)) !=
	    COUNTERSIGN_OK || !is_expected(a, message)) {
		if (self->wrong++ < 3)
			printf("# %zu: %s %s\n", message, why,
			    a == NULL ? "" : a->text);
	} else if (a->state == COUNTERSIGN_APPROVED) {
		self->yes++;
	} else {
		self->no++;
	}
	bed.p->release(inst, a);
}

static void *
run(void *arg)
{
	struct runner *self = arg;
	size_t i;

	for (i = self->start; !atomic_load(&stop); i++)
		ask(self, i % MESSAGES);
	return NULL;
}

static void
count_log(void *arg, int level, const char *text)
{
	(void)arg;
	if (level == COUNTERSIGN_LOG_ERROR && text[0] != '\0')
		atomic_fetch_add(&logged, 1);
}

/* What this thread sees right behind a reload is the new set's. */
static unsigned
settled(bool approves)
{
	countersign_verifier_input in = bed_input(messages[0]);
	const countersign_verifier_answer *a = NULL;
	bool good = bed.p->verify(inst, &in, &a, NULL, 0) == COUNTERSIGN_OK &&
	    (a->state == COUNTERSIGN_APPROVED) == approves;

	bed.p->release(inst, a);
	return good ? 0 : 1;
}

/* One step: a set that approves, one that does not, a broken file. */
static unsigned
swap(size_t n)
{
	switch (n % 6) {
	case 0:
		return !bed_put_str(bed.owners, "# nobody\n") ||
		    bed.p->reload(inst, NULL, 0) != COUNTERSIGN_OK ||
		    settled(false);
	case 1:
		return !bed_put(bed.owners, cs_buf_span(owners)) ||
		    bed.p->reload(inst, NULL, 0) != COUNTERSIGN_OK ||
		    settled(true);
	case 2:
		return !bed_put_str(bed.policy, closed) ||
		    bed.p->reload(inst, NULL, 0) != COUNTERSIGN_OK ||
		    settled(false);
	case 3:
		return !bed_put_str(bed.policy, "domain {") ||
		    bed.p->reload(inst, NULL, 0) == COUNTERSIGN_OK ||
		    settled(false);
	case 4:
		return !bed_put_str(bed.policy, bed_policy) ||
		    bed.p->reload(inst, NULL, 0) != COUNTERSIGN_OK ||
		    settled(true);
	default:
		return !bed_put_str(bed.owners, "mailto:nonsense\n") ||
		    bed.p->reload(inst, NULL, 0) == COUNTERSIGN_OK ||
		    settled(true);
	}
}

static void
test(void)
{
	const char *more = getenv("RELOADS");
	size_t i, n = more == NULL ? RELOADS : strtoul(more, NULL, 10);
	struct runner r[THREADS] = {{.wrong = 0}};
	unsigned bad = 0, yes = 0, no = 0, wrong = 0;

	for (i = 0; i < THREADS; i++) {
		r[i].start = i;
		if (pthread_create(&r[i].thread, NULL, run, &r[i]) != 0)
			exit(99);
	}
	for (i = 0; i < n; i++)
		bad += swap(i);
	atomic_store(&stop, true);
	for (i = 0; i < THREADS; i++) {
		(void)pthread_join(r[i].thread, NULL);
		yes += r[i].yes;
		no += r[i].no;
		wrong += r[i].wrong;
	}
	ok(bad == 0, "%zu reloads, %u of them wrong", n, bad);
	ok(wrong == 0 && yes + no > 0, "%u times yes, %u times no by %d "
	    "threads, %u wrong", yes, no, THREADS, wrong);
	ok(atomic_load(&logged) >= n / 3, "broken files are logged");
}

int
main(void)
{
	countersign_verifier_config c;
	size_t i;

	if (!ok(bed_load(&bed), "the module is loaded"))
		return done_testing();
	owners = bed_vector("owners");
	for (i = 0; i < MESSAGES; i++)
		messages[i] = bed_vector(names[i]);
	c = bed_config(&bed);
	c.skip_watch = 0;
	c.log = count_log;
	inst = bed_open(&bed, &c);
	if (ok(inst != NULL, "an instance"))
		test();
	bed.p->close(inst);
	for (i = 0; i < MESSAGES; i++)
		cs_buf_free(&messages[i]);
	cs_buf_free(&owners);
	bed_stop(&bed);
	return done_testing();
}
