/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "tests/host/agents.h"

/*
 * requests N FILE OWNERS: N composite requests, each of an agent of its own with
 * a key of its own, approved by one owner whom the file OWNERS names. FILE has
 * each as four octets of its length, the first the highest, and its DER.
 */

#define PREFIX "spiffe://corp.example/agent/load"
#define THREADS 2
#define N_MAX 1000000

struct share { /* every THREADS-th request, from `first` on */
	const struct agent *owner;
	cs_buf **made;
	long first, n;
	cs_err e;
	int r;
};

static int
make_one(const struct agent *owner, long i, cs_buf **out, cs_err *e)
{
	struct agent a = {0};
	cs_csr *base = NULL;
	cs_buf *approval = NULL, *der = NULL;
	int r;

	(void)snprintf(a.id, sizeof(a.id), PREFIX "/%06ld", i);
	if ((r = agent_new(&a, e)) == CS_OK &&
	    (r = agent_request(&a, NULL, &base, e)) == CS_OK &&
	    (r = agent_approve(owner, &a, base, -300, &approval, e)) == CS_OK &&
	    (r = agent_compose(&a, base, approval, &der, e)) == CS_OK &&
	    (*out = cs_buf_dup(cs_buf_span(der))) == NULL)
		r = cs_nomem(e, "requests");
	cs_csr_free(&base);
	cs_buf_free(&approval);
	cs_buf_free(&der);
	agent_clear(&a);
	return r;
}

static void *
make_share(void *arg)
{
	struct share *s = arg;
	long i;

	for (i = s->first; s->r == CS_OK && i < s->n; i += THREADS)
		s->r = make_one(s->owner, i, &s->made[i], &s->e);
	return NULL;
}

static int
make_all(const struct agent *owner, cs_buf **made, long n, cs_err *e)
{
	struct share s[THREADS];
	pthread_t thread[THREADS];
	int i, started, r = CS_OK;

	for (started = 0; started < THREADS; started++) {
		s[started] = (struct share){
		    .owner = owner, .made = made, .first = started, .n = n};
		if (pthread_create(&thread[started], NULL, make_share,
		    &s[started]) != 0) {
			r = cs_fail(e, CS_EIO, "requests", "no thread");
			break;
		}
	}
	for (i = 0; i < started; i++) {
		(void)pthread_join(thread[i], NULL);
		if (r == CS_OK && (r = s[i].r) != CS_OK)
			*e = s[i].e;
	}
	return r;
}

static int
write_all(cs_buf *const *made, long n, const char *path, cs_err *e)
{
	FILE *out = fopen(path, "wb");
	bool good = out != NULL;
	long i;

	for (i = 0; good && i < n; i++) {
		cs_span s = cs_buf_span(made[i]);
		uint8_t len[4] = {(uint8_t)(s.n >> 24), (uint8_t)(s.n >> 16),
		    (uint8_t)(s.n >> 8), (uint8_t)s.n};

		good = fwrite(len, sizeof(len), 1, out) == 1 &&
		    fwrite(s.p, s.n, 1, out) == 1;
	}
	if (out != NULL && fclose(out) != 0)
		good = false;
	return good ? CS_OK :
	    cs_fail(e, CS_EIO, "requests", "%s: cannot write", path);
}

int
main(int argc, char **argv)
{
	struct agent owner = {0};
	cs_buf **made = NULL;
	cs_err e = {0};
	long i, n = argc == 4 ? strtol(argv[1], NULL, 10) : 0;
	int r;

	if (n <= 0 || n > N_MAX) {
		fputs("usage: requests N FILE OWNERS\n", stderr);
		return 2;
	}
	if ((made = calloc((size_t)n, sizeof(*made))) == NULL)
		return 1;
	if ((r = agent_new(&owner, &e)) == CS_OK &&
	    (r = agent_owner_write(&owner, "spiffe://corp.example/agent",
	    argv[3], &e)) == CS_OK &&
	    (r = make_all(&owner, made, n, &e)) == CS_OK)
		r = write_all(made, n, argv[2], &e);
	if (r != CS_OK)
		fprintf(stderr, "requests: %s\n", e.text);
	for (i = 0; i < n; i++)
		cs_buf_free(&made[i]);
	free(made);
	agent_clear(&owner);
	return r != CS_OK;
}
