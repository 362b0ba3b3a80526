/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/names.h"
#include "fmt/tbs.h"
#include "fuzz.h"

static void
check_names(const cs_tbs *t)
{
	size_t i;

	CHECK(cs_owner_check(t->owner, NULL) == CS_OK);
	CHECK(cs_authority_check(t->authority, NULL) == CS_OK);
	CHECK(t->n_subjects >= 1 && t->n_subjects <= CS_SUBJECTS_MAX);
	for (i = 0; i < t->n_subjects; i++)
		CHECK(cs_agent_id_check(t->subjects[i].agent_id, NULL, NULL) ==
		    CS_OK);
	if (t->purpose.p != NULL)
		CHECK(cs_purpose_check(t->purpose, true, NULL) == CS_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_tbs *t = calloc(1, sizeof(*t));
	cs_buf *b = NULL;

	if (t == NULL || cs_tbs_parse(in, 0, t, NULL) != CS_OK)
		goto out;
	check_names(t);
	CHECK(t->decision == CS_APPROVE || t->decision == CS_DENY);
	CHECK(t->not_before <= t->not_after);
	CHECK(t->max_lifetime >= 1 && t->max_issuances >= 1);
	if ((b = cs_buf_new(n)) == NULL)
		goto out;
	/* What was read, all of it, is what there was to read. */
	CHECK(cs_tbs_put(t, b, NULL) == CS_OK);
	CHECK(cs_span_eq(cs_buf_span(b), in));
out:
	cs_buf_free(&b);
	free(t);
	return 0;
}
