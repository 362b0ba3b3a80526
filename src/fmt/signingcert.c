/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/signingcert.h"

#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "signingcert", __VA_ARGS__)

#define HASH_MIN 32
#define HASH_MAX 64
#define DIRECTORY_NAME CS_DER_CTXC(4)

/* hashAlgorithm AlgorithmIdentifier DEFAULT {algorithm id-sha256}. With NULL
 * parameters it is another value, which may stand there. */
static int
read_algorithm(cs_span *in, cs_signing_cert *c, cs_err *e)
{
	cs_span whole = {0}, body = {0}, oid = {0};
	int r;

	if (!cs_der_peek(*in, CS_DER_SEQ))
		return CS_OK;
	if ((r = cs_der_whole(in, CS_DER_SEQ, &whole, e)) != CS_OK)
		return r;
	c->alg = whole;
	if ((r = cs_der_get(&whole, CS_DER_SEQ, &body, e)) != CS_OK ||
	    (r = cs_der_get(&body, CS_DER_OID, &oid, e)) != CS_OK)
		return r;
	if (body.n == 0 && cs_oid_is(oid, CS_OID_SHA256))
		return BAD(e, CS_R_NOT_DER,
		    "the default SHA-256 is written out");
	return CS_OK;
}

/* IssuerSerial: the issuer is one directoryName (RFC 5035 4). */
static int
read_issuer(cs_span *in, cs_signing_cert *c, cs_err *e)
{
	cs_span seq = {0}, names = {0}, name = {0};
	int r;

	if (in->n == 0)
		return CS_OK;
	if ((r = cs_der_get(in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_SEQ, &names, e)) != CS_OK ||
	    (r = cs_der_get(&names, DIRECTORY_NAME, &name, e)) != CS_OK ||
	    (r = cs_der_whole(&name, CS_DER_SEQ, &c->issuer, e)) != CS_OK ||
	    (r = cs_der_end(name, "the issuer", e)) != CS_OK ||
	    (r = cs_der_end(names, "the issuer", e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_INTEGER, &c->serial, e)) != CS_OK)
		return r;
	return cs_der_end(seq, "issuerSerial", e);
}

static int
read_id(cs_span id, cs_signing_cert *c, cs_err *e)
{
	int r;

	if ((r = read_algorithm(&id, c, e)) != CS_OK ||
	    (r = cs_der_get(&id, CS_DER_OCTETS, &c->hash, e)) != CS_OK)
		return r;
	if (c->hash.n < HASH_MIN || c->hash.n > HASH_MAX)
		return BAD(e, CS_R_MALFORMED, "expected a hash of %d to %d "
		    "octets, found %zu", HASH_MIN, HASH_MAX, c->hash.n);
	if ((r = read_issuer(&id, c, e)) != CS_OK)
		return r;
	return cs_der_end(id, "ESSCertIDv2", e);
}

static int
read_all(cs_span in, cs_signing_cert *c, cs_err *e)
{
	cs_span body = {0}, list = {0}, id = {0};
	int r;

	if ((r = cs_der_walk(in, 0, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_SEQ, &body, e)) != CS_OK ||
	    (r = cs_der_get(&body, CS_DER_SEQ, &list, e)) != CS_OK ||
	    (r = cs_der_get(&list, CS_DER_SEQ, &id, e)) != CS_OK)
		return r;
	if (list.n != 0)
		return BAD(e, CS_R_UNSUPPORTED,
		    "expected one certificate, found more");
	if (cs_der_peek(body, CS_DER_SEQ))
		return BAD(e, CS_R_UNSUPPORTED,
		    "expected no policies, found some");
	if ((r = cs_der_end(body, "SigningCertificateV2", e)) != CS_OK)
		return r;
	return read_id(id, c, e);
}

int
cs_signing_cert_parse(cs_span in, cs_signing_cert *out, cs_err *e)
{
	cs_signing_cert c = {.alg = {0}};
	int r;

	*out = c;
	if ((r = read_all(in, &c, e)) != CS_OK)
		return cs_wrap(e, "signingCertificateV2");
	*out = c;
	return CS_OK;
}

static void
put_issuer(const cs_signing_cert *c, cs_buf *out)
{
	size_t seq = cs_der_begin(out, CS_DER_SEQ);
	size_t names = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put(out, DIRECTORY_NAME, c->issuer);
	cs_der_close(out, names);
	cs_der_put(out, CS_DER_INTEGER, c->serial);
	cs_der_close(out, seq);
}

int
cs_signing_cert_put(const cs_signing_cert *c, cs_buf *out, cs_err *e)
{
	size_t all = cs_der_begin(out, CS_DER_SEQ);
	size_t list = cs_der_begin(out, CS_DER_SEQ);
	size_t id = cs_der_begin(out, CS_DER_SEQ);

	if (c->alg.p != NULL)
		cs_der_put_raw(out, c->alg);
	cs_der_put(out, CS_DER_OCTETS, c->hash);
	if (c->issuer.p != NULL)
		put_issuer(c, out);
	cs_der_close(out, id);
	cs_der_close(out, list);
	cs_der_close(out, all);
	return cs_der_done(out, e);
}
