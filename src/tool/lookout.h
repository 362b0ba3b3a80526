/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_LOOKOUT_H
#define CS_TOOL_LOOKOUT_H

#include "base/buf.h"

/* Calls `each` with a sentence for every pair of hosts among an agent
 * identifier, the owner and the authority that a person could mix up. */
void cs_lookout(cs_span agent_id, cs_span owner, cs_span authority,
    void (*each)(void *arg, const char *text), void *arg);

#endif
