/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <countersign/verifier.h>

/*
 * An identity server without a CA, over the plugin alone, which may die at any
 * moment: for each request it verifies, claims, "signs", records, and only then
 * answers, by a line in its log that is on the disk before anything goes on.
 *
 * host [-d POINTS] [-k] [-l SECONDS] [-o] [-r] [-t THREADS] MODULES STORE DIR
 *     LOG FROM TO
 *
 * answers FROM.a, FROM.b, (FROM + 1).a ... of DIR, which tests/host/make.c made.
 * -d: dies by SIGKILL soon after one of so many points of its way. -k: asks
 * again until it has an answer. -l: its clock is late by so much, or early when
 * negative. -o: over and over, until SIGTERM. -r: .b comes before .a.
 */

#define CREDENTIAL_MAX 4096
#define FIELDS "fields of "

struct host {
	const countersign_verifier *v;
	countersign_instance *i;
	const char *dir;
	int log;
	int from, to;
	long die_at; /* 0: never */
	bool keeps_on, over, reversed;
	time_t late;
	atomic_long points, next, answered, refused, failed;
};

static volatile sig_atomic_t enough;

static void
stop(int sig)
{
	(void)sig;
	enough = 1;
}

static void
say(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n > 0 && write(STDOUT_FILENO, line, (size_t)n) != n)
		_exit(1);
}

static unsigned
any(unsigned below)
{
	unsigned n = 0;

	return getrandom(&n, sizeof(n), 0) == sizeof(n) ? n % below : 0;
}

/* The signal comes within a millisecond, wherever the host is then. */
static void
die_soon(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
	    .sigev_signo = SIGKILL};
	struct itimerspec at = {.it_value.tv_nsec = 1 + any(1000000)};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
	    timer_settime(timer, 0, &at, NULL) != 0)
		_exit(1);
}

static int64_t
now(const struct host *h)
{
	return time(NULL) - h->late;
}

static void
point(struct host *h)
{
	if (h->die_at != 0 && ++h->points == h->die_at)
		die_soon();
}

static size_t
put_hex(char *out, countersign_bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		(void)snprintf(out + 2 * i, 3, "%02x",
		    (unsigned)b.ptr[i]);
	return 2 * b.len;
}

/* As a CA does: two signatures of one body are two credentials. */
static size_t
sign(char *out, countersign_bytes serial, countersign_bytes fields)
{
	uint8_t random[16];
	size_t n;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		_exit(1);
	n = put_hex(out, serial);
	out[n++] = '.';
	memcpy(out + n, fields.ptr, fields.len);
	n += fields.len;
	out[n++] = '.';
	return n + put_hex(out + n,
	    (countersign_bytes){random, sizeof(random)});
}

/* What ends in a full stop was written whole. */
static bool
answer(struct host *h, const countersign_verifier_answer *a, int kind,
    const countersign_verifier_claim *c)
{
	char line[2 * CREDENTIAL_MAX + 512];
	size_t n = put_hex(line, a->approvals[0]->tbs_hash);

	n += (size_t)snprintf(line + n, 16, " %d ", kind);
	n += put_hex(line + n, c->serial);
	line[n++] = ' ';
	n += put_hex(line + n, c->credential);
	memcpy(line + n, " .\n", 3);
	n += 3;
	return write(h->log, line, n) == (ssize_t)n && fsync(h->log) == 0;
}

static bool
record(struct host *h, const countersign_verifier_answer *a, int kind,
    const countersign_verifier_claim *c)
{
	countersign_verifier_record r = {.size = sizeof(r),
	    .time = now(h)};
	const countersign_verifier_claim *given = NULL;
	char credential[CREDENTIAL_MAX], why[256] = "";
	bool good;

	r.credential = (countersign_bytes){(const uint8_t *)credential,
	    sign(credential, c->serial, c->fields)};
	point(h);
	if (h->v->record(h->i, c, &r, &given, why, sizeof(why)) != 0) {
		say("not recorded: %s\n", why);
		return false;
	}
	point(h);
	good = given->state == COUNTERSIGN_CLAIM_STORED &&
	    answer(h, a, kind, given);
	if (!good)
		say("not recorded: state %u, %s\n", given->state,
		    given->text == NULL ? "" : given->text);
	h->v->release(h->i, given);
	return good;
}

/* 1 an answer, 0 a refusal for good, -1 none this time. */
static int
claimed(struct host *h, const countersign_verifier_answer *a, int kind,
    const countersign_verifier_claim *c)
{
	switch (c->state) {
	case COUNTERSIGN_CLAIM_NEW:
	case COUNTERSIGN_CLAIM_AGAIN:
		return record(h, a, kind, c) ? 1 : -1;
	case COUNTERSIGN_CLAIM_STORED:
		return answer(h, a, kind, c) ? 1 : -1;
	default:
		break;
	}
	say("refused: %u %s\n", c->reason, c->text == NULL ? "" : c->text);
	return c->reason == COUNTERSIGN_R_EXHAUSTED ? 0 : -1;
}

static int
claim(struct host *h, const countersign_verifier_answer *a, int kind)
{
	uint8_t serial[16], digest[32] = {0};
	char fields[128] = FIELDS, why[256] = "";
	countersign_verifier_terms t = {.size = sizeof(t),
	    .kind = (uint32_t)kind,
	    .time = now(h)};
	const countersign_verifier_claim *c = NULL;
	int r;

	if (getrandom(serial, sizeof(serial), 0) != sizeof(serial))
		_exit(1);
	serial[0] |= 1;
	t.serial = (countersign_bytes){serial, sizeof(serial)};
	t.not_before = t.time - 60;
	t.not_after = t.not_before + a->max_lifetime;
	memcpy(digest, serial, sizeof(serial));
	t.digest = (countersign_bytes){digest, sizeof(digest)};
	(void)put_hex(fields + sizeof(FIELDS) - 1, t.serial);
	t.fields = (countersign_bytes){(const uint8_t *)fields,
	    strlen(fields)};
	point(h);
	if (h->v->claim(h->i, a, &t, &c, why, sizeof(why)) != 0) {
		say("not claimed: %s\n", why);
		return -1;
	}
	point(h);
	r = claimed(h, a, kind, c);
	h->v->release(h->i, c);
	return r;
}

