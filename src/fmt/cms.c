/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/cms.h"

#include <string.h>

#include "base/time.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "cms", __VA_ARGS__)

#define DIGEST_MAX 64
#define SIGNATURE_MAX 1024

/* Exactly one AlgorithmIdentifier, whole. */
static int
read_digest_algorithms(cs_span *in, cs_span *alg, cs_err *e)
{
	cs_span set = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_SET, &set, e)) != CS_OK ||
	    (r = cs_der_whole(&set, CS_DER_SEQ, alg, e)) != CS_OK)
		return cs_wrap(e, "digestAlgorithms");
	if (set.n != 0)
		return BAD(e, CS_R_UNSUPPORTED,
		    "more than one digest algorithm");
	return CS_OK;
}

/* RFC 5652 5.2: eContentType, and the TBS encapsulated. */
static int
read_content(cs_span *in, cs_cms *c, cs_err *e)
{
	cs_span seq = {0}, oid = {0}, box = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OID, &oid, e)) != CS_OK)
		return cs_wrap(e, "encapContentInfo");
	if (!cs_oid_is(oid, CS_OID_CT_OWNER_APPROVAL))
		return BAD(e, CS_R_UNSUPPORTED,
		    "expected the content type owner approval");
	if ((r = cs_der_get(&seq, CS_DER_CTXC(0), &box, e)) != CS_OK ||
	    (r = cs_der_get(&box, CS_DER_OCTETS, &c->tbs, e)) != CS_OK ||
	    (r = cs_der_end(box, "eContent", e)) != CS_OK ||
	    (r = cs_der_end(seq, "encapContentInfo", e)) != CS_OK)
		return cs_wrap(e, "encapContentInfo");
	return CS_OK;
}

/* Certificates may lead from a CA to the key, which comes from ownerKeyHash.
 * Only the one plain choice, so that version 3 is right (RFC 5652 5.1). */
static int
read_certificates(cs_span *in, cs_cms *c, cs_err *e)
{
	cs_span set = {0};
	int r;

	if ((r = cs_der_opt(in, CS_DER_CTXC(0), &set, e)) != CS_OK)
		return r;
	if (set.p != NULL && (r = cs_der_sorted(set, e)) != CS_OK)
		return cs_wrap(e, "certificates");
	c->certs = set;
	while (set.n != 0)
		if ((r = cs_der_get(&set, CS_DER_SEQ, NULL, e)) != CS_OK)
			return cs_wrap(e, "certificates");
	if (cs_der_peek(*in, CS_DER_CTXC(1)))
		return BAD(e, CS_R_UNSUPPORTED, "CRLs inside");
	return CS_OK;
}

/* SignerInfo v1 names issuer and serial, v3 a key identifier (5.3): a hint
 * that is never compared. */
static int
read_signer_id(cs_span *in, cs_err *e)
{
	int64_t version = 0;
	cs_span sid = {0};
	int r;

	if ((r = cs_der_uint(in, CS_DER_INTEGER, 0, INT32_MAX, &version, e)) !=
	    CS_OK)
		return r;
	switch (version) {
	case 1:
		return cs_der_get(in, CS_DER_SEQ, &sid, e);
	case 3:
		return cs_der_get(in, CS_DER_CTX(0), &sid, e);
	default:
		return BAD(e, CS_R_UNSUPPORTED, "SignerInfo version %lld",
		    (long long)version);
	}
}

struct attrs {
	cs_span type, digest, time, caps, protection, cert;
};

/* signingTime is UTCTime through 2049, GeneralizedTime from 2050 (11.3); its
 * value is never an input. */
static int
check_signing_time(cs_span value, cs_err *e)
{
	cs_span body = {0};
	unsigned tag = 0;
	int64_t t = 0;
	int r;

	if ((r = cs_der_any(&value, &tag, &body, NULL, e)) != CS_OK)
		return r;
	if (tag == CS_DER_UTCTIME && cs_utctime_get(body, &t))
		return CS_OK;
	if (tag == CS_DER_GENTIME && cs_gentime_get(body, &t) &&
	    t >= INT64_C(2524608000))
		return CS_OK;
	return BAD(e, CS_R_MALFORMED, "signingTime is no time");
}

