/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

/*
 * usage: countersign-auth [-o OWNERS] [-c CRL] [-a AUTHORITY]
 *     SOCKET TRUST-DOMAIN BUNDLE
 * Answers nginx's auth_request on a unix socket: 204 and whose the client's
 * certificate is, or 403. README says how nginx asks.
 *     cc countersign-auth.c -o countersign-auth \
 *         $(pkg-config --cflags --libs countersign libevent)
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/util.h>

#include <countersign/countersign.h>

#define CERTIFICATE "X-Client-Cert"
#define HEADERS_MAX (256 * 1024) /* a credential of 64 KiB, escaped twice */
#define FILE_MAX (8 * 1024 * 1024)
#define KEYS 1024
#define RELOAD 60 /* seconds: lists that a line of OWNERS names */

struct service {
	const char *socket, *trust_domain, *bundle, *owners, *crl, *authority;
	struct event_base *base;
	struct evhttp *http;
	struct event *ends[3];
	countersign_error *error;
	countersign_keycache *keys;
	countersign_bundle *trusted; /* NULL: nobody, everything is refused */
	countersign_anchors *pinned; /* NULL without -o */
	uint64_t stamp;              /* of the files as they were tried last */
	int64_t loaded;
};

/* FNV-1a: whether files changed is not asked of an adversary. */
static uint64_t
mix(uint64_t h, const void *p, size_t n)
{
	const unsigned char *at = p;

	while (n-- > 0)
		h = (h ^ *at++) * UINT64_C(1099511628211);
	return h;
}

static uint64_t
mix_stat(uint64_t h, const char *path)
{
	struct stat st;

	if (path == NULL || stat(path, &st) != 0)
		return mix(h, "none", 4);
	h = mix(h, &st.st_ino, sizeof(st.st_ino));
	h = mix(h, &st.st_size, sizeof(st.st_size));
	h = mix(h, &st.st_mtim, sizeof(st.st_mtim));
	return mix(h, &st.st_ctim, sizeof(st.st_ctim));
}

/* A directory of owners changes with any file in it. */
static uint64_t
mix_owners(uint64_t h, const char *path)
{
	DIR *d = path == NULL ? NULL : opendir(path);
	const struct dirent *one;
	uint64_t all = 0;
	char name[4096];

	while (d != NULL && (one = readdir(d)) != NULL) {
		(void)snprintf(name, sizeof(name), "%s/%s", path,
		    one->d_name);
		all += mix_stat(mix(0, name, strlen(name)), name);
	}
	if (d != NULL)
		(void)closedir(d);
	return mix_stat(mix(h, &all, sizeof(all)), path);
}

static uint64_t
stamp(const struct service *s)
{
	return mix_owners(mix_stat(mix_stat(UINT64_C(14695981039346656037),
	    s->bundle), s->crl), s->owners);
}

/* Whoever may write the bundle says who issues. */
static int
is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_uid == 0 || st.st_uid == geteuid()) &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Gives the octets; without them ptr is NULL. */
static countersign_bytes
read_file(const char *path)
{
	countersign_bytes b = {NULL, 0};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t *to = malloc(FILE_MAX);
	ssize_t n = -1;

	if (fd >= 0 && to != NULL && is_ours(fd)) {
		while (b.len < FILE_MAX &&
		    (n = read(fd, to + b.len, FILE_MAX - b.len)) > 0)
			b.len += (size_t)n;
	}
	if (fd >= 0)
		(void)close(fd);
	if (n != 0) { /* failed, or not at its end */
		free(to);
		return (countersign_bytes){NULL, 0};
	}
	b.ptr = to;
	return b;
}

static void
complain(const struct service *s, int r)
{
	if (r != COUNTERSIGN_OK)
		fprintf(stderr, "countersign-auth: %s\n",
		    countersign_error_text(s->error));
}

