/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/tbskey.h"

#include <stdlib.h>

#include "fmt/tbs.h"

int
cs_tbs_key_check(cs_span tbs, const uint8_t key_hash[CS_SHA256_LEN],
    bool plain, cs_err *e)
{
	cs_tbs *t = calloc(1, sizeof(*t));
	int rc;

	if (t == NULL)
		return cs_nomem(e, "signer");
	rc = cs_tbs_parse(tbs, 0, t, e);
	if (rc == CS_OK && !cs_span_eq(t->owner_key_hash,
	    cs_span_of(key_hash, CS_SHA256_LEN)))
		rc = cs_fail(e, CS_EDEVICE, "signer",
		    "the approval names another key than the one that is to "
		    "sign it");
	else if (rc == CS_OK && !plain && t->under_grant.p != NULL)
		rc = cs_fail(e, CS_EUSAGE, "signer",
		    "the holder of a grant signs with a plain key, and this is "
		    "a security key; verifiers refuse it");
	free(t);
	return rc;
}
