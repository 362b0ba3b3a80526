/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "plugbed.h"
#include "store/memory.h"
#include "tap.h"

/* The built module with a store: what it keeps of denials. */

static struct bed bed;
static countersign_instance *inst;

/* The state of an answer. */
static int
asks(const char *vector, uint32_t operation)
{
	cs_buf *b = bed_vector(vector);
	countersign_verifier_input in = bed_input(b);
	const countersign_verifier_answer *a = NULL;
	char why[512] = "";
	int state;

	in.operation = operation;
	if (bed.p->verify(inst, &in, &a, why, sizeof(why)) != COUNTERSIGN_OK)
		printf("# %s\n", why);
	cs_buf_free(&b);
	state = a == NULL ? -1 : (int)a->state;
	bed.p->release(inst, a);
	return state;
}

static cs_store *
store_open(void)
{
	cs_store_env env = {.module_dir = bed.modules, .now = BED_NOON,
	    .authority = cs_span_str(BED_AUTHORITY), .mode = CS_DB_WRITE};
	cs_store *s = NULL;
	cs_err e = {0};

	if (cs_store_open(bed.store, &env, &s, &e) != CS_OK)
		printf("# %s\n", e.text);
	return s;
}

static int64_t
soon(void)
{
	return cs_time_mono_ms() + 10000;
}

static bool
owned_by(const char *vector)
{
	cs_buf *owners = bed_vector(vector);
	bool done = owners != NULL && bed_put(bed.owners,
	    cs_buf_span(owners)) &&
	    bed.p->reload(inst, NULL, 0) == COUNTERSIGN_OK;

	cs_buf_free(&owners);
	return done;
}

static int
count_denial(void *arg, const cs_stored_denial *d, cs_err *e)
{
	(void)e;
	*(int *)arg += cs_span_is(d->owner, BED_ALICE) &&
	    cs_span_is(d->agent_id, BED_AGENT) && d->der.n > 100;
	return CS_OK;
}

static void
test_denial(cs_store *s)
{
	int n = 0;

	ok(asks("denied.pem", COUNTERSIGN_OP_CHECK) ==
	    COUNTERSIGN_DENIED && cs_denials(s, soon(), count_denial, &n,
	    NULL) == CS_OK && n == 0, "a check keeps no denial");
	ok(asks("denied.pem", COUNTERSIGN_OP_ISSUE) ==
	    COUNTERSIGN_DENIED && cs_denials(s, soon(), count_denial, &n,
	    NULL) == CS_OK && n == 1, "anything else does");
}

static int64_t
denials(cs_store *s)
{
	cs_store_info info;
	cs_err e = {0};

	return cs_store_look(s, BED_NOON, soon(), &info, &e) == CS_OK ?
	    info.denials : -1;
}

static int
look_counter(void *arg, const cs_stored_denial *d, cs_err *e)
{
	(void)e;
	memcpy(arg, d->key_hash.p, 32);
	return CS_OK;
}

/* All that a message says, and what its keys have counted. */
static void
test_denials(cs_store *s)
{
	int64_t before = denials(s);
	uint8_t key[32] = {0};
	cs_stored_counter n;
	cs_err e = {0};

	ok(asks("denied-longest.pem", COUNTERSIGN_OP_ISSUE) ==
	    COUNTERSIGN_DENIED && denials(s) == before + 2,
	    "two denials in one message are kept");
	ok(owned_by("owners-sk") && asks("denied-fido2.pem",
	    COUNTERSIGN_OP_ISSUE) == COUNTERSIGN_DENIED &&
	    denials(s) == before + 3 &&
	    cs_denials(s, soon(), look_counter, key, &e) == CS_OK &&
	    cs_store_counter(s, cs_span_of(key, 32), cs_span_of(key, 32),
	    soon(), &n, &e) == CS_OK && n.known && n.value == 5,
	    "one by a security key, and its counter");
	ok(owned_by("owners"), "owners as before");
}

int
main(void)
{
	countersign_verifier_config c;
	cs_store *s = NULL;

	if (!ok(bed_load(&bed), "the module is loaded"))
		return done_testing();
	if (!bed_store(&bed)) {
		skip("no SQLite");
		bed_stop(&bed);
		return done_testing();
	}
	c = bed_config(&bed);
	c.store = bed.store;
	inst = bed_open(&bed, &c);
	s = store_open();
	if (ok(inst != NULL && s != NULL, "an instance with a store")) {
		test_denial(s);
		test_denials(s);
	}
	cs_store_close(&s);
	bed.p->close(inst);
	bed_stop(&bed);
	return done_testing();
}
