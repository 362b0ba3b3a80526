/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "crypt/hash.h"
#include "fmt/approval.h"
#include "fmt/cert.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "issue/leaf.h"
#include "issue/wit.h"
#include "server/issuerp.h"
#include "store/claim.h"

/*
 * Bodies of credentials, and how they get signed. A claim's fields are
 *
 *	SEQUENCE { version INTEGER (1), key OCTET STRING, body OCTET STRING }
 *
 * the key identifier (a WIT: the kid) and the very octets to sign: another
 * release, or another policy, cannot make the same claim into another body.
 */

static const char where[] = "server/draft";

#define BACKDATED 60 /* clocks differ: formats section 4, "Window" */
#define FIELDS_ROOM 128
#define LEAF_ROOM 2048 /* several times what its fixed parts take */
#define SIG_MAX 1024 /* RSA-4096, and more */

static int
fail_internal(cs_err *e, const char *what)
{
	return cs_fail_detail(e, CS_EBUG, CS_R_INTERNAL, where, "%s", what);
}

/* Between the approval's window, the approvals' limits, ours and the CA's. */
static int
set_times(const cs_issuer *i, const cs_judged *j, int64_t now, cs_draft *d,
    cs_err *e)
{
	const cs_authority *ca = i->env.ca[0];
	int64_t life = i->env.conf->lifetime;

	d->not_before = now - BACKDATED;
	if (d->not_before < j->a.not_before)
		d->not_before = j->a.not_before;
	if (life > j->a.max_lifetime)
		life = j->a.max_lifetime;
	if (d->kind == COUNTERSIGN_KIND_X509 &&
	    d->not_before < ca->not_before)
		d->not_before = ca->not_before;
	d->not_after = d->not_before + life;
	if (d->kind == COUNTERSIGN_KIND_X509 && d->not_after > ca->not_after)
		d->not_after = ca->not_after;
	if (d->not_before <= now && d->not_after > now)
		return CS_OK;
	return cs_fail_detail(e, CS_EREFUSED, d->not_after <= now &&
	    life <= now - d->not_before ? CS_R_LIFETIME_EXCEEDED :
	    CS_R_INTERNAL, where, "expected a credential that lives at %"
	    PRId64 ", found %" PRId64 " to %" PRId64 " by the limits of the "
	    "approval, the server and its CA", now, d->not_before,
	    d->not_after);
}

static int
put_leaf(const cs_issuer *i, const cs_judged *j, const cs_spki *key,
    cs_span bindings, const cs_bindings *b, const cs_draft *d, cs_buf *out,
    cs_err *e)
{
	const cs_authority *ca = i->env.ca[0];
	const cs_leaf l = {
		.serial = cs_span_of(d->serial, sizeof(d->serial)),
		.sig_alg = i->alg[0]->sig_alg,
		.issuer = ca->name,
		.not_before = d->not_before,
		.not_after = d->not_after,
		.key = *key,
		.agent_id = cs_plug_span(j->a.agent),
		.authority_key_id = ca->key_id,
		.crl_url = cs_buf_span(i->crl_url),
		.policies = cs_leaf_policies(b),
		.bindings = bindings,
	};

	return cs_leaf_put(&l, out, e);
}

/* A digest alone does not tell how its approval is carried; the plugin does,
 * which has the approvals in the order of their bindings. */
static int
take_carriers(const cs_judged *j, const cs_bindings *b, cs_wit *w, cs_err *e)
{
	const countersign_verifier_approval *a;
	size_t i;
	int c;

	if (j->a.n_approvals != b->n || j->a.approvals == NULL)
		return fail_internal(e, "as many approvals as bindings were "
		    "expected");
	for (i = 0; i < b->n; i++) {
		a = j->a.approvals[i];
		if (a == NULL || a->size < offsetof(
		    countersign_verifier_approval, not_before) ||
		    a->type == NULL)
			return fail_internal(e, "an approval without its type");
		for (c = CS_CARRIER_CMS; c <= CS_CARRIER_SSHSIG; c++)
			if (strcmp(cs_carrier_name((enum cs_carrier)c),
			    a->type) == 0)
				w->carriers[i] = (enum cs_carrier)c;
	}
	return CS_OK;
}

