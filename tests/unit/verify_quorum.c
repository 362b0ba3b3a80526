/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fmt/reason.h"
#include "tap.h"
#include "verify/step.h"

/* Who counts in a quorum, where a grant's holder is in nobody's line. */

static cs_anchors *certified, *plain;
static struct person {
	cs_approval a;
	uint8_t key[CS_SHA256_LEN];
} people[CS_APPROVALS_MAX];
static cs_approved each[CS_APPROVALS_MAX];
static size_t n;

static void
nobody(void)
{
	memset(each, 0, sizeof(each));
	n = 0;
}

static cs_approved *
approves(const char *owner, uint8_t key)
{
	struct person *p = &people[n];
	cs_approved *a = &each[n];

	memset(p, 0, sizeof(*p));
	memset(p->key, key, sizeof(p->key));
	p->a.tbs.owner = cs_span_str(owner);
	p->a.tbs.owner_key_hash = cs_span_of(p->key, sizeof(p->key));
	a->approval = &p->a;
	a->link = n++;
	return a;
}

/* A grant and its use, by whose line has the key, if any has. */
static void
grants(const char *owner, uint8_t key, uint8_t holder, const char *line)
{
	cs_approved *use;

	approves(owner, key)->role = CS_ROLE_GRANT;
	use = approves(owner, holder);
	use->role = CS_ROLE_USE;
	if (line != NULL)
		use->holder = cs_span_str(line);
}

static size_t
counts(const cs_anchors *anchors)
{
	cs_verify_in in = {.anchors = anchors};
	const struct cs_step s = {.in = &in, .each = each, .n = n};
	size_t k;
	cs_err e;

	for (k = 2; k < CS_APPROVALS_MAX; k++) {
		e = (cs_err){0};
		in.quorum = k;
		if (cs_step_quorum(&s, &e) != CS_OK)
			return e.detail == CS_R_QUORUM_MISSING ? k - 1 : 0;
	}
	return 0;
}

static void
is(size_t with_ca, size_t without, const char *what)
{
	ok(counts(certified) == with_ca && counts(plain) == without,
	    "%s: %zu, %zu without a CA", what, with_ca, without);
	nobody();
}

static void
test_strangers(void)
{
	const char *alice = "mailto:alice@corp.example";
	const char *bob = "mailto:bob@corp.example";
	const char *carol = "mailto:carol@other.example";

	approves(alice, 1);
	approves(bob, 2);
	is(2, 2, "two owners");
	grants(alice, 1, 9, NULL);
	approves(bob, 2);
	is(1, 2, "a holder who may be the other owner");
	approves(bob, 2);
	grants(alice, 1, 9, NULL);
	is(1, 2, "in whatever order");
	grants(alice, 1, 9, "mailto:ci@corp.example");
	approves(bob, 2);
	is(2, 2, "one who has a line");
	grants(alice, 1, 9, NULL);
	approves(carol, 2);
	is(2, 2, "beside one whom no CA names");
	grants(alice, 1, 8, NULL);
	grants(bob, 2, 9, NULL);
	is(1, 2, "two who may be one");
	grants(alice, 1, 9, NULL);
	approves(bob, 2);
	approves("mailto:dora@corp.example", 3);
	is(2, 3, "one beside two owners");
	grants(alice, 1, 9, NULL);
	is(1, 1, "one alone");
	grants(alice, 1, 9, NULL);
	grants(carol, 2, 9, NULL);
	is(1, 1, "one for two");
}

static cs_anchors *
anchors_of(const char *vector)
{
	const char *srcdir = getenv("SRCDIR");
	cs_anchors *a = NULL;
	cs_buf *b = NULL;
	char path[1024];
	cs_err e = {0};

	snprintf(path, sizeof(path), "%s/tests/vectors/verdict/%s",
	    srcdir != NULL ? srcdir : ".", vector);
	if (cs_file_read(path, 1 << 20, &b, &e) != CS_OK ||
	    cs_anchors_parse(vector, cs_buf_span(b), &a, &e) != CS_OK)
		printf("# %s: %s\n", vector, e.text);
	cs_buf_free(&b);
	return a;
}

int
main(void)
{
	certified = anchors_of("owners-ca");
	plain = anchors_of("owners");
	if (ok(certified != NULL && plain != NULL, "owners"))
		test_strangers();
	cs_anchors_free(&certified);
	cs_anchors_free(&plain);
	return done_testing();
}
