/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "plugin/sized.h"

#include <inttypes.h>
#include <string.h>

#include "base/time.h"

#define PATIENCE_MS 10000
#define YEAR_2000 INT64_C(946684800)
#define YEAR_9999 INT64_C(253402300799)

static const char where[] = "plugin";

int
cs_sized_get(const void *in, const char *name, size_t least, void *out,
    size_t n, cs_err *e)
{
	size_t size = 0;

	memset(out, 0, n);
	if (in == NULL)
		return cs_fail(e, CS_EUSAGE, where, "%s: NULL", name);
	memcpy(&size, in, sizeof(size));
	/* One that ends within a pointer is nobody's. */
	if (size < least || size > CS_SIZED_MAX || size % sizeof(void *) != 0)
		return cs_fail(e, CS_EUSAGE, where,
		    "%s: expected a size of %zu or more, found %zu", name,
		    least, size);
	memcpy(out, in, size < n ? size : n);
	return CS_OK;
}

int
cs_sized_bytes(countersign_bytes b, const char *name, size_t least,
    size_t most, cs_span *out, cs_err *e)
{
	*out = (cs_span){0};
	if (b.ptr == NULL && b.len != 0)
		return cs_fail(e, CS_EUSAGE, where, "%s: NULL of %zu octets",
		    name, b.len);
	if (b.len < least || b.len > most)
		return cs_fail(e, CS_EUSAGE, where,
		    "%s: expected %zu to %zu octets, found %zu", name, least,
		    most, b.len);
	*out = cs_span_of(b.ptr, b.len);
	return CS_OK;
}

int
cs_sized_number(uint32_t v, const char *name, uint32_t least, uint32_t most,
    cs_err *e)
{
	return v >= least && v <= most ? CS_OK : cs_fail(e, CS_EUSAGE, where,
	    "%s: expected %" PRIu32 " to %" PRIu32 ", found %" PRIu32, name,
	    least, most, v);
}

int
cs_sized_time(int64_t t, const char *name, cs_err *e)
{
	return t >= YEAR_2000 && t <= YEAR_9999 ? CS_OK : cs_fail(e,
	    CS_EUSAGE, where, "%s: expected a time of the years 2000 to "
	    "9999, found %" PRId64, name, t);
}

int
cs_sized_deadline(int64_t ms, int64_t *out, cs_err *e)
{
	int64_t now = cs_time_mono_ms();

	*out = ms == 0 ? now + PATIENCE_MS : ms;
	if (ms < 0)
		return cs_fail(e, CS_EUSAGE, where,
		    "deadline_ms: found %" PRId64, ms);
	return *out > now ? CS_OK : cs_fail(e, CS_EIO, where,
	    "the deadline has passed");
}

countersign_bytes
cs_sized_out(cs_span s)
{
	return (countersign_bytes){s.p, s.n};
}