static int
put_wit(const cs_issuer *i, const cs_judged *j, const cs_spki *key,
    const cs_bindings *b, const cs_draft *d, cs_buf *out, cs_err *e)
{
	cs_wit w = {
		.kid = cs_span_str(i->kid[0]),
		.sub = cs_plug_span(j->a.agent),
		.iat = d->not_before,
		.exp = d->not_after,
		.jti = cs_span_of(d->serial, sizeof(d->serial)),
		.key = *key,
		.bindings = b,
	};
	int rc = take_carriers(j, b, &w, e);

	return rc == CS_OK ? cs_wit_put(&w, out, e) : rc;
}

static int
put_with(const cs_issuer *i, const cs_judged *j, cs_span bindings,
    const cs_draft *d, cs_buf *out, cs_err *e)
{
	cs_bindings *b = NULL;
	cs_spki key;
	int rc;

	if ((rc = cs_spki_parse(cs_plug_span(j->a.agent_key), &key, e)) !=
	    CS_OK || (rc = cs_bindings_parse(bindings, CS_CERT_VALUE_DEPTH,
	    &b, e)) != CS_OK)
		return rc;
	rc = d->kind == COUNTERSIGN_KIND_X509 ?
	    put_leaf(i, j, &key, bindings, b, d, out, e) :
	    put_wit(i, j, &key, b, d, out, e);
	cs_bindings_free(&b);
	return rc;
}

/* With digests alone where the approvals do not fit. */
static int
put_body(const cs_issuer *i, const cs_judged *j, const cs_draft *d,
    cs_buf *out, cs_err *e)
{
	int rc = CS_EFORMAT;

	if (!i->env.conf->digest_only) {
		rc = put_with(i, j, cs_plug_span(j->a.bindings), d, out, e);
		if (rc == CS_OK || e->detail != CS_R_TOO_LARGE)
			return rc;
		cs_buf_reset(out);
	}
	return put_with(i, j, cs_plug_span(j->a.bindings_digest), d, out, e);
}

static int
put_fields(const cs_issuer *i, cs_draft *d, cs_span body, cs_err *e)
{
	size_t seq;

	if ((d->fields = cs_buf_new(body.n + FIELDS_ROOM)) == NULL)
		return cs_nomem(e, where);
	seq = cs_der_begin(d->fields, CS_DER_SEQ);
	cs_der_put_uint(d->fields, CS_DER_INTEGER, 1);
	cs_der_put(d->fields, CS_DER_OCTETS,
	    d->kind == COUNTERSIGN_KIND_X509 ? i->env.ca[0]->key_id :
	    cs_span_str(i->kid[0]));
	cs_der_put(d->fields, CS_DER_OCTETS, body);
	cs_der_close(d->fields, seq);
	return cs_der_done(d->fields, e);
}

