/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"
#include "include/countersign/verifier.h"

/* A host that is wrong: structs of any size, and numbers, lengths and NULLs
 * that nobody should hand in, beside a message that is approved. The calls are
 * linked in. What is given is a yes for the good message alone, or nothing.
 *
 * Octets, as they are used up: which call's struct, then its fields. */

#define NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z, the vectors' time */

countersign_verifier_entry_fn countersign_verifier_entry;

static const countersign_verifier *v;
static countersign_instance *inst;
static cs_buf *message;
static char dir[] = "./fuzz-abi.XXXXXX";
static char owners[64], policy[64];

static const char rules[] = "domain corp.example {\n"
    "\tpath \"/agent\" { groups = {\"*\"} presence = no }\n}\n";

struct input {
	const uint8_t *p;
	size_t n;
};

static uint8_t
octet(struct input *in)
{
	if (in->n == 0)
		return 0;
	in->n--;
	return *in->p++;
}

/* Small, large, negative: what a field may hold. */
static int64_t
number(struct input *in)
{
	uint8_t how = octet(in);
	uint64_t x = 0;
	size_t i;

	if (how < 200)
		return how % 8;
	for (i = 0; i < 8; i++)
		x = x << 8 | octet(in);
	return (int64_t)x;
}

/* A pointer to octets that are there, with a length that is as long at most, or
 * NULL with any length. */
static countersign_bytes
bytes(struct input *in)
{
	static const uint8_t zeros[64];
	uint8_t how = octet(in);

	if (how == 0xff)
		return (countersign_bytes){NULL, (size_t)number(in)};
	return (countersign_bytes){how == 0 ? NULL : zeros,
	    how == 0 ? 0 : how % (sizeof(zeros) + 1)};
}

static size_t
size(struct input *in, size_t right)
{
	uint8_t how = octet(in);

	if (how < 128)
		return right;
	/* Larger is good only where there is as much. */
	return how < 255 ? (size_t)(how - 128) * 8 % (right + 8) :
	    (size_t)number(in) % (right + 1);
}

static int64_t
moment(struct input *in)
{
	uint8_t how = octet(in);

	return how < 200 ? NOON + how % 4 : number(in);
}

static countersign_verifier_config
config(void)
{
	return (countersign_verifier_config){.size =
	    sizeof(countersign_verifier_config), .owners = owners,
	    .policy = policy, .authority = "https://corp.example",
	    .skip_watch = 1};
}

static void
finish(void)
{
	v->close(inst);
	cs_buf_free(&message);
	(void)unlink(owners);
	(void)unlink(policy);
	(void)rmdir(dir);
}

static void
start(void)
{
	countersign_verifier_config c = {.size = 0};
	cs_buf *b = NULL;

	CHECK(mkdtemp(dir) != NULL);
	(void)snprintf(owners, sizeof(owners), "%s/owners", dir);
	(void)snprintf(policy, sizeof(policy), "%s/policy", dir);
	CHECK(cs_file_read(FUZZ_OWNERS, 1 << 20, &b, NULL) == CS_OK);
	CHECK(cs_file_write(owners, cs_buf_span(b), 0600, false, NULL) ==
	    CS_OK);
	CHECK(cs_file_write(policy, cs_span_str(rules), 0600, false, NULL) ==
	    CS_OK);
	cs_buf_free(&b);
	CHECK(cs_file_read(FUZZ_VERDICTS "/approved.pem", 1 << 20, &message,
	    NULL) == CS_OK);
	v = countersign_verifier_entry(COUNTERSIGN_VERIFIER_ABI);
	c = config();
	CHECK(v->open(&c, &inst, NULL, 0) == COUNTERSIGN_OK);
	CHECK(atexit(finish) == 0);
}

static const char *
text(struct input *in, const char *right)
{
	static const char *const others[] = {NULL, "", "x", "/", "\xff\n",
	    "https://other.example", "sqlite:./nothing/here", "."};
	uint8_t how = octet(in);

	return how < 128 ? right : others[how % 8];
}