static int
load_bundle(const struct service *s, countersign_bundle **out)
{
	countersign_bundle_source source = {.size = sizeof(source),
	    .trust_domain = s->trust_domain, .authority = s->authority};
	int r = COUNTERSIGN_EIO;

	*out = NULL;
	source.bundle = read_file(s->bundle);
	if (s->crl != NULL)
		source.crls = read_file(s->crl);
	if (source.bundle.ptr != NULL &&
	    (s->crl == NULL || source.crls.ptr != NULL)) {
		r = countersign_bundle_read(&source, out, s->error);
		complain(s, r);
	} else {
		fprintf(stderr, "countersign-auth: a file is not there, or "
		    "others may write it: %s\n", source.bundle.ptr == NULL ?
		    s->bundle : s->crl);
	}
	free((void *)source.bundle.ptr);
	free((void *)source.crls.ptr);
	return r;
}

/* All of it anew, or all as it was: half of a change is none. */
static void
load(struct service *s)
{
	countersign_bundle *trusted = NULL;
	countersign_anchors *pinned = NULL;
	int r;

	s->stamp = stamp(s);
	s->loaded = (int64_t)time(NULL);
	r = load_bundle(s, &trusted);
	if (r == COUNTERSIGN_OK && s->owners != NULL) {
		r = countersign_anchors_load(s->owners, &pinned, s->error);
		complain(s, r);
	}
	if (r != COUNTERSIGN_OK) {
		fprintf(stderr, "countersign-auth: %s\n", s->trusted == NULL ?
		    "nobody is trusted" : "what was loaded before stays");
		countersign_bundle_free(&trusted);
		return;
	}
	countersign_bundle_free(&s->trusted);
	countersign_anchors_free(&s->pinned);
	s->trusted = trusted;
	s->pinned = pinned;
}

static void
load_if_changed(struct service *s)
{
	int64_t age = (int64_t)time(NULL) - s->loaded;

	if (age < 0 || age >= RELOAD || stamp(s) != s->stamp)
		load(s);
}

/* The one header of this name, unescaped; gives, NULL when there is none, or
 * more than one. */
static char *
certificate_of(struct evhttp_request *req, size_t *len)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(req);
	const struct evkeyval *h;
	const char *value = NULL;

	for (h = headers->tqh_first; h != NULL; h = h->next.tqe_next) {
		if (evutil_ascii_strcasecmp(h->key, CERTIFICATE) != 0)
			continue;
		if (value != NULL)
			return NULL;
		value = h->value;
	}
	if (value == NULL || value[0] == '\0')
		return NULL;
	return evhttp_uridecode(value, 0, len);
}

static void
add(struct evhttp_request *req, const char *name, countersign_bytes value)
{
	char text[4096];

	(void)snprintf(text, sizeof(text), "%.*s", (int)value.len,
	    (const char *)value.ptr);
	(void)evhttp_add_header(evhttp_request_get_output_headers(req), name,
	    text);
}

/* Whose word it is, and what holds for all approvals. */
static void
add_assurance(struct evhttp_request *req, const countersign_credential *c,
    int state)
{
	unsigned bits = ~0u;
	char text[64];
	size_t i;

	for (i = 0; i < countersign_credential_count(c); i++)
		bits &= countersign_credential_assurance(c, i);
	(void)snprintf(text, sizeof(text), "%s%s%s%s",
	    state == COUNTERSIGN_CREDENTIAL_PROVEN ? "owner" : "issuer",
	    bits & COUNTERSIGN_HARDWARE ? " hardware" : "",
	    bits & COUNTERSIGN_PRESENT ? " present" : "",
	    bits & COUNTERSIGN_VERIFIED ? " verified" : "");
	(void)evhttp_add_header(evhttp_request_get_output_headers(req),
	    "X-Assurance", text);
}

static int
answer(const struct service *s, struct evhttp_request *req,
    const countersign_credential *c)
{
	int want = s->owners != NULL ? COUNTERSIGN_CREDENTIAL_PROVEN :
	    COUNTERSIGN_CREDENTIAL_ISSUER_ONLY;

	if (countersign_credential_state(c) != want) {
		fprintf(stderr, "countersign-auth: refused: %s: %s\n",
		    countersign_credential_reason(c),
		    countersign_credential_text(c));
		return 403;
	}
	add(req, "X-Agent", countersign_credential_agent(c));
	add(req, "X-Owner", countersign_credential_owner(c, 0));
	add_assurance(req, c, want);
	return 204;
}

