/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/ownersan.h"
#include "verify/step.h"

/*
 * A request that comes alone. An issuer keeps it until its owner has answered,
 * and whoever has a key can make one: that it names an owner who could say yes
 * is all that can be asked of it. The rule and the anchors decide, as they
 * would of his approval.
 */

struct asked {
	const struct cs_step *s;
	bool may;
};

static int
look(void *arg, const cs_anchor *line, cs_err *e)
{
	struct asked *k = arg;
	const struct cs_step *s = k->s;

	(void)e;
	k->may = k->may || (cs_anchor_allows(line, s->csr->agent_id) &&
	    cs_step_life(line, s->in->now, NULL) == CS_OK &&
	    (s->in->policy == NULL || cs_rule_has(s->rule, line->group)));
	return CS_OK;
}

static int
find_line(struct asked *k, cs_span owner, cs_err *e)
{
	const cs_authorities *l = cs_anchors_authorities(k->s->in->anchors);
	size_t i;
	int r = CS_OK;

	for (i = 0; i < l->n && r == CS_OK && !k->may; i++)
		if (cs_owner_san_match(l->v[i].line.owner_san, owner))
			r = look(k, &l->v[i].line, e);
	return r != CS_OK || k->may ? r :
	    cs_anchors_of(k->s->in->anchors, owner, look, k, e);
}

/* One sentence for whoever could not: nobody learns here who is an owner. */
static int
check_owner(const struct cs_step *s, cs_span owner, cs_err *e)
{
	struct asked k = {s, false};
	int r;

	if ((r = cs_step_ruled(s, false, e)) != CS_OK)
		return r;
	if ((r = cs_step_owner_revoked(s, owner, e)) == CS_OK)
		r = find_line(&k, owner, e);
	if ((r == CS_OK && k.may) ||
	    (r != CS_OK && e->detail != CS_R_REVOKED))
		return r;
	return CS_REFUSE(e, CS_R_AGENT_NOT_ALLOWED, "expected a request that "
	    "names an owner who may approve %.*s, found %.*s",
	    CS_SHOW(s->csr->agent_id), CS_SHOW(owner));
}

int
cs_step_asked(const struct cs_step *s, cs_err *e)
{
	cs_span owner = s->csr->intended_owner;
	int r;

	if (s->in->composite && owner.p != NULL &&
	    (r = check_owner(s, owner, e)) != CS_OK)
		return r;
	return CS_REFUSE(e, CS_R_NO_APPROVAL,
	    "expected at least one approval, found none");
}
