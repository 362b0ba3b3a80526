/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/alg.h"
#include "crypt/x509.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "tool/describe.h"
#include "tool/subject.h"

#define SPKI_ROOM (64 * 1024)
#define OID_ROOM 512

/* Names may repeat (several names, policies): --json has them in one list of
 * {what, value}, in order. */
static void
put_field(cs_out *out, const char *what, cs_span value)
{
	cs_out_object(out, NULL, NULL);
	cs_out_str(out, "what", NULL, what);
	cs_out_span(out, "value", what, value);
	cs_out_close(out);
}

static void
each_text(void *arg, const char *what, cs_span text)
{
	put_field(arg, what, text);
}

static void
each_name(void *arg, const char *what, cs_span name)
{
	cs_out_object(arg, NULL, NULL);
	cs_out_str(arg, "what", NULL, what);
	cs_subject_put(what, name, arg);
	cs_out_close(arg);
}

static void
each_time(void *arg, const char *what, int64_t t)
{
	cs_out_object(arg, NULL, NULL);
	cs_out_str(arg, "what", NULL, what);
	cs_out_time(arg, "value", what, t);
	cs_out_close(arg);
}

static void
each_oid(void *arg, const char *what, cs_span body)
{
	const char *name = cs_oid_name(body);
	cs_buf *b = cs_buf_new(OID_ROOM);

	if (b == NULL || cs_oid_text(b, body) != CS_OK)
		put_field(arg, what, cs_span_str("(cannot be shown)"));
	else {
		if (name != NULL && cs_buf_printf(b, " (%s)", name) != CS_OK)
			cs_buf_reset(b);
		put_field(arg, what, cs_buf_span(b));
	}
	cs_buf_free(&b);
}

static int
put_key(cs_span der, int (*spki)(cs_span der, cs_buf *out, cs_err *e),
    cs_out *out, cs_err *e)
{
	cs_buf *b = cs_buf_new(SPKI_ROOM);
	int r;

	if (b == NULL)
		return cs_nomem(e, "describe");
	if ((r = spki(der, b, e)) == CS_OK)
		r = cs_describe_key(cs_buf_span(b), out, e);
	cs_buf_free(&b);
	return r;
}

static int
describe(cs_span der, int (*read)(cs_span der, const cs_x509_each *each,
    cs_err *e), int (*spki)(cs_span der, cs_buf *out, cs_err *e), cs_out *out,
    cs_err *e)
{
	const cs_x509_each each = {out, each_name, each_text, each_time,
	    each_oid};
	int r;

	if ((r = put_key(der, spki, out, e)) != CS_OK)
		return r;
	cs_out_list(out, "fields", NULL);
	r = read(der, &each, e);
	cs_out_close(out);
	return r;
}

int
cs_describe_cert(cs_span der, cs_out *out, cs_err *e)
{
	return describe(der, cs_cert_read, cs_cert_spki, out, e);
}

int
cs_describe_foreign(cs_span der, cs_out *out, cs_err *e)
{
	return describe(der, cs_req_read, cs_req_spki, out, e);
}

/* One of the certificates of a CMS message; nobody says that it is one. */
static int
put_carried(cs_span der, cs_out *out, cs_err *e)
{
	uint8_t hash[CS_SHA256_LEN];
	cs_err why = {0};
	int r;

	if ((r = cs_sha256(der, hash, e)) != CS_OK)
		return r;
	cs_out_object(out, NULL, "carries a certificate, not checked");
	cs_out_hash(out, "certificate_hash", "certificate hash",
	    cs_span_of(hash, sizeof(hash)));
	r = cs_describe_cert(der, out, &why);
	if (r == CS_EFORMAT) {
		cs_out_str(out, "broken", "broken", why.text);
		r = CS_OK;
	} else if (r != CS_OK && e != NULL)
		*e = why;
	cs_out_close(out);
	return r;
}

static void
put_hash(const cs_signing_cert *c, cs_out *out)
{
	enum cs_hash h = c->alg.p == NULL ? CS_SHA256 : cs_alg_hash(c->alg);

	cs_out_str(out, "hash_algorithm", "hashed with", h == CS_HASH_NONE ?
	    "another algorithm" : cs_hash_name(h));
	if (h == CS_SHA256 && c->hash.n == CS_SHA256_LEN)
		cs_out_hash(out, "certificate_hash", "certificate hash",
		    c->hash);
	else
		cs_out_hex(out, "certificate_hash", "certificate hash",
		    c->hash);
}

/* Which certificate the signer meant. */
static void
put_signing_cert(cs_span value, cs_out *out)
{
	cs_signing_cert c;
	cs_err why = {0};

	cs_out_object(out, "signing_certificate", "signed as by");
	if (cs_signing_cert_parse(value, &c, &why) != CS_OK)
		cs_out_str(out, "broken", "broken", why.text);
	else {
		put_hash(&c, out);
		if (c.issuer.p != NULL) {
			cs_subject_put("issuer", c.issuer, out);
			cs_out_hex(out, "serial", "serial", c.serial);
		}
	}
	cs_out_close(out);
}

int
cs_describe_carried(const cs_cms *c, cs_out *out, cs_err *e)
{
	cs_span in = c->certs, der = {0};
	int r = CS_OK;

	if (c->signing_cert.p != NULL)
		put_signing_cert(c->signing_cert, out);
	if (in.n == 0)
		return CS_OK;
	cs_out_list(out, "certificates", NULL);
	while (r == CS_OK && in.n != 0)
		if ((r = cs_der_whole(&in, CS_DER_SEQ, &der, e)) == CS_OK)
			r = put_carried(der, out, e);
	cs_out_close(out);
	return r;
}
