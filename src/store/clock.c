/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>

#include "base/time.h"
#include "fmt/reason.h"
#include "store/claimp.h"

/*
 * How late it is at least: the latest time of a claim or a denial. Of these an
 * owner's clock said about the same, since his approval was in its window; what
 * a revocation or a floor says of the time is the word of one clock alone, which
 * may be years ahead.
 */

static const char where[] = "store/clock";

int
cs_clock_get(cs_txn *t, int64_t *at, cs_err *e)
{
	int rc = cs_meta_get(t, "clock", at, NULL, e);

	if (rc != CS_OK || *at == 0 ||
	    (*at >= CS_TIME_FIRST && *at <= CS_TIME_LAST))
		return rc;
	return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
	    "damaged: a latest time of %" PRId64, *at);
}

int
cs_clock_saw(cs_txn *t, int64_t now, cs_err *e)
{
	int64_t at = 0;
	int rc;

	if ((rc = cs_clock_get(t, &at, e)) != CS_OK || now <= at)
		return rc;
	return cs_meta_put(t, "clock", now, cs_span_of(NULL, 0), e);
}

int
cs_clock_check(cs_txn *t, int64_t now, int64_t *late, cs_err *e)
{
	char is[24], was[24];
	int64_t at = 0;
	int rc;

	*late = now;
	if ((rc = cs_clock_get(t, &at, e)) != CS_OK || now >= at)
		return rc;
	*late = at;
	if (at - now <= CS_CLOCK_BEHIND_MAX)
		return CS_OK;
	return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
	    "this clock is behind: it says %s, and a claim or a denial was "
	    "made at %s", cs_rfc3339_put(now, is) ? is : "an unknown time",
	    cs_rfc3339_put(at, was) ? was : "an unknown time");
}
