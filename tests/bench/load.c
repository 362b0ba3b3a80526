/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/opt.h"
#include "tests/bench/load.h"
#include "tests/bench/loadset.h"
#include "tests/bench/median.h"

/*
 * A load for an HTTPS server: clients that each have a connection and a thread
 * ask for credentials, or for a page, one after the other or at a fixed rate.
 * Prints a line of NAME=VALUE. Ends with 1 when an answer was missing, was not
 * 200, or, of a sample, was not the credential that was asked for.
 */

struct opts {
	const char *host, *port, *ca, *cert, *key, *path;
	const char *requests, *issuer, *save;
	int64_t from, count, clients, rate, idle;
	bool fresh;
	cs_opt_list pids;
};

#define ROW(name, kind, member, arg, help, min, max) \
	{name, 0, kind, offsetof(struct opts, member), arg, help, min, max, \
	    CS_COMPLETE_NONE}
static const struct cs_opt rows[] = {
    ROW("host", CS_OPT_STRING, host, "ADDRESS", "127.0.0.1", 0, 0),
    ROW("port", CS_OPT_STRING, port, "PORT", "where it listens", 0, 0),
    ROW("ca", CS_OPT_STRING, ca, "FILE", "who certified it", 0, 0),
    ROW("cert", CS_OPT_STRING, cert, "FILE", "the clients' certificate", 0, 0),
    ROW("key", CS_OPT_STRING, key, "FILE", "and its key", 0, 0),
    ROW("path", CS_OPT_STRING, path, "PATH", "what to ask", 0, 0),
    ROW("requests", CS_OPT_STRING, requests, "FILE",
	"POST these; else GET", 0, 0),
    ROW("issuer", CS_OPT_STRING, issuer, "FILE",
	"answers are certificates of this CA", 0, 0),
    ROW("save", CS_OPT_STRING, save, "FILE", "keep the first answer", 0, 0),
    ROW("from", CS_OPT_COUNT, from, "N", "the first of the requests", 0,
	1000000),
    ROW("count", CS_OPT_COUNT, count, "N", "how many", 1, 1000000),
    ROW("clients", CS_OPT_COUNT, clients, "N", "at a time", 1,
	LOAD_CLIENTS_MAX),
    ROW("rate", CS_OPT_COUNT, rate, "N", "a second, not as fast as can be",
	1, 1000000),
    ROW("new-connections", CS_OPT_FLAG, fresh, NULL,
	"one for each request", 0, 0),
    ROW("idle", CS_OPT_COUNT, idle, "N",
	"hold so many connections until standard input ends", 1, 100000),
    ROW("cpu-of", CS_OPT_LIST, pids, "PID", "tell its CPU time", 0, 0),
};

static const struct cs_opt_spec spec = {
    .synopsis = "",
    .summary = "ask a server much",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
};

static int
check(const struct opts *o, cs_err *e)
{
	if (o->port == NULL || o->ca == NULL || o->path == NULL ||
	    (o->cert == NULL) != (o->key == NULL) ||
	    (o->count == 0) == (o->idle == 0))
		return cs_fail(e, CS_EUSAGE, "load", "--port, --ca, --path, "
		    "--cert with --key, and --count or --idle");
	return CS_OK;
}

static int
fill(struct conn *c, const struct target *t, const char *path, cs_err *e)
{
	const cs_span none = {0};
	struct answer a = {0};
	int r;

	if ((r = conn_open(c, t, e)) != CS_OK ||
	    (r = conn_ask(c, t, path, none, &a, e)) != CS_OK)
		return r;
	return a.status == 200 && !a.last ? CS_OK :
	    cs_fail(e, CS_EIO, "load", "status %d", a.status);
}

/* Each has asked once and has its answer. */
static int
hold(const struct opts *o, const struct target *t, cs_err *e)
{
	struct conn *c = calloc((size_t)o->idle, sizeof(*c));
	int64_t i, n = 0;
	int r = c == NULL ? cs_nomem(e, "load") : CS_OK;

	for (; r == CS_OK && n < o->idle; n++)
		r = fill(&c[n], t, o->path, e);
	if (r == CS_OK) {
		printf("idle=%lld\n", (long long)n);
		(void)fflush(stdout);
		while (getchar() != EOF)
			;
	}
	for (i = 0; r == CS_OK && i < n; i++)
		if (!conn_is_idle(&c[i]))
			r = cs_fail(e, CS_EIO, "load", "it was closed");
	for (i = 0; i < n; i++)
		conn_close(&c[i]);
	free(c);
	return r;
}

