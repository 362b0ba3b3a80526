/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "rely/trust.h"

#include <stdlib.h>
#include <string.h>

#include "crypt/pubkey.h"
#include "fmt/cert.h"
#include "fmt/names.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "rely/trustp.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "trust", __VA_ARGS__)

/* A scheme is the same in capital letters (RFC 3986 3.1); what stands behind it
 * is a trust domain as ours are written, or that of nobody. */
static bool
has_scheme(cs_span uri, const char *scheme, cs_span *behind)
{
	size_t i, n = strlen(scheme);

	if (uri.n < n)
		return false;
	for (i = 0; i < n; i++)
		if ((uri.p[i] | (scheme[i] >= 'a' ? 0x20 : 0)) != scheme[i])
			return false;
	*behind = cs_span_cut(uri, n, uri.n - n);
	return true;
}

/* The trust domain that a CA's certificate names; absent: none. */
static int
read_domain(const cs_cert *c, cs_span *out, cs_err *e)
{
	cs_span found = {0};
	size_t i;

	*out = (cs_span){0};
	for (i = 0; i < c->n_uris; i++) {
		if (!has_scheme(c->uris[i], "spiffe://", &found) &&
		    !has_scheme(c->uris[i], "wimse://", &found))
			continue;
		if (out->p != NULL && !cs_span_eq(*out, found))
			return BAD(e, CS_R_WRONG_TRUST_DOMAIN,
			    "a CA names two trust domains");
		*out = found;
	}
	return CS_OK;
}

static int
keep_domain(cs_trust *t, cs_span domain, cs_err *e)
{
	if (t->domain == NULL) {
		t->domain = cs_buf_dup(domain);
		return t->domain == NULL ? cs_nomem(e, "trust") : CS_OK;
	}
	if (cs_span_eq(cs_buf_span(t->domain), domain))
		return CS_OK;
	return BAD(e, CS_R_WRONG_TRUST_DOMAIN, "expected the trust domain "
	    "%.*s, found a CA of %.*s", (int)cs_buf_len(t->domain),
	    cs_buf_cstr(t->domain), (int)domain.n, (const char *)domain.p);
}

static int
check_domain(cs_trust *t, cs_span der, cs_err *e)
{
	cs_span domain = {0};
	cs_cert *c = NULL;
	int r;

	if ((r = cs_cert_parse(der, &c, e)) == CS_OK &&
	    (r = read_domain(c, &domain, e)) == CS_OK && domain.p != NULL)
		r = keep_domain(t, domain, e);
	cs_cert_free(&c);
	return r;
}

static int
add_ca(cs_trust *t, cs_span der, cs_err *e)
{
	struct cs_trusted *c = &t->cas[t->n_cas++];
	int r;

	if ((r = cs_authority_parse(der, &c->its, e)) != CS_OK ||
	    (r = cs_ca_new(der, &c->ca, e)) != CS_OK)
		return r;
	return check_domain(t, der, e);
}

static int
read_bundle(cs_trust *t, cs_span in, cs_err *e)
{
	size_t i;
	int r;

	if ((r = cs_bundle_parse(in, &t->bundle, e)) != CS_OK)
		return r;
	for (i = 0; i < t->bundle->n_certs; i++)
		if ((r = add_ca(t, t->bundle->certs[i], e)) != CS_OK)
			return cs_wrap(e, "CA %zu of the bundle", i + 1);
	if (t->domain == NULL)
		return cs_fail(e, CS_EUSAGE, "trust", "the bundle does not say "
		    "which trust domain it is of");
	return CS_OK;
}

static int
name_authority(cs_trust *t, cs_span name, cs_err *e)
{
	int r;

	if ((t->authority = cs_buf_new(CS_AUTHORITY_MAX)) == NULL)
		return cs_nomem(e, "trust");
	if (name.p == NULL)
		r = cs_authority_default(cs_buf_span(t->domain), t->authority,
		    e);
	else if ((r = cs_authority_check(name, e)) == CS_OK)
		r = cs_buf_put(t->authority, name);
	return r == CS_OK ? CS_OK : cs_fail(e, CS_EUSAGE, "trust",
	    "the trust domain, or the authority's name, is none");
}

