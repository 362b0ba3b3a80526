/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/names.h"
#include "fuzz.h"
#include "tool/grant.h"

static bool
covers(const cs_grant *g, const cs_tbs *use)
{
	cs_err e = {0};
	bool yes = cs_grant_covers(&g->approval->tbs, g->hash, use, &e) ==
	    CS_OK;

	CHECK(yes == (e.text[0] == '\0'));
	return yes;
}

/* An approval that uses the grant to the full, for an agent below. */
static cs_tbs
use_of(const cs_grant *g, char id[CS_AGENT_ID_MAX + 8])
{
	cs_tbs use = g->approval->tbs;
	cs_span prefix = use.subjects[0].agent_id;

	memcpy(id, prefix.p, prefix.n);
	memcpy(id + prefix.n, "/a", 3);
	use.subjects[0] = (cs_subject){.kind = CS_SUBJECT_REQUEST,
	    .agent_id = cs_span_of(id, prefix.n + 2)};
	use.under_grant = cs_span_of(g->hash, CS_SHA256_LEN);
	use.owner_key_hash = cs_span_of(g->holder, CS_SHA256_LEN);
	return use;
}

/* The use with one thing changed is beyond the grant. */
#define BEYOND(change) \
	do { \
		use = full; \
		change; \
		CHECK(!covers(g, &use)); \
	} while (0)

static void
check_covers(const cs_grant *g)
{
	static const uint8_t other[CS_SHA256_LEN];
	char id[CS_AGENT_ID_MAX + 8] = "";
	cs_tbs full = use_of(g, id), use;

	CHECK(!covers(g, &g->approval->tbs));
	CHECK(covers(g, &full));
	BEYOND(use.under_grant = cs_span_of(other, sizeof(other)));
	BEYOND(use.owner_key_hash = cs_span_of(other, sizeof(other)));
	BEYOND(use.owner.n--);
	BEYOND(use.authority.n--);
	BEYOND(use.not_before--);
	BEYOND(use.not_after++);
	BEYOND(use.max_lifetime++);
	BEYOND(use.max_issuances++);
	BEYOND(use.subjects[0].agent_id.n -= 2); /* the prefix itself */
	id[full.subjects[0].agent_id.n - 2] = 'x'; /* no whole segment */
	CHECK(!covers(g, &full));
}

/* The file of `sign --under`. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_grant *g = NULL;
	cs_spki key = {0};
	cs_err e = {0};

	if (cs_grant_parse(cs_span_of(data, n), &g, &e) != CS_OK) {
		CHECK(g == NULL && e.text[0] != '\0');
		return 0;
	}
	CHECK(cs_tbs_is_grant(&g->approval->tbs));
	CHECK(g->approval->tbs.n_subjects == 1);
	CHECK(g->approval->tbs.under_grant.p == NULL);
	CHECK(cs_spki_parse(g->approval->tbs.subjects[0].holder_key, &key,
	    NULL) == CS_OK);
	check_covers(g);
	cs_grant_free(&g);
	return 0;
}
