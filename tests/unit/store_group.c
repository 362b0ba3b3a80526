/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "fmt/reason.h"
#include "storebed.h"
#include "tap.h"

/* Writers that meet: threads on one store and on two, of one database. */

#define THREADS 8
#define TURNS 40

static struct storebed bed;

/* One more in meta, under a name; what it was before comes back. */
struct add {
	const char *name;
	int64_t was;
	int rc; /* what the work returns */
};

static int
add_one(cs_txn *t, void *arg, cs_err *e)
{
	struct add *a = arg;
	int rc;

	if ((rc = cs_meta_get(t, a->name, &a->was, NULL, e)) != CS_OK ||
	    (rc = cs_meta_put(t, a->name, a->was + 1, cs_span_of(NULL, 0),
	    e)) != CS_OK)
		return rc;
	return a->rc == CS_OK ? CS_OK :
	    cs_fail_detail(e, a->rc, CS_R_REPLAYED, "test", "refused");
}

static int
get(cs_txn *t, void *arg, cs_err *e)
{
	struct add *a = arg;

	return cs_meta_get(t, a->name, &a->was, NULL, e);
}

static int64_t
count(cs_store *s, const char *name)
{
	struct add a = {.name = name};
	cs_err e = {0};

	if (cs_store_read(s, get, &a, storebed_ms(5000), &e) == CS_OK)
		return a.was;
	printf("# %s\n", e.text);
	return -1;
}

static void
test_alone(cs_err *e)
{
	struct add a = {.name = "n"}, no = {.name = "n", .rc = CS_EREFUSED},
	    bad = {.name = "n", .rc = CS_EIO};

	ok(cs_store_write(bed.s, add_one, &a, false, storebed_ms(5000), e) ==
	    CS_OK && a.was == 0, "written");
	ok(count(bed.s, "n") == 1, "and read");
	ok(cs_store_write(bed.s, add_one, &a, true, storebed_ms(5000), e) ==
	    CS_OK && a.was == 1 && count(bed.s, "n") == 1,
	    "dry: done and taken back");
	ok(cs_store_write(bed.s, add_one, &no, false, storebed_ms(5000), e) ==
	    CS_EREFUSED && e->detail == CS_R_REPLAYED &&
	    count(bed.s, "n") == 1, "refused: taken back, its reason kept");
	ok(cs_store_write(bed.s, add_one, &bad, false, storebed_ms(5000), e) ==
	    CS_EIO && count(bed.s, "n") == 1, "failed: taken back");
	ok(cs_store_write(bed.s, add_one, &a, false, storebed_ms(5000), e) ==
	    CS_OK && count(bed.s, "n") == 2, "and the next is served");
	ok(cs_store_write(bed.s, add_one, &a, false, storebed_ms(-1), e) ==
	    CS_EIO && e->detail == CS_R_STORE_UNAVAILABLE &&
	    count(bed.s, "n") == 2, "late: nothing was done");
}

static atomic_int served, refused, other, twice;
static atomic_char seen[THREADS * TURNS + 1];

/* Each number is given out once, whoever shares a commit with whom. */
static void *
thread(void *arg)
{
	struct add a = {.name = "t"};
	cs_store *s = arg;
	cs_err e = {0};
	int i, rc;

	for (i = 0; i < TURNS; i++) {
		a.rc = i % 4 == 3 ? CS_EREFUSED : i % 16 == 14 ? CS_EIO :
		    CS_OK;
		rc = cs_store_write(s, add_one, &a, i % 8 == 5,
		    storebed_ms(60000), &e);
		if (rc == CS_OK && i % 8 != 5) {
			served++;
			if (atomic_fetch_add(&seen[a.was], 1) != 0)
				twice++;
		} else if (rc == CS_EREFUSED && rc == a.rc)
			refused++;
		else if (rc != a.rc)
			other++;
		if (i % 8 == 0 && count(s, "t") < 0)
			other++;
	}
	return NULL;
}

static void
test_threads(cs_err *e)
{
	struct storebed second = bed;
	pthread_t id[THREADS];
	int i;

	second.s = NULL;
	if (!ok(storebed_open(&second, CS_DB_WRITE, e) == CS_OK,
	    "a second handle"))
		return;
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&id[i], NULL, thread,
		    i % 2 == 0 ? bed.s : second.s) != 0)
			return;
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(id[i], NULL);
	printf("# served %d, refused %d\n", served, refused);
	ok(other == 0, "each has what its own work returned");
	ok(twice == 0, "no number twice");
	ok(served > 0 && refused > 0 && count(bed.s, "t") == served,
	    "and none is lost");
	cs_store_close(&second.s);
}

int
main(void)
{
	cs_err e = {0};

	if (!ok(storebed_make(&bed, &e), "a store"))
		return done_testing();
	test_alone(&e);
	test_threads(&e);
	storebed_remove(&bed);
	return done_testing();
}
