/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/cms.h"

#include <stdio.h>

#include "base/time.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"

#define YEAR_2050 INT64_C(2524608000)

int
cs_cms_signed_bytes(const cs_cms *c, cs_buf *out, cs_err *e)
{
	static const uint8_t set = CS_DER_SET;

	cs_der_put_raw(out, cs_span_of(&set, 1));
	cs_der_put_raw(out, cs_span_cut(c->signed_attrs, 1,
	    c->signed_attrs.n - 1));
	return cs_der_done(out, e);
}

/* RFC 5652 11.3: UTCTime through 2049. */
static void
put_time(cs_buf *out, int64_t t)
{
	char text[16] = {0};

	if (t >= YEAR_2050) {
		cs_der_put_gentime(out, t);
		return;
	}
	if (!cs_gentime_put(t, text))
		cs_buf_fail(out);
	cs_der_put(out, CS_DER_UTCTIME, cs_span_of(text + 2, 13));
}

static size_t
attr_begin(cs_buf *out, enum cs_oid id, size_t *set)
{
	size_t attr = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put(out, CS_DER_OID, cs_oid(id));
	*set = cs_der_begin(out, CS_DER_SET);
	return attr;
}

static void
attr_end(cs_buf *out, size_t attr, size_t set)
{
	cs_der_close(out, set);
	cs_der_close(out, attr);
}

static void
put_signing_cert(const cs_signing_cert *cert, cs_buf *out)
{
	size_t set = 0, attr = attr_begin(out, CS_OID_SIGNING_CERTIFICATE_V2,
	    &set);

	if (cs_signing_cert_put(cert, out, NULL) != CS_OK)
		cs_buf_fail(out);
	attr_end(out, attr, set);
}

int
cs_cms_put_attrs(cs_span digest, int64_t signing_time,
    const cs_signing_cert *cert, cs_buf *out, cs_err *e)
{
	size_t all = cs_der_begin(out, CS_DER_SET), attr, set = 0;

	attr = attr_begin(out, CS_OID_CONTENT_TYPE, &set);
	cs_der_put(out, CS_DER_OID, cs_oid(CS_OID_CT_OWNER_APPROVAL));
	attr_end(out, attr, set);
	attr = attr_begin(out, CS_OID_SIGNING_TIME, &set);
	put_time(out, signing_time);
	attr_end(out, attr, set);
	attr = attr_begin(out, CS_OID_MESSAGE_DIGEST, &set);
	cs_der_put(out, CS_DER_OCTETS, digest);
	attr_end(out, attr, set);
	if (cert != NULL)
		put_signing_cert(cert, out);
	cs_der_sort(out, all);
	cs_der_close(out, all);
	return cs_der_done(out, e);
}

/* RFC 5652 5.3: version 1 goes with issuerAndSerialNumber, by which other
 * tools find the certificate that they are given. */
static void
put_signer_id(const cs_cms_new *n, cs_buf *out)
{
	size_t seq;

	cs_der_put_uint(out, CS_DER_INTEGER, n->issuer.p == NULL ? 3 : 1);
	if (n->issuer.p == NULL) {
		cs_der_put(out, CS_DER_CTX(0), n->key_hash);
		return;
	}
	seq = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put_raw(out, n->issuer);
	cs_der_put(out, CS_DER_INTEGER, n->serial);
	cs_der_close(out, seq);
}

static void
put_signer(const cs_cms_new *n, cs_buf *out)
{
	static const uint8_t implicit = CS_DER_CTXC(0);
	size_t set = cs_der_begin(out, CS_DER_SET);
	size_t signer = cs_der_begin(out, CS_DER_SEQ);

	put_signer_id(n, out);
	cs_der_put_raw(out, n->digest_alg);
	cs_der_put_raw(out, cs_span_of(&implicit, 1));
	cs_der_put_raw(out, cs_span_cut(n->attrs, 1, n->attrs.n - 1));
	cs_der_put_raw(out, n->sig_alg);
	cs_der_put(out, CS_DER_OCTETS, n->sig);
	cs_der_close(out, signer);
	cs_der_close(out, set);
}

static void
put_content(const cs_cms_new *n, cs_buf *out)
{
	size_t encap = cs_der_begin(out, CS_DER_SEQ), box;

	cs_der_put(out, CS_DER_OID, cs_oid(CS_OID_CT_OWNER_APPROVAL));
	box = cs_der_begin(out, CS_DER_CTXC(0));
	cs_der_put(out, CS_DER_OCTETS, n->tbs);
	cs_der_close(out, box);
	cs_der_close(out, encap);
}

static void
put_certificates(const cs_cms_new *n, cs_buf *out)
{
	size_t set;

	if (n->certs.p == NULL)
		return;
	set = cs_der_begin(out, CS_DER_CTXC(0));
	cs_der_put_raw(out, n->certs);
	cs_der_sort(out, set);
	cs_der_close(out, set);
}

int
cs_cms_put(const cs_cms_new *n, cs_buf *out, cs_err *e)
{
	size_t info = cs_der_begin(out, CS_DER_SEQ), box, data;

	if (n->attrs.n < 2)
		return CS_BAD(e, CS_R_MALFORMED, "cms", "no attributes");
	cs_der_put(out, CS_DER_OID, cs_oid(CS_OID_SIGNED_DATA));
	box = cs_der_begin(out, CS_DER_CTXC(0));
	data = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put_uint(out, CS_DER_INTEGER, 3);
	cs_der_put(out, CS_DER_SET, n->digest_alg);
	put_content(n, out);
	put_certificates(n, out);
	put_signer(n, out);
	cs_der_close(out, data);
	cs_der_close(out, box);
	cs_der_close(out, info);
	return cs_der_done(out, e);
}