static int
get_fields(cs_span in, cs_span *key, cs_span *body, cs_err *e)
{
	cs_span seq = {0};
	int64_t version = 0;
	int rc;

	if ((rc = cs_der_walk(in, 0, e)) != CS_OK ||
	    (rc = cs_der_get(&in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (rc = cs_der_uint(&seq, CS_DER_INTEGER, 1, 1, &version, e)) !=
	    CS_OK ||
	    (rc = cs_der_get(&seq, CS_DER_OCTETS, key, e)) != CS_OK ||
	    (rc = cs_der_get(&seq, CS_DER_OCTETS, body, e)) != CS_OK)
		return rc;
	return cs_der_end(seq, "fields", e);
}

/* Room for a body, with what is of one size in each: a buffer is zero before it
 * is written to, and hardly ever is one as long as it may be. */
static size_t
body_room(const cs_issuer *i, int kind, const cs_judged *j)
{
	const size_t most = CS_FIELDS_MAX - FIELDS_ROOM;
	const size_t whole = cs_plug_span(j->a.bindings).n;
	const size_t digests = cs_plug_span(j->a.bindings_digest).n;
	const size_t n = (whole > digests ? whole : digests) + LEAF_ROOM +
	    cs_plug_span(j->a.agent_key).n + cs_plug_span(j->a.agent).n +
	    i->env.ca[0]->name.n + cs_buf_len(i->crl_url);

	return kind == COUNTERSIGN_KIND_X509 && n < most ? n : most;
}

bool
cs_draft_is(cs_span fields)
{
	cs_span key = {0}, body = {0};

	return get_fields(fields, &key, &body, NULL) == CS_OK;
}

int
cs_draft_make(cs_issuer *i, int kind, const cs_judged *j, int64_t now,
    cs_draft *out, cs_err *e)
{
	cs_draft d = {.kind = kind};
	cs_buf *body = NULL;
	int rc;

	*out = (cs_draft){0};
	if ((rc = set_times(i, j, now, &d, e)) != CS_OK ||
	    (rc = cs_random(d.serial, sizeof(d.serial), e)) != CS_OK)
		return rc;
	/* A positive INTEGER of 16 octets. */
	d.serial[0] &= 0x7f;
	if (d.serial[0] == 0)
		d.serial[0] = 1;
	if ((body = cs_buf_new(body_room(i, kind, j))) == NULL)
		return cs_nomem(e, where);
	if ((rc = put_body(i, j, &d, body, e)) == CS_OK &&
	    (rc = cs_sha256(cs_buf_span(body), d.digest, e)) == CS_OK &&
	    (rc = put_fields(i, &d, cs_buf_span(body), e)) == CS_OK) {
		*out = d;
		d.fields = NULL; /* transferred */
	}
	cs_buf_free(&body);
	cs_buf_free(&d.fields);
	return rc;
}

void
cs_draft_clear(cs_draft *d)
{
	cs_buf_free(&d->fields);
}

/* What signs now; the keyholder would refuse a key that has retired. A claim that
 * was made for another is counted: it is not made anew, since nobody can tell
 * whether it was signed before. */
static int
check_key(const cs_issuer *i, bool wit, cs_span key, cs_err *e)
{
	if (cs_span_eq(key, wit ? cs_span_str(i->kid[0]) :
	    i->env.ca[0]->key_id))
		return CS_OK;
	return fail_internal(e, wit ? "it was made for a key of WITs that "
	    "signs no more: where wit { } of the configuration has it again, "
	    "and not retired, it is signed" : "it was made for a CA that "
	    "signs no more: where ca { } of the configuration has it again, "
	    "and not retired, it is signed");
}

static int
finish(const cs_alg *alg, cs_span body, cs_span sig, cs_buf **out, cs_err *e)
{
	cs_buf *b = cs_buf_new(body.n + SIG_MAX + 64);
	int rc;

	if (b == NULL)
		return cs_nomem(e, where);
	rc = alg != NULL ? cs_signed_put(body, alg->sig_alg, sig, b, e) :
	    cs_wit_finish(body, sig, b, e);
	if (rc == CS_OK) {
		*out = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return rc;
}

static int
sign(cs_issuer *i, uint32_t type, cs_span key, cs_span body,
    int64_t deadline_ms, cs_buf *sig, cs_err *e)
{
	const cs_sign_ops *s = &i->env.signer;
	int rc = s->sign(s->arg, type, key, body, deadline_ms, sig, e);

	cs_stats_signed(i->stats, rc == CS_OK);
	return rc;
}

int
cs_draft_sign(cs_issuer *i, int kind, cs_span fields, cs_span digest,
    int64_t deadline_ms, cs_buf **credential, cs_err *e)
{
	bool wit = kind == COUNTERSIGN_KIND_WIT;
	uint8_t found[32];
	cs_span key = {0}, body = {0};
	cs_buf *sig = NULL;
	int rc;

	*credential = NULL;
	if ((rc = get_fields(fields, &key, &body, e)) != CS_OK ||
	    (rc = cs_sha256(body, found, e)) != CS_OK)
		return rc;
	if (!cs_span_eq(cs_span_of(found, sizeof(found)), digest))
		return fail_internal(e, "a claim's body is not its digest's");
	if ((rc = check_key(i, wit, key, e)) != CS_OK)
		return rc;
	if ((sig = cs_buf_new(SIG_MAX)) == NULL)
		return cs_nomem(e, where);
	rc = sign(i, wit ? CS_MSG_SIGN_WIT : CS_MSG_SIGN_CERT, key, body,
	    deadline_ms, sig, e);
	if (rc == CS_OK)
		rc = finish(wit ? NULL : i->alg[0], body, cs_buf_span(sig),
		    credential, e);
	cs_buf_free(&sig);
	return rc;
}
