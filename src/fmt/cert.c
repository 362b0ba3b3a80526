/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/cert.h"

#include <stdlib.h>

#include "fmt/der.h"
#include "fmt/dn.h"
#include "fmt/ext.h"
#include "fmt/oid.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "certificate", __VA_ARGS__)

#define SERIAL_MAX 20 /* RFC 5280 4.1.2.2 */

/* The one value of an extension, which nobody walked yet. */
static int
open_value(const cs_ext *x, unsigned tag, cs_span *body, cs_err *e)
{
	cs_span in = x->value;
	int r;

	if ((r = cs_der_walk(in, CS_CERT_VALUE_DEPTH, e)) != CS_OK)
		return r;
	return cs_der_get(&in, tag, body, e);
}

/* AnotherName ::= SEQUENCE { type-id, value [0] EXPLICIT ANY }, its tag gone. */
static int
check_other_name(cs_span in, cs_err *e)
{
	cs_span box = {0};
	int r;

	if ((r = cs_der_get(&in, CS_DER_OID, NULL, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_CTXC(0), &box, e)) != CS_OK ||
	    (r = cs_der_any(&box, NULL, NULL, NULL, e)) != CS_OK ||
	    (r = cs_der_end(box, "otherName", e)) != CS_OK)
		return r;
	return cs_der_end(in, "otherName", e);
}

/* GeneralName, RFC 5280 4.2.1.6, of the kinds that are in use. */
static int
check_general_name(unsigned tag, cs_span name, cs_err *e)
{
	switch (tag) {
	case CS_DER_CTX(1):
	case CS_DER_CTX(2):
	case CS_DER_CTX(6):
	case CS_DER_CTX(7):
		return CS_OK;
	case CS_DER_CTXC(0):
		return check_other_name(name, e);
	case CS_DER_CTXC(4):
		return cs_dn_check(name, "directoryName", e);
	default:
		return BAD(e, CS_R_UNSUPPORTED, "a name of tag 0x%02x", tag);
	}
}

static int
read_san(cs_cert *c, const cs_ext *x, cs_err *e)
{
	cs_span names = {0}, name = {0};
	unsigned tag = 0;
	int r;

	c->has_san = true;
	c->san_critical = x->critical;
	if ((r = open_value(x, CS_DER_SEQ, &names, e)) != CS_OK)
		return r;
	do {
		if ((r = cs_der_any(&names, &tag, &name, NULL, e)) != CS_OK ||
		    (r = check_general_name(tag, name, e)) != CS_OK)
			return r;
		c->n_names++;
		if (tag != CS_DER_CTX(6))
			continue;
		if (c->n_uris == CS_CERT_URIS_MAX)
			return BAD(e, CS_R_TOO_LARGE, "more than %d URIs",
			    CS_CERT_URIS_MAX);
		c->uris[c->n_uris++] = name;
	} while (names.n != 0);
	return CS_OK;
}

/* X.690 11.2.2: a list of named bits ends with a one. */
static int
read_key_usage(cs_cert *c, const cs_ext *x, cs_err *e)
{
	cs_span bits = {0};
	size_t i, n;
	int r;

	c->has_key_usage = true;
	if ((r = open_value(x, CS_DER_BITSTRING, &bits, e)) != CS_OK)
		return r;
	n = (bits.n - 1) * 8 - bits.p[0]; /* walked: n > 0, padding < 8 */
	if (n == 0 || n > 9)
		return BAD(e, CS_R_MALFORMED, "expected 1 to 9 bits, found %zu",
		    n);
	for (i = 0; i < n; i++)
		if ((bits.p[1 + i / 8] & 0x80 >> i % 8) != 0)
			c->key_usage |= 1u << i;
	if ((c->key_usage >> (n - 1) & 1) == 0)
		return BAD(e, CS_R_NOT_DER, "a zero bit at the end");
	return CS_OK;
}

static int
read_uses(cs_cert *c, const cs_ext *x, cs_err *e)
{
	cs_span list = {0};
	int r;

	c->has_uses = true;
	if ((r = open_value(x, CS_DER_SEQ, &list, e)) != CS_OK)
		return r;
	do {
		if (c->n_uses == CS_CERT_USES_MAX)
			return BAD(e, CS_R_TOO_LARGE, "more than %d uses",
			    CS_CERT_USES_MAX);
		if ((r = cs_der_get(&list, CS_DER_OID, &c->uses[c->n_uses],
		    e)) != CS_OK)
			return r;
		c->n_uses++;
	} while (list.n != 0);
	return CS_OK;
}

/* SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static int
read_constraints(cs_cert *c, const cs_ext *x, cs_err *e)
{
	cs_span in = {0}, ca = {0};
	int r;

	c->has_constraints = true;
	if ((r = open_value(x, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = cs_der_opt(&in, CS_DER_BOOLEAN, &ca, e)) != CS_OK)
		return r;
	if (ca.p != NULL && ca.p[0] == 0x00)
		return BAD(e, CS_R_NOT_DER, "cA FALSE is written out");
	c->ca = ca.p != NULL;
	if (in.n != 0 && (r = cs_der_uint(&in, CS_DER_INTEGER, 0, INT32_MAX,
	    &c->path_len, e)) != CS_OK)
		return r;
	if (c->path_len >= 0 && !c->ca)
		return BAD(e, CS_R_MALFORMED, "a path length without cA");
	return cs_der_end(in, "basicConstraints", e);
}

static int
read_extension(cs_cert *c, const cs_ext *x, cs_err *e)
{
	switch (cs_oid_find(x->oid)) {
	case CS_OID_CE_SUBJECT_ALT_NAME:
		return read_san(c, x, e);
	case CS_OID_CE_KEY_USAGE:
		return read_key_usage(c, x, e);
	case CS_OID_CE_EXT_KEY_USAGE:
		return read_uses(c, x, e);
	case CS_OID_CE_BASIC_CONSTRAINTS:
		return read_constraints(c, x, e);
	case CS_OID_PE_OWNER_BINDINGS:
		c->bindings = x->value;
		return CS_OK;
	default:
		c->n_ignored++;
		if (cs_oid_is(x->oid, CS_OID_CE_SUBJECT_KEY_ID))
			c->key_id = x->value;
		if (cs_oid_is(x->oid, CS_OID_CE_CERTIFICATE_POLICIES))
			c->policies = x->value;
		if (x->critical && c->unknown_critical.p == NULL)
			c->unknown_critical = x->oid;
		return CS_OK;
	}
}

static int
read_extensions(cs_cert *c, cs_span in, cs_err *e)
{
	cs_seen seen = {.n = 0};
	const char *name;
	cs_span list = {0};
	cs_ext one;
	int r;

	if ((r = cs_der_get(&in, CS_DER_SEQ, &list, e)) != CS_OK ||
	    (r = cs_der_end(in, "extensions", e)) != CS_OK)
		return cs_wrap(e, "extensions");
	if (list.n == 0)
		return BAD(e, CS_R_MALFORMED, "extensions: empty");
	while (list.n != 0) {
		if ((r = cs_ext_next(&list, &seen, &one, e)) != CS_OK)
			return cs_wrap(e, "extensions");
		if ((r = read_extension(c, &one, e)) != CS_OK) {
			name = cs_oid_name(one.oid);
			return cs_wrap(e, "%s", name == NULL ? "an extension" :
			    name);
		}
	}
	return CS_OK;
}

static int
read_validity(cs_cert *c, cs_span *in, cs_err *e)
{
	cs_span seq = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_time(&seq, &c->not_before, e)) != CS_OK ||
	    (r = cs_der_time(&seq, &c->not_after, e)) != CS_OK ||
	    (r = cs_der_end(seq, "validity", e)) != CS_OK)
		return cs_wrap(e, "validity");
	if (c->not_before > c->not_after)
		return BAD(e, CS_R_MALFORMED, "notBefore is behind notAfter");
	return CS_OK;
}

/* [0] EXPLICIT Version: v3 alone has extensions. */
static int
read_version(cs_span *in, cs_err *e)
{
	int64_t version = 0;
	cs_span box = {0};
	int r;

	if ((r = cs_der_opt(in, CS_DER_CTXC(0), &box, e)) != CS_OK)
		return r;
	if (box.p != NULL &&
	    ((r = cs_der_uint(&box, CS_DER_INTEGER, 0, INT32_MAX, &version,
	    e)) != CS_OK || (r = cs_der_end(box, "version", e)) != CS_OK))
		return cs_wrap(e, "version");
	if (version != 2)
		return BAD(e, CS_R_UNSUPPORTED, "version %lld, expected 3",
		    (long long)version + 1);
	return CS_OK;
}

