/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/sql.h"

#define STMT(id, text) [id] = {id, text}

static const cs_db_stmt stmts[CS_SQL_END] = {
	STMT(CS_SQL_META_GET,
	    "SELECT value_int, value_blob FROM meta WHERE name = $1"),
	STMT(CS_SQL_META_PUT,
	    "INSERT INTO meta (name, value_int, value_blob)"
	    " VALUES ($1, $2, $3)"
	    " ON CONFLICT (name) DO UPDATE SET"
	    " value_int = excluded.value_int,"
	    " value_blob = excluded.value_blob"),
	STMT(CS_SQL_AUDIT_PUT,
	    "INSERT INTO audit (sequence, record) VALUES ($1, $2)"),
	STMT(CS_SQL_AUDIT_ROWS,
	    "SELECT sequence, record FROM audit"
	    " WHERE sequence >= $1 AND sequence <= $2 ORDER BY sequence"),
};

_Static_assert(CS_SQL_END <= CS_DB_STMTS_MAX, "too many statements");

const cs_db_stmt *
cs_sql_stmt(enum cs_sql which)
{
	return &stmts[which];
}
