/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "rely/rely.h"

#include <stdlib.h>

#include "base/time.h"
#include "crypt/pubkey.h"
#include "fmt/cert.h"
#include "fmt/ecsig.h"
#include "fmt/names.h"
#include "fmt/reason.h"
#include "issue/leaf.h"
#include "issue/wit.h"
#include "rely/presented.h"
#include "rely/trustp.h"

#define REFUSE(e, reason, ...) \
	cs_fail_detail((e), CS_EREFUSED, (reason), "rely", __VA_ARGS__)
#define SHOWN_MAX 512 /* so that both that differ are in the text */
#define SHOW(s) \
	(int)((s).n < SHOWN_MAX ? (s).n : SHOWN_MAX), \
	    (s).p == NULL ? "" : (const char *)(s).p

#define WIT_SIG_LEN 64
#define SIG_ROOM 128

struct cs_relied {
	enum cs_credential_state state;
	cs_err error;
	cs_presented presented;
	cs_cert *cert;         /* of a certificate, */
	cs_leaf *leaf;         /* its body */
	cs_wit *wit;           /* of a token */
	cs_credential *owners; /* what its bindings prove */
	cs_said said;
	cs_span serial;
};

static int
check_domain(const cs_rely_in *in, cs_span agent_id, cs_err *e)
{
	cs_span want = cs_trust_domain(in->trust), found = {0};
	int r;

	if ((r = cs_agent_id_check(agent_id, &found, e)) != CS_OK)
		return r;
	if (!cs_span_eq(found, want))
		return REFUSE(e, CS_R_WRONG_TRUST_DOMAIN,
		    "expected an agent of %.*s, found %.*s", SHOW(want),
		    SHOW(agent_id));
	return CS_OK;
}

/* The end is no part of it: RFC 7519 4.1.4, and OpenSSL's notAfter. */
static int
check_time(const cs_rely_in *in, int64_t from, int64_t until, cs_err *e)
{
	bool early = in->now < from;
	char want[24] = "", found[24] = "";

	if (!early && in->now < until)
		return CS_OK;
	if (!cs_rfc3339_put(early ? from : until, want) ||
	    !cs_rfc3339_put(in->now, found))
		return cs_fail(e, CS_EUSAGE, "rely", "a time of no calendar");
	return early ? REFUSE(e, CS_R_NOT_YET_VALID,
	    "expected %s or later, found %s", want, found) :
	    REFUSE(e, CS_R_EXPIRED, "expected a time before %s, found %s",
	    want, found);
}

/* The CA of the bundle that issued it. A CA's key may have two certificates, of
 * which one has expired. */
static int
find_issuer(const cs_rely_in *in, const cs_relied *a,
    const struct cs_trusted **out, cs_err *e)
{
	const cs_trust *t = in->trust;
	const cs_authority *its;
	int r = REFUSE(e, CS_R_PATH_INVALID,
	    "no CA of the bundle has issued the certificate");
	size_t i;

	for (i = 0; i < t->n_cas; i++) {
		its = t->cas[i].its;
		if (!cs_span_eq(its->name, a->leaf->issuer) ||
		    !cs_span_eq(its->key_id, a->leaf->authority_key_id))
			continue;
		*out = &t->cas[i];
		r = cs_ca_issued(t->cas[i].ca, a->cert->der, in->now, e);
		if (r != CS_EREFUSED)
			break;
	}
	return r;
}

static bool
is_current(const cs_crl *l, int64_t now)
{
	return l->this_update <= now && now < l->next_update;
}

/* A list counts for the CA whose key signed it. One that is not current says
 * who has ended all the same, but not who has not. */
static int
check_lists(const cs_rely_in *in, const cs_authority *ca, cs_span serial,
    cs_err *e)
{
	const cs_trust *t = in->trust;
	const cs_authority *by;
	bool current = false;
	size_t i;

	for (i = 0; i < t->n_lists; i++) {
		by = t->list_by[i]->its;
		if (!cs_span_eq(by->key.der, ca->key.der) ||
		    !cs_span_eq(by->name, ca->name))
			continue;
		if (cs_crl_has(t->lists[i], serial))
			return REFUSE(e, CS_R_REVOKED,
			    "the certificate is on its CA's list");
		current = current || is_current(t->lists[i], in->now);
	}
	if (t->has_lists && !current)
		return REFUSE(e, CS_R_PATH_INVALID,
		    "no revocation list of its CA is current");
	return CS_OK;
}

static int
read_cert(const cs_rely_in *in, cs_relied *a, cs_credential_in *next,
    cs_err *e)
{
	const struct cs_trusted *by = NULL;
	const cs_leaf *l;
	int r;

	if ((r = cs_presented_read(in->certificate, &a->presented, e)) !=
	    CS_OK)
		return r;
	if (a->presented.certificate.p == NULL)
		return CS_BAD(e, CS_R_MALFORMED, "rely",
		    "expected a certificate, found a token");
	if ((r = cs_cert_parse(a->presented.certificate, &a->cert, e)) !=
		CS_OK ||
	    (r = cs_leaf_parse_any(a->cert->tbs, &a->leaf, e)) != CS_OK)
		return r;
	l = a->leaf;
	if ((r = check_domain(in, l->agent_id, e)) != CS_OK ||
	    (r = check_time(in, l->not_before, l->not_after, e)) != CS_OK ||
	    (r = find_issuer(in, a, &by, e)) != CS_OK ||
	    (r = check_lists(in, by->its, l->serial, e)) != CS_OK)
		return r;
	a->serial = l->serial;
	next->certificate = a->cert->der;
	return CS_OK;
}

