/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "fmt/reason.h"
#include "sample.h"
#include "tap.h"
#include "vec.h"
#include "verify/bound.h"

/* The records of tests/vectors/audit, whose approvals are real ones, and the
 * same with something changed that the approvals do not say. */

static struct vec vectors[VEC_FILES_MAX];
static size_t n_vectors;

static cs_audit_record *
read_vector(const char *name)
{
	cs_audit_record *r = NULL;
	cs_err e = {0};

	if (cs_audit_parse(vec_find(vectors, n_vectors, name), &r, &e) !=
	    CS_OK) {
		printf("# %s: %s\n", name, e.text);
		abort();
	}
	return r;
}

static void
test_good(const char *name)
{
	cs_audit_record *r = read_vector(name);
	cs_err e = {0};
	int rc = cs_audit_approvals_check(r, &e);

	if (!ok(rc == CS_OK, "%s", name))
		printf("# %s\n", e.text);
	cs_audit_free(&r);
}

/* Of a quorum, whose second owner is another. */
static cs_audit_record *other;

static const uint8_t zeros[64];

static void early(cs_audit_record *r) { r->time -= 86400; }
static void late(cs_audit_record *r) { r->time += 30 * 86400; }
static void starts_early(cs_audit_record *r) { r->not_before -= 86400; }
static void
starts_late(cs_audit_record *r)
{
	r->not_before += 30 * 86400;
	r->not_after += 30 * 86400;
}
static void lives_long(cs_audit_record *r) { r->not_after += 1; }
static void
agent(cs_audit_record *r)
{
	r->agent_id = cs_span_str("wimse://corp.example/agent/bob");
}
static void
agent_key(cs_audit_record *r)
{
	r->agent_key = other->at[1].key;
}
static void
owner_key_is_agents(cs_audit_record *r)
{
	r->agent_key = r->at[0].key;
}
static void
digest(cs_audit_record *r)
{
	r->request_digest = cs_span_of(zeros, 32);
}
static void
authority(cs_audit_record *r)
{
	r->authority = cs_span_str("https://other.example");
}
static void
owner(cs_audit_record *r)
{
	r->at[0].owner = cs_span_str("mailto:bob@corp.example");
}
static void owner_key(cs_audit_record *r) { r->at[0].key = r->agent_key; }
static void
other_bytes(cs_audit_record *r)
{
	r->at[0].approval = other->at[1].approval;
}
static void
twice(cs_audit_record *r)
{
	r->at[r->n] = r->at[0];
	r->n++;
}
static void as_grant(cs_audit_record *r) { r->at[0].role = CS_AUDIT_GRANT; }
static void as_own(cs_audit_record *r) { r->at[1].role = CS_AUDIT_OWN; }
static void without_use(cs_audit_record *r) { r->n = 1; }
static void
without_grant(cs_audit_record *r)
{
	r->at[0] = r->at[1];
	r->n = 1;
}
static void
holder_key(cs_audit_record *r)
{
	r->at[1].key = r->at[0].key;
}
static void
use_before(cs_audit_record *r)
{
	cs_audit_approval a = r->at[0];

	r->at[0] = r->at[1];
	r->at[1] = a;
}
static void as_denial(cs_audit_record *r) { r->event = CS_AUDIT_DENIED; }
static void cut_approval(cs_audit_record *r) { r->at[0].approval.n--; }

static void
test_bad(const char *name, void (*edit)(cs_audit_record *), int reason,
    const char *what)
{
	cs_audit_record *r = read_vector(name);
	cs_err e = {0};
	int rc;

	edit(r);
	rc = cs_audit_approvals_check(r, &e);
	if (!ok((rc == CS_EREFUSED || rc == CS_EFORMAT) && e.detail == reason,
	    "%s, %s: %s", name, what, e.text))
		printf("# %d %s\n", rc, cs_reason_name(e.detail));
	cs_audit_free(&r);
}

/* Each third octet of every approval: the signature covers what is signed, and
 * the rest has one form, but for the 32 octets of a cms signer identifier, which
 * is a hint. */
