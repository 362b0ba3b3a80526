/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>

#include "fmt/reason.h"
#include "store/storep.h"

/* A row says what some process wrote long ago onto a disk that may have
 * changed it since. */

static const char where[] = "store/row";

static const char *
type_name(enum cs_db_type type)
{
	static const char *const names[] = {
		[CS_DB_NULL] = "NULL",
		[CS_DB_INT] = "INTEGER",
		[CS_DB_BLOB] = "BLOB",
		[CS_DB_TEXT] = "TEXT",
	};

	return (size_t)type < sizeof(names) / sizeof(names[0]) ?
	    names[type] : "unknown";
}

static int
typed(const cs_db_value *col, size_t n, size_t i, enum cs_db_type type,
    cs_err *e)
{
	if (i >= n)
		return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
		    "damaged row: no column %zu, only %zu", i + 1, n);
	if (col[i].type != type)
		return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
		    "damaged row: column %zu: expected %s, found %s", i + 1,
		    type_name(type), type_name(col[i].type));
	return CS_OK;
}

int
cs_col_int(const cs_db_value *col, size_t n, size_t i, int64_t min,
    int64_t max, int64_t *out, cs_err *e)
{
	int rc;

	if ((rc = typed(col, n, i, CS_DB_INT, e)) != CS_OK)
		return rc;
	if (col[i].i < min || col[i].i > max)
		return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
		    "damaged row: column %zu: expected %" PRId64 " to %" PRId64
		    ", found %" PRId64, i + 1, min, max, col[i].i);
	*out = col[i].i;
	return CS_OK;
}

static int
octets(const cs_db_value *col, size_t i, size_t min, size_t max, cs_span *out,
    cs_err *e)
{
	if (col[i].s.n < min || col[i].s.n > max)
		return cs_fail_detail(e, CS_EIO, CS_R_STORE_UNAVAILABLE, where,
		    "damaged row: column %zu: expected %zu to %zu octets, "
		    "found %zu", i + 1, min, max, col[i].s.n);
	*out = col[i].s;
	return CS_OK;
}

int
cs_col_blob(const cs_db_value *col, size_t n, size_t i, size_t min,
    size_t max, cs_span *out, cs_err *e)
{
	int rc = typed(col, n, i, CS_DB_BLOB, e);

	return rc == CS_OK ? octets(col, i, min, max, out, e) : rc;
}

int
cs_col_text(const cs_db_value *col, size_t n, size_t i, size_t min,
    size_t max, cs_span *out, cs_err *e)
{
	int rc = typed(col, n, i, CS_DB_TEXT, e);

	return rc == CS_OK ? octets(col, i, min, max, out, e) : rc;
}

bool
cs_col_is_null(const cs_db_value *col, size_t n, size_t i)
{
	return i < n && col[i].type == CS_DB_NULL;
}