/* One key of the bundle has this name: the name is made of the key. */
static int
check_token(const cs_rely_in *in, const cs_wit *w, cs_span input,
    const uint8_t sig[WIT_SIG_LEN], cs_err *e)
{
	const cs_bundle *b = in->trust->bundle;
	cs_buf *der = NULL;
	cs_pubkey *key = NULL;
	size_t i;
	int r;

	for (i = 0; i < b->n_keys; i++)
		if (cs_span_is(w->kid, b->kids[i]))
			break;
	if (i == b->n_keys)
		return REFUSE(e, CS_R_PATH_INVALID,
		    "no key of the bundle has signed the token");
	if ((der = cs_buf_new(SIG_ROOM)) == NULL)
		return cs_nomem(e, "rely");
	if ((r = cs_ecsig_put(cs_span_of(sig, WIT_SIG_LEN), der, e)) ==
		CS_OK && (r = cs_pubkey_new(&b->keys[i], &key, e)) == CS_OK &&
	    (r = cs_pubkey_verify(key, cs_alg_for_key(b->keys[i].kind,
	    CS_USE_PKCS10), input, cs_buf_span(der), e)) == CS_EREFUSED)
		r = REFUSE(e, CS_R_SIGNATURE_INVALID,
		    "the token's signature is not its issuer's");
	cs_pubkey_free(&key);
	cs_buf_free(&der);
	return r;
}

static int
read_token(const cs_rely_in *in, cs_relied *a, cs_credential_in *next,
    cs_err *e)
{
	uint8_t sig[WIT_SIG_LEN];
	cs_span input = {0};
	const cs_wit *w;
	int r;

	if ((r = cs_wit_split(in->token, &input, sig, e)) != CS_OK ||
	    (r = cs_wit_parse(input, &a->wit, e)) != CS_OK)
		return r;
	w = a->wit;
	if ((r = check_domain(in, w->sub, e)) != CS_OK ||
	    (r = check_time(in, w->iat, w->exp, e)) != CS_OK ||
	    (r = check_token(in, w, input, sig, e)) != CS_OK)
		return r;
	a->serial = w->jti;
	a->said = (cs_said){.agent_id = w->sub, .key = w->key,
	    .not_before = w->iat, .not_after = w->exp,
	    .bindings = w->bindings};
	next->said = &a->said;
	return CS_OK;
}

/* Whom the caller expects. */
static int
check_expected(const cs_rely_in *in, const cs_said *s, cs_err *e)
{
	cs_span owner = s->bindings->at[0].owner;

	if (in->agent.p != NULL && !cs_span_eq(in->agent, s->agent_id))
		return REFUSE(e, CS_R_AGENT_NOT_ALLOWED,
		    "expected %.*s, found %.*s", SHOW(in->agent),
		    SHOW(s->agent_id));
	if (in->owner.p != NULL && !cs_span_eq(in->owner, owner))
		return REFUSE(e, CS_R_WRONG_OWNER, "expected an agent of %.*s, "
		    "found one of %.*s", SHOW(in->owner), SHOW(owner));
	return CS_OK;
}

/* The issuer's word first; what it says of owners is then held against their
 * own signatures. */
static int
judge(const cs_rely_in *in, cs_relied *a, cs_err *e)
{
	cs_credential_in next = {.anchors = in->anchors == NULL ?
	    in->trust->nobody : in->anchors,
	    .authority = cs_buf_span(in->trust->authority), .now = in->now,
	    .keys = in->keys};
	int r;

	r = in->certificate.p != NULL ? read_cert(in, a, &next, e) :
	    read_token(in, a, &next, e);
	if (r != CS_OK)
		return r;
	if ((r = cs_credential_check(&next, &a->owners, e)) != CS_OK)
		return r;
	*e = *cs_credential_error(a->owners);
	if (cs_credential_state(a->owners) == CS_CREDENTIAL_REFUSED)
		return CS_EREFUSED;
	a->said = *cs_credential_said(a->owners);
	return check_expected(in, &a->said, e);
}

int
cs_rely(const cs_rely_in *in, cs_relied **out, cs_err *e)
{
	cs_relied *a = NULL;
	cs_err why = {0};
	int r;

	*out = NULL;
	if ((in->certificate.p == NULL) == (in->token.p == NULL))
		return cs_fail(e, CS_EUSAGE, "rely",
		    "expected a certificate or a token");
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return cs_nomem(e, "rely");
	r = judge(in, a, &why);
	if (r != CS_OK && r != CS_EREFUSED && r != CS_EFORMAT) {
		cs_relied_free(&a);
		if (e != NULL)
			*e = why;
		return r;
	}
	a->error = why;
	if (r == CS_OK)
		a->state = cs_credential_state(a->owners);
	*out = a;
	return CS_OK;
}

void
cs_relied_free(cs_relied **r)
{
	if (r == NULL || *r == NULL)
		return;
	cs_credential_free(&(*r)->owners);
	cs_wit_free(&(*r)->wit);
	cs_leaf_free(&(*r)->leaf);
	cs_cert_free(&(*r)->cert);
	cs_presented_clear(&(*r)->presented);
	free(*r);
	*r = NULL;
}

enum cs_credential_state
cs_relied_state(const cs_relied *r)
{
	return r->state;
}

const cs_err *
cs_relied_error(const cs_relied *r)
{
	return &r->error;
}

const cs_said *
cs_relied_said(const cs_relied *r)
{
	return r->state == CS_CREDENTIAL_REFUSED ? NULL : &r->said;
}

cs_span
cs_relied_serial(const cs_relied *r)
{
	const cs_span none = {0};

	return r->state == CS_CREDENTIAL_REFUSED ? none : r->serial;
}