static int
check_signature(const cs_crl *l, const cs_spki *key, cs_err *e)
{
	cs_pubkey *k = NULL;
	cs_alg alg;
	int r;

	if ((r = cs_alg_match(key->kind, CS_USE_PKCS10, l->sig_alg,
	    (cs_span){0}, &alg, e)) == CS_OK &&
	    (r = cs_pubkey_new(key, &k, e)) == CS_OK &&
	    (r = cs_pubkey_verify(k, &alg, l->body, l->sig, e)) ==
	    CS_EREFUSED)
		r = BAD(e, CS_R_SIGNATURE_INVALID, "a revocation list: the "
		    "signature is not its CA's");
	cs_pubkey_free(&k);
	return r;
}

/* For every CA that it may be of: one key may have two certificates. */
static int
keep_list(cs_trust *t, cs_crl **l, cs_err *e)
{
	const struct cs_trusted *by = NULL;
	size_t i;
	int r;

	for (i = 0; i < t->n_cas && by == NULL; i++)
		if (cs_span_eq((*l)->issuer, t->cas[i].its->name) &&
		    cs_span_eq((*l)->authority_key_id, t->cas[i].its->key_id))
			by = &t->cas[i];
	if (by == NULL)
		return CS_OK;
	if ((r = check_signature(*l, &by->its->key, e)) != CS_OK)
		return r;
	if (t->n_lists == CS_TRUST_LISTS_MAX)
		return BAD(e, CS_R_TOO_LARGE, "more than %d revocation lists",
		    CS_TRUST_LISTS_MAX);
	t->list_by[t->n_lists] = by;
	t->lists[t->n_lists++] = *l;
	*l = NULL; /* transferred */
	return CS_OK;
}

static int
take_list(void *arg, cs_span der, cs_err *e)
{
	cs_crl *l = NULL;
	int r;

	if ((r = cs_crl_parse(der, true, &l, e)) == CS_OK)
		r = keep_list(arg, &l, e);
	cs_crl_free(&l);
	return r;
}

static int
read_lists(cs_trust *t, cs_span in, cs_err *e)
{
	bool der = in.n > 0 && in.p[0] == 0x30;
	int r;

	t->has_lists = true;
	r = der ? take_list(t, in, e) :
	    cs_pem_each(in, CS_PEM_CRL, take_list, t, e);
	if (r != CS_OK)
		return r;
	return t->n_lists > 0 ? CS_OK : BAD(e, CS_R_PATH_INVALID,
	    "a revocation list: of no CA in the bundle");
}

static int
fill(cs_trust *t, const cs_trust_in *in, cs_err *e)
{
	int r;

	if (in->trust_domain.p != NULL &&
	    (t->domain = cs_buf_dup(in->trust_domain)) == NULL)
		return cs_nomem(e, "trust");
	if ((r = read_bundle(t, in->bundle, e)) != CS_OK ||
	    (r = name_authority(t, in->authority, e)) != CS_OK)
		return r;
	if (in->crls.p != NULL && (r = read_lists(t, in->crls, e)) != CS_OK)
		return r;
	return cs_anchors_parse("nobody", cs_span_str(""), &t->nobody, e);
}

int
cs_trust_new(const cs_trust_in *in, cs_trust **out, cs_err *e)
{
	cs_trust *t = NULL;
	int r;

	*out = NULL;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return cs_nomem(e, "trust");
	if ((r = fill(t, in, e)) == CS_OK) {
		*out = t;
		t = NULL; /* transferred */
	}
	cs_trust_free(&t);
	return r;
}

void
cs_trust_free(cs_trust **t)
{
	size_t i;

	if (t == NULL || *t == NULL)
		return;
	for (i = 0; i < (*t)->n_cas; i++) {
		cs_authority_free(&(*t)->cas[i].its);
		cs_ca_free(&(*t)->cas[i].ca);
	}
	for (i = 0; i < (*t)->n_lists; i++)
		cs_crl_free(&(*t)->lists[i]);
	cs_anchors_free(&(*t)->nobody);
	cs_bundle_free(&(*t)->bundle);
	cs_buf_free(&(*t)->authority);
	cs_buf_free(&(*t)->domain);
	free(*t);
	*t = NULL;
}

cs_span
cs_trust_domain(const cs_trust *t)
{
	return cs_buf_span(t->domain);
}

bool
cs_trust_has_lists(const cs_trust *t)
{
	return t->has_lists;
}
