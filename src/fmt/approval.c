/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/approval.h"

#include <stdlib.h>

#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "approval", __VA_ARGS__)

/* Levels from OwnerApproval down to the content of eContent: OwnerApproval,
 * ContentInfo, [0], SignedData, encapContentInfo, [0], OCTET STRING. */
#define ECONTENT_DEPTH 7
/* OwnerApproval, SEQUENCE, OCTET STRING. */
#define ENCLOSED_DEPTH 3

static enum cs_carrier
carrier_of(cs_span oid)
{
	switch (cs_oid_find(oid)) {
	case CS_OID_APPROVAL_CMS:
		return CS_CARRIER_CMS;
	case CS_OID_APPROVAL_WEBAUTHN:
		return CS_CARRIER_WEBAUTHN;
	case CS_OID_APPROVAL_SSHSIG:
		return CS_CARRIER_SSHSIG;
	default:
		return CS_CARRIER_NONE;
	}
}

const char *
cs_carrier_name(enum cs_carrier c)
{
	static const char *const names[] = {
		[CS_CARRIER_NONE] = "none",
		[CS_CARRIER_CMS] = "cms",
		[CS_CARRIER_WEBAUTHN] = "webauthn",
		[CS_CARRIER_SSHSIG] = "sshsig",
	};

	return names[c];
}

static int
read_cms(cs_approval *a, unsigned depth, cs_err *e)
{
	int r = cs_cms_read(a->value, &a->cms, e); /* walked with the whole */

	return r != CS_OK ? r :
	    cs_tbs_parse(a->cms.tbs, depth + ECONTENT_DEPTH, &a->tbs, e);
}

static int
read_webauthn(cs_approval *a, unsigned depth, cs_err *e)
{
	int r = cs_webauthn_read(a->value, &a->webauthn, e);

	return r != CS_OK ? r :
	    cs_tbs_parse(a->webauthn.tbs, depth + ENCLOSED_DEPTH, &a->tbs, e);
}

static int
read_sshsig(cs_approval *a, unsigned depth, cs_err *e)
{
	cs_span tbs = {0};
	int r = cs_sshsig_read(a->value, &tbs, &a->sshsig, e);

	return r != CS_OK ? r :
	    cs_tbs_parse(tbs, depth + ENCLOSED_DEPTH, &a->tbs, e);
}

static int
read_value(cs_approval *a, unsigned depth, cs_err *e)
{
	switch (a->carrier) {
	case CS_CARRIER_CMS:
		return read_cms(a, depth, e);
	case CS_CARRIER_WEBAUTHN:
		return read_webauthn(a, depth, e);
	case CS_CARRIER_SSHSIG:
		return read_sshsig(a, depth, e);
	case CS_CARRIER_NONE:
		break;
	}
	return BAD(e, CS_R_UNSUPPORTED, "carrier of an unknown type");
}

static int
read_approval(cs_approval *a, unsigned depth, cs_err *e)
{
	cs_span whole = a->der, seq = {0}, oid = {0};
	int r;

	if ((r = cs_der_walk(a->der, depth, e)) != CS_OK ||
	    (r = cs_der_get(&whole, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_get(&seq, CS_DER_OID, &oid, e)) != CS_OK ||
	    (r = cs_der_any(&seq, NULL, NULL, &a->value, e)) != CS_OK ||
	    (r = cs_der_end(seq, "OwnerApproval", e)) != CS_OK)
		return r;
	a->carrier = carrier_of(oid);
	return read_value(a, depth, e);
}

int
cs_approval_parse(cs_span in, unsigned depth, cs_approval **out, cs_err *e)
{
	cs_approval *a = NULL;
	int r;

	*out = NULL;
	if (in.n > CS_APPROVAL_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", in.n,
		    CS_APPROVAL_MAX);
	if ((a = calloc(1, sizeof(*a))) == NULL ||
	    (a->own = cs_buf_dup(in)) == NULL) {
		r = cs_nomem(e, "approval");
		goto out;
	}
	a->der = cs_buf_span(a->own);
	if ((r = read_approval(a, depth, e)) != CS_OK) {
		cs_wrap(e, "approval");
		goto out;
	}
	*out = a;
	a = NULL; /* transferred */
out:
	cs_approval_free(&a);
	return r;
}

void
cs_approval_free(cs_approval **a)
{
	if (a == NULL || *a == NULL)
		return;
	cs_buf_free(&(*a)->own);
	free(*a);
	*a = NULL;
}

static int
put(enum cs_oid type, cs_span value, cs_buf *out, cs_err *e)
{
	size_t m = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put(out, CS_DER_OID, cs_oid(type));
	cs_der_put_raw(out, value);
	cs_der_close(out, m);
	return cs_der_done(out, e);
}

int
cs_approval_put_cms(cs_span content_info, cs_buf *out, cs_err *e)
{
	return put(CS_OID_APPROVAL_CMS, content_info, out, e);
}

int
cs_approval_put_webauthn(cs_span value, cs_buf *out, cs_err *e)
{
	return put(CS_OID_APPROVAL_WEBAUTHN, value, out, e);
}

int
cs_approval_put_sshsig(cs_span value, cs_buf *out, cs_err *e)
{
	return put(CS_OID_APPROVAL_SSHSIG, value, out, e);
}
