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
	STMT(CS_SQL_COUNTS,
	    "SELECT (SELECT COUNT(*) FROM claim),"
	    " (SELECT COUNT(*) FROM claim"
	    " WHERE ended IS NULL AND not_after > $1),"
	    " (SELECT COUNT(*) FROM approval),"
	    " (SELECT COUNT(*) FROM denial),"
	    " (SELECT COUNT(*) FROM revocation WHERE lifted IS NULL)"),
	STMT(CS_SQL_AUDIT_PUT,
	    "INSERT INTO audit (sequence, record) VALUES ($1, $2)"),
	STMT(CS_SQL_AUDIT_ROWS,
	    "SELECT sequence, record FROM audit"
	    " WHERE sequence >= $1 AND sequence <= $2"
	    " ORDER BY sequence LIMIT 64"),
	STMT(CS_SQL_AUDIT_CLAIMS,
	    "SELECT number, kind, agent_id, request_digest, serial,"
	    " not_before, not_after FROM claim"
	    " WHERE number > $1 AND number <= $2 ORDER BY number"),
	STMT(CS_SQL_AUDIT_OTHERS,
	    "SELECT number, CAST(2 AS BIGINT) FROM denial"
	    " WHERE number > $1 AND number <= $2"
	    " UNION ALL SELECT number, CAST(3 AS BIGINT) FROM revocation"
	    " WHERE number > $1 AND number <= $2 ORDER BY 1"),
	STMT(CS_SQL_AUDIT_ISSUE,
	    "SELECT serial, credential FROM claim WHERE number = $1"),
	STMT(CS_SQL_AUDIT_RECORDED,
	    "SELECT count(*) FROM claim WHERE recorded IS NOT NULL"),
};

_Static_assert(CS_SQL_END <= CS_DB_STMTS_MAX, "too many statements");

const cs_db_stmt *
cs_sql_stmt(enum cs_sql which)
{
	return &stmts[which];
}
