/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/enc.h"
#include "fmt/origin.h"
#include "fmt/owners_opt.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

#define CREDENTIAL_ID_MAX 1023 /* CTAP 2.1, section 6.1 */

int
cs_owners_rp_id(cs_span value, enum cs_anchor_type type, cs_anchor *a,
    cs_err *e)
{
	(void)type;
	(void)a;
	return cs_rp_id_check(value, e);
}

int
cs_owners_origins(cs_span value, enum cs_anchor_type type, cs_anchor *a,
    cs_err *e)
{
	cs_span one = {0};
	size_t n = 0;
	int r;

	(void)type;
	(void)a;
	for (; cs_scan_word(&value, &one); n++)
		if ((r = cs_origin_check(one, e)) != CS_OK)
			return r;
	return n != 0 ? CS_OK : CS_BAD(e, CS_R_MALFORMED, "owners",
	    "expected origins with blanks between, found none");
}

int
cs_owners_credential_id(cs_span value, enum cs_anchor_type type, cs_anchor *a,
    cs_err *e)
{
	cs_buf *id = cs_buf_new(CREDENTIAL_ID_MAX);
	bool good;

	(void)type;
	(void)a;
	if (id == NULL)
		return cs_nomem(e, "owners");
	good = cs_base64url_get(id, value, NULL) == CS_OK &&
	    cs_buf_len(id) != 0;
	cs_buf_free(&id);
	return good ? CS_OK : CS_BAD(e, CS_R_MALFORMED, "owners",
	    "expected base64url without padding, of 1 to %d bytes, found "
	    "\"%.*s\"", CREDENTIAL_ID_MAX, CS_SHOW(value));
}
