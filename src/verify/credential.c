/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/credential.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/time.h"
#include "crypt/pubkey.h"
#include "fmt/names.h"
#include "verify/step.h"

struct cs_credential {
	enum cs_credential_state state;
	cs_err error;
	cs_said said;
	cs_cert *cert;         /* of a certificate: said borrows from both */
	cs_bindings *bindings;
	cs_approval *approvals[CS_BINDINGS_MAX];
};

/* What is under way. Bindings that hold a digest alone are not in each[]. */
struct check {
	const cs_credential_in *in;
	struct cs_credential *c;
	const cs_anchors *pinned;
	cs_csr agent; /* the credential's identifier, as the steps want it */
	uint8_t agent_key_hash[CS_SHA256_LEN];
	cs_approved each[CS_BINDINGS_MAX];
	const cs_binding *of[CS_BINDINGS_MAX];
	struct cs_path paths[CS_BINDINGS_MAX];
	bool is_pinned[CS_BINDINGS_MAX];
	cs_err why_not[CS_BINDINGS_MAX]; /* pinned, where that has words */
	size_t n;
};

/* One name, a URI, the agent's; nothing critical that is not understood. */
static int
check_cert(const cs_cert *c, cs_err *e)
{
	if (c->unknown_critical.p != NULL)
		return CS_REFUSE(e, CS_R_UNSUPPORTED,
		    "an unknown extension of the certificate is critical");
	if (c->ca)
		return CS_REFUSE(e, CS_R_UNSUPPORTED,
		    "expected a credential, found the certificate of a CA");
	if (c->n_names != 1 || c->n_uris != 1)
		return CS_REFUSE(e, CS_R_BAD_IDENTIFIER,
		    "expected one name, a URI, found %zu names", c->n_names);
	if (c->bindings.p == NULL)
		return CS_REFUSE(e, CS_R_NO_APPROVAL,
		    "expected owner bindings, found none");
	return CS_OK;
}

static int
read_cert(struct cs_credential *c, cs_span der, cs_err *e)
{
	int r;

	if ((r = cs_cert_parse(der, &c->cert, e)) != CS_OK ||
	    (r = check_cert(c->cert, e)) != CS_OK ||
	    (r = cs_agent_id_check(c->cert->uris[0], NULL, e)) != CS_OK ||
	    (r = cs_bindings_parse(c->cert->bindings, CS_CERT_VALUE_DEPTH,
	    &c->bindings, e)) != CS_OK)
		return r;
	c->said = (cs_said){.agent_id = c->cert->uris[0], .key = c->cert->key,
	    .not_before = c->cert->not_before,
	    .not_after = c->cert->not_after, .bindings = c->bindings,
	    .depth = CS_CERT_VALUE_DEPTH};
	return CS_OK;
}

/* TBS hashes of all, or the digests that stand for them: none twice. */
static int
check_twice(const uint8_t (*hash)[CS_SHA256_LEN], size_t n, cs_err *e)
{
	size_t i, j;

	for (i = 1; i < n; i++)
		for (j = 0; j < i; j++)
			if (cs_span_eq(cs_span_of(hash[i], CS_SHA256_LEN),
				cs_span_of(hash[j], CS_SHA256_LEN)))
				return CS_REFUSE(e, CS_R_DUPLICATE,
				    "bindings %zu and %zu are the same", j + 1,
				    i + 1);
	return CS_OK;
}

static int
read_full(struct check *k, size_t i, uint8_t hash[CS_SHA256_LEN], cs_err *e)
{
	const cs_binding *b = &k->c->said.bindings->at[i];
	cs_approved *a = &k->each[k->n];
	int r;

	if ((r = cs_binding_approval(b, k->c->said.depth,
	    &k->c->approvals[i], e)) != CS_OK)
		return r;
	if (k->c->approvals[i] == NULL) {
		memcpy(hash, b->digest.p, CS_SHA256_LEN);
		return CS_OK;
	}
	a->approval = k->c->approvals[i];
	a->path = &k->paths[k->n];
	if ((r = cs_sha256(a->approval->tbs.der, a->tbs_hash, e)) != CS_OK)
		return r;
	memcpy(hash, a->tbs_hash, CS_SHA256_LEN);
	k->of[k->n++] = b;
	return CS_OK;
}

