/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "boxedstore.h"

#include <pthread.h>
#include <stdio.h>

#include "base/time.h"
#include "store/storep.h"

#define THREADS 4

static cs_store *
open_store(const char *uri, enum cs_db_mode mode)
{
	const cs_store_env env = {.module_dir = ".libs",
	    .authority = cs_span_str("https://ca.corp.example"),
	    .now = 1800000000, .mode = mode};
	cs_store *s = NULL;
	cs_err e = {0};

	if (cs_store_open(uri, &env, &s, &e) != CS_OK) {
		printf("# %s\n", e.text);
		fflush(stdout);
	}
	return s;
}

bool
boxed_store_make(const char *uri)
{
	cs_store *s = open_store(uri, CS_DB_CREATE);
	bool made = s != NULL;

	cs_store_close(&s); /* its module stays */
	return made;
}

static int
add_one(cs_txn *t, void *arg, cs_err *e)
{
	int64_t was = 0;
	int rc;

	if ((rc = cs_meta_get(t, arg, &was, NULL, e)) != CS_OK)
		return rc;
	return cs_meta_put(t, arg, was + 1, cs_span_of(NULL, 0), e);
}

static bool
write_often(cs_store *s)
{
	char name[] = "boxed";
	cs_err e = {0};
	int i, rc = CS_OK;

	for (i = 0; i < 20 && rc == CS_OK; i++)
		rc = cs_store_write(s, add_one, name, i % 5 == 4,
		    cs_time_mono_ms() + 20000, &e);
	if (rc != CS_OK) {
		printf("# %s\n", e.text);
		fflush(stdout);
	}
	return rc == CS_OK;
}

static void *
use(void *arg)
{
	cs_store *s = open_store(arg, CS_DB_WRITE);
	bool good = s != NULL && write_often(s);

	cs_store_close(&s);
	return good ? arg : NULL;
}

int
boxed_store_use(const char *uri)
{
	pthread_t t[THREADS];
	void *good = NULL;
	int i, bad = 0;

	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&t[i], NULL, use,
		    (void *)(uintptr_t)uri) != 0)
			return 1;
	}
	for (i = 0; i < THREADS; i++) {
		(void)pthread_join(t[i], &good);
		bad += good == NULL;
	}
	return bad;
}
