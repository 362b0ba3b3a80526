/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_PLAN_H
#define CS_TOOL_PLAN_H

#include "tool/access.h"
#include "tool/approve.h"
#include "tool/document.h"
#include "tool/grant.h"
#include "tool/ownercert.h"
#include "tool/submit.h"
#include "tool/term.h"

/* The verb sign between its option table and the signature. */

/* Its options; a number of 0 was not given. */
struct cs_sign_opts {
	struct cs_common common;
	struct cs_key_opts access;
	struct cs_document_opts document;
	struct cs_submit_opts submit;
	const char *key, *owner, *authority, *purpose, *tbs_out;
	const char *batch, *bind, *nonce, *holder, *under;
	cs_opt_list certificates;
	int64_t window, renewable, max_lifetime, uses;
	bool yes, each, deny, cosign;
};

/* What one call asks for: its requests, its terms, who signs, and the
 * approvals that come of it. */
typedef struct cs_plan {
	const struct cs_sign_opts *o;
	const cs_settings *settings;
	int64_t now;
	enum cs_subject_kind kind;
	bool list;      /* a batch: more than one request, or --batch */
	size_t n;
	cs_reqfile *req[CS_SUBJECTS_MAX];
	cs_buf *nonce;
	cs_span prefix;    /* --bind grant= */
	cs_buf *holder;    /* --holder, its SubjectPublicKeyInfo */
	cs_buf *authority; /* the default one of a grant */
	cs_grant *grant;   /* --under */
	cs_ownercert *cert; /* --certificate */
	cs_tbs terms;   /* what the approvals have in common; borrows */
	cs_term *term;  /* NULL: nobody is asked */
	cs_signer *signer;
	uint8_t owner_hash[CS_SHA256_LEN];
	size_t n_jobs;
	cs_approve *job[CS_SUBJECTS_MAX];
} cs_plan;

/* The words of the command line, before anything is read. */
CS_USE int cs_plan_check(cs_plan *p, const cs_words *w, cs_err *e);
/* The requests, each checked for itself, and that no two are alike. */
CS_USE int cs_plan_read(cs_plan *p, const cs_words *w, cs_err *e);
/* Owner and limits: from the grant, the options, the configuration, the
 * defaults. */
CS_USE int cs_plan_terms(cs_plan *p, cs_err *e);
/* Is the key that was found one that may sign this? Its certificate has a say
 * in who the owner is. */
CS_USE int cs_plan_key(cs_plan *p, cs_err *e);
/* The approvals, built anew from the requests that are left. */
CS_USE int cs_plan_build(cs_plan *p, cs_err *e);
/* Leaves the request of this number out. False: there is none. */
bool cs_plan_drop(cs_plan *p, size_t number);
/* --each: where the approval of a request goes; gives, NULL no memory. */
char *cs_plan_path(const cs_plan *p, const cs_reqfile *r);
/* Nobody to ask: keeps the request for its owner, and says in `out` what he
 * types. CS_EBUG only. */
CS_USE int cs_plan_pending(const cs_plan *p, cs_out *out, cs_err *e);
void cs_plan_clear(cs_plan *p);

#endif