/* The p-th of a hundred, of sorted values */
static double
part(const double *us, size_t n, size_t p)
{
	size_t i = (n * p + 99) / 100;

	return us[i == 0 ? 0 : i - 1];
}

static int
tell(const struct load *l, struct loaded *d, cs_err *e)
{
	double cpu = 0;
	size_t i;

	qsort(d->us, l->n, sizeof(double), median_order);
	for (i = 0; i < l->n_pids; i++)
		cpu += d->cpu_us[i];
	printf("count=%zu clients=%lld connections=%zu seconds=%.3f rate=%.1f "
	    "p50_us=%.0f p90_us=%.0f p99_us=%.0f max_us=%.0f cpu_us=%.2f",
	    l->n, (long long)l->clients, d->connections, d->seconds,
	    (double)l->n / d->seconds, part(d->us, l->n, 50),
	    part(d->us, l->n, 90), part(d->us, l->n, 99),
	    part(d->us, l->n, 100), cpu);
	for (i = 0; i < l->n_pids; i++)
		printf(" cpu_us.%s=%.2f", l->pids[i], d->cpu_us[i]);
	for (i = 0; i < LOAD_STATUS_MAX; i++)
		if (d->status[i] != 0)
			printf(" status.%zu=%zu", i, d->status[i]);
	printf("\n");
	return d->status[200] == l->n ? CS_OK :
	    cs_fail(e, CS_EIO, "load", "not all were answered 200: %.*s",
	    (int)cs_buf_len(d->kept[0].body),
	    (const char *)cs_buf_span(d->kept[0].body).p);
}

static int
look(const struct opts *o, const struct load *l, const struct loaded *d,
    cs_err *e)
{
	X509_STORE *issuer = NULL;
	size_t i;
	int r = set_issuer(o->issuer, &issuer, e);

	for (i = 0; r == CS_OK && i < LOAD_KEPT; i++)
		if (d->kept[i].body != NULL)
			r = set_check(issuer, l->body[d->kept[i].request],
			    cs_buf_span(d->kept[i].body), e);
	X509_STORE_free(issuer);
	return r;
}

static int
save(const char *path, cs_span body, cs_err *e)
{
	FILE *f = fopen(path, "wb");
	bool good = f != NULL && fwrite(body.p, 1, body.n, f) == body.n;

	if (f != NULL && fclose(f) != 0)
		good = false;
	return good ? CS_OK : cs_fail(e, CS_EIO, "load", "%s", path);
}

static int
run(const struct opts *o, const struct target *t, cs_err *e)
{
	struct load l = {.to = *t, .path = o->path, .n = (size_t)o->count,
	    .clients = o->clients, .rate = o->rate, .fresh = o->fresh,
	    .pids = o->pids.v, .n_pids = o->pids.n};
	struct loaded d = {0};
	struct set s = {0};
	int r = CS_OK;

	if (o->requests != NULL) {
		r = set_read(&s, o->requests, (size_t)o->from, l.n, e);
		l.body = s.request;
	}
	if (r == CS_OK && (r = load_run(&l, &d, e)) == CS_OK &&
	    (r = tell(&l, &d, e)) == CS_OK && o->issuer != NULL &&
	    l.body != NULL)
		r = look(o, &l, &d, e);
	if (r == CS_OK && o->save != NULL)
		r = save(o->save, cs_buf_span(d.kept[0].body), e);
	loaded_clear(&d);
	set_free(&s);
	return r;
}

int
main(int argc, char **argv)
{
	struct opts o = {.host = "127.0.0.1", .clients = 1};
	struct target t = {0};
	cs_err e = {0};
	int n = 0, r;

	(void)signal(SIGPIPE, SIG_IGN);
	if ((r = cs_opt_parse(&spec, argc, argv, &o, &n, &e)) == CS_OK &&
	    (r = check(&o, &e)) == CS_OK &&
	    (r = target_tls(o.ca, o.cert, o.key, &t.tls, &e)) == CS_OK) {
		t.host = o.host;
		t.port = o.port;
		r = o.idle != 0 ? hold(&o, &t, &e) : run(&o, &t, &e);
	}
	SSL_CTX_free(t.tls);
	if (r == CS_EUSAGE)
		cs_opt_help(&spec, "load", stderr);
	if (r != CS_OK)
		fprintf(stderr, "load: %s\n", e.text);
	return r == CS_OK ? 0 : r == CS_EUSAGE ? 2 : 1;
}