static int
judge(const struct service *s, struct evhttp_request *req)
{
	countersign_presented p = {.size = sizeof(p), .bundle = s->trusted,
	    .anchors = s->pinned, .now = (int64_t)time(NULL),
	    .keys = s->keys};
	countersign_credential *c = NULL;
	char *text = certificate_of(req, &p.certificate.len);
	int status = 500;

	if (text == NULL || s->trusted == NULL) {
		fprintf(stderr, "countersign-auth: refused: %s\n", text == NULL ?
		    "no certificate" : "nobody is trusted");
		free(text);
		return 403;
	}
	p.certificate.ptr = (const uint8_t *)text;
	if (countersign_credential_verify(&p, &c, s->error) == COUNTERSIGN_OK)
		status = answer(s, req, c);
	else
		fprintf(stderr, "countersign-auth: no answer: %s\n",
		    countersign_error_text(s->error));
	countersign_credential_free(&c);
	free(text);
	return status;
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	struct service *s = arg;
	int status;

	load_if_changed(s);
	status = judge(s, req);
	evhttp_send_reply(req, status, NULL, NULL);
}

static void
on_end(evutil_socket_t sig, short what, void *arg)
{
	struct service *s = arg;

	(void)what;
	if (sig == SIGHUP)
		load(s);
	else
		(void)event_base_loopexit(s->base, NULL);
}

/* Anybody may ask: nobody hears more than he has brought. The directory says
 * who may put himself in our place. */
static int
listen_at(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);

	if (fd < 0 || strlen(path) >= sizeof(to.sun_path))
		return -1;
	memcpy(to.sun_path, path, strlen(path) + 1);
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path); /* of one that was killed */
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    chmod(path, 0666) != 0 || listen(fd, SOMAXCONN) != 0)
		return -1;
	return fd;
}

static int
start(struct service *s)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	size_t i;
	int fd;

	(void)signal(SIGPIPE, SIG_IGN);
	if ((s->error = countersign_error_new()) == NULL ||
	    countersign_keycache_new(KEYS, &s->keys, s->error) !=
	    COUNTERSIGN_OK || (s->base = event_base_new()) == NULL ||
	    (s->http = evhttp_new(s->base)) == NULL)
		return -1;
	for (i = 0; i < 3; i++)
		if ((s->ends[i] = evsignal_new(s->base, signals[i], on_end,
		    s)) == NULL || event_add(s->ends[i], NULL) != 0)
			return -1;
	evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET);
	evhttp_set_max_headers_size(s->http, HEADERS_MAX);
	evhttp_set_max_body_size(s->http, 0);
	evhttp_set_timeout(s->http, 10);
	evhttp_set_gencb(s->http, on_request, s);
	load(s);
	if (s->trusted == NULL || (fd = listen_at(s->socket)) < 0 ||
	    evhttp_accept_socket(s->http, fd) != 0)
		return -1;
	return 0;
}

static void
stop(struct service *s)
{
	size_t i;

	for (i = 0; i < 3; i++)
		if (s->ends[i] != NULL)
			event_free(s->ends[i]);
	if (s->http != NULL)
		evhttp_free(s->http);
	if (s->base != NULL)
		event_base_free(s->base);
	countersign_bundle_free(&s->trusted);
	countersign_anchors_free(&s->pinned);
	countersign_keycache_free(&s->keys);
	countersign_error_free(&s->error);
}

int
main(int argc, char **argv)
{
	struct service s = {.socket = NULL};
	int c, status = 1;

	while ((c = getopt(argc, argv, "o:c:a:")) != -1) {
		if (c == '?')
			return 2;
		*(c == 'o' ? &s.owners : c == 'c' ? &s.crl : &s.authority) =
		    optarg;
	}
	if (argc - optind != 3) {
		fprintf(stderr, "usage: countersign-auth [-o OWNERS] [-c CRL] "
		    "[-a AUTHORITY] SOCKET TRUST-DOMAIN BUNDLE\n");
		return 2;
	}
	s.socket = argv[optind];
	s.trust_domain = argv[optind + 1];
	s.bundle = argv[optind + 2];
	if (start(&s) != 0)
		fprintf(stderr, "countersign-auth: cannot start at %s\n",
		    s.socket);
	else if (event_base_dispatch(s.base) == 0) {
		(void)unlink(s.socket);
		status = 0;
	}
	stop(&s);
	return status;
}
