/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_PLUGIN_POLICYSCAN_H
#define CS_PLUGIN_POLICYSCAN_H

#include "base/buf.h"

/* The words of a policy file before libconfuse sees them. That reads strings
 * and comments across lines, expands ${...}, unescapes, takes the last of two
 * values, and the end of the file for every brace that is missing. */

enum cs_policy_name {
	CS_POLICY_GROUPS = 0,
	CS_POLICY_QUORUM,
	CS_POLICY_HARDWARE,
	CS_POLICY_PRESENCE,
	CS_POLICY_VERIFICATION,
	CS_POLICY_MAX_LIFETIME,
	CS_POLICY_MAX_WINDOW,
	CS_POLICY_GRANTS,
	CS_POLICY_BATCHES,
	CS_POLICY_EVIDENCE,
	CS_POLICY_MOVE_OWNER,
	CS_POLICY_MOVE_KEY,
	CS_POLICY_NAMES
};
extern const char *const cs_policy_names[CS_POLICY_NAMES];

typedef struct cs_policy_place { /* of one path block */
	unsigned line;
	unsigned of[CS_POLICY_NAMES]; /* 0: not set */
} cs_policy_place;

/* Appends the file without its comments to `out`, which has room for it.
 * `places` has room for `room` blocks; *n of them are there, in their order.
 * CS_EFORMAT "NAME:LINE: ...". */
CS_USE int cs_policy_scan(const char *name, cs_span in, cs_buf *out,
    cs_policy_place *places, size_t room, size_t *n, cs_err *e);

#endif
