/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_APPROVAL_H
#define CS_FMT_APPROVAL_H

#include "fmt/cms.h"
#include "fmt/sshsig.h"
#include "fmt/tbs.h"
#include "fmt/webauthn.h"

/* OwnerApproval: a carrier type and its value (section 5). */

#define CS_APPROVAL_MAX (24 * 1024)

enum cs_carrier {
	CS_CARRIER_NONE = 0,
	CS_CARRIER_CMS,
	CS_CARRIER_WEBAUTHN,
	CS_CARRIER_SSHSIG
};

typedef struct cs_approval { /* immutable; spans borrow from der */
	cs_buf *own;
	cs_span der;   /* whole OwnerApproval */
	enum cs_carrier carrier;
	cs_span value; /* whole element behind the type */
	cs_cms cms;    /* the one of its carrier */
	cs_webauthn webauthn;
	cs_sshsig sshsig;
	cs_tbs tbs;
} cs_approval;

/* Copies and parses. `depth`: nesting of `in` within its message. An unknown
 * type is CS_R_UNSUPPORTED. */
CS_USE int cs_approval_parse(cs_span in, unsigned depth, cs_approval **out,
    cs_err *e);
void cs_approval_free(cs_approval **a);
/* Appends OwnerApproval around a ContentInfo. */
CS_USE int cs_approval_put_cms(cs_span content_info, cs_buf *out, cs_err *e);
/* The same around what cs_webauthn_put() wrote. */
CS_USE int cs_approval_put_webauthn(cs_span value, cs_buf *out, cs_err *e);
/* The same around what cs_sshsig_put_value() wrote. */
CS_USE int cs_approval_put_sshsig(cs_span value, cs_buf *out, cs_err *e);
const char *cs_carrier_name(enum cs_carrier c); /* "cms" */

#endif
