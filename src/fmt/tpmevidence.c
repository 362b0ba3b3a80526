/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/tpmevidence.h"

#include <string.h>

#include "fmt/der.h"
#include "fmt/reason.h"
#include "fmt/tpmattest.h"
#include "fmt/tpmpub.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "tpmevidence", __VA_ARGS__)

#define HASH_LEN 32
/* TPMS_ID_OBJECT: a digest and an encrypted credential, each with its size. */
#define BLOB_MAX 256
/* TPM2B_ENCRYPTED_SECRET: as long as an RSA modulus, or a point. */
#define SEED_MAX 512

/* The body of a whole message. */
static int
open_message(cs_span in, cs_span *seq, cs_err *e)
{
	int r;

	if (in.n > CS_TPM_EVIDENCE_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", in.n,
		    CS_TPM_EVIDENCE_MAX);
	if ((r = cs_der_walk(in, 0, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_SEQ, seq, e)) != CS_OK)
		return r;
	return CS_OK;
}

static int
read_version(cs_span *in, cs_err *e)
{
	int64_t version = 0;
	int r;

	if ((r = cs_der_uint(in, CS_DER_INTEGER, 0, INT32_MAX, &version,
	    e)) != CS_OK)
		return r;
	return version == 0 ? CS_OK :
	    BAD(e, CS_R_UNSUPPORTED, "expected version 0, found %lld",
	    (long long)version);
}

static int
read_octets(cs_span *in, const char *what, size_t max, cs_span *out,
    cs_err *e)
{
	int r;

	if ((r = cs_der_get(in, CS_DER_OCTETS, out, e)) != CS_OK)
		return cs_wrap(e, "%s", what);
	if (out->n == 0)
		return BAD(e, CS_R_MALFORMED, "%s: empty", what);
	if (out->n > max)
		return BAD(e, CS_R_TOO_LARGE, "%s: %zu octets, at most %zu",
		    what, out->n, max);
	return CS_OK;
}

static int
read_fixed(cs_span *in, const char *what, size_t n, cs_span *out, cs_err *e)
{
	int r;

	if ((r = cs_der_get(in, CS_DER_OCTETS, out, e)) != CS_OK)
		return cs_wrap(e, "%s", what);
	return out->n == n ? CS_OK :
	    BAD(e, CS_R_MALFORMED, "%s: expected %zu octets, found %zu", what,
	    n, out->n);
}

static int
read_certs(cs_span *in, cs_tpmoffer *out, cs_err *e)
{
	cs_span list = {0}, *cert;
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &list, e)) != CS_OK)
		return cs_wrap(e, "ekCerts");
	if (list.n == 0)
		return BAD(e, CS_R_MALFORMED, "ekCerts: none");
	for (out->n = 0; list.n != 0; out->n++) {
		if (out->n == CS_TPM_CERTS_MAX)
			return BAD(e, CS_R_TOO_LARGE, "ekCerts: more than %d",
			    CS_TPM_CERTS_MAX);
		cert = &out->certs[out->n];
		if ((r = cs_der_whole(&list, CS_DER_SEQ, cert, e)) != CS_OK)
			return cs_wrap(e, "ekCerts");
		if (cert->n > CS_TPM_CERT_MAX)
			return BAD(e, CS_R_TOO_LARGE, "ekCerts: a certificate "
			    "of %zu octets, at most %d", cert->n,
			    CS_TPM_CERT_MAX);
	}
	return CS_OK;
}

static int
read_offer(cs_span seq, cs_tpmoffer *out, cs_err *e)
{
	int r;

	if ((r = read_version(&seq, e)) != CS_OK ||
	    (r = read_octets(&seq, "key", CS_TPMPUB_MAX, &out->key, e)) !=
	    CS_OK ||
	    (r = read_octets(&seq, "ak", CS_TPMPUB_MAX, &out->ak, e)) !=
	    CS_OK ||
	    (r = read_octets(&seq, "ek", CS_TPMPUB_MAX, &out->ek, e)) !=
	    CS_OK ||
	    (r = read_certs(&seq, out, e)) != CS_OK)
		return r;
	return cs_der_end(seq, "the offer", e);
}

int
cs_tpmoffer_parse(cs_span in, cs_tpmoffer *out, cs_err *e)
{
	cs_span seq = {0};
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = open_message(in, &seq, e)) != CS_OK ||
	    (r = read_offer(seq, out, e)) != CS_OK) {
		memset(out, 0, sizeof(*out));
		return cs_wrap(e, "TPM key offer");
	}
	out->whole = in;
	return CS_OK;
}

static int
read_challenge(cs_span seq, cs_tpmchallenge *out, cs_err *e)
{
	int r;

	if ((r = read_version(&seq, e)) != CS_OK ||
	    (r = read_fixed(&seq, "offer", HASH_LEN, &out->offer, e)) !=
	    CS_OK ||
	    (r = read_fixed(&seq, "nonce", CS_TPM_NONCE_LEN, &out->nonce,
	    e)) != CS_OK ||
	    (r = cs_der_gentime(&seq, &out->not_after, e)) != CS_OK ||
	    (r = read_octets(&seq, "blob", BLOB_MAX, &out->blob, e)) !=
	    CS_OK ||
	    (r = read_octets(&seq, "secret", SEED_MAX, &out->secret, e)) !=
	    CS_OK)
		return r;
	return cs_der_end(seq, "the challenge", e);
}