static void
test_flips(const char *name)
{
	cs_audit_record *r = read_vector(name);
	uint8_t copy[CS_APPROVAL_MAX];
	size_t i, k, accepted = 0, flips = 0;
	cs_err e;

	for (k = 0; k < r->n; k++) {
		cs_span was = r->at[k].approval;

		memcpy(copy, was.p, was.n);
		r->at[k].approval = cs_span_of(copy, was.n);
		for (i = 0; i < was.n; i += 3) {
			copy[i] ^= 0x01;
			flips++;
			if (!sample_skips() &&
			    cs_audit_approvals_check(r, &e) == CS_OK)
				accepted++;
			copy[i] ^= 0x01;
		}
		r->at[k].approval = was;
	}
	ok(flips > 100 && accepted <= 12 * r->n,
	    "%s: %zu of %zu changes pass", name, accepted, flips);
	cs_audit_free(&r);
}

static void
test_edits(void)
{
	static const char own[] = "01-claimed", pair[] = "04-claimed-pair";

	test_bad(own, early, CS_R_NOT_YET_VALID, "written before the window");
	test_bad(own, late, CS_R_EXPIRED, "written behind it");
	test_bad(own, starts_early, CS_R_NOT_YET_VALID, "starts before");
	test_bad(own, starts_late, CS_R_EXPIRED, "starts behind");
	test_bad(own, lives_long, CS_R_LIFETIME_EXCEEDED, "lives too long");
	test_bad(own, agent, CS_R_BINDING_MISMATCH, "another agent");
	test_bad(own, agent_key, CS_R_BINDING_MISMATCH, "another agent key");
	test_bad(own, owner_key_is_agents, CS_R_KEY_REUSE, "the owner's key");
	test_bad(own, digest, CS_R_BINDING_MISMATCH, "another request");
	test_bad(own, authority, CS_R_WRONG_AUTHORITY, "another authority");
	test_bad(own, owner, CS_R_WRONG_OWNER, "another owner");
	test_bad(own, owner_key, CS_R_SIGNATURE_INVALID, "another key");
	test_bad(own, other_bytes, CS_R_SIGNATURE_INVALID, "other bytes");
	test_bad(own, twice, CS_R_DUPLICATE, "twice");
	test_bad(own, as_grant, CS_R_GRANT_INVALID, "not a grant");
	test_bad(own, as_denial, CS_R_BINDING_MISMATCH, "not a denial");
	test_bad(own, cut_approval, CS_R_NOT_DER, "cut");
	test_bad(pair, without_use, CS_R_GRANT_INVALID, "no use");
	test_bad(pair, without_grant, CS_R_GRANT_INVALID, "no grant");
	test_bad(pair, use_before, CS_R_GRANT_INVALID, "in another order");
	test_bad(pair, as_own, CS_R_GRANT_INVALID, "a use as an own one");
	test_bad(pair, holder_key, CS_R_GRANT_INVALID, "not the holder's key");
	test_bad(pair, agent, CS_R_BINDING_MISMATCH, "another agent");
	test_bad("08-denied", agent, CS_R_BINDING_MISMATCH, "another agent");
	test_bad("08-denied", digest, CS_R_BINDING_MISMATCH,
	    "another request");
	test_bad("08-denied", late, CS_R_EXPIRED, "written behind it");
	test_bad("07-claimed-fido2", owner_key, CS_R_SIGNATURE_INVALID,
	    "another key");
}

/* Every verdict that left something behind: what is written then holds. */

static cs_anchors *anchors;
static size_t claims, denials;

