/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

/*
 * A server of src/net/http.c for http.sh: what it is asked decides what it
 * does.
 *
 *	httpd [NAME=VALUE...] ADDRESS...
 *
 * Names are limits, and cert, key, cert2, key2 (after /renew), ca, client (may,
 * must), tls12. It says "listening ADDRESS" for each, and "gone N" in the end.
 */

#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/time.h"
#include "net/http.h"

#define WAITING 64

struct files {
	cs_buf *chain, *key;
};

struct httpd {
	cs_loop *loop;
	cs_http *http;
	cs_http_limits limits;
	cs_tls *tls, *renewed;
	cs_watch *ending, *told;
	cs_http_request *later[WAITING];
	int n_later, gone;
};

static void
answer(cs_http_request *r, int status, const char *type, cs_span body)
{
	cs_http_answer a = {.status = status, .type = type, .body = body};

	cs_http_answer_send(r, &a);
}

static void
say(cs_http_request *r, int status, const char *text)
{
	answer(r, status, "text/plain", cs_span_str(text));
}

static void
echo(struct httpd *d, cs_http_request *r)
{
	static char out[300000];
	cs_span path = cs_http_path(r), query = cs_http_query(r), x = {0};
	cs_span body = cs_http_body(r);
	int n, rc = cs_http_header(r, "X-Word", &x, NULL);

	(void)d;
	n = snprintf(out, sizeof(out), "%s %.*s %.*s [%.*s] %d from %.*s\n",
	    cs_http_method(r), (int)path.n, (const char *)path.p,
	    query.p != NULL ? (int)query.n : 4,
	    query.p != NULL ? (const char *)query.p : "none",
	    (int)x.n, x.p != NULL ? (const char *)x.p : "", rc,
	    (int)cs_http_address(r).n, (const char *)cs_http_address(r).p);
	if (body.n < sizeof(out) - (size_t)n)
		memcpy(out + n, body.p, body.n);
	answer(r, 200, "text/plain", cs_span_of(out, (size_t)n + body.n));
}

static void
later(struct httpd *d, cs_http_request *r)
{
	if (d->n_later == WAITING) {
		say(r, 503, "too many");
		return;
	}
	cs_http_set_data(r, d);
	d->later[d->n_later++] = r;
}

/* The last one first. */
static void
now(struct httpd *d, cs_http_request *r)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%d", d->n_later);
	while (d->n_later > 0) {
		cs_http_request *o = d->later[--d->n_later];

		say(o, cs_http_data(o) == d ? 200 : 500, "later");
	}
	say(r, 200, text);
}

static void
count(struct httpd *d, cs_http_request *r)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "later %d gone %d open %zu",
	    d->n_later, d->gone, cs_http_connections(d->http));
	say(r, 200, text);
}

static void
who(struct httpd *d, cs_http_request *r)
{
	cs_peer p = {0};
	char text[64];

	(void)d;
	(void)snprintf(text, sizeof(text), "unix %d uid %d pid %d cert %zu",
	    cs_http_is_unix(r, &p), (int)p.uid, (int)p.pid,
	    cs_http_client_cert(r).n);
	say(r, 200, text);
}

static void
fields(struct httpd *d, cs_http_request *r)
{
	static const cs_http_field f[] = {{"Allow", "GET"},
	    {"X-Bad", "a\r\nX-Evil: b"}, {"Retry-After", "7"}};
	cs_http_answer a = {.status = 405, .fields = f, .n_fields = 3};

	(void)d;
	cs_http_answer_send(r, &a);
}

static void
closing(struct httpd *d, cs_http_request *r)
{
	cs_http_answer a = {.status = 204, .close = true};

	(void)d;
	cs_http_answer_send(r, &a);
}

static void
big(struct httpd *d, cs_http_request *r)
{
	static char out[8 * 1024 * 1024];

	(void)d;
	memset(out, 'x', sizeof(out));
	answer(r, 200, "text/plain", cs_span_of(out, sizeof(out)));
}

static void
renew(struct httpd *d, cs_http_request *r)
{
	cs_http_set_tls(d->http, d->renewed);
	cs_tls_free(&d->tls);
	say(r, 200, "renewed");
}

static void
maybe_stop(void *arg)
{
	struct httpd *d = arg;

	if (cs_http_connections(d->http) == 0)
		cs_loop_stop(d->loop);
}

static void
drain(struct httpd *d, cs_http_request *r)
{
	cs_http_drain(d->http);
	if (cs_loop_every(d->loop, 5, maybe_stop, d, &d->ending, NULL) != CS_OK)
		cs_loop_stop(d->loop);
	say(r, 200, "draining");
}

static void
told_to(void *arg)
{
	struct httpd *d = arg;

	cs_loop_stop(d->loop);
}

/* With all that is open. */
static void
stop(struct httpd *d, cs_http_request *r)
{
	(void)r;
	cs_loop_stop(d->loop);
}

static const struct {
	const char *path;
	void (*fn)(struct httpd *d, cs_http_request *r);
} paths[] = {
	{"/echo", echo}, {"/later", later}, {"/now", now}, {"/count", count},
	{"/who", who}, {"/fields", fields}, {"/close", closing}, {"/big", big},
	{"/renew", renew}, {"/drain", drain}, {"/stop", stop}
};

