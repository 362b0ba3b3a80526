/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "lib/lib.h"

#include <stdlib.h>

#include "fmt/names.h"
#include "fmt/reason.h"
#include "verify/verify.h"

_Static_assert((int)COUNTERSIGN_REFUSED == CS_REFUSED &&
    (int)COUNTERSIGN_APPROVED == CS_APPROVED &&
    (int)COUNTERSIGN_DENIED == CS_DENIED &&
    (int)COUNTERSIGN_PENDING == CS_PENDING, "the states of verify/");

struct countersign_verdict {
	cs_verdict *v;
	cs_buf *text; /* why not, escaped */
};

/* Ours, or the default of formats section 2. */
static int
authority_of(const countersign_question *q, cs_buf *b, cs_err *e)
{
	cs_span given = cs_span_str(q->authority);
	int r;

	if (q->authority == NULL && q->trust_domain == NULL)
		return cs_fail(e, CS_EUSAGE, "lib",
		    "neither authority nor trust domain");
	if (q->authority == NULL)
		return cs_authority_default(cs_span_str(q->trust_domain), b,
		    e);
	if ((r = cs_authority_check(given, e)) != CS_OK)
		return r;
	return cs_buf_put(b, given) == CS_OK ? CS_OK : cs_nomem(e, "lib");
}

/* The host's memory in the words of verify/. */
static int
remember(void *arg, const uint8_t key_hash[CS_SHA256_LEN],
    const uint8_t tbs_hash[CS_SHA256_LEN], cs_last_counter *out, cs_err *e)
{
	const countersign_question *q = arg;
	countersign_last_counter last = {.size = sizeof(last)};

	if (q->counter(q->counter_arg, key_hash, tbs_hash, &last) != 0)
		return cs_fail(e, CS_EIO, "lib", "the host cannot tell it");
	out->known = last.known != 0;
	out->value = last.value;
	out->recorded = last.recorded != 0;
	return CS_OK;
}

static int
reach(const countersign_question *q, countersign_verdict *out, cs_err *e)
{
	cs_verify_in in = {
		.message = cs_lib_span(q->message),
		.anchors = q->anchors->a,
		.trust_domain = cs_span_str(q->trust_domain),
		.nonce = cs_lib_span(q->nonce),
		.quorum = q->quorum,
		.quorum_group = cs_span_str(q->quorum_group),
		.composite = q->composite != 0,
		.now = q->now,
		.keys = cs_lib_keys(q->keys),
	};
	countersign_question own = *q;
	const cs_memory memory = {.arg = &own, .counter = remember};
	cs_buf *authority = cs_buf_new(CS_AUTHORITY_MAX + 64);
	int r;

	if (q->counter != NULL)
		in.memory = &memory;
	if (authority == NULL)
		return cs_nomem(e, "lib");
	if ((r = authority_of(q, authority, e)) == CS_OK) {
		in.authority = cs_buf_span(authority);
		r = cs_verify(&in, &out->v, e);
	}
	cs_buf_free(&authority);
	if (r != CS_OK)
		return r;
	out->text = cs_lib_escape(cs_span_str(
	    cs_verdict_error(out->v)->text));
	return out->text == NULL ? cs_nomem(e, "lib") : CS_OK;
}

int
countersign_verify(const countersign_question *question,
    countersign_verdict **out, countersign_error *error)
{
	countersign_verdict *v = NULL;
	cs_err e = {0};
	int r;

	*out = NULL;
	if (question->size != sizeof(*question) || question->anchors == NULL)
		return cs_lib_usage(error,
		    "a question of another size, or without anchors");
	if ((v = calloc(1, sizeof(*v))) == NULL)
		r = cs_nomem(&e, "lib");
	else
		r = reach(question, v, &e);
	if (r == CS_OK) {
		*out = v;
		v = NULL; /* transferred */
	} else {
		r = cs_lib_report(error, &e);
	}
	countersign_verdict_free(&v);
	return r;
}

void
countersign_verdict_free(countersign_verdict **verdict)
{
	if (verdict == NULL || *verdict == NULL)
		return;
	cs_buf_free(&(*verdict)->text);
	cs_verdict_free(&(*verdict)->v);
	free(*verdict);
	*verdict = NULL;
}

int
countersign_verdict_state(const countersign_verdict *verdict)
{
	return verdict == NULL ? COUNTERSIGN_REFUSED :
	    (int)cs_verdict_state(verdict->v);
}

