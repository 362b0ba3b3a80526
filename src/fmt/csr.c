/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/csr.h"

#include <stdlib.h>

#include "fmt/approval.h"
#include "fmt/der.h"
#include "fmt/dn.h"
#include "fmt/ext.h"
#include "fmt/names.h"
#include "fmt/oid.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "request", __VA_ARGS__)

/* Three lengths that may each take an octet more, and a new signature: a DER
 * ECDSA-Sig-Value may be longer than the one before. */
#define COMPOSITE_SLACK 32
/* A base request of full size, sixteen approvals of full size, framing. */
#define COMPOSITE_MAX (CS_REQUEST_MAX + CS_APPROVALS_MAX * CS_APPROVAL_MAX + 64)
/* Levels above the content of an extnValue: request, info, [0], Attribute,
 * SET, Extensions, Extension, OCTET STRING. */
#define EXTN_VALUE_DEPTH 8

/* GeneralNames with exactly one name, a URI (RFC 5280 4.2.1.6). */
static int
read_san(cs_csr *c, cs_span value, cs_err *e)
{
	cs_span in = value, names = {0}, uri = {0};
	int r;

	if ((r = cs_der_walk(value, EXTN_VALUE_DEPTH, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_SEQ, &names, e)) != CS_OK)
		return cs_wrap(e, "subjectAltName");
	if (cs_der_get(&names, CS_DER_CTX(6), &uri, NULL) != CS_OK ||
	    names.n != 0)
		return BAD(e, CS_R_BAD_IDENTIFIER,
		    "subjectAltName: expected exactly one name, a URI");
	if ((r = cs_agent_id_check(uri, &c->trust_domain, e)) != CS_OK)
		return r;
	c->agent_id = uri;
	return CS_OK;
}

static int
read_extension(cs_csr *c, const cs_ext *x, cs_err *e)
{
	switch (cs_oid_find(x->oid)) {
	case CS_OID_CE_SUBJECT_ALT_NAME:
		return read_san(c, x->value, e);
	case CS_OID_CE_KEY_USAGE:
	case CS_OID_CE_EXT_KEY_USAGE:
	case CS_OID_CE_BASIC_CONSTRAINTS:
	case CS_OID_CE_SUBJECT_KEY_ID:
		c->n_ignored++;
		return CS_OK;
	default:
		c->n_ignored++;
		if (x->critical)
			return BAD(e, CS_R_UNSUPPORTED,
			    "an unknown extension is critical");
		return CS_OK;
	}
}

static int
read_extensions(cs_csr *c, cs_span value, cs_err *e)
{
	cs_seen seen = {.n = 0};
	cs_span list = {0};
	cs_ext one;
	int r;

	if ((r = cs_der_get(&value, CS_DER_SEQ, &list, e)) != CS_OK)
		return cs_wrap(e, "extensionRequest");
	while (list.n != 0)
		if ((r = cs_ext_next(&list, &seen, &one, e)) != CS_OK ||
		    (r = read_extension(c, &one, e)) != CS_OK)
			return cs_wrap(e, "extensionRequest");
	if (c->agent_id.p == NULL)
		return BAD(e, CS_R_BAD_IDENTIFIER,
		    "extensionRequest has no subjectAltName");
	return CS_OK;
}

static int
read_purpose(cs_csr *c, cs_span value, cs_err *e)
{
	int r;

	if ((r = cs_der_get(&value, CS_DER_UTF8, &c->purpose, e)) != CS_OK ||
	    (r = cs_purpose_check(c->purpose, false, e)) != CS_OK)
		return cs_wrap(e, "purpose");
	return CS_OK;
}

static int
read_owner(cs_csr *c, cs_span value, cs_err *e)
{
	int r;

	if ((r = cs_der_get(&value, CS_DER_IA5, &c->intended_owner, e)) !=
	    CS_OK || (r = cs_owner_check(c->intended_owner, e)) != CS_OK)
		return cs_wrap(e, "intended owner");
	return CS_OK;
}

