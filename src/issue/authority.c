/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/authority.h"

#include <stdlib.h>

#include "fmt/cert.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "authority", __VA_ARGS__)

#define RSA_BITS_MIN 3072
#define KEY_ID_MAX 32
#define SIGNS (CS_KU_KEY_CERT_SIGN | CS_KU_CRL_SIGN)

int
cs_authority_key_check(const cs_spki *k, cs_err *e)
{
	char name[16];

	if (k->kind == CS_KEY_P256 || k->kind == CS_KEY_P384 ||
	    (k->kind == CS_KEY_RSA && k->bits >= RSA_BITS_MIN))
		return CS_OK;
	cs_spki_name(k, name);
	return BAD(e, CS_R_UNSUPPORTED, "expected a CA's key of P-256, P-384 "
	    "or RSA of at least %d bits, found %s", RSA_BITS_MIN, name);
}

static bool
has_use(const cs_cert *c, enum cs_oid use)
{
	size_t i;

	for (i = 0; i < c->n_uses; i++)
		if (cs_oid_is(c->uses[i], use))
			return true;
	return false;
}

/* Where a CA's certificate names uses, they bind what is below it. */
static int
check_uses(const cs_cert *c, cs_err *e)
{
	if (!c->has_uses || has_use(c, CS_OID_KP_ANY) ||
	    (has_use(c, CS_OID_KP_CLIENT_AUTH) &&
	    has_use(c, CS_OID_KP_SERVER_AUTH)))
		return CS_OK;
	return BAD(e, CS_R_UNSUPPORTED, "expected an extKeyUsage of clientAuth "
	    "and serverAuth, or none");
}

static int
critical(cs_span oid, cs_err *e)
{
	cs_buf *text = cs_buf_new(128);

	if (text != NULL && cs_oid_text(text, oid) == CS_OK)
		(void)BAD(e, CS_R_UNSUPPORTED,
		    "an unknown extension is critical: %s", cs_buf_cstr(text));
	else
		(void)BAD(e, CS_R_UNSUPPORTED,
		    "an unknown extension is critical");
	cs_buf_free(&text);
	return CS_EFORMAT;
}

static int
check(const cs_cert *c, cs_err *e)
{
	if (c->unknown_critical.p != NULL)
		return critical(c->unknown_critical, e);
	if (!c->ca)
		return BAD(e, CS_R_MALFORMED,
		    "expected the certificate of a CA");
	if (!c->has_key_usage || (c->key_usage & SIGNS) != SIGNS)
		return BAD(e, CS_R_MALFORMED,
		    "expected a keyUsage with keyCertSign and cRLSign");
	if (c->subject.n <= 2)
		return BAD(e, CS_R_MALFORMED, "the subject has no name");
	if (c->bindings.p != NULL)
		return BAD(e, CS_R_UNSUPPORTED,
		    "a credential, with owner bindings");
	return check_uses(c, e);
}

static int
read_key_id(cs_span value, cs_span *out, cs_err *e)
{
	int r;

	if (value.p == NULL)
		return BAD(e, CS_R_MALFORMED,
		    "expected a subjectKeyIdentifier");
	if ((r = cs_der_walk(value, CS_CERT_VALUE_DEPTH, e)) != CS_OK ||
	    (r = cs_der_get(&value, CS_DER_OCTETS, out, e)) != CS_OK)
		return cs_wrap(e, "subjectKeyIdentifier");
	if (out->n < 1 || out->n > KEY_ID_MAX)
		return BAD(e, CS_R_MALFORMED, "subjectKeyIdentifier: expected "
		    "1 to %d octets, found %zu", KEY_ID_MAX, out->n);
	return CS_OK;
}

/* The same place in a copy. */
static cs_span
moved(const cs_cert *c, cs_span part, cs_span to)
{
	return part.p == NULL ? part :
	    cs_span_cut(to, (size_t)(part.p - c->der.p), part.n);
}

static int
take(const cs_cert *c, cs_span key_id, cs_authority *a, cs_err *e)
{
	if ((a->own = cs_buf_dup(c->der)) == NULL)
		return cs_nomem(e, "authority");
	a->der = cs_buf_span(a->own);
	a->name = moved(c, c->subject, a->der);
	a->key_id = moved(c, key_id, a->der);
	a->policies = moved(c, c->policies, a->der);
	a->not_before = c->not_before;
	a->not_after = c->not_after;
	return cs_spki_parse(moved(c, c->key.der, a->der), &a->key, e);
}

int
cs_authority_parse(cs_span der, cs_authority **out, cs_err *e)
{
	cs_authority *a = NULL;
	cs_span key_id = {0};
	cs_cert *c = NULL;
	int r;

	*out = NULL;
	if ((r = cs_cert_parse(der, &c, e)) != CS_OK)
		return r;
	if ((r = check(c, e)) != CS_OK ||
	    (r = read_key_id(c->key_id, &key_id, e)) != CS_OK ||
	    (r = cs_authority_key_check(&c->key, e)) != CS_OK) {
		cs_wrap(e, "a CA's certificate");
		goto out;
	}
	if ((a = calloc(1, sizeof(*a))) == NULL)
		r = cs_nomem(e, "authority");
	else
		r = take(c, key_id, a, e);
	if (r == CS_OK) {
		*out = a;
		a = NULL; /* transferred */
	}
out:
	cs_authority_free(&a);
	cs_cert_free(&c);
	return r;
}

void
cs_authority_free(cs_authority **a)
{
	if (a == NULL || *a == NULL)
		return;
	cs_buf_free(&(*a)->own);
	free(*a);
	*a = NULL;
}
