/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_PLUGIN_STATE_H
#define CS_PLUGIN_STATE_H

#include <sys/types.h>

#include "verify/authorities.h"

/* The state that files are in: owners, policy, and the lists that x509-ca lines
 * name. Whatever becomes of one of them makes another state, that it cannot be
 * trusted or read, too. */

typedef struct cs_state {
	cs_buf *bytes;
	int64_t changed; /* of the file that changed last, ns since 1970 */
} cs_state;

/* Reads no file. `cas` may be NULL. CS_EBUG alone: no memory. */
CS_USE int cs_state_read(const char *owners, const char *policy,
    const cs_authorities *cas, uid_t reader, cs_state *out, cs_err *e);
void cs_state_free(cs_state *s);
bool cs_state_eq(const cs_state *a, const cs_state *b);
/* Is the last change so long ago that a further one cannot have the same time
 * on it? */
bool cs_state_is_old(const cs_state *s, int64_t now);

#endif
