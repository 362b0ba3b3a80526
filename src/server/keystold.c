/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/keystold.h"

#include "server/msg.h"

static const char where[] = "server/keyholder";

/* What signs comes first. */
static int
take_ca(cs_keys_told *k, cs_span der, bool signs, cs_err *e)
{
	cs_authority *ca = NULL;
	int rc;

	if (k->n_ca == CS_CONF_CAS_MAX)
		return cs_fail(e, CS_EFORMAT, where, "too many CAs");
	if ((rc = cs_authority_parse(der, &ca, e)) != CS_OK)
		return rc;
	k->ca[k->n_ca++] = ca;
	if (signs) {
		k->ca[k->n_ca - 1] = k->ca[0];
		k->ca[0] = ca;
	}
	return CS_OK;
}

static int
take_wit(cs_keys_told *k, cs_span der, bool signs, cs_err *e)
{
	cs_spki key;
	size_t n = k->n_wit;
	int rc;

	if (n == CS_CONF_CAS_MAX)
		return cs_fail(e, CS_EFORMAT, where, "too many WIT keys");
	if ((k->own[n] = cs_buf_dup(der)) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_spki_parse(cs_buf_span(k->own[n]), &key, e)) != CS_OK) {
		cs_buf_free(&k->own[n]);
		return rc;
	}
	k->wit[k->n_wit++] = key;
	if (signs) {
		k->wit[n] = k->wit[0];
		k->wit[0] = key;
	}
	return CS_OK;
}

int
cs_keys_told_get(const cs_frame *f, cs_keys_told *out, cs_err *e)
{
	bool signs = false;
	size_t i;
	int rc = CS_OK;

	*out = (cs_keys_told){.n_ca = 0};
	if (f->type != CS_MSG_KEYS_ARE || f->n % 2 != 0)
		return cs_fail(e, CS_EFORMAT, where,
		    "the keyholder does not say which keys it has");
	for (i = 0; i < f->n && rc == CS_OK; i += 2) {
		if (cs_span_is(f->part[i], "ca")) {
			rc = signs ? cs_fail(e, CS_EFORMAT, where,
			    "two CAs sign") : take_ca(out, f->part[i + 1],
			    true, e);
			signs = true;
		} else if (cs_span_is(f->part[i], "retired")) {
			rc = take_ca(out, f->part[i + 1], false, e);
		} else if (cs_span_is(f->part[i], "wit") ||
		    cs_span_is(f->part[i], "retired-wit")) {
			rc = take_wit(out, f->part[i + 1],
			    cs_span_is(f->part[i], "wit"), e);
		} else {
			rc = cs_fail(e, CS_EFORMAT, where,
			    "a key of another kind");
		}
	}
	if (rc == CS_OK && !signs)
		rc = cs_fail(e, CS_EFORMAT, where, "no CA signs");
	if (rc != CS_OK)
		cs_keys_told_clear(out);
	return rc;
}

void
cs_keys_told_clear(cs_keys_told *k)
{
	size_t i;

	for (i = 0; i < CS_CONF_CAS_MAX; i++) {
		cs_authority_free(&k->ca[i]);
		cs_buf_free(&k->own[i]);
	}
	*k = (cs_keys_told){.n_ca = 0};
}
