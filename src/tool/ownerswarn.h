/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_OWNERSWARN_H
#define CS_TOOL_OWNERSWARN_H

#include <sys/types.h>

#include "fmt/owners.h"

/* Lines of an owners file that are good, and that a person may have meant
 * otherwise. */

/* `warning` is the stable word of --json, `text` a sentence. */
typedef void cs_owners_warn(void *arg, const cs_anchor *a,
    const char *warning, const char *text);
/* Tells of one line as of `now`; reads the revocation lists that it names, which
 * are for others to complain of. */
CS_USE int cs_owners_warnings(const cs_anchor *a, uid_t reader, int64_t now,
    cs_owners_warn *warn, void *arg, cs_err *e);
/* "valid", "not yet valid", "expired" or "revoked". */
const char *cs_owners_status(const cs_anchor *a, int64_t now);

#endif