static int
read_approvals(cs_csr *c, cs_span attr, cs_span value, cs_err *e)
{
	cs_span list = {0};
	size_t n = 0;
	int r;

	if ((r = cs_der_get(&value, CS_DER_SEQ, &list, e)) != CS_OK)
		return cs_wrap(e, "approvals");
	while (list.n != 0) {
		if (n == CS_APPROVALS_MAX)
			return BAD(e, CS_R_TOO_LARGE, "more than %d approvals",
			    CS_APPROVALS_MAX);
		if ((r = cs_der_whole(&list, CS_DER_SEQ, &c->approvals[n],
		    e)) != CS_OK)
			return cs_wrap(e, "approvals");
		if (c->approvals[n].n > CS_APPROVAL_MAX)
			return BAD(e, CS_R_TOO_LARGE,
			    "approval of %zu octets, at most %d",
			    c->approvals[n].n, CS_APPROVAL_MAX);
		n++;
	}
	if (n == 0)
		return BAD(e, CS_R_NO_APPROVAL, "the list of approvals is empty");
	c->n_approvals = n;
	c->attr_approvals = attr;
	return CS_OK;
}

static int
read_value(cs_csr *c, cs_span attr, cs_span oid, cs_span value, cs_err *e)
{
	switch (cs_oid_find(oid)) {
	case CS_OID_EXTENSION_REQUEST:
		return read_extensions(c, value, e);
	case CS_OID_AT_AGENT_PURPOSE:
		return read_purpose(c, value, e);
	case CS_OID_AT_INTENDED_OWNER:
		return read_owner(c, value, e);
	case CS_OID_AT_OWNER_APPROVALS:
		return read_approvals(c, attr, value, e);
	case CS_OID_AA_EVIDENCE:
		c->evidence = value;
		return CS_OK;
	case CS_OID_CHALLENGE_PASSWORD:
		return BAD(e, CS_R_UNSUPPORTED, "challengePassword");
	case CS_OID_MS_EXTENSION_REQUEST:
		return BAD(e, CS_R_UNSUPPORTED,
		    "Microsoft's extensionRequest: which one counts?");
	default:
		c->n_ignored++;
		return CS_OK;
	}
}

/* The approvals come on top of the request's own attributes. */
static int
see_attribute(const cs_csr *c, cs_seen *seen, cs_span oid, cs_err *e)
{
	static const char what[] = "an attribute";

	if (!cs_oid_is(oid, CS_OID_AT_OWNER_APPROVALS))
		return cs_seen_add(seen, oid, what, e);
	if (c->n_approvals != 0)
		return BAD(e, CS_R_MALFORMED, "%s is repeated", what);
	return CS_OK;
}

/* Attribute ::= SEQUENCE { OID, SET SIZE(1) OF value } */
static int
read_attribute(cs_csr *c, cs_seen *seen, cs_span whole, cs_err *e)
{
	cs_span in = whole, attr = {0}, oid = {0}, set = {0}, value = {0};
	int r;

	if ((r = cs_der_get(&in, CS_DER_SEQ, &attr, e)) != CS_OK ||
	    (r = cs_der_get(&attr, CS_DER_OID, &oid, e)) != CS_OK ||
	    (r = see_attribute(c, seen, oid, e)) != CS_OK ||
	    (r = cs_der_get(&attr, CS_DER_SET, &set, e)) != CS_OK ||
	    (r = cs_der_end(attr, "an attribute", e)) != CS_OK ||
	    (r = cs_der_any(&set, NULL, NULL, &value, e)) != CS_OK)
		return r;
	if (set.n != 0)
		return BAD(e, CS_R_MALFORMED, "an attribute has two values");
	return read_value(c, whole, oid, value, e);
}

static int
read_attributes(cs_csr *c, cs_err *e)
{
	cs_seen seen = {.n = 0};
	cs_span in = c->attrs, one = {0};
	int r;

	if ((r = cs_der_sorted(in, e)) != CS_OK)
		return cs_wrap(e, "attributes");
	while (in.n != 0)
		if ((r = cs_der_whole(&in, CS_DER_SEQ, &one, e)) != CS_OK ||
		    (r = read_attribute(c, &seen, one, e)) != CS_OK)
			return r;
	if (c->agent_id.p == NULL)
		return BAD(e, CS_R_BAD_IDENTIFIER,
		    "no extensionRequest with a subjectAltName");
	return CS_OK;
}

