/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/approve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "crypt/pubkey.h"
#include "fmt/approval.h"
#include "fmt/reason.h"
#include "tool/render.h"
#include "tool/subject.h"

#define SPKI_ROOM 2048
#define CLOCK_SKEW 300 /* countersign-formats(5), section 4 */

static cs_span
hash_span(const uint8_t hash[CS_SHA256_LEN])
{
	return cs_span_of(hash, CS_SHA256_LEN);
}

int
cs_approve_check(cs_approve *a, cs_err *e)
{
	int r;

	if ((r = cs_csr_verify(a->csr, e)) != CS_OK ||
	    (r = cs_subject_check(a->csr->subject, e)) != CS_OK ||
	    (r = cs_request_digest(a->csr, a->digest, e)) != CS_OK ||
	    (r = cs_key_hash(&a->csr->key, a->agent_hash, e)) != CS_OK)
		return r;
	cs_code(hash_span(a->digest), a->code);
	return CS_OK;
}

int
cs_approve_terminal(cs_approve *a, int64_t deadline_ms, cs_err *e)
{
	return cs_term_open(deadline_ms, &a->term, e);
}

static int
hash_owner_key(cs_approve *a, cs_err *e)
{
	cs_buf *b = cs_buf_new(SPKI_ROOM);
	cs_spki spki = {0};
	int r;

	if (b == NULL)
		return cs_nomem(e, "approve");
	if ((r = cs_signer_spki(a->signer, b, e)) == CS_OK &&
	    (r = cs_spki_parse(cs_buf_span(b), &spki, e)) == CS_OK)
		r = cs_key_hash(&spki, a->owner_hash, e);
	cs_buf_free(&b);
	if (r == CS_OK &&
	    cs_span_eq(hash_span(a->owner_hash), hash_span(a->agent_hash)))
		return cs_fail_detail(e, CS_EREFUSED, CS_R_KEY_REUSE,
		    "approve", "the agent's key is your own");
	return r;
}

/* Everything but what is already in *t. */
static int
put_tbs(const cs_approve *a, cs_tbs *t, cs_buf *der, cs_err *e)
{
	t->decision = CS_APPROVE;
	t->owner = a->owner;
	t->owner_key_hash = hash_span(a->owner_hash);
	t->authority = cs_buf_span(a->authority);
	t->not_before = a->now - CLOCK_SKEW;
	t->not_after = a->now + a->window;
	t->n_subjects = 1;
	t->subjects[0] = (cs_subject){.kind = CS_SUBJECT_REQUEST,
	    .agent_id = a->csr->agent_id,
	    .agent_key_hash = hash_span(a->agent_hash),
	    .request_digest = hash_span(a->digest)};
	t->max_lifetime = a->max_lifetime;
	t->max_issuances = a->uses;
	t->purpose = a->purpose;
	return cs_tbs_put(t, der, e);
}

int
cs_approve_build(cs_approve *a, cs_err *e)
{
	uint8_t id[16];
	cs_tbs *t = NULL;
	int r;

	if ((r = hash_owner_key(a, e)) != CS_OK ||
	    (r = cs_random(id, sizeof(id), e)) != CS_OK)
		return r;
	t = calloc(1, sizeof(*t));
	a->tbs_der = cs_buf_new(CS_TBS_MAX);
	if (t == NULL || a->tbs_der == NULL) {
		r = cs_nomem(e, "approve");
		goto out;
	}
	t->approval_id = cs_span_of(id, sizeof(id));
	if ((r = put_tbs(a, t, a->tbs_der, e)) == CS_OK)
		r = cs_tbs_parse(cs_buf_span(a->tbs_der), 0, &a->tbs, e);
out:
	free(t);
	return r;
}

static int
put_page(cs_approve *a, const cs_review *v, cs_err *e)
{
	cs_buf *page = cs_buf_new(CS_REVIEW_MAX);
	bool ascii = a->term != NULL ? cs_term_ascii(a->term) : a->ascii;
	int columns = a->term != NULL ? cs_term_columns(a->term) : 80;
	int r;

	if (page == NULL)
		return cs_nomem(e, "approve");
	if ((r = cs_review_page(v, columns, ascii, page, e)) != CS_OK)
		goto out;
	if (a->term != NULL)
		/* What has scrolled away was not seen: the question's lines
		 * stay below the last screen. */
		r = cs_term_page(a->term, cs_buf_span(page), 3, e);
	else
		(void)fwrite(cs_buf_span(page).p, 1, cs_buf_len(page),
		    stderr);
out:
	cs_buf_free(&page);
	return r;
}

static int
question(cs_approve *a, cs_err *e)
{
	cs_buf *answer = NULL;
	char text[64];
	bool yes;
	int r;

	(void)snprintf(text, sizeof(text),
	    "\nApprove request %s? Type yes to sign: ", a->code);
	if ((r = cs_term_ask(a->term, text, &answer, e)) != CS_OK)
		return r;
	yes = cs_span_is(cs_buf_span(answer), "yes");
	cs_buf_free(&answer);
	return yes ? CS_OK : cs_fail(e, CS_EREFUSED, "approve", "declined");
}

int
cs_approve_ask(cs_approve *a, cs_out *out, cs_err *e)
{
	char agent_key[52], owner_key[52];
	cs_review v = {.csr = a->csr, .tbs = &a->tbs,
	    .signer = cs_signer_describe(a->signer), .code = a->code,
	    .agent_key = agent_key, .owner_key = owner_key};
	int r;

	cs_fingerprint(a->tbs.subjects[0].agent_key_hash.p, agent_key);
	cs_fingerprint(a->tbs.owner_key_hash.p, owner_key);
	if ((r = cs_review_fields(&v, out, e)) != CS_OK ||
	    (r = put_page(a, &v, e)) != CS_OK)
		return r;
	return a->term == NULL ? CS_OK : question(a, e);
}

int
cs_approve_sign(cs_approve *a, cs_err *e)
{
	cs_approval *back = NULL;
	int r;

	if ((a->approval = cs_buf_new(CS_APPROVAL_MAX)) == NULL)
		return cs_nomem(e, "approve");
	if ((r = cs_signer_sign(a->signer, a->tbs.der, a->now, a->approval,
		 e)) != CS_OK)
		return r;
	r = cs_approval_parse(cs_buf_span(a->approval), 0, &back, e);
	if (r == CS_OK && !cs_span_eq(back->tbs.der, a->tbs.der))
		r = cs_fail(e, CS_EBUG, "approve",
		    "the signer signed something else");
	cs_approval_free(&back);
	return r;
}

void
cs_approve_free(cs_approve **ap)
{
	cs_approve *a;

	if (ap == NULL || (a = *ap) == NULL)
		return;
	cs_term_close(&a->term);
	cs_signer_close(&a->signer);
	cs_buf_free(&a->authority);
	cs_buf_free(&a->tbs_der);
	cs_buf_free(&a->approval);
	cs_csr_free(&a->csr);
	free(a);
	*ap = NULL;
}
