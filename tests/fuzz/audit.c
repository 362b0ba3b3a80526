/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/audit.h"
#include "fmt/names.h"
#include "fuzz.h"

static void
check_fields(const cs_audit_record *r)
{
	size_t i;

	CHECK(r->sequence >= 1 && r->previous.n == CS_AUDIT_HASH_LEN);
	CHECK(cs_authority_check(r->authority, NULL) == CS_OK);
	CHECK(r->event >= CS_AUDIT_CLAIMED && r->event <= CS_AUDIT_FLOOR);
	CHECK((r->n > 0) == (r->event == CS_AUDIT_CLAIMED ||
	    r->event == CS_AUDIT_DENIED));
	CHECK(r->n <= CS_AUDIT_APPROVALS_MAX && r->not_before >= 0);
	for (i = 0; i < r->n; i++) {
		CHECK(cs_owner_check(r->at[i].owner, NULL) == CS_OK);
		CHECK(r->at[i].key.kind != CS_KEY_NONE);
		CHECK(r->at[i].approval.n <= CS_APPROVAL_MAX);
	}
	CHECK(r->event != CS_AUDIT_ISSUED || r->claim < r->sequence);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_audit_record *r = NULL;
	cs_buf *b = NULL;

	if (cs_audit_parse(in, &r, NULL) != CS_OK)
		return 0;
	check_fields(r);
	if ((b = cs_buf_new(n)) != NULL) {
		/* What was read, all of it, is what there was to read. */
		CHECK(cs_audit_put(r, b, NULL) == CS_OK);
		CHECK(cs_span_eq(cs_buf_span(b), in));
	}
	cs_buf_free(&b);
	cs_audit_free(&r);
	return 0;
}