/* CMSAlgorithmProtection, RFC 6211. */
static int
read_protection(cs_cms *c, cs_span value, cs_err *e)
{
	cs_span seq = {0};
	int r;

	if ((r = cs_der_get(&value, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_whole(&seq, CS_DER_SEQ, &c->protected_digest, e)) !=
	    CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_CTXC(1), &c->protected_sig, e)) !=
	    CS_OK ||
	    (r = cs_der_end(seq, "cmsAlgorithmProtection", e)) != CS_OK)
		return cs_wrap(e, "cmsAlgorithmProtection");
	return CS_OK;
}

int
cs_cms_check_protection(const cs_cms *c, cs_err *e)
{
	cs_span sig = c->sig_alg, want = {0};
	int r;

	if (c->protected_digest.p == NULL)
		return CS_OK;
	if ((r = cs_der_get(&sig, CS_DER_SEQ, &want, e)) != CS_OK)
		return r;
	if (!cs_span_eq(c->protected_digest, c->digest_alg) ||
	    !cs_span_eq(c->protected_sig, want))
		return BAD(e, CS_R_SIGNATURE_INVALID,
		    "cmsAlgorithmProtection names other algorithms");
	return CS_OK;
}

static cs_span *
attr_slot(struct attrs *a, cs_span oid)
{
	switch (cs_oid_find(oid)) {
	case CS_OID_CONTENT_TYPE:
		return &a->type;
	case CS_OID_MESSAGE_DIGEST:
		return &a->digest;
	case CS_OID_SIGNING_TIME:
		return &a->time;
	case CS_OID_SMIME_CAPABILITIES:
		return &a->caps;
	case CS_OID_ALGORITHM_PROTECTION:
		return &a->protection;
	case CS_OID_SIGNING_CERTIFICATE_V2:
		return &a->cert;
	default:
		return NULL;
	}
}

static int
read_attr(cs_span *in, struct attrs *a, cs_err *e)
{
	cs_span seq = {0}, oid = {0}, set = {0}, value = {0}, *slot;
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OID, &oid, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_SET, &set, e)) != CS_OK ||
	    (r = cs_der_end(seq, "a signed attribute", e)) != CS_OK ||
	    (r = cs_der_any(&set, NULL, NULL, &value, e)) != CS_OK ||
	    (r = cs_der_end(set, "a signed attribute's value", e)) != CS_OK)
		return r;
	if ((slot = attr_slot(a, oid)) == NULL)
		return BAD(e, CS_R_UNSUPPORTED, "an unknown signed attribute");
	if (slot->p != NULL)
		return BAD(e, CS_R_MALFORMED, "a signed attribute twice");
	*slot = value;
	return CS_OK;
}

static int
check_attrs(cs_cms *c, struct attrs *a, cs_err *e)
{
	cs_span oid = {0};
	int r;

	if (a->type.p == NULL || a->digest.p == NULL || a->time.p == NULL)
		return BAD(e, CS_R_MALFORMED, "expected the signed attributes "
		    "contentType, messageDigest and signingTime");
	if ((r = cs_der_get(&a->type, CS_DER_OID, &oid, e)) != CS_OK)
		return cs_wrap(e, "contentType");
	if (!cs_oid_is(oid, CS_OID_CT_OWNER_APPROVAL))
		return BAD(e, CS_R_MALFORMED,
		    "contentType differs from eContentType");
	if ((r = cs_der_get(&a->digest, CS_DER_OCTETS, &c->message_digest,
	    e)) != CS_OK)
		return cs_wrap(e, "messageDigest");
	if (c->message_digest.n == 0 || c->message_digest.n > DIGEST_MAX)
		return BAD(e, CS_R_MALFORMED, "messageDigest of %zu octets",
		    c->message_digest.n);
	if ((r = check_signing_time(a->time, e)) != CS_OK)
		return r;
	c->signing_cert = a->cert;
	if (a->protection.p != NULL)
		return read_protection(c, a->protection, e);
	return CS_OK;
}

/* Signed attributes are required: without them a signature over other bytes
 * could pass for one over these (formats section 5). */