static int
read_serial(cs_cert *c, cs_span *in, cs_err *e)
{
	int r;

	if ((r = cs_der_get(in, CS_DER_INTEGER, &c->serial, e)) != CS_OK)
		return cs_wrap(e, "serialNumber");
	if (c->serial.n > SERIAL_MAX || (c->serial.p[0] & 0x80) != 0)
		return BAD(e, CS_R_MALFORMED, "serialNumber: expected at most "
		    "%d octets, not negative", SERIAL_MAX);
	return CS_OK;
}

/* TBSCertificate, RFC 5280 4.1: unique identifiers are of no use to anyone
 * (4.1.2.8). */
static int
read_tbs(cs_cert *c, cs_err *e)
{
	cs_span whole = c->tbs, in = {0}, alg = {0}, key = {0}, box = {0};
	int r;

	if ((r = cs_der_get(&whole, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = read_version(&in, e)) != CS_OK ||
	    (r = read_serial(c, &in, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &alg, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &c->issuer, e)) != CS_OK ||
	    (r = read_validity(c, &in, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &c->subject, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &key, e)) != CS_OK)
		return r;
	if (!cs_span_eq(alg, c->sigalg))
		return BAD(e, CS_R_MALFORMED,
		    "the signature's algorithm differs inside and outside");
	if (cs_der_peek(in, CS_DER_CTX(1)) || cs_der_peek(in, CS_DER_CTX(2)))
		return BAD(e, CS_R_UNSUPPORTED, "a unique identifier");
	if ((r = cs_der_opt(&in, CS_DER_CTXC(3), &box, e)) != CS_OK ||
	    (r = cs_der_end(in, "TBSCertificate", e)) != CS_OK ||
	    (r = cs_dn_check(c->issuer, "issuer", e)) != CS_OK ||
	    (r = cs_dn_check(c->subject, "subject", e)) != CS_OK ||
	    (r = cs_spki_parse(key, &c->key, e)) != CS_OK)
		return r;
	return box.p == NULL ? CS_OK : read_extensions(c, box, e);
}

/* AlgorithmIdentifier: OBJECT IDENTIFIER and at most one parameter. */
static int
check_algorithm(cs_span whole, cs_err *e)
{
	cs_span in = {0};
	int r;

	if ((r = cs_der_get(&whole, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_OID, NULL, e)) != CS_OK ||
	    (in.n != 0 &&
	    (r = cs_der_any(&in, NULL, NULL, NULL, e)) != CS_OK) ||
	    (r = cs_der_end(in, "an algorithm", e)) != CS_OK)
		return cs_wrap(e, "signatureAlgorithm");
	return CS_OK;
}

static int
read_cert(cs_cert *c, cs_err *e)
{
	cs_span whole = c->der, in = {0}, bits = {0};
	int r;

	if ((r = cs_der_walk(c->der, 0, e)) != CS_OK ||
	    (r = cs_der_get(&whole, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &c->tbs, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &c->sigalg, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_BITSTRING, &bits, e)) != CS_OK ||
	    (r = cs_der_end(in, "Certificate", e)) != CS_OK)
		return r;
	if (bits.n < 2 || bits.p[0] != 0)
		return BAD(e, CS_R_MALFORMED, "signature of no whole octets");
	c->sig = cs_span_cut(bits, 1, bits.n - 1);
	if ((r = check_algorithm(c->sigalg, e)) != CS_OK)
		return r;
	return read_tbs(c, e);
}

int
cs_cert_parse(cs_span in, cs_cert **out, cs_err *e)
{
	cs_cert *c = NULL;
	int r;

	*out = NULL;
	if (in.n == 0)
		return BAD(e, CS_R_MALFORMED, "certificate: empty");
	if (in.n > CS_CERT_MAX)
		return BAD(e, CS_R_TOO_LARGE,
		    "certificate: %zu octets, at most %d", in.n, CS_CERT_MAX);
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->own = cs_buf_dup(in)) == NULL) {
		r = cs_nomem(e, "certificate");
		goto out;
	}
	c->der = cs_buf_span(c->own);
	c->path_len = -1;
	if ((r = read_cert(c, e)) != CS_OK) {
		cs_wrap(e, "certificate");
		goto out;
	}
	*out = c;
	c = NULL; /* transferred */
out:
	cs_cert_free(&c);
	return r;
}

void
cs_cert_free(cs_cert **c)
{
	if (c == NULL || *c == NULL)
		return;
	cs_buf_free(&(*c)->own);
	free(*c);
	*c = NULL;
}