static bool
fill_record(const cs_verdict *v, const cs_verify_in *in, cs_audit_record *r,
    uint8_t digest[CS_SHA256_LEN], cs_buf *own)
{
	bool yes = cs_verdict_state(v) == CS_APPROVED;
	const cs_csr *csr = cs_verdict_request(v);
	size_t i;

	*r = (cs_audit_record){.sequence = 7, .time = in->now,
	    .previous = cs_span_of(zeros, 32), .authority = in->authority,
	    .event = yes ? CS_AUDIT_CLAIMED : CS_AUDIT_DENIED,
	    .kind = CS_AUDIT_X509, .agent_id = csr->agent_id,
	    .agent_key = csr->key, .serial = cs_span_of(zeros, 16),
	    .request_digest = cs_span_of(digest, CS_SHA256_LEN),
	    .not_before = in->now, .not_after = in->now,
	    .body_digest = cs_span_of(zeros, 32),
	    .n = yes ? cs_verdict_count(v) : 1};
	if (yes)
		r->not_after += cs_verdict_max_lifetime(v);
	for (i = 0; i < r->n; i++)
		if (cs_approved_audit(yes ? cs_verdict_at(v, i) :
		    cs_verdict_denial(v), &r->at[i], own, NULL) != CS_OK)
			return false;
	return cs_request_digest(csr, digest, NULL) == CS_OK;
}

static void
recorded(const char *name, const cs_verdict *v, const cs_verify_in *in)
{
	cs_buf *own = cs_buf_new(CS_AUDIT_MAX), *der = cs_buf_new(
	    CS_AUDIT_MAX);
	uint8_t digest[CS_SHA256_LEN];
	cs_audit_record r, *back = NULL;
	cs_err e = {0};

	if (!ok(fill_record(v, in, &r, digest, own) &&
	    cs_audit_put(&r, der, &e) == CS_OK &&
	    cs_audit_parse(cs_buf_span(der), &back, &e) == CS_OK &&
	    cs_audit_approvals_check(back, &e) == CS_OK, "%s", name))
		printf("# %s\n", e.text);
	cs_audit_free(&back);
	cs_buf_free(&own);
	cs_buf_free(&der);
}

static void
one(const char *name, const char *options)
{
	struct expect_asked asked;
	cs_verdict *v = NULL;
	cs_buf *file;
	cs_verify_in in;
	bool yes = strncmp(name, "approved", 8) == 0;

	if ((!yes && strncmp(name, "denied", 6) != 0) || sample_skips())
		return;
	file = expect_file(name, ".pem");
	in = expect_input(&asked, options, cs_buf_span(file), anchors);
	if (cs_verify(&in, &v, NULL) == CS_OK &&
	    (cs_verdict_state(v) == CS_APPROVED ||
	    cs_verdict_denial(v) != NULL)) {
		claims += yes;
		denials += !yes;
		recorded(name, v, &in);
	}
	cs_verdict_free(&v);
	cs_buf_free(&file);
}

static void
verdicts(const char *owners, const char *list)
{
	cs_buf *b = expect_file(owners, "");

	if (cs_anchors_parse(owners, cs_buf_span(b), &anchors, NULL) == CS_OK)
		expect_each(one, list);
	cs_anchors_free(&anchors);
	cs_buf_free(&b);
}

int
main(void)
{
	n_vectors = vec_load("audit", vectors);
	if (!vec_has_arc())
		return 0;
	other = read_vector("05-claimed-quorum");
	test_good("01-claimed");
	test_good("02-issued");
	test_good("03-claimed-wit");
	test_good("04-claimed-pair");
	test_good("05-claimed-quorum");
	test_good("06-claimed-batch");
	test_good("07-claimed-fido2");
	test_good("08-denied");
	test_good("09-revoked-owner");
	test_good("16-floor");
	test_edits();
	test_flips("01-claimed");
	test_flips("04-claimed-pair");
	test_flips("07-claimed-fido2");
	verdicts("owners", "expect");
	verdicts("owners", "matrix");
	verdicts("owners-ca", "expect-ca");
	verdicts("owners-sk", "expect-sk");
	ok(sample_on() || (claims > 150 && denials > 10), "%zu claims, %zu denials", claims,
	    denials);
	cs_audit_free(&other);
	vec_free(vectors, n_vectors);
	return done_testing();
}
