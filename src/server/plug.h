/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_PLUG_H
#define CS_SERVER_PLUG_H

#include <countersign/verifier.h>

#include "base/buf.h"

/*
 * The plugin's calls, with classes and errors of ours. What a call gives is
 * kept with a copy of its struct, in which what the plugin does not know of is
 * zero. Any number of threads.
 */
typedef struct cs_plug { /* borrows */
	const countersign_verifier *plugin;
	countersign_instance *instance;
} cs_plug;

typedef struct cs_judged {
	const countersign_verifier_answer *given;
	countersign_verifier_answer a;
} cs_judged;
typedef struct cs_claimed {
	const countersign_verifier_claim *given;
	countersign_verifier_claim c;
} cs_claimed;

typedef struct cs_question { /* borrows */
	uint32_t operation;
	cs_span message, evidence;
	cs_span address, client_cert; /* whose; absent: nobody's */
	int64_t now, deadline_ms;
} cs_question;
CS_USE int cs_plug_judge(const cs_plug *p, const cs_question *q,
    cs_judged *out, cs_err *e);
/* Refused is CS_EREFUSED with its reason; without a reason it is a denial. */
CS_USE int cs_plug_claim(const cs_plug *p, const cs_judged *j,
    const countersign_verifier_terms *t, cs_claimed *out, cs_err *e);
CS_USE int cs_plug_record(const cs_plug *p, const cs_claimed *c,
    cs_span credential, int64_t now, int64_t deadline_ms, cs_claimed *out,
    cs_err *e);
/* An answer that is no yes, as an error: a denial has no reason. */
CS_USE int cs_judged_refusal(const cs_judged *j, cs_err *e);
void cs_judged_clear(const cs_plug *p, cs_judged *j);
void cs_claimed_clear(const cs_plug *p, cs_claimed *c);
cs_span cs_plug_span(countersign_bytes b);

#endif
