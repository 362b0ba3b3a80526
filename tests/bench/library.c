/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "crypt/ossl.h"
#include "crypt/pubkey.h"
#include "fmt/message.h"
#include "tests/bench/median.h"
#include "verify/step.h"
#include "verify/verify.h"

/*
 * What the library's verification costs beside one raw EVP_PKEY_verify of
 * P-256, its key and context reused and its digest ready.
 *
 *	library time ROUNDS OWNERS REQUEST COMPOSITE CROWD
 *	library NAME TIMES  OWNERS REQUEST COMPOSITE [CROWD]
 *
 * The first gives a line for each test: its name, microseconds of ours and of
 * its yardstick, the median of the rounds' ratios, all by the thread's CPU
 * time. CROWD is OWNERS among a million others. The second runs one test so
 * many times, for a count of instructions.
 */

#define AUTHORITY "https://corp.example"

static cs_verify_in in, crowded, sk;
static cs_span request;
static cs_span approval; /* the first of the composite */
static cs_span touch, agent; /* of the vectors: by webauthn, by sshsig */
static EVP_PKEY_CTX *raw_ctx;
static uint8_t raw_sig[128], raw_hash[32] = {1};
static size_t raw_sig_len = sizeof(raw_sig);

static void
must(int good, const char *what, const cs_err *e)
{
	if (good)
		return;
	fprintf(stderr, "library: %s: %s\n", what, e == NULL ? "" : e->text);
	exit(1);
}

static void
do_raw(void)
{
	must(EVP_PKEY_verify(raw_ctx, raw_sig, raw_sig_len, raw_hash,
	    sizeof(raw_hash)) == 1, "raw", NULL);
}

/* A request as it comes, its key never seen before. */
static void
do_possession(void)
{
	cs_csr *c = NULL;
	cs_err e = {0};

	must(cs_csr_parse(request, &c, &e) == CS_OK &&
	    cs_csr_verify(c, &e) == CS_OK, "possession", &e);
	cs_csr_free(&c);
}

/* An approval as it comes, of an owner known before. */
static void
check(cs_span der, const cs_verify_in *what)
{
	struct cs_step s = {.in = what};
	cs_approved a = {0};
	cs_approval *parsed = NULL;
	cs_err e = {0};

	must(cs_approval_parse(der, 0, &parsed, &e) == CS_OK, "owner", &e);
	a.approval = parsed;
	must(cs_step_anchor(&s, &a, &e) == CS_OK &&
	    cs_step_type(&s, &a, &e) == CS_OK &&
	    cs_step_signature(&s, &a, &e) == CS_OK, "owner", &e);
	cs_approval_free(&parsed);
}

static void
do_owner(void)
{
	check(approval, &in);
}

static void
do_touch(void)
{
	check(touch, &sk);
}

static void
do_agent(void)
{
	check(agent, &sk);
}

/* The verdict: all that section 9 asks. */
static void
judge(const cs_verify_in *what)
{
	cs_verdict *v = NULL;
	cs_err e = {0};

	must(cs_verify(what, &v, &e) == CS_OK, "verdict", &e);
	must(cs_verdict_state(v) == CS_APPROVED, "verdict",
	    cs_verdict_error(v));
	cs_verdict_free(&v);
}

static void
do_verdict(void)
{
	judge(&in);
}

static void
do_crowd(void)
{
	judge(&crowded);
}

static const struct test {
	const char *name;
	void (*run)(void);
	size_t yardstick; /* a test before it */
} tests[] = {
	{"raw", do_raw, 0},
	{"possession", do_possession, 0},
	{"owner", do_owner, 0},
	{"touch", do_touch, 0},
	{"agent", do_agent, 0},
	{"verdict", do_verdict, 0},
	{"crowd", do_crowd, 5},
};
#define N_TESTS (sizeof(tests) / sizeof(tests[0]))

static cs_span
slurp(const char *path)
{
	cs_buf *b = NULL; /* kept to the end */
	cs_err e = {0};

	must(cs_file_read(path, CS_MESSAGE_MAX, &b, &e) == CS_OK, path, &e);
	return cs_buf_span(b);
}