static int
read_approvals(struct check *k, cs_err *e)
{
	uint8_t hash[CS_BINDINGS_MAX][CS_SHA256_LEN] = {{0}};
	size_t i;
	int r;

	for (i = 0; i < k->c->said.bindings->n; i++)
		if ((r = read_full(k, i, hash[i], e)) != CS_OK)
			return cs_wrap(e, "binding %zu", i + 1);
	return check_twice((const uint8_t (*)[CS_SHA256_LEN])hash,
	    k->c->said.bindings->n, e);
}

/* Section 8, of a line that pins: who, for whom, and when. */
static int
check_anchor(const struct check *k, const cs_anchor *a, const cs_binding *b,
    cs_err *e)
{
	int64_t start = k->c->said.not_before;

	if (!cs_span_eq(b->owner, a->owner))
		return CS_REFUSE(e, CS_R_WRONG_OWNER,
		    "expected %.*s, found %.*s, %s:%u", CS_SHOW(a->owner),
		    CS_SHOW(b->owner), CS_ANCHOR_AT(a));
	if (!cs_anchor_allows(a, k->agent.agent_id))
		return CS_REFUSE(e, CS_R_AGENT_NOT_ALLOWED,
		    "expected one of agents=\"%.*s\", found %.*s, %s:%u",
		    CS_SHOW(a->agents), CS_SHOW(k->agent.agent_id),
		    CS_ANCHOR_AT(a));
	if (a->has_valid_after && start < a->valid_after)
		return CS_REFUSE(e, CS_R_NOT_YET_VALID,
		    "the key was not valid yet, %s:%u", CS_ANCHOR_AT(a));
	if (a->has_valid_before && start >= a->valid_before)
		return CS_REFUSE(e, CS_R_EXPIRED,
		    "the key was valid no more, %s:%u", CS_ANCHOR_AT(a));
	if (a->has_revoked && k->in->now >= a->revoked)
		return CS_REFUSE(e, CS_R_REVOKED, "the key is revoked, %s:%u",
		    CS_ANCHOR_AT(a));
	return CS_OK;
}

/* A use stands behind its grant and has no bits; its key is the holder's, who
 * may have a line of his own. */
static bool
may_be_use(const struct check *k, size_t i)
{
	const cs_binding *b = k->c->said.bindings->at;

	return i > 0 && b[i].assurance == 0 &&
	    cs_span_eq(b[i].owner, b[i - 1].owner);
}

static int
check_digest_owner(const struct check *k, const cs_anchor *a, size_t i,
    cs_err *e)
{
	const cs_binding *b = &k->c->said.bindings->at[i];

	if (cs_span_eq(a->owner, b->owner) || !may_be_use(k, i))
		return check_anchor(k, a, b, e);
	if (a->has_revoked && k->in->now >= a->revoked)
		return CS_REFUSE(e, CS_R_REVOKED,
		    "the holder's key is revoked, %s:%u", CS_ANCHOR_AT(a));
	return CS_OK;
}

/* A digest can be held against its owner's line, and against nothing else. */
static int
check_digest_owners(const struct check *k, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	const cs_binding *b;
	cs_anchor a = {0};
	bool known = false;
	size_t i;
	int r;

	for (i = 0; i < k->c->said.bindings->n; i++) {
		b = &k->c->said.bindings->at[i];
		if (b->full.p != NULL)
			continue;
		if ((r = cs_key_hash(&b->key, hash, e)) != CS_OK ||
		    (r = cs_anchors_find(k->pinned, hash, &a, &known, e)) !=
			CS_OK ||
		    (known && a.type != CS_ANCHOR_X509 &&
		    (r = check_digest_owner(k, &a, i, e)) != CS_OK))
			return r;
	}
	return CS_OK;
}

/* The certificates that are still with the approval, by the verifier's clock:
 * where they do not lead to a pinned CA its owner is one who is not pinned. */