static int
read_attrs(cs_cms *c, cs_err *e)
{
	struct attrs a = {.type = {0}};
	cs_span in = c->signed_attrs, body = {0};
	int r;

	if ((r = cs_der_get(&in, CS_DER_CTXC(0), &body, e)) != CS_OK ||
	    (r = cs_der_sorted(body, e)) != CS_OK)
		return cs_wrap(e, "signedAttrs");
	while (body.n != 0)
		if ((r = read_attr(&body, &a, e)) != CS_OK)
			return cs_wrap(e, "signedAttrs");
	return check_attrs(c, &a, e);
}

static int
read_signer(cs_span in, cs_cms *c, cs_err *e)
{
	cs_span digest = {0};
	int r;

	if ((r = read_signer_id(&in, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &digest, e)) != CS_OK)
		return cs_wrap(e, "SignerInfo");
	if (!cs_span_eq(digest, c->digest_alg))
		return BAD(e, CS_R_MALFORMED,
		    "digest algorithms of the message and its signer differ");
	if (!cs_der_peek(in, CS_DER_CTXC(0)))
		return BAD(e, CS_R_UNSUPPORTED, "no signed attributes");
	if ((r = cs_der_whole(&in, CS_DER_CTXC(0), &c->signed_attrs, e)) !=
	    CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &c->sig_alg, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_OCTETS, &c->sig, e)) != CS_OK)
		return cs_wrap(e, "SignerInfo");
	if (cs_der_peek(in, CS_DER_CTXC(1)))
		return BAD(e, CS_R_UNSUPPORTED, "unsigned attributes");
	if ((r = cs_der_end(in, "SignerInfo", e)) != CS_OK)
		return r;
	if (c->sig.n == 0 || c->sig.n > SIGNATURE_MAX)
		return BAD(e, CS_R_MALFORMED, "signature of %zu octets",
		    c->sig.n);
	return read_attrs(c, e);
}

static int
read_signed_data(cs_span in, cs_cms *c, cs_err *e)
{
	cs_span set = {0}, signer = {0};
	int64_t version = 0;
	int r;

	if ((r = cs_der_uint(&in, CS_DER_INTEGER, 0, INT32_MAX, &version, e)) !=
	    CS_OK)
		return r;
	if (version != 3)
		return BAD(e, CS_R_UNSUPPORTED,
		    "SignedData version %lld, expected 3", (long long)version);
	if ((r = read_digest_algorithms(&in, &c->digest_alg, e)) != CS_OK ||
	    (r = read_content(&in, c, e)) != CS_OK ||
	    (r = read_certificates(&in, c, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_SET, &set, e)) != CS_OK ||
	    (r = cs_der_end(in, "SignedData", e)) != CS_OK ||
	    (r = cs_der_get(&set, CS_DER_SEQ, &signer, e)) != CS_OK)
		return cs_wrap(e, "SignedData");
	if (set.n != 0)
		return BAD(e, CS_R_UNSUPPORTED, "more than one signer");
	return read_signer(signer, c, e);
}

int
cs_cms_parse(cs_span in, unsigned depth, cs_cms *c, cs_err *e)
{
	int r;

	memset(c, 0, sizeof(*c));
	if ((r = cs_der_walk(in, depth, e)) != CS_OK)
		return cs_wrap(e, "ContentInfo");
	return cs_cms_read(in, c, e);
}

int
cs_cms_read(cs_span walked, cs_cms *c, cs_err *e)
{
	cs_span seq = {0}, oid = {0}, box = {0}, body = {0};
	int r;

	memset(c, 0, sizeof(*c));
	if ((r = cs_der_get(&walked, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_end(walked, "ContentInfo", e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OID, &oid, e)) != CS_OK)
		return cs_wrap(e, "ContentInfo");
	if (!cs_oid_is(oid, CS_OID_SIGNED_DATA))
		return BAD(e, CS_R_UNSUPPORTED, "expected CMS signedData");
	if ((r = cs_der_get(&seq, CS_DER_CTXC(0), &box, e)) != CS_OK ||
	    (r = cs_der_end(seq, "ContentInfo", e)) != CS_OK ||
	    (r = cs_der_get(&box, CS_DER_SEQ, &body, e)) != CS_OK ||
	    (r = cs_der_end(box, "SignedData", e)) != CS_OK)
		return cs_wrap(e, "ContentInfo");
	return read_signed_data(body, c, e);
}
