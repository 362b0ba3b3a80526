/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/grant.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/time.h"
#include "crypt/x509.h"
#include "fmt/der.h"
#include "fmt/message.h"
#include "fmt/names.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

#define REFUSE(e, ...) \
	cs_fail_detail((e), CS_EREFUSED, CS_R_GRANT_INVALID, "grant", \
	    __VA_ARGS__)

bool
cs_tbs_is_grant(const cs_tbs *t)
{
	return t->decision == CS_APPROVE &&
	    t->subjects[0].kind == CS_SUBJECT_GRANT;
}

static int
fill(cs_grant *g, cs_span der, cs_err *e)
{
	const cs_tbs *t;
	int r;

	if ((r = cs_approval_parse(der, 0, &g->approval, e)) != CS_OK)
		return r;
	t = &g->approval->tbs;
	if (!cs_tbs_is_grant(t))
		return REFUSE(e, "it is an approval, but no grant");
	if ((r = cs_sha256(t->der, g->hash, e)) != CS_OK)
		return r;
	return cs_sha256(t->subjects[0].holder_key, g->holder, e);
}

int
cs_grant_parse(cs_span in, cs_grant **out, cs_err *e)
{
	cs_buf *own[CS_APPROVALS_MAX] = {NULL};
	cs_grant *g = NULL;
	size_t n = 0, i;
	int r;

	*out = NULL;
	if ((g = calloc(1, sizeof(*g))) == NULL)
		r = cs_nomem(e, "grant");
	else if ((r = cs_approvals_read(in, own, &n, e)) == CS_OK)
		r = n == 1 ? fill(g, cs_buf_span(own[0]), e) :
		    REFUSE(e, "expected one grant, found %zu approvals", n);
	if (r == CS_OK) {
		*out = g;
		g = NULL; /* transferred */
	}
	for (i = 0; i < CS_APPROVALS_MAX; i++)
		cs_buf_free(&own[i]);
	cs_grant_free(&g);
	return r;
}

int
cs_grant_read(const char *path, cs_grant **out, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	*out = NULL;
	if ((r = cs_file_read(path, CS_MESSAGE_MAX, &b, e)) != CS_OK)
		return r;
	if ((r = cs_grant_parse(cs_buf_span(b), out, e)) != CS_OK)
		(void)cs_wrap(e, "%s", path);
	cs_buf_free(&b);
	return r;
}

void
cs_grant_free(cs_grant **g)
{
	if (g == NULL || *g == NULL)
		return;
	cs_approval_free(&(*g)->approval);
	free(*g);
	*g = NULL;
}

static int
check_names(const cs_tbs *g, const cs_tbs *use, cs_err *e)
{
	const cs_subject *s = &g->subjects[0];
	uint8_t holder[CS_SHA256_LEN];
	int r;

	if (!cs_span_eq(g->owner, use->owner))
		return REFUSE(e, "the grant is of %.*s, its use of %.*s",
		    CS_SHOW(g->owner), CS_SHOW(use->owner));
	if (!cs_span_eq(g->authority, use->authority))
		return REFUSE(e, "the grant is for %.*s, its use for %.*s",
		    CS_SHOW(g->authority), CS_SHOW(use->authority));
	if ((r = cs_sha256(s->holder_key, holder, e)) != CS_OK)
		return r;
	if (!cs_span_eq(use->owner_key_hash,
	    cs_span_of(holder, sizeof(holder))))
		return REFUSE(e, "the use is not of the holder's key");
	if (!cs_agent_id_under(use->subjects[0].agent_id, s->agent_id) ||
	    cs_span_eq(use->subjects[0].agent_id, s->agent_id))
		return REFUSE(e, "the grant is for agents below %.*s, not for "
		    "%.*s", CS_SHOW(s->agent_id),
		    CS_SHOW(use->subjects[0].agent_id));
	return CS_OK;
}

int
cs_grant_covers(const cs_tbs *g, const uint8_t hash[CS_SHA256_LEN],
    const cs_tbs *use, cs_err *e)
{
	int r;

	if (!cs_span_eq(use->under_grant, cs_span_of(hash, CS_SHA256_LEN)))
		return REFUSE(e, "the use names another grant");
	if ((r = check_names(g, use, e)) != CS_OK)
		return r;
	if (use->not_before < g->not_before || use->not_after > g->not_after)
		return REFUSE(e, "the use's window is not within the grant's");
	if (use->max_lifetime > g->max_lifetime)
		return REFUSE(e, "a life of %lld s, the grant allows %lld s",
		    (long long)use->max_lifetime, (long long)g->max_lifetime);
	if (use->max_issuances > g->max_issuances)
		return REFUSE(e, "%lld credentials, the grant allows %lld",
		    (long long)use->max_issuances,
		    (long long)g->max_issuances);
	return CS_OK;
}

static int
holder_block(cs_span label, cs_span der, cs_buf *spki, cs_err *e)
{
	cs_spki key = {0};
	int r = CS_OK;

	if (cs_buf_len(spki) != 0)
		return CS_BAD(e, CS_R_MALFORMED, "grant",
		    "expected one certificate or public key, found more");
	if (cs_span_is(label, CS_PEM_CERTIFICATE))
		r = cs_cert_spki(der, spki, e);
	else if (!cs_span_is(label, CS_PEM_PUBLIC_KEY))
		return CS_BAD(e, CS_R_MALFORMED, "grant", "expected a "
		    "certificate or a public key, found %.*s",
		    CS_SHOW(label));
	else if (cs_buf_put(spki, der) != CS_OK)
		return cs_nomem(e, "grant");
	return r == CS_OK ? cs_spki_parse(cs_buf_span(spki), &key, e) : r;
}

static int
holder_der(cs_span der, cs_buf *spki, cs_err *e)
{
	cs_spki key = {0};
	int r;

	if (cs_spki_parse(der, &key, NULL) == CS_OK)
		return cs_buf_put(spki, der) == CS_OK ? CS_OK :
		    cs_nomem(e, "grant");
	if ((r = cs_cert_spki(der, spki, e)) != CS_OK)
		return r;
	return cs_spki_parse(cs_buf_span(spki), &key, e);
}

static int
holder_pem(cs_span in, cs_buf *spki, cs_err *e)
{
	cs_span label = {0};
	cs_buf *der = NULL;
	int r;

	while ((r = cs_pem_next(&in, &label, &der, e)) == CS_OK &&
	    der != NULL) {
		r = holder_block(label, cs_buf_span(der), spki, e);
		cs_buf_free(&der);
		if (r != CS_OK)
			break;
	}
	if (r == CS_OK && cs_buf_len(spki) == 0)
		r = CS_BAD(e, CS_R_MALFORMED, "grant",
		    "no certificate and no public key in it");
	return r;
}

int
cs_holder_parse(cs_span in, cs_buf *spki, cs_err *e)
{
	return cs_der_peek(in, CS_DER_SEQ) ? holder_der(in, spki, e) :
	    holder_pem(in, spki, e);
}