static int
find_path(struct check *k, const struct cs_step *s, size_t i, cs_err *e)
{
	cs_err *why = &k->why_not[i];
	int r;

	if (cs_anchors_authorities(k->pinned)->n == 0 ||
	    k->each[i].approval->carrier != CS_CARRIER_CMS)
		return CS_OK;
	r = cs_step_path(s, &k->each[i], why);
	k->is_pinned[i] = r == CS_OK;
	if (r == CS_OK || (r == CS_EREFUSED &&
	    (why->detail == CS_R_UNKNOWN_OWNER_KEY ||
	    why->detail == CS_R_PATH_INVALID ||
	    why->detail == CS_R_WRONG_OWNER)))
		return CS_OK;
	*e = *why;
	return r;
}

/* A key without a line, pinned as such or not at all, pins no carrier. */
static bool
is_bare(const struct check *k, size_t i)
{
	return !k->is_pinned[i] || k->in->anchors == NULL;
}

/* Whose key verifies: the pinned one, or a pinned CA's owner's, else the one
 * that the binding has, which proves nothing but has to fit. */
static int
find_anchor(struct check *k, const struct cs_step *s, size_t i, cs_err *e)
{
	cs_approved *a = &k->each[i];
	const cs_binding *b = k->of[i];
	int r;

	if (a->role != CS_ROLE_USE /* pinned as its grant is */ &&
	    (r = cs_anchors_find(k->pinned, a->approval->tbs.owner_key_hash.p,
	    &a->anchor, &k->is_pinned[i], e)) != CS_OK)
		return r;
	if (a->anchor.type == CS_ANCHOR_X509 /* the CA's own key */)
		k->is_pinned[i] = false;
	if (a->role != CS_ROLE_USE && !k->is_pinned[i] &&
	    (r = find_path(k, s, i, e)) != CS_OK)
		return r;
	if (!k->is_pinned[i])
		a->anchor = (cs_anchor){.file = "credential",
		    .line = (unsigned)i + 1, .owner = b->owner, .key = b->key,
		    .type = CS_ANCHOR_SPKI, .grants = true};
	a->key = a->anchor.key;
	if (a->role != CS_ROLE_USE && is_bare(k, i) &&
	    (r = cs_step_bare(a, e)) != CS_OK)
		return r;
	return cs_step_type(s, a, e);
}

static int
check_time(const struct check *k, const cs_tbs *t, cs_err *e)
{
	const cs_said *c = &k->c->said;
	int64_t life = c->not_after - c->not_before;
	char want[24], found[24];

	if (c->not_before < t->not_before)
		return CS_REFUSE(e, CS_R_NOT_YET_VALID,
		    "the credential starts before the approval's window");
	if (c->not_before > t->not_after)
		return CS_REFUSE(e, CS_R_EXPIRED,
		    "the credential starts behind the approval's window");
	if (life > t->max_lifetime) {
		cs_duration_put(t->max_lifetime, want);
		cs_duration_put(life, found);
		return CS_REFUSE(e, CS_R_LIFETIME_EXCEEDED,
		    "expected a lifetime of at most %s, found %s", want,
		    found);
	}
	return CS_OK;
}

/* A grant names no agent: its use does. */
static int
check_subject(const struct check *k, const cs_approved *a, cs_err *e)
{
	const cs_subject *s = &a->approval->tbs.subjects[0];

	if (a->role == CS_ROLE_GRANT)
		return CS_OK;
	if (!cs_span_eq(s->agent_id, k->agent.agent_id))
		return CS_REFUSE(e, CS_R_BINDING_MISMATCH,
		    "expected an approval of %.*s, found one of %.*s",
		    CS_SHOW(k->agent.agent_id), CS_SHOW(s->agent_id));
	if (!cs_span_eq(s->agent_key_hash, cs_span_of(k->agent_key_hash,
	    CS_SHA256_LEN)))
		return CS_REFUSE(e, CS_R_BINDING_MISMATCH,
		    "expected an approval of the credential's key");
	return CS_OK;
}

