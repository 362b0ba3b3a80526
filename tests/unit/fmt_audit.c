/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/audit.h"
#include "fmt/bindings.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

#define NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z */

static struct vec vectors[VEC_FILES_MAX];
static size_t n_vectors;

static cs_audit_record *
read_vector(const char *name)
{
	cs_audit_record *r = NULL;
	cs_err e = {0};

	if (cs_audit_parse(vec_find(vectors, n_vectors, name), &r, &e) !=
	    CS_OK)
		printf("# %s: %s\n", name, e.text);
	return r;
}

/* What was read is written back as the same bytes. */
static enum vec_answer
probe(cs_span in)
{
	enum vec_answer answer;
	cs_audit_record *r = NULL;
	cs_buf *out = NULL;
	cs_err e = {0};

	if (cs_audit_parse(in, &r, &e) != CS_OK)
		return r == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE ? VEC_REFUSED : VEC_BROKEN;
	out = cs_buf_new(in.n);
	answer = cs_audit_put(r, out, &e) == CS_OK &&
	    cs_span_eq(cs_buf_span(out), in) ? VEC_ACCEPTED : VEC_BROKEN;
	cs_buf_free(&out);
	cs_audit_free(&r);
	return answer;
}

static void
test_vector(const struct vec *v)
{
	int want = vec_reason(v->name);
	cs_audit_record *r = NULL;
	cs_err e = {0};
	int rc = cs_audit_parse(cs_buf_span(v->der), &r, &e);

	if (want == CS_R_NONE)
		ok(rc == CS_OK && probe(cs_buf_span(v->der)) == VEC_ACCEPTED,
		    "%s", v->name);
	else
		ok(rc == CS_EFORMAT && r == NULL && e.detail == want, "%s: %s",
		    v->name, e.text);
	cs_audit_free(&r);
}

/* Changing each octet of a long one tells no more than of a short one. */
static void
test_sweeps(const char *name)
{
	cs_span in = vec_find(vectors, n_vectors, name);

	ok(vec_prefixes(in, probe) == 0, "%s: prefixes", name);
	ok(vec_trailing(in, probe) == 0, "%s: trailing", name);
	ok(vec_flips(in, probe) == 0, "%s: flips", name);
	ok(vec_trees(in, probe) == 0, "%s: trees", name);
}

static void
test_claimed(void)
{
	cs_audit_record *r = read_vector("01-claimed");
	const cs_audit_approval *a;
	cs_approval *in = NULL;
	cs_err e = {0};

	if (!ok(r != NULL && r->event == CS_AUDIT_CLAIMED, "a claim"))
		return;
	ok(r->sequence == 1 && r->previous.n == 32 && r->previous.p[0] == 0 &&
	    r->time == NOON && cs_span_is(r->authority,
	    "https://corp.example"), "its head");
	ok(r->kind == CS_AUDIT_X509 && cs_span_is(r->agent_id,
	    "wimse://corp.example/agent/alice") &&
	    r->agent_key.kind == CS_KEY_P256 && r->request_digest.n == 32 &&
	    r->serial.n == 16 && r->serial.p[15] == 16 &&
	    r->not_before == NOON && r->not_after == NOON + 3600 &&
	    r->body_digest.n == 32, "its fields");
	a = &r->at[0];
	ok(r->n == 1 && a->role == CS_AUDIT_OWN && a->assurance == 0 &&
	    cs_span_is(a->owner, "mailto:alice@corp.example") &&
	    cs_span_is(a->line, "owners:2") && a->key.kind == CS_KEY_P256,
	    "its approval");
	ok(cs_approval_parse(a->approval, CS_AUDIT_DEPTH, &in, &e) == CS_OK &&
	    cs_span_eq(in->tbs.owner, a->owner) &&
	    cs_span_eq(in->tbs.subjects[0].request_digest, r->request_digest),
	    "which is one");
	cs_approval_free(&in);
	cs_audit_free(&r);
}

static void
test_pair(void)
{
	cs_audit_record *r = read_vector("04-claimed-pair");

	ok(r != NULL && r->n == 2 && r->at[0].role == CS_AUDIT_GRANT &&
	    r->at[1].role == CS_AUDIT_USE && !cs_span_eq(r->at[0].key.der,
	    r->at[1].key.der), "a grant and its use");
	cs_audit_free(&r);
	r = read_vector("05-claimed-quorum");
	ok(r != NULL && r->n == 2 && !cs_span_eq(r->at[0].owner,
	    r->at[1].owner), "a quorum");
	cs_audit_free(&r);
}