int
cs_tpmchallenge_parse(cs_span in, cs_tpmchallenge *out, cs_err *e)
{
	cs_span seq = {0};
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = open_message(in, &seq, e)) != CS_OK ||
	    (r = read_challenge(seq, out, e)) != CS_OK) {
		memset(out, 0, sizeof(*out));
		return cs_wrap(e, "TPM challenge");
	}
	out->whole = in;
	return CS_OK;
}

static int
read_secret(cs_span seq, cs_tpmsecret *out, cs_err *e)
{
	cs_span whole = {0};
	int r;

	if ((r = read_version(&seq, e)) != CS_OK ||
	    (r = cs_der_whole(&seq, CS_DER_SEQ, &whole, e)) != CS_OK ||
	    (r = cs_tpmchallenge_parse(whole, &out->challenge, e)) != CS_OK ||
	    (r = read_fixed(&seq, "secret", CS_TPM_SECRET_LEN, &out->secret,
	    e)) != CS_OK)
		return r;
	return cs_der_end(seq, "the secret", e);
}

int
cs_tpmsecret_parse(cs_span in, cs_tpmsecret *out, cs_err *e)
{
	cs_span seq = {0};
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = open_message(in, &seq, e)) != CS_OK ||
	    (r = read_secret(seq, out, e)) != CS_OK) {
		memset(out, 0, sizeof(*out));
		return cs_wrap(e, "TPM challenge secret");
	}
	return CS_OK;
}

static int
read_evidence(cs_span seq, cs_tpmevidence *out, cs_err *e)
{
	cs_span whole = {0};
	int r;

	if ((r = read_version(&seq, e)) != CS_OK ||
	    (r = cs_der_whole(&seq, CS_DER_SEQ, &whole, e)) != CS_OK ||
	    (r = cs_tpmoffer_parse(whole, &out->offer, e)) != CS_OK ||
	    (r = read_fixed(&seq, "challenge", HASH_LEN, &out->challenge,
	    e)) != CS_OK ||
	    (r = read_octets(&seq, "attest", CS_TPMATTEST_MAX, &out->attest,
	    e)) != CS_OK ||
	    (r = read_octets(&seq, "signature", CS_TPMSIG_MAX,
	    &out->signature, e)) != CS_OK)
		return r;
	return cs_der_end(seq, "the evidence", e);
}

int
cs_tpmevidence_parse(cs_span in, cs_tpmevidence *out, cs_err *e)
{
	cs_span seq = {0};
	int r;

	memset(out, 0, sizeof(*out));
	if ((r = open_message(in, &seq, e)) != CS_OK ||
	    (r = read_evidence(seq, out, e)) != CS_OK) {
		memset(out, 0, sizeof(*out));
		return cs_wrap(e, "TPM evidence");
	}
	return CS_OK;
}

static size_t
begin(cs_buf *out)
{
	size_t m = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put_uint(out, CS_DER_INTEGER, 0);
	return m;
}

static int
finish(cs_buf *out, size_t mark, cs_err *e)
{
	cs_der_close(out, mark);
	return cs_der_done(out, e);
}

int
cs_tpmoffer_put(const cs_tpmoffer *o, cs_buf *out, cs_err *e)
{
	size_t all = begin(out), m, i;

	cs_der_put(out, CS_DER_OCTETS, o->key);
	cs_der_put(out, CS_DER_OCTETS, o->ak);
	cs_der_put(out, CS_DER_OCTETS, o->ek);
	m = cs_der_begin(out, CS_DER_SEQ);
	for (i = 0; i < o->n; i++)
		cs_der_put_raw(out, o->certs[i]);
	cs_der_close(out, m);
	return finish(out, all, e);
}

int
cs_tpmchallenge_put(const cs_tpmchallenge *c, cs_buf *out, cs_err *e)
{
	size_t all = begin(out);

	cs_der_put(out, CS_DER_OCTETS, c->offer);
	cs_der_put(out, CS_DER_OCTETS, c->nonce);
	cs_der_put_gentime(out, c->not_after);
	cs_der_put(out, CS_DER_OCTETS, c->blob);
	cs_der_put(out, CS_DER_OCTETS, c->secret);
	return finish(out, all, e);
}

int
cs_tpmsecret_put(const cs_tpmsecret *s, cs_buf *out, cs_err *e)
{
	size_t all = begin(out);

	cs_der_put_raw(out, s->challenge.whole);
	cs_der_put(out, CS_DER_OCTETS, s->secret);
	return finish(out, all, e);
}

int
cs_tpmevidence_put(const cs_tpmevidence *v, cs_buf *out, cs_err *e)
{
	size_t all = begin(out);

	cs_der_put_raw(out, v->offer.whole);
	cs_der_put(out, CS_DER_OCTETS, v->challenge);
	cs_der_put(out, CS_DER_OCTETS, v->attest);
	cs_der_put(out, CS_DER_OCTETS, v->signature);
	return finish(out, all, e);
}