/* The binding and what was signed tell the same. */
static int
check_same(const struct check *k, size_t i, cs_err *e)
{
	const cs_tbs *t = &k->each[i].approval->tbs;
	const cs_binding *b = k->of[i];
	uint8_t hash[CS_SHA256_LEN];
	int r;

	if (t->decision != CS_APPROVE)
		return CS_REFUSE(e, CS_R_BINDING_MISMATCH,
		    "expected an approval, found a denial");
	if (!cs_span_eq(t->owner, b->owner))
		return CS_REFUSE(e, CS_R_WRONG_OWNER,
		    "expected an approval of %.*s, found one of %.*s",
		    CS_SHOW(b->owner), CS_SHOW(t->owner));
	if ((r = cs_key_hash(&b->key, hash, e)) != CS_OK)
		return r;
	if (!cs_span_eq(t->owner_key_hash, cs_span_of(hash, CS_SHA256_LEN)) ||
	    !cs_span_eq(t->approval_id, b->approval_id))
		return CS_REFUSE(e, CS_R_BINDING_MISMATCH,
		    "the binding has another key or number than its approval");
	if ((r = cs_step_bound(&k->each[i], b->assurance, e)) != CS_OK)
		return r;
	if (k->is_pinned[i] && k->each[i].role != CS_ROLE_USE &&
	    ((r = check_anchor(k, &k->each[i].anchor, b, e)) != CS_OK ||
	    (r = cs_step_person(&k->each[i], e)) != CS_OK))
		return r;
	if (!cs_span_eq(t->authority, k->in->authority))
		return CS_REFUSE(e, CS_R_WRONG_AUTHORITY,
		    "expected %.*s, found %.*s", CS_SHOW(k->in->authority),
		    CS_SHOW(t->authority));
	return CS_OK;
}

static int
check_one(struct check *k, const struct cs_step *s, size_t i, cs_err *e)
{
	cs_approved *a = &k->each[i];
	const cs_tbs *t = &a->approval->tbs;
	bool all_there = k->n == k->c->said.bindings->n;
	int r;

	/* Where a digest stands, it may be the other half of a grant. */
	if (all_there && (r = cs_step_holder(s, a, e)) != CS_OK)
		return r;
	if ((r = cs_step_signature(s, a, e)) != CS_OK ||
	    (r = check_same(k, i, e)) != CS_OK ||
	    (r = check_subject(k, a, e)) != CS_OK ||
	    (r = cs_step_supported(t, e)) != CS_OK ||
	    (r = check_time(k, t, e)) != CS_OK ||
	    (r = cs_step_use(s, a, e)) != CS_OK)
		return r;
	return all_there ? cs_step_grant(s, a, e) : CS_OK;
}

/* Section 7's list, for every binding. */
static int
check_each(struct check *k, cs_err *e)
{
	cs_verify_in in = {.anchors = k->pinned, .now = k->in->now};
	struct cs_step s = {.in = &in, .csr = &k->agent, .each = k->each,
	    .n = k->n};
	size_t i;
	int r;

	cs_grant_roles(k->each, k->n);
	for (i = 0; i < k->n; i++)
		if ((r = find_anchor(k, &s, i, e)) != CS_OK)
			return r;
	for (i = 0; i < k->n; i++) {
		if (k->each[i].role == CS_ROLE_USE)
			k->is_pinned[i] = k->is_pinned[k->each[i].link];
		/* A key that nobody vouches for drives none out. */
		in.keys = k->is_pinned[i] ? k->in->keys : NULL;
		if ((r = check_one(k, &s, i, e)) != CS_OK)
			return cs_wrap(e, "binding %d",
			    (int)(k->of[i] - k->c->said.bindings->at) + 1);
	}
	return check_digest_owners(k, e);
}

/* One pinned owner is a line of an owners file, written here. */
static int
pin(const struct check *k, cs_anchors **out, cs_err *e)
{
	cs_buf *b = cs_buf_new(CS_OWNERS_LINE_MAX);
	cs_span id = k->agent.agent_id;
	int r = CS_OK;

	if (b == NULL)
		return cs_nomem(e, "credential");
	if ((r = cs_owner_check(k->in->owner, e)) != CS_OK)
		goto out;
	if (cs_buf_put(b, k->in->owner) != CS_OK ||
	    cs_buf_printf(b, " agents=\"%.*s\",no-touch-required,grants spki ",
	    (int)id.n, (const char *)id.p) != CS_OK ||
	    cs_base64_put(b, k->in->owner_key, 0) != CS_OK ||
	    cs_buf_put_str(b, "\n") != CS_OK)
		r = cs_nomem(e, "credential");
	else
		r = cs_anchors_parse("the pinned key", cs_buf_span(b), out, e);
out:
	cs_buf_free(&b);
	return r;
}

