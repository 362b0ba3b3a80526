/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/body.h"

#include "fmt/cert.h"
#include "fmt/der.h"
#include "fmt/dn.h"
#include "fmt/reason.h"
#include "issue/authority.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "body", __VA_ARGS__)

static const char *
name_of(enum cs_oid id)
{
	return cs_oid_name(cs_oid(id));
}

int
cs_body_ext_raw(cs_span *list, enum cs_oid id, bool critical, cs_span *value,
    cs_err *e)
{
	cs_ext x = {.critical = false};
	cs_seen seen = {.n = 0};
	const char *found;
	int r;

	if (list->n == 0)
		return BAD(e, CS_R_MALFORMED, "expected %s, found no more",
		    name_of(id));
	if ((r = cs_ext_next(list, &seen, &x, e)) != CS_OK)
		return r;
	if (!cs_oid_is(x.oid, id)) {
		found = cs_oid_name(x.oid);
		return BAD(e, CS_R_MALFORMED, "expected %s, found %s",
		    name_of(id), found == NULL ? "another extension" : found);
	}
	if (x.critical != critical)
		return BAD(e, CS_R_MALFORMED, "%s: expected to be %s",
		    name_of(id), critical ? "critical" : "not critical");
	*value = x.value;
	return CS_OK;
}

int
cs_body_open(cs_span raw, enum cs_oid id, unsigned tag, cs_span *value,
    cs_err *e)
{
	int r;

	if ((r = cs_der_walk(raw, CS_CERT_VALUE_DEPTH, e)) != CS_OK ||
	    (r = cs_der_get(&raw, tag, value, e)) != CS_OK)
		return cs_wrap(e, "%s", name_of(id));
	return CS_OK;
}

int
cs_body_issuer_key_id(cs_span raw, cs_span *key_id, cs_err *e)
{
	cs_span in = {0};
	int r;

	if ((r = cs_body_open(raw, CS_OID_CE_AUTHORITY_KEY_ID, CS_DER_SEQ, &in,
	    e)) != CS_OK)
		return r;
	if ((r = cs_der_get(&in, CS_DER_CTX(0), key_id, e)) != CS_OK ||
	    (r = cs_der_end(in, "the key identifier", e)) != CS_OK)
		return cs_wrap(e, "authorityKeyIdentifier");
	if (key_id->n < 1 || key_id->n > CS_KEY_ID_MAX)
		return BAD(e, CS_R_MALFORMED, "authorityKeyIdentifier: expected "
		    "1 to %d octets, found %zu", CS_KEY_ID_MAX, key_id->n);
	return CS_OK;
}

void
cs_body_put_issuer_key_id(cs_buf *out, cs_span key_id)
{
	cs_ext_open x = cs_ext_begin(out, CS_OID_CE_AUTHORITY_KEY_ID, false);
	size_t seq = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put(out, CS_DER_CTX(0), key_id);
	cs_der_close(out, seq);
	cs_ext_close(out, x);
}

int
cs_body_issuer(cs_span *in, cs_span *sig_alg, cs_span *issuer, cs_err *e)
{
	int r;

	if ((r = cs_der_whole(in, CS_DER_SEQ, sig_alg, e)) != CS_OK)
		return cs_wrap(e, "signature");
	if (!cs_authority_signs(*sig_alg))
		return BAD(e, CS_R_UNSUPPORTED,
		    "expected an algorithm that CAs sign with");
	if ((r = cs_der_whole(in, CS_DER_SEQ, issuer, e)) != CS_OK)
		return cs_wrap(e, "issuer");
	if (issuer->n <= 2)
		return BAD(e, CS_R_MALFORMED, "the issuer has no name");
	return cs_dn_check(*issuer, "issuer", e);
}

void
cs_body_put_ext(cs_buf *out, enum cs_oid id, bool critical, unsigned tag,
    cs_span content)
{
	cs_ext_open x = cs_ext_begin(out, id, critical);

	cs_der_put(out, tag, content);
	cs_ext_close(out, x);
}

void
cs_body_put_ext_raw(cs_buf *out, enum cs_oid id, cs_span value)
{
	cs_ext_open x = cs_ext_begin(out, id, false);

	cs_der_put_raw(out, value);
	cs_ext_close(out, x);
}

void
cs_body_put_head(cs_buf *out, cs_span serial, cs_span sig_alg, cs_span issuer)
{
	size_t version = cs_der_begin(out, CS_DER_CTXC(0));

	cs_der_put_uint(out, CS_DER_INTEGER, 2);
	cs_der_close(out, version);
	cs_der_put(out, CS_DER_INTEGER, serial);
	cs_der_put_raw(out, sig_alg);
	cs_der_put_raw(out, issuer);
}

void
cs_body_put_validity(cs_buf *out, int64_t not_before, int64_t not_after)
{
	size_t seq = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put_time(out, not_before);
	cs_der_put_time(out, not_after);
	cs_der_close(out, seq);
}