/* AlgorithmIdentifier, RFC 5280 4.1.1.2: the table judges it, by its bytes. */
static int
read_algorithm(cs_csr *c, cs_err *e)
{
	cs_span whole = c->sigalg, in = {0};
	int r;

	if ((r = cs_der_get(&whole, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_OID, NULL, e)) != CS_OK ||
	    (in.n != 0 && (r = cs_der_any(&in, NULL, NULL, NULL, e)) !=
	    CS_OK) ||
	    (r = cs_der_end(in, "an algorithm", e)) != CS_OK)
		return cs_wrap(e, "signatureAlgorithm");
	return CS_OK;
}

/* CertificationRequestInfo, RFC 2986 4.1: the key stays undecoded here but for
 * its one encoding. */
static int
read_info(cs_csr *c, cs_err *e)
{
	cs_span whole = c->info, in = {0}, key = {0};
	const uint8_t *start;
	int64_t version = 0;
	int r;

	if ((r = cs_der_get(&whole, CS_DER_SEQ, &in, e)) != CS_OK)
		return r;
	start = in.p;
	if ((r = cs_der_uint(&in, CS_DER_INTEGER, 0, 0, &version, e)) !=
	    CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &c->subject, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &key, e)) != CS_OK)
		return cs_wrap(e, "CertificationRequestInfo");
	c->head = cs_span_of(start, (size_t)(in.p - start));
	if ((r = cs_der_get(&in, CS_DER_CTXC(0), &c->attrs, e)) != CS_OK ||
	    (r = cs_der_end(in, "CertificationRequestInfo", e)) != CS_OK)
		return cs_wrap(e, "CertificationRequestInfo");
	if ((r = cs_dn_check(c->subject, "subject", e)) != CS_OK ||
	    (r = cs_spki_parse(key, &c->key, e)) != CS_OK)
		return r;
	return read_attributes(c, e);
}

/* The limit is on the request; what the approvals add around themselves is
 * not the agent's. */
static int
check_size(const cs_csr *c, cs_err *e)
{
	size_t n = c->der.n - c->attr_approvals.n;
	size_t max = CS_REQUEST_MAX +
	    (c->n_approvals == 0 ? 0 : COMPOSITE_SLACK);

	if (n > max)
		return BAD(e, CS_R_TOO_LARGE,
		    "request of %zu octets without its approvals, at most %zu",
		    n, max);
	return CS_OK;
}

static int
read_csr(cs_csr *c, cs_err *e)
{
	cs_span whole = c->der, in = {0}, bits = {0};
	int r;

	if ((r = cs_der_walk(c->der, 0, e)) != CS_OK ||
	    (r = cs_der_get(&whole, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &c->info, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &c->sigalg, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_BITSTRING, &bits, e)) != CS_OK ||
	    (r = cs_der_end(in, "CertificationRequest", e)) != CS_OK)
		return r;
	if (bits.n < 2 || bits.p[0] != 0)
		return BAD(e, CS_R_MALFORMED, "signature of no whole octets");
	c->sig = cs_span_cut(bits, 1, bits.n - 1);
	if ((r = read_algorithm(c, e)) != CS_OK ||
	    (r = read_info(c, e)) != CS_OK)
		return r;
	return check_size(c, e);
}

int
cs_csr_parse(cs_span in, cs_csr **out, cs_err *e)
{
	cs_csr *c = NULL;
	int r;

	*out = NULL;
	if (in.n == 0)
		return BAD(e, CS_R_MALFORMED, "empty");
	if (in.n > COMPOSITE_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", in.n,
		    COMPOSITE_MAX);
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->own = cs_buf_dup(in)) == NULL) {
		r = cs_nomem(e, "request");
		goto out;
	}
	c->der = cs_buf_span(c->own);
	if ((r = read_csr(c, e)) != CS_OK) {
		cs_wrap(e, "request");
		goto out;
	}
	*out = c;
	c = NULL; /* transferred */
out:
	cs_csr_free(&c);
	return r;
}

void
cs_csr_free(cs_csr **c)
{
	if (c == NULL || *c == NULL)
		return;
	cs_buf_free(&(*c)->own);
	free(*c);
	*c = NULL;
}