static int
check_all(struct check *k, cs_anchors **own, cs_err *e)
{
	struct cs_credential *c = k->c;
	int r;

	if (k->in->said != NULL)
		c->said = *k->in->said;
	else if ((r = read_cert(c, k->in->certificate, e)) != CS_OK)
		return r;
	k->agent.agent_id = c->said.agent_id;
	if ((r = cs_agent_id_check(c->said.agent_id, &k->agent.trust_domain,
	    e)) != CS_OK ||
	    (r = cs_key_hash(&c->said.key, k->agent_key_hash, e)) != CS_OK ||
	    (r = read_approvals(k, e)) != CS_OK)
		return r;
	k->pinned = k->in->anchors;
	if (k->pinned == NULL) {
		if ((r = pin(k, own, e)) != CS_OK)
			return cs_fail(e, CS_EUSAGE, "credential",
			    "the pinned owner or key is not one of ours");
		k->pinned = *own;
	}
	return check_each(k, e);
}

static void
say_unpinned(const struct check *k, size_t i, cs_err *why)
{
	const cs_err *path = &k->why_not[i];

	if (path->cls == CS_OK)
		(void)CS_REFUSE(why, CS_R_UNKNOWN_OWNER_KEY, "only the "
		    "issuer's word: the key of %.*s is not pinned",
		    CS_SHOW(k->of[i]->owner));
	else
		(void)CS_REFUSE(why, path->detail, "only the issuer's word: "
		    "%s", path->text);
}

/* Did pinned owners sign every binding? Says why not. */
static bool
is_proven(const struct check *k, cs_err *why)
{
	size_t i;

	if (k->n != k->c->said.bindings->n) {
		(void)CS_REFUSE(why, CS_R_UNKNOWN_OWNER_KEY, "only the "
		    "issuer's word: the credential has an approval's digest");
		return false;
	}
	for (i = 0; i < k->n; i++)
		if (!k->is_pinned[i]) {
			say_unpinned(k, i, why);
			return false;
		}
	return k->n > 0;
}

static void
settle(struct check *k, int r, const cs_err *why)
{
	struct cs_credential *c = k->c;

	if (r != CS_OK)
		c->error = *why;
	else if (!is_proven(k, &c->error))
		c->state = CS_CREDENTIAL_ISSUER_ONLY;
	else
		c->state = CS_CREDENTIAL_PROVEN;
}

int
cs_credential_check(const cs_credential_in *in, cs_credential **out, cs_err *e)
{
	struct check *k = calloc(1, sizeof(*k));
	cs_anchors *own = NULL;
	cs_err why = {0};
	size_t i;
	int r;

	*out = NULL;
	if (k == NULL || (k->c = calloc(1, sizeof(*k->c))) == NULL) {
		free(k);
		return cs_nomem(e, "credential");
	}
	k->in = in;
	r = check_all(k, &own, &why);
	if (r == CS_OK || r == CS_EREFUSED || r == CS_EFORMAT) {
		settle(k, r, &why);
		*out = k->c;
		k->c = NULL; /* transferred */
		r = CS_OK;
	} else if (e != NULL) {
		*e = why;
	}
	cs_credential_free(&k->c);
	for (i = 0; i < CS_BINDINGS_MAX; i++)
		cs_path_clear(&k->paths[i]);
	cs_anchors_free(&own);
	free(k);
	return r;
}

void
cs_credential_free(cs_credential **c)
{
	size_t i;

	if (c == NULL || *c == NULL)
		return;
	for (i = 0; i < CS_BINDINGS_MAX; i++)
		cs_approval_free(&(*c)->approvals[i]);
	cs_bindings_free(&(*c)->bindings);
	cs_cert_free(&(*c)->cert);
	free(*c);
	*c = NULL;
}

enum cs_credential_state
cs_credential_state(const cs_credential *c)
{
	return c->state;
}

const cs_err *
cs_credential_error(const cs_credential *c)
{
	return &c->error;
}

const cs_cert *
cs_credential_cert(const cs_credential *c)
{
	return c->cert;
}

const cs_bindings *
cs_credential_bindings(const cs_credential *c)
{
	return c->said.bindings;
}

const cs_said *
cs_credential_said(const cs_credential *c)
{
	return c->said.bindings == NULL ? NULL : &c->said;
}
