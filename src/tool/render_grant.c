/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/time.h"
#include "tool/renderpart.h"

/* The page of a grant: what its holder will be able to do, in one sentence. */

#define SENTENCE_MAX 8192

static int
put_sentence(const cs_tbs *t, cs_buf *b)
{
	const cs_subject *s = &t->subjects[0];
	char from[24] = "", to[24] = "", end[24] = "", life[24];

	cs_duration_put(t->max_lifetime, life);
	if (!cs_rfc3339_put(t->not_before, from) ||
	    !cs_rfc3339_put(t->not_after, to) ||
	    !cs_rfc3339_put(t->not_after + t->max_lifetime, end))
		return CS_EBUG;
	return cs_buf_printf(b, "whoever has this key can approve, in the "
	    "name of %.*s and without asking again, any request of an agent "
	    "below %.*s, at %.*s, from %s until %s: "
	    "together %lld %s of each kind (X.509, WIT) for at most %s each, "
	    "the last of which ends at %s", (int)t->owner.n, t->owner.p,
	    (int)s->agent_id.n, s->agent_id.p, (int)t->authority.n,
	    t->authority.p, from, to, (long long)t->max_issuances,
	    t->max_issuances == 1 ? "credential" : "credentials", life, end);
}

cs_buf *
cs_part_sentence(const cs_tbs *t)
{
	cs_buf *b = cs_buf_new(SENTENCE_MAX);

	if (b != NULL && put_sentence(t, b) != CS_OK)
		cs_buf_free(&b);
	return b;
}

int
cs_page_grant(cs_page *p, const cs_review *r, cs_err *e)
{
	const cs_tbs *t = &r->job[0]->tbs;
	const cs_subject *s = &t->subjects[0];
	cs_buf *sentence = cs_part_sentence(t);
	uint8_t hash[CS_SHA256_LEN];
	char name[16], key[52];
	cs_spki spki = {0};
	int rc;

	if (sentence == NULL)
		return cs_nomem(e, "render");
	if ((rc = cs_spki_parse(s->holder_key, &spki, e)) != CS_OK ||
	    (rc = cs_sha256(s->holder_key, hash, e)) != CS_OK)
		goto out;
	cs_spki_name(&spki, name);
	cs_fingerprint(hash, key);
	cs_page_row(p, "GRANT", s->agent_id);
	cs_page_rowf(p, "TO", "%s key %s", name, key);
	if (r->holder_path != NULL)
		cs_page_row(p, "  file", cs_span_str(r->holder_path));
	cs_page_row(p, "WHAT", cs_buf_span(sentence));
	if (t->purpose.p != NULL)
		cs_page_row(p, "  you say", t->purpose);
	cs_part_owner(p, r);
	cs_part_lookout(p, s, t);
out:
	cs_buf_free(&sentence);
	return rc;
}