static void
handle(void *arg, cs_http_request *r)
{
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (cs_span_is(cs_http_path(r), paths[i].path)) {
			paths[i].fn(arg, r);
			return;
		}
	}
	say(r, 404, "nothing here");
}

static void
gone(void *arg, cs_http_request *r)
{
	struct httpd *d = arg;
	int i, n = 0;

	d->gone++;
	for (i = 0; i < d->n_later; i++) {
		if (d->later[i] != r)
			d->later[n++] = d->later[i];
	}
	d->n_later = n;
}

static const char *
value(int argc, char **argv, const char *name)
{
	size_t n = strlen(name);
	int i;

	for (i = 1; i < argc; i++) {
		if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=')
			return argv[i] + n + 1;
	}
	return NULL;
}

static size_t
number(int argc, char **argv, const char *name)
{
	const char *v = value(argc, argv, name);

	return v != NULL ? (size_t)strtoul(v, NULL, 10) : 0;
}

static int
read_file(const char *path, cs_buf **out, cs_err *e)
{
	*out = NULL;
	return path == NULL ? CS_OK :
	    cs_file_read(path, 1 << 20, out, e);
}

static int
make_tls(int argc, char **argv, const char *cert, const char *key,
    cs_tls **out, cs_err *e)
{
	const char *client = value(argc, argv, "client");
	cs_buf *chain = NULL, *k = NULL, *ca = NULL;
	cs_tls_env env = {.tls12 = value(argc, argv, "tls12") != NULL};
	int rc;

	*out = NULL;
	if (value(argc, argv, cert) == NULL)
		return CS_OK;
	if ((rc = read_file(value(argc, argv, cert), &chain, e)) == CS_OK &&
	    (rc = read_file(value(argc, argv, key), &k, e)) == CS_OK &&
	    (rc = read_file(value(argc, argv, "ca"), &ca, e)) == CS_OK) {
		env.chain = cs_buf_span(chain);
		env.key = cs_buf_span(k);
		env.client_ca = cs_buf_span(ca);
		if (client != NULL)
			env.client = strcmp(client, "must") == 0 ?
			    CS_TLS_CLIENT_MUST : CS_TLS_CLIENT_MAY;
		rc = cs_tls_new(&env, cs_time_now(), out, e);
	}
	cs_buf_free(&chain);
	cs_buf_free(&k);
	cs_buf_free(&ca);
	return rc;
}

static void
set_limits(cs_http_limits *l, int argc, char **argv)
{
	l->max_body = number(argc, argv, "body");
	l->max_headers = number(argc, argv, "headers");
	l->idle_ms = (int64_t)number(argc, argv, "idle");
	l->read_ms = (int64_t)number(argc, argv, "read");
	l->handshake_ms = (int64_t)number(argc, argv, "handshake");
	l->max_connections = number(argc, argv, "connections");
	l->max_per_address = number(argc, argv, "address");
	l->max_requests = number(argc, argv, "requests");
}

static int
listen_all(int argc, char **argv, int *fds, size_t *n, cs_err *e)
{
	cs_listen_env env = {.mode = 0600};
	cs_buf *name = cs_buf_new(256);
	int i, rc = name != NULL ? CS_OK : cs_nomem(e, "httpd");

	for (i = 1; rc == CS_OK && i < argc && *n < 8; i++) {
		if (strchr(argv[i], '=') != NULL)
			continue;
		cs_buf_reset(name);
		if ((rc = cs_listen(argv[i], &env, &fds[*n], e)) != CS_OK ||
		    (rc = cs_listen_name(fds[(*n)++], name, e)) != CS_OK)
			break;
		printf("listening %s\n", cs_buf_cstr(name));
	}
	cs_buf_free(&name);
	return rc;
}

int
main(int argc, char **argv)
{
	struct httpd d = {0};
	cs_http_env env = {.limits = &d.limits, .handle = handle,
	    .gone = gone, .arg = &d};
	int fds[8], rc;
	size_t n = 0;
	cs_err e = {0};

	set_limits(&d.limits, argc, argv);
	if ((rc = make_tls(argc, argv, "cert", "key", &d.tls, &e)) == CS_OK &&
	    (rc = make_tls(argc, argv, "cert2", "key2", &d.renewed, &e)) ==
	    CS_OK && (rc = cs_loop_new(&d.loop, &e)) == CS_OK &&
	    (rc = listen_all(argc, argv, fds, &n, &e)) == CS_OK) {
		env.tls = d.tls;
		rc = cs_http_new(d.loop, &env, fds, n, &d.http, &e);
	}
	if (rc == CS_OK && (rc = cs_loop_signal(d.loop, SIGTERM, told_to, &d,
	    &d.told, &e)) == CS_OK) {
		printf("ready\n");
		(void)fflush(stdout);
		rc = cs_loop_run(d.loop, &e);
	}
	cs_watch_free(&d.told);
	cs_watch_free(&d.ending);
	cs_http_free(&d.http);
	if (d.loop != NULL)
		cs_loop_free(&d.loop);
	cs_tls_free(&d.tls);
	cs_tls_free(&d.renewed);
	printf("gone %d\n", d.gone);
	if (rc != CS_OK)
		fprintf(stderr, "httpd: %s\n", e.text);
	return rc == CS_OK ? 0 : 1;
}
