/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_SQL_H
#define CS_STORE_SQL_H

#include "store/db.h"

/* The statements, each once; sql.c has their text. */

enum cs_sql {
	CS_SQL_META_GET = 0, /* $1 name: value_int, value_blob */
	CS_SQL_META_PUT,     /* $1 name, $2 int, $3 blob: sets */
	CS_SQL_COUNTS,       /* $1 now: claims, live ones, approvals, denials,
			      * revocations in force */
	CS_SQL_AUDIT_PUT,    /* $1 sequence, $2 record */
	CS_SQL_AUDIT_ROWS,   /* $1 from, $2 to: sequence, record; 64 at most */
	CS_SQL_AUDIT_CLAIMS, /* $1 behind, $2 to: number, kind, agent_id,
			      * request_digest, serial, not_before, not_after */
	CS_SQL_AUDIT_OTHERS, /* $1 behind, $2 to: number, cs_audit_event */
	CS_SQL_AUDIT_ISSUE,  /* $1 claim: serial, credential */
	CS_SQL_AUDIT_RECORDED, /* how many claims have their credential */
	CS_SQL_END
};

const cs_db_stmt *cs_sql_stmt(enum cs_sql which);
/* Step n (from 1 to CS_STORE_SCHEMA) that brings a schema from n - 1 to n; NULL
 * for another n. schema.c has their text. */
const char *cs_sql_step(int n);

#endif