static void
test_others(void)
{
	cs_audit_record *r = read_vector("02-issued");

	ok(r != NULL && r->event == CS_AUDIT_ISSUED && r->claim == 1 &&
	    r->serial.n == 16 && r->credential.n == 32, "issued");
	cs_audit_free(&r);
	r = read_vector("08-denied");
	ok(r != NULL && r->event == CS_AUDIT_DENIED && r->n == 1 &&
	    r->agent_id.n == 32 && r->request_digest.n == 32, "denied");
	cs_audit_free(&r);
	r = read_vector("11-revoked-agent");
	ok(r != NULL && r->event == CS_AUDIT_REVOKED && r->what == 3 &&
	    r->reason.p != NULL && r->reason.n == 0 && r->live == INT64_MAX &&
	    cs_span_is(r->actor, "uid 0") && cs_span_is(r->name,
	    "wimse://corp.example/agent/alice"), "revoked");
	cs_audit_free(&r);
	r = read_vector("16-floor");
	ok(r != NULL && r->event == CS_AUDIT_FLOOR && r->not_before == NOON &&
	    cs_span_is(r->reason, "restored from a backup"), "floor");
	cs_audit_free(&r);
	ok(strcmp(cs_audit_event_name(CS_AUDIT_LIFTED), "lifted") == 0 &&
	    strcmp(cs_audit_event_name((enum cs_audit_event)6), "unknown") ==
	    0, "names of events");
}

static cs_audit_record *
copy_of(const char *name, cs_audit_record *to)
{
	cs_audit_record *r = read_vector(name);

	if (r == NULL)
		abort();
	*to = *r;
	return r;
}

static int
written(const cs_audit_record *r, cs_buf *out)
{
	cs_err e = {0};
	int rc;

	cs_buf_reset(out);
	rc = cs_audit_put(r, out, &e);
	return rc == CS_OK ? CS_R_NONE : rc == CS_EFORMAT ? e.detail : -1;
}

/* The writer refuses what the reader would, and what it cannot encode. */
static void
test_writer(cs_buf *out)
{
	cs_audit_record r, *from = copy_of("02-issued", &r);
	cs_buf *small = cs_buf_new(16);
	cs_err e = {0};

	ok(written(&r, out) == CS_R_NONE, "written");
	r.sequence = 0;
	ok(written(&r, out) == CS_R_MALFORMED, "no sequence");
	r.sequence = -1;
	ok(written(&r, out) == CS_R_MALFORMED, "a negative one");
	r.sequence = 2;
	r.previous = (cs_span){0};
	ok(written(&r, out) == CS_R_MALFORMED, "no previous");
	r.previous = from->previous;
	r.event = (enum cs_audit_event)(CS_AUDIT_FLOOR + 1);
	ok(written(&r, out) == CS_R_MALFORMED, "an event that is none");
	r.event = CS_AUDIT_ISSUED;
	r.time = 0;
	ok(written(&r, out) == CS_R_NOT_DER || written(&r, out) ==
	    CS_R_MALFORMED, "a time of 1970");
	r.time = INT64_MAX;
	ok(written(&r, out) != CS_R_NONE, "a time without end");
	r.time = NOON;
	ok(cs_audit_put(&r, small, &e) == CS_EBUG, "no room");
	cs_buf_free(&small);
	cs_audit_free(&from);
}

static void
test_writer_claims(cs_buf *out)
{
	cs_audit_record r, *from = copy_of("01-claimed", &r);
	size_t i;
	unsigned a, wrong = 0;

	for (i = 1; i < CS_AUDIT_APPROVALS_MAX; i++)
		r.at[i] = r.at[0];
	r.n = CS_AUDIT_APPROVALS_MAX;
	ok(written(&r, out) == CS_R_NONE, "sixteen approvals");
	r.n++;
	ok(written(&r, out) == CS_R_MALFORMED, "seventeen");
	r.n = 0;
	ok(written(&r, out) == CS_R_MALFORMED, "none");
	r.n = 1;
	r.at[0].line = (cs_span){0};
	ok(written(&r, out) == CS_R_NONE, "no line");
	for (a = 0; a < 16; a++) {
		r.at[0].assurance = a;
		if (written(&r, out) != CS_R_NONE)
			wrong++;
	}
	ok(wrong == 0, "every assurance");
	r.at[0].role = CS_AUDIT_USE;
	ok(written(&r, out) == CS_R_MALFORMED, "a use alone");
	cs_audit_free(&from);
}

static void
test_too_large(void)
{
	cs_buf *b = cs_buf_new(CS_AUDIT_MAX + 1);
	cs_audit_record *r = NULL;
	cs_err e = {0};

	while (cs_buf_room(b) > 0)
		if (cs_buf_put_byte(b, 0x30) != CS_OK)
			abort();
	ok(cs_audit_parse(cs_buf_span(b), &r, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE, "too large");
	cs_buf_free(&b);
}

int
main(void)
{
	cs_buf *out = cs_buf_new(CS_AUDIT_MAX);
	size_t i;

	n_vectors = vec_load("audit", vectors);
	if (!vec_has_arc())
		return 0;
	ok(n_vectors > 60, "%zu vectors", n_vectors);
	for (i = 0; i < n_vectors; i++)
		test_vector(&vectors[i]);
	test_claimed();
	test_pair();
	test_others();
	test_writer(out);
	test_writer_claims(out);
	test_too_large();
	test_sweeps("01-claimed");
	test_sweeps("02-issued");
	test_sweeps("04-claimed-pair");
	test_sweeps("08-denied");
	test_sweeps("10-revoked-key");
	test_sweeps("14-revoked-approval-id");
	test_sweeps("16-floor");
	cs_buf_free(&out);
	vec_free(vectors, n_vectors);
	return done_testing();
}
