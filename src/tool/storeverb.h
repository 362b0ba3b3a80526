/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_STOREVERB_H
#define CS_TOOL_STOREVERB_H

#include "store/store.h"
#include "tool/tool.h"

/* What the verbs share that look into an authority's store. */

/* CS_EUSAGE without a URI, and for an authority (NULL: whichever) that cannot
 * be one. */
CS_USE int cs_store_verb_open(const cs_tool *t, const char *uri,
    const char *authority, enum cs_db_mode mode, int64_t now, cs_store **out,
    cs_err *e);
/* The same words as that takes them, for calls that take no store. */
CS_USE int cs_store_verb_env(const cs_tool *t, const char *uri,
    const char *authority, int64_t now, cs_store_env *env, cs_err *e);
/* How long a person waits for somebody else's transaction. */
int64_t cs_store_verb_deadline(void);
void cs_store_verb_put(const cs_store_info *i, cs_out *out);

#endif