static bool
is_approved(const countersign_verdict *verdict)
{
	return countersign_verdict_state(verdict) == COUNTERSIGN_APPROVED;
}

const char *
countersign_verdict_reason(const countersign_verdict *verdict)
{
	int state = countersign_verdict_state(verdict);

	if (state == COUNTERSIGN_APPROVED || state == COUNTERSIGN_DENIED)
		return "";
	return cs_reason_name(cs_verdict_error(verdict->v)->detail);
}

const char *
countersign_verdict_text(const countersign_verdict *verdict)
{
	return is_approved(verdict) ? "" : cs_buf_cstr(verdict->text);
}

countersign_bytes
countersign_verdict_agent(const countersign_verdict *verdict)
{
	const cs_csr *c = cs_verdict_request(verdict->v);

	return c == NULL ? (countersign_bytes){NULL, 0} :
	    cs_lib_bytes(c->agent_id);
}

size_t
countersign_verdict_count(const countersign_verdict *verdict)
{
	return is_approved(verdict) ? cs_verdict_count(verdict->v) : 0;
}

static const cs_tbs *
tbs_at(const countersign_verdict *verdict, size_t i)
{
	static const cs_tbs none = {.decision = CS_DENY};

	return i >= countersign_verdict_count(verdict) ? &none :
	    &cs_verdict_at(verdict->v, i)->approval->tbs;
}

countersign_bytes
countersign_verdict_owner(const countersign_verdict *verdict, size_t i)
{
	return cs_lib_bytes(tbs_at(verdict, i)->owner);
}

countersign_bytes
countersign_verdict_key_hash(const countersign_verdict *verdict, size_t i)
{
	return cs_lib_bytes(tbs_at(verdict, i)->owner_key_hash);
}

countersign_bytes
countersign_verdict_approval_id(const countersign_verdict *verdict, size_t i)
{
	return cs_lib_bytes(tbs_at(verdict, i)->approval_id);
}

countersign_bytes
countersign_verdict_tbs_hash(const countersign_verdict *verdict, size_t i)
{
	if (i >= countersign_verdict_count(verdict))
		return (countersign_bytes){NULL, 0};
	return (countersign_bytes){cs_verdict_at(verdict->v, i)->tbs_hash,
	    CS_SHA256_LEN};
}

static unsigned
bits_of(const cs_assurance *s)
{
	unsigned bits = 0;

	if (s->hardware)
		bits |= COUNTERSIGN_HARDWARE;
	if (s->asserted)
		bits |= COUNTERSIGN_ASSERTED;
	if (s->present)
		bits |= COUNTERSIGN_PRESENT;
	if (s->verified)
		bits |= COUNTERSIGN_VERIFIED;
	return bits;
}

unsigned
countersign_verdict_assurance_of(const countersign_verdict *verdict, size_t i)
{
	if (i >= countersign_verdict_count(verdict))
		return 0;
	return bits_of(&cs_verdict_at(verdict->v, i)->assurance);
}

unsigned
countersign_verdict_assurance(const countersign_verdict *verdict)
{
	cs_assurance all;

	if (!is_approved(verdict))
		return 0;
	all = cs_verdict_assurance(verdict->v);
	return bits_of(&all);
}

int64_t
countersign_verdict_counter(const countersign_verdict *verdict, size_t i)
{
	const cs_counter *c;

	if (i >= countersign_verdict_count(verdict))
		return -1;
	c = &cs_verdict_at(verdict->v, i)->counter;
	return c->given ? (int64_t)c->value : -1;
}

int
countersign_verdict_counter_regressed(const countersign_verdict *verdict,
    size_t i)
{
	return i < countersign_verdict_count(verdict) &&
	    cs_verdict_at(verdict->v, i)->counter.regressed;
}

int64_t
countersign_verdict_not_after(const countersign_verdict *verdict)
{
	return is_approved(verdict) ? cs_verdict_not_after(verdict->v) : 0;
}

int64_t
countersign_verdict_max_lifetime(const countersign_verdict *verdict)
{
	return is_approved(verdict) ? cs_verdict_max_lifetime(verdict->v) : 0;
}

int64_t
countersign_verdict_max_issuances(const countersign_verdict *verdict)
{
	return is_approved(verdict) ? cs_verdict_max_issuances(verdict->v) : 0;
}