static void
set_raw(void)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *signer = EVP_PKEY_CTX_new(k, NULL);

	must(EVP_PKEY_sign_init(signer) == 1 &&
	    EVP_PKEY_sign(signer, raw_sig, &raw_sig_len, raw_hash,
	    sizeof(raw_hash)) == 1, "raw key", NULL);
	EVP_PKEY_CTX_free(signer);
	raw_ctx = EVP_PKEY_CTX_new(k, NULL);
	must(EVP_PKEY_verify_init(raw_ctx) == 1, "raw key", NULL);
	EVP_PKEY_free(k);
}

static const cs_anchors *
load_anchors(const char *path)
{
	cs_anchors *a = NULL; /* kept to the end */
	cs_err e = {0};

	must(cs_anchors_load(path, getuid(), &a, &e) == CS_OK, path, &e);
	return a;
}

static void
set_ours(char **path)
{
	cs_csr *c = NULL;
	cs_err e = {0};

	must(cs_ossl_start(&e) == CS_OK, "start", &e);
	request = slurp(path[1]);
	in.message = slurp(path[2]);
	in.anchors = load_anchors(path[0]);
	in.authority = cs_span_str(AUTHORITY);
	in.now = time(NULL);
	must(cs_keycache_new(64, &in.keys, &e) == CS_OK, "keys", &e);
	must(cs_csr_parse(in.message, &c, &e) == CS_OK && c->n_approvals > 0,
	    path[2], &e); /* kept to the end */
	approval = c->approvals[0];
	crowded = in;
	if (path[3] != NULL)
		crowded.anchors = load_anchors(path[3]);
}

static cs_span
first_of(const char *path)
{
	cs_message *m = NULL; /* kept to the end */
	cs_err e = {0};

	must(cs_message_parse(slurp(path), &m, &e) == CS_OK && m->n == 1, path,
	    &e);
	return m->approvals[0];
}

/* P-256 in both, as the yardstick. */
static void
set_vectors(void)
{
	cs_anchors *a = NULL; /* kept to the end */
	cs_err e = {0};

	touch = first_of(BENCH_VECTORS "/approved-fido2.pem");
	agent = first_of(BENCH_VECTORS "/approved-ssh-sk.pem");
	must(cs_anchors_parse("owners-sk", slurp(BENCH_VECTORS "/owners-sk"),
	    &a, &e) == CS_OK, "owners-sk", &e);
	sk = in;
	sk.anchors = a;
}

static double
cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double
time_of(const struct test *t)
{
	const int times = 200;
	double start = cpu_us();
	int i;

	for (i = 0; i < times; i++)
		t->run();
	return (cpu_us() - start) / times;
}

static void
time_all(int rounds)
{
	static double us[N_TESTS][ROUNDS_MAX], ratio[N_TESTS][ROUNDS_MAX];
	size_t t;
	int r;

	for (r = -1; r < rounds; r++) /* the first warms up */
		for (t = 0; t < N_TESTS; t++) {
			int at = r < 0 ? 0 : r;

			us[t][at] = time_of(&tests[t]);
			ratio[t][at] = us[t][at] /
			    us[tests[t].yardstick][at];
		}
	for (t = 1; t < N_TESTS; t++)
		printf("%s\t%.2f\t%.2f\t%.3f\n", tests[t].name,
		    median(us[t], rounds),
		    median(us[tests[t].yardstick], rounds),
		    median(ratio[t], rounds));
}

static int
run_one(const char *name, int times)
{
	size_t t;
	int i;

	for (t = 0; t < N_TESTS; t++) {
		if (strcmp(tests[t].name, name) != 0)
			continue;
		for (i = 0; i < times; i++)
			tests[t].run();
		return 0;
	}
	fprintf(stderr, "library: no test %s\n", name);
	return 2;
}

int
main(int argc, char **argv)
{
	bool all = argc == 7 && strcmp(argv[1], "time") == 0;
	int n = argc == 6 || argc == 7 ? rounds_of(argv[2]) : 0;

	if (n == 0) {
		fprintf(stderr, "usage: library NAME|time TIMES OWNERS REQUEST "
		    "COMPOSITE [CROWD]\n");
		return 2;
	}
	set_ours(argv + 3);
	set_vectors();
	set_raw();
	if (!all)
		return run_one(argv[1], n);
	time_all(n);
	return 0;
}
