/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/step.h"

/* Signature counters: WebAuthn 6.1.1 and 7.2, step 22; countersign-formats(5),
 * section 8. */

static void
read_counter(const cs_approval *a, cs_counter *out)
{
	if (a->carrier == CS_CARRIER_WEBAUTHN) {
		out->given = true;
		out->value = a->webauthn.auth.counter;
	} else if (a->carrier == CS_CARRIER_SSHSIG && a->sshsig.key.is_sk) {
		out->given = true;
		out->value = a->sshsig.counter;
	}
}

/* A counter that stays zero is none. */
static void
compare(const cs_last_counter *last, cs_counter *c)
{
	c->compared = last->known;
	c->last = last->value;
	c->regressed = last->known && !last->recorded &&
	    (c->value != 0 || last->value != 0) && c->value <= last->value;
}

static int
remember(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	cs_last_counter last = {0};
	cs_err why = {0};
	int r;

	r = s->in->memory->counter(s->in->memory->arg,
	    a->approval->tbs.owner_key_hash.p, a->tbs_hash, &last, &why);
	if (r == CS_EIO)
		return CS_REFUSE(e, CS_R_STORE_UNAVAILABLE,
		    "the key's last counter cannot be told, %s:%u: %s",
		    CS_ANCHOR_AT(&a->anchor), why.text);
	if (r != CS_OK)
		*e = why;
	else
		compare(&last, &a->counter);
	return r;
}

int
cs_step_counter(const struct cs_step *s, cs_approved *a, cs_err *e)
{
	const cs_anchor *k = &a->anchor;
	cs_counter *c = &a->counter;
	int r;

	read_counter(a->approval, c);
	if (!c->given)
		return CS_OK;
	if (s->in->memory == NULL || s->in->memory->counter == NULL)
		return !k->counter_strict ? CS_OK : CS_REFUSE(e,
		    CS_R_STORE_UNAVAILABLE, "expected the last counter of a "
		    "key with counter-strict, found nobody who remembers it, "
		    "%s:%u", CS_ANCHOR_AT(k));
	if ((r = remember(s, a, e)) != CS_OK)
		return r;
	if (c->regressed && k->counter_strict)
		return CS_REFUSE(e, CS_R_COUNTER_REGRESSED, "expected a "
		    "counter above %lu, found %lu, %s:%u",
		    (unsigned long)c->last, (unsigned long)c->value,
		    CS_ANCHOR_AT(k));
	return CS_OK;
}