static int
handle(struct host *h, countersign_bytes message, int kind)
{
	countersign_verifier_input in = {.size = sizeof(in),
	    .operation = COUNTERSIGN_OP_ISSUE,
	    .message = message,
	    .time = now(h)};
	const countersign_verifier_answer *a = NULL;
	char why[256] = "";
	int r = -1;

	point(h);
	if (h->v->verify(h->i, &in, &a, why, sizeof(why)) != 0) {
		say("not verified: %s\n", why);
		return -1;
	}
	if (a->state == COUNTERSIGN_APPROVED)
		r = claim(h, a, kind);
	else
		say("refused: %u %s\n", a->reason,
		    a->text == NULL ? "" : a->text);
	h->v->release(h->i, a);
	return r;
}

static size_t
read_request(const struct host *h, long which, uint8_t *out, size_t len)
{
	const char half = (which % 2 == 0) == h->reversed ? 'b' : 'a';
	char path[512];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%ld.%c", h->dir, which / 2,
	    half);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, out, len);
	if (n <= 0)
		_exit(1);
	(void)close(fd);
	return (size_t)n;
}

static void
one(struct host *h, long which)
{
	uint8_t octets[65536];
	countersign_bytes message = {octets,
	    read_request(h, which, octets, sizeof(octets))};
	int r;

	for (int kind = COUNTERSIGN_KIND_X509; kind <= COUNTERSIGN_KIND_WIT;
	    kind++) {
		do
			r = handle(h, message, kind);
		while (r < 0 && h->keeps_on);
		if (r > 0)
			h->answered++;
		else if (r == 0)
			h->refused++;
		else
			h->failed++;
	}
	say("handled %ld\n", which);
}

static void *
work(void *arg)
{
	struct host *h = arg;
	long n = 2L * (h->to - h->from), which;

	while (((which = h->next++) < n || h->over) && enough == 0)
		one(h, 2L * h->from + which % n);
	return NULL;
}

static void
work_all(struct host *h, long threads)
{
	pthread_t thread[16];
	long n = threads < 16 ? threads : 16;

	for (long i = 0; i < n; i++)
		if (pthread_create(&thread[i], NULL, work, h) != 0)
			_exit(1);
	for (long i = 0; i < n; i++)
		(void)pthread_join(thread[i], NULL);
}

static void
hear(void *arg, int level, const char *text)
{
	(void)arg;
	say("# %d %s\n", level, text);
}

static bool
load(struct host *h, const char *modules)
{
	countersign_verifier_entry_fn *entry = NULL;
	char path[512];
	void *so, *symbol;

	(void)snprintf(path, sizeof(path), "%s/verifier-owner.so", modules);
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	symbol = so == NULL ? NULL : dlsym(so, COUNTERSIGN_VERIFIER_SYMBOL);
	if (symbol == NULL) {
		say("no plugin: %s\n", dlerror());
		return false;
	}
	memcpy(&entry, &symbol, sizeof(entry));
	h->v = entry(COUNTERSIGN_VERIFIER_ABI);
	return h->v != NULL;
}

static bool
start(struct host *h, char **argv)
{
	char owners[512], policy[512], why[512] = "";
	countersign_verifier_config c = {.size = sizeof(c),
	    .owners = owners,
	    .policy = policy,
	    .store = argv[1],
	    .authority = "https://corp.example",
	    .modules = argv[0],
	    .log = hear,
	    .skip_watch = 1};
	int r;

	h->dir = argv[2];
	h->from = (int)strtol(argv[4], NULL, 10);
	h->to = (int)strtol(argv[5], NULL, 10);
	h->log = open(argv[3], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (h->log < 0 || !load(h, argv[0]))
		return false;
	(void)snprintf(owners, sizeof(owners), "%s/owners", argv[2]);
	(void)snprintf(policy, sizeof(policy), "%s/policy", argv[2]);
	do
		r = h->v->open(&c, &h->i, why, sizeof(why));
	while (r != 0 && h->keeps_on);
	if (r != 0)
		say("not open: %s\n", why);
	return r == 0;
}

static int
set_option(struct host *h, int c, const char *value, long *threads)
{
	if (c == 'd')
		h->die_at = 1 + any((unsigned)strtol(value, NULL, 10));
	else if (c == 'k')
		h->keeps_on = true;
	else if (c == 'l')
		h->late = strtol(value, NULL, 10);
	else if (c == 'o')
		h->over = true;
	else if (c == 'r')
		h->reversed = true;
	else if (c == 't')
		*threads = strtol(value, NULL, 10);
	else
		return -1;
	return 0;
}

int
main(int argc, char **argv)
{
	struct host h = {0};
	long threads = 1;
	int c;

	while ((c = getopt(argc, argv, "d:kl:ort:")) != -1)
		if (set_option(&h, c, optarg, &threads) != 0)
			return 2;
	if (argc - optind != 6 || !start(&h, argv + optind))
		return 2;
	(void)signal(SIGTERM, stop);
	say("open\n");
	work_all(&h, threads);
	h.v->close(h.i);
	say("answered %ld refused %ld failed %ld\n", (long)h.answered,
	    (long)h.refused, (long)h.failed);
	return h.failed == 0 ? 0 : 1;
}
