/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "verify/bound.h"

#include <string.h>

#include "base/text.h"
#include "fmt/bindings.h"
#include "fmt/der.h"

#define LINE_OCTETS 4096 /* of the audit log */

unsigned
cs_assurance_bits(const cs_assurance *a)
{
	return (a->hardware ? CS_BOUND_HARDWARE : 0u) |
	    (a->asserted ? CS_BOUND_ASSERTED : 0u) |
	    (a->present ? CS_BOUND_PRESENT : 0u) |
	    (a->verified ? CS_BOUND_VERIFIED : 0u);
}

/* What was signed, the signature, and of certificates those alone that lead
 * from a CA to the key; who signed is said as we say it. */
static int
put_cms(const cs_approved *a, cs_buf *value, cs_buf *certs, cs_buf *out,
    cs_err *e)
{
	const cs_cms *c = &a->approval->cms;
	cs_cms_new n = {.tbs = c->tbs,
	    .key_hash = a->approval->tbs.owner_key_hash,
	    .attrs = c->signed_attrs, .digest_alg = c->digest_alg,
	    .sig_alg = c->sig_alg, .sig = c->sig};
	int r;

	if (a->path != NULL && a->path->chain != NULL) {
		if ((r = cs_chain_put_path(a->path->chain, certs, e)) != CS_OK)
			return r;
		n.certs = cs_buf_span(certs);
	}
	if ((r = cs_cms_put(&n, value, e)) != CS_OK)
		return r;
	return cs_approval_put_cms(cs_buf_span(value), out, e);
}

/* Nobody may be left with an approval that is not his who signed it. */
static int
check_same(const cs_approved *a, cs_span der, cs_err *e)
{
	const cs_cms *old = &a->approval->cms, *now;
	cs_approval *back = NULL;
	int r;

	if ((r = cs_approval_parse(der, 0, &back, e)) != CS_OK)
		return r;
	now = &back->cms;
	if (!cs_span_eq(back->tbs.der, a->approval->tbs.der) ||
	    !cs_span_eq(now->signed_attrs, old->signed_attrs) ||
	    !cs_span_eq(now->digest_alg, old->digest_alg) ||
	    !cs_span_eq(now->sig_alg, old->sig_alg) ||
	    !cs_span_eq(now->sig, old->sig))
		r = cs_fail(e, CS_EBUG, "bound",
		    "an approval is another one when it is written anew");
	cs_approval_free(&back);
	return r;
}

/* Appends the OwnerApproval. Of webauthn and sshsig every octet is signed, a
 * signature, or the only one that its format lets be there. */
static int
put_approval(const cs_approved *a, cs_buf *out, cs_err *e)
{
	size_t at = cs_buf_len(out), room = a->approval->der.n + 256;
	cs_buf *value = NULL, *certs = NULL;
	cs_span all;
	int r;

	if (a->approval->carrier != CS_CARRIER_CMS)
		return cs_buf_put(out, a->approval->der) == CS_OK ? CS_OK :
		    cs_nomem(e, "bound");
	value = cs_buf_new(room);
	certs = cs_buf_new(room);
	if (value == NULL || certs == NULL)
		r = cs_nomem(e, "bound");
	else
		r = put_cms(a, value, certs, out, e);
	cs_buf_free(&certs);
	cs_buf_free(&value);
	if (r != CS_OK)
		return r;
	all = cs_buf_span(out);
	all = cs_span_cut(all, at, all.n - at);
	if (all.n <= CS_APPROVAL_MAX)
		return check_same(a, all, e);
	/* our name for the signer is the longer one, and there is no room */
	cs_buf_truncate(out, at);
	return cs_buf_put(out, a->approval->der) == CS_OK ? CS_OK :
	    cs_nomem(e, "bound");
}

/* Formats section 7. */
static bool
may_be_full(const cs_approved *a)
{
	const cs_tbs *t = &a->approval->tbs;

	return t->n_subjects == 1 && t->der.n <= CS_BOUND_TBS_MAX;
}

/* [0] is IMPLICIT: the binding has what is inside of the SEQUENCE. */
static int
put_full(const cs_approved *a, cs_binding *b, cs_buf *own, cs_err *e)
{
	size_t at = cs_buf_len(own);
	cs_span all;
	int r;

	if ((r = put_approval(a, own, e)) != CS_OK)
		return r;
	all = cs_buf_span(own);
	all = cs_span_cut(all, at, all.n - at);
	return cs_der_get(&all, CS_DER_SEQ, &b->full, e);
}

static int
fill(const cs_approved *a, bool digest, cs_binding *b, cs_buf *own, cs_err *e)
{
	const cs_tbs *t = &a->approval->tbs;

	*b = (cs_binding){.owner = t->owner, .key = a->key,
	    .assurance = cs_assurance_bits(&a->assurance),
	    .approval_id = t->approval_id};
	if (!digest && may_be_full(a))
		return put_full(a, b, own, e);
	b->digest = cs_span_of(a->tbs_hash, CS_SHA256_LEN);
	return CS_OK;
}

int
cs_verdict_bindings(const cs_verdict *v, bool digest, cs_buf *out, cs_err *e)
{
	size_t n = cs_verdict_count(v), i, room = 0;
	cs_binding each[CS_BINDINGS_MAX];
	cs_buf *own = NULL;
	int r = CS_OK;

	if (n == 0 || n > CS_BINDINGS_MAX)
		return cs_fail(e, CS_EUSAGE, "bound",
		    "bindings of what is not approved");
	for (i = 0; i < n; i++)
		room += cs_verdict_at(v, i)->approval->der.n + 256;
	if ((own = cs_buf_new(room)) == NULL)
		return cs_nomem(e, "bound");
	for (i = 0; r == CS_OK && i < n; i++)
		r = fill(cs_verdict_at(v, i), digest, &each[i], own, e);
	if (r == CS_OK)
		r = cs_bindings_put(each, n, out, e);
	cs_buf_free(&own);
	return r;
}

/* FILE:LINE; the log has UTF-8 alone. */
static int
put_line(const cs_anchor *k, cs_buf *own, cs_span *out, cs_err *e)
{
	cs_span file = cs_span_str(k->file), all;
	size_t at = cs_buf_len(own);

	if (file.n > LINE_OCTETS - 16 || !cs_utf8_valid(file))
		file = cs_span_str("?");
	if (cs_buf_printf(own, "%.*s:%u", (int)file.n, (const char *)file.p,
	    k->line) != CS_OK)
		return cs_nomem(e, "bound");
	all = cs_buf_span(own);
	*out = cs_span_cut(all, at, all.n - at);
	return CS_OK;
}

int
cs_approved_audit(const cs_approved *a, cs_audit_approval *out, cs_buf *own,
    cs_err *e)
{
	static const unsigned roles[] = {
		[CS_ROLE_OWN] = CS_AUDIT_OWN,
		[CS_ROLE_GRANT] = CS_AUDIT_GRANT,
		[CS_ROLE_USE] = CS_AUDIT_USE,
	};
	size_t at = cs_buf_len(own);
	cs_span all;
	int r;

	*out = (cs_audit_approval){.role = roles[a->role],
	    .owner = a->approval->tbs.owner, .key = a->key,
	    .assurance = cs_assurance_bits(&a->assurance)};
	if ((r = put_approval(a, own, e)) != CS_OK)
		return r;
	all = cs_buf_span(own);
	out->approval = cs_span_cut(all, at, all.n - at);
	return put_line(&a->anchor, own, &out->line, e);
}
