/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/step.h"

#include "base/time.h"

/* What the authority remembers of revocations and denials. */

#define TEXT_MAX 1024

/* Who cannot tell has not said no, and that is no yes. */
static int
unavailable(int r, const cs_err *why, const char *what, cs_err *e)
{
	if (r == CS_EIO)
		return CS_REFUSE(e, CS_R_STORE_UNAVAILABLE,
		    "%s cannot be told: %s", what, why->text);
	*e = *why;
	return r;
}

static int
ask(const struct cs_step *s, const cs_revoked_in *in, cs_err *e)
{
	const cs_memory *m = s->in->memory;
	char text[TEXT_MAX] = "";
	bool found = false;
	cs_err why = {0};
	int r;

	if ((r = m->revoked(m->arg, in, &found, text, sizeof(text), &why)) !=
	    CS_OK)
		return unavailable(r, &why, "what is revoked", e);
	if (found)
		return CS_REFUSE(e, CS_R_REVOKED, "%s",
		    text[0] == '\0' ? "revoked" : text);
	return CS_OK;
}

/* A key above the owner's is revoked for all whom it vouches for. */
static int
ask_path(const struct cs_step *s, const cs_approved *a, cs_err *e)
{
	const cs_chain *c = a->path == NULL ? NULL : a->path->chain;
	const uint8_t *hash;
	int r = CS_OK;
	size_t i;

	for (i = 1; r == CS_OK && c != NULL &&
	    (hash = cs_chain_key_hash(c, i)) != NULL; i++)
		r = ask(s, &(cs_revoked_in){
		    .key_hash = cs_span_of(hash, CS_SHA256_LEN)}, e);
	return r;
}

/* An agent that is revoked may still be denied. */
int
cs_step_revoked(const struct cs_step *s, const cs_approved *a, cs_err *e)
{
	const cs_tbs *t = &a->approval->tbs;
	cs_revoked_in in = {.owner = t->owner, .key_hash = t->owner_key_hash,
	    .tbs_hash = cs_span_of(a->tbs_hash, CS_SHA256_LEN),
	    .approval_id = t->approval_id,
	    .is_grant = a->role == CS_ROLE_GRANT};
	int r;

	if (s->in->memory == NULL || s->in->memory->revoked == NULL)
		return CS_OK;
	if (t->decision == CS_APPROVE)
		in.agent_id = s->csr->agent_id;
	if ((r = ask(s, &in, e)) != CS_OK)
		return r;
	return ask_path(s, a, e);
}

int
cs_step_owner_revoked(const struct cs_step *s, cs_span owner, cs_err *e)
{
	const cs_revoked_in in = {.owner = owner,
	    .agent_id = s->csr->agent_id};

	if (s->in->memory == NULL || s->in->memory->revoked == NULL)
		return CS_OK;
	return ask(s, &in, e);
}

int
cs_step_denied(const struct cs_step *s, int64_t *not_after, char *owner,
    size_t owner_len, cs_err *e)
{
	const cs_memory *m = s->in->memory;
	char until[24] = "?";
	cs_err why = {0};
	int r;

	*not_after = 0;
	owner[0] = '\0';
	if (m == NULL || m->denied == NULL)
		return CS_OK;
	if ((r = m->denied(m->arg, s->request_digest, s->in->now, not_after,
	    owner, owner_len, &why)) != CS_OK) {
		*not_after = 0;
		return unavailable(r, &why, "what is denied", e);
	}
	if (*not_after == 0)
		return CS_OK;
	if (!cs_rfc3339_put(*not_after, until))
		until[0] = '?'; /* an unprintable time keeps its mark */
	return cs_fail(e, CS_EREFUSED, "verify", "%.*s by %s until %s, "
	    "as was said before", CS_SHOW(s->csr->agent_id), owner, until);
}
