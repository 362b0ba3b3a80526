/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "lib/lib.h"

#include <stdlib.h>

#include "crypt/alg.h"
#include "crypt/pubkey.h"
#include "fmt/reason.h"
#include "lib/requestp.h"

static bool
take_subjects(cs_tbs *t, const countersign_subject *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (s[i].size != sizeof(s[i]) ||
		    s[i].kind < COUNTERSIGN_SUBJECT_REQUEST ||
		    s[i].kind > COUNTERSIGN_SUBJECT_GRANT)
			return false;
		t->subjects[i] = (cs_subject){
			.kind = (enum cs_subject_kind)s[i].kind,
			.agent_id = cs_lib_span(s[i].agent),
			.agent_key_hash = cs_lib_span(s[i].agent_key_hash),
			.request_digest = cs_lib_span(s[i].request_digest),
			.holder_key = cs_lib_span(s[i].holder_key),
		};
	}
	t->n_subjects = n;
	return true;
}

static void
take_terms(cs_tbs *t, const countersign_terms *from)
{
	t->approval_id = cs_lib_span(from->approval_id);
	t->decision = from->decision == COUNTERSIGN_APPROVE ? CS_APPROVE :
	    CS_DENY;
	t->owner = cs_lib_span(from->owner);
	t->owner_key_hash = cs_lib_span(from->owner_key_hash);
	t->authority = cs_lib_span(from->authority);
	t->not_before = from->not_before;
	t->not_after = from->not_after;
	t->max_lifetime = from->max_lifetime;
	t->max_issuances = from->max_issuances;
	t->nonce = cs_lib_span(from->nonce);
	t->purpose = cs_lib_span(from->purpose);
	t->under_grant = cs_lib_span(from->under_grant);
}

static int
write_tbs(const cs_tbs *t, uint8_t **out, size_t *len, cs_err *e)
{
	cs_buf *b = cs_buf_new(CS_TBS_MAX + 64);
	int r;

	if (b == NULL)
		return cs_nomem(e, "lib");
	if ((r = cs_tbs_put(t, b, e)) == CS_OK)
		r = cs_lib_give(cs_buf_span(b), out, len, e);
	cs_buf_free(&b);
	return r;
}

int
countersign_tbs_build(const countersign_terms *terms,
    const countersign_subject *subjects, size_t n, uint8_t **out, size_t *len,
    countersign_error *error)
{
	cs_err e = {0};
	cs_tbs *t;
	int r;

	*out = NULL;
	*len = 0;
	if (terms->size != sizeof(*terms) || n == 0 || n > CS_SUBJECTS_MAX ||
	    terms->decision < COUNTERSIGN_DENY ||
	    terms->decision > COUNTERSIGN_APPROVE)
		return cs_lib_usage(error, "terms of another size or decision, "
		    "or not 1 to 64 subjects");
	if ((t = calloc(1, sizeof(*t))) == NULL) {
		r = cs_nomem(&e, "lib");
		return cs_lib_report(error, &e);
	}
	take_terms(t, terms);
	if (!take_subjects(t, subjects, n))
		r = cs_fail(&e, CS_EUSAGE, "lib",
		    "a subject of another size or kind");
	else
		r = write_tbs(t, out, len, &e);
	free(t);
	return r == CS_OK ? CS_OK : cs_lib_report(error, &e);
}

struct signing {
	countersign_sign_fn *sign;
	void *arg;
};

static int
sign_info(const cs_csr *c, const struct signing *how, cs_span info,
    cs_buf *out, cs_err *e)
{
	const cs_alg *alg = cs_alg_for_key(c->key.kind, CS_USE_PKCS10);
	uint8_t sig[COUNTERSIGN_SIGNATURE_MAX];
	size_t n = sizeof(sig);
	cs_csr *made = NULL;
	int r;

	if (alg == NULL)
		return cs_fail_detail(e, CS_EFORMAT, CS_R_UNSUPPORTED, "lib",
		    "no algorithm for the request's key");
	r = how->sign(how->arg, alg->name, info.p, info.n, sig, &n);
	if (r != 0 || n == 0 || n > sizeof(sig))
		return cs_fail(e, CS_EREFUSED, "lib",
		    "the caller's signature failed (%d)", r);
	if ((r = cs_csr_put(info, alg->sig_alg, cs_span_of(sig, n), out, e)) !=
		CS_OK ||
	    (r = cs_csr_parse(cs_buf_span(out), &made, e)) != CS_OK ||
	    (r = cs_csr_verify(made, e)) != CS_OK)
		(void)cs_wrap(e, "composite request");
	cs_csr_free(&made);
	return r;
}

static int
make_composite(const cs_csr *c, const cs_span *approvals, size_t n,
    const struct signing *how, cs_buf *out, cs_err *e)
{
	size_t room = c->der.n + 4096, i;
	cs_buf *info;
	int r;

	for (i = 0; i < n; i++)
		room += approvals[i].n;
	if ((info = cs_buf_new(room)) == NULL)
		return cs_nomem(e, "lib");
	if ((r = cs_csr_composite_info(c, approvals, n, info, e)) == CS_OK)
		r = sign_info(c, how, cs_buf_span(info), out, e);
	cs_buf_free(&info);
	return r;
}

int
countersign_composite_build(const countersign_request *request,
    const countersign_approval *const *approvals, size_t n,
    countersign_sign_fn *sign, void *arg, uint8_t **out, size_t *len,
    countersign_error *error)
{
	struct signing how = {sign, arg};
	cs_span all[CS_APPROVALS_MAX];
	cs_buf *b = NULL;
	cs_err e = {0};
	size_t i;
	int r;

	*out = NULL;
	*len = 0;
	if (sign == NULL || n == 0 || n > CS_APPROVALS_MAX)
		return cs_lib_usage(error,
		    "no signer, or not 1 to 16 approvals");
	for (i = 0; i < n; i++)
		all[i] = approvals[i]->a->der;
	if ((b = cs_buf_new(CS_REQUEST_MAX +
	    CS_APPROVALS_MAX * CS_APPROVAL_MAX + 4096)) == NULL)
		r = cs_nomem(&e, "lib");
	else
		r = make_composite(request->csr, all, n, &how, b, &e);
	if (r == CS_OK)
		r = cs_lib_give(cs_buf_span(b), out, len, &e);
	cs_buf_free(&b);
	return r == CS_OK ? CS_OK : cs_lib_report(error, &e);
}