static void
fuzz_open(struct input *in)
{
	countersign_verifier_config c = config();
	countersign_instance *i = inst;
	char why[16];
	int r;

	c.size = size(in, sizeof(c));
	c.owners = text(in, c.owners);
	c.policy = text(in, c.policy);
	c.authority = text(in, c.authority);
	c.store = text(in, NULL);
	c.modules = text(in, NULL);
	c.skip_watch = (uint32_t)number(in);
	r = v->open(octet(in) == 1 ? NULL : &c, &i, why, octet(in) % 17);
	CHECK((r == COUNTERSIGN_OK) == (i != NULL));
	if (i != NULL)
		v->close(i);
}

/* Gives an answer, or NULL. */
static const countersign_verifier_answer *
fuzz_verify(struct input *from)
{
	cs_span good = cs_buf_span(message);
	countersign_verifier_input in = {.size = size(from, sizeof(in))};
	const countersign_verifier_answer *a = NULL;
	bool whole;
	int r;

	in.operation = (uint32_t)number(from);
	in.appraisal = (uint32_t)number(from);
	in.message = bytes(from);
	whole = octet(from) < 200;
	if (whole)
		in.message = (countersign_bytes){good.p, good.n};
	in.authority = text(from, "https://corp.example");
	in.nonce = bytes(from);
	in.evidence = bytes(from);
	in.time = moment(from);
	in.deadline_ms = number(from);
	in.composite = (uint32_t)number(from);
	r = v->verify(inst, octet(from) == 1 ? NULL : &in, &a, NULL, 0);
	CHECK((r == COUNTERSIGN_OK) == (a != NULL));
	if (a == NULL)
		return NULL;
	CHECK(a->size == sizeof(*a) && a->text != NULL);
	CHECK(a->state == COUNTERSIGN_REFUSED ||
	    a->state == COUNTERSIGN_APPROVED);
	if (a->state == COUNTERSIGN_REFUSED) {
		CHECK(a->reason != 0 && a->reason <= COUNTERSIGN_R_INTERNAL);
		CHECK(a->n_approvals == 0 && a->bindings.len == 0);
	} else {
		CHECK(whole && in.nonce.len == 0 && in.operation >= 1 &&
		    in.operation <= 4 && in.appraisal != 2);
		CHECK(in.time >= a->not_before && in.time <= a->not_after);
		CHECK(in.authority == NULL ||
		    strcmp(in.authority, "https://corp.example") == 0);
	}
	return a;
}

/* There is no store: nothing is ever claimed. */
static void
fuzz_claim(struct input *in, const countersign_verifier_answer *a)
{
	countersign_verifier_terms t = {.size = size(in, sizeof(t))};
	countersign_verifier_record r = {.size = size(in, sizeof(r))};
	const countersign_verifier_claim *c = NULL, *done = NULL;

	t.kind = (uint32_t)number(in);
	t.time = moment(in);
	t.deadline_ms = number(in);
	t.serial = bytes(in);
	t.not_before = moment(in);
	t.not_after = moment(in);
	t.digest = bytes(in);
	t.fields = bytes(in);
	CHECK((v->claim(inst, a, octet(in) == 1 ? NULL : &t, &c, NULL, 0) ==
	    COUNTERSIGN_OK) == (c != NULL));
	if (c != NULL) {
		CHECK(a->state == COUNTERSIGN_APPROVED);
		CHECK(c->state == COUNTERSIGN_CLAIM_REFUSED && c->reason != 0);
	}
	r.time = moment(in);
	r.credential = bytes(in);
	CHECK(v->record(inst, c, &r, &done, NULL, 0) < 0 && done == NULL);
	v->release(inst, c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct input in = {data, n};
	const countersign_verifier_answer *a;

	if (v == NULL)
		start();
	if (octet(&in) % 4 == 3) {
		fuzz_open(&in);
		return 0;
	}
	a = fuzz_verify(&in);
	fuzz_claim(&in, a);
	v->release(inst, a);
	return 0;
}
