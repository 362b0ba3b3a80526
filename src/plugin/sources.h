/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_PLUGIN_SOURCES_H
#define CS_PLUGIN_SOURCES_H

#include "verify/anchors.h"
#include "verify/rule.h"

/* Owners and policy as one set, which verdicts hold while they look at it, and
 * which a reload puts another in the place of: both parts or neither. */

typedef struct cs_set { /* immutable but for its count of holders */
	cs_anchors *anchors;
	cs_policy *policy;
} cs_set;

typedef struct cs_set_holder cs_set_holder;

/* Loads both, by the rules of trusted files, as the effective user. */
CS_USE int cs_set_holder_new(const char *owners, const char *policy,
    cs_set_holder **out, cs_err *e);
/* Nobody holds a set any more. */
void cs_set_holder_free(cs_set_holder **h);
/* Lends the set until cs_set_drop(). Never NULL, never waits for a reload. */
const cs_set *cs_set_hold(cs_set_holder *h);
void cs_set_drop(cs_set_holder *h, const cs_set *s);
/* Is this set, which the caller holds, the one that cs_set_hold() lends? */
bool cs_set_is_current(cs_set_holder *h, const cs_set *s);
/* Loads anew; what fails leaves the old set. */
CS_USE int cs_set_reload(cs_set_holder *h, cs_err *e);
/* The same where a source is another one than at the last look, which is at
 * most once a second and by one thread; *changed tells whether the set is
 * another one now. Sources that will not load fail once, and again when they or
 * the complaint change; now and then they are tried in between. */
CS_USE int cs_set_watch(cs_set_holder *h, int64_t mono_ms, bool *changed,
    cs_err *e);

#endif
