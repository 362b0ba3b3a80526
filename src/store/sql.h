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
	CS_SQL_AUDIT_DENIAL, /* $1 number */
	CS_SQL_AUDIT_REVOCATION, /* $1 number */
	CS_SQL_AUDIT_SUMS,   /* six counts, see auditrows.c */
	CS_SQL_AUDIT_RECORDED, /* how many claims have their credential */
	/* Of approvals, counters, counts. */
	CS_SQL_APPROVAL_SEEN, /* $1 TBS hash, $2 key hash, $3 id: the three */
	CS_SQL_APPROVAL_PUT,  /* the columns in their order */
	CS_SQL_RECORDED,      /* $1 TBS hash: 1 when it was claimed or denied */
	CS_SQL_COUNTER_GET,   /* $1 key hash: value */
	CS_SQL_COUNTER_PUT,   /* $1 key hash, $2 value: never goes down */
	CS_SQL_USES_GET,      /* $1 TBS hash, $2 subject, $3 kind: n */
	CS_SQL_USES_PUT,      /* the same, $4 n: sets */
	/* Of claims; what they select is in sql.c, CLAIM and ANSWER. */
	CS_SQL_CLAIM_SAME,  /* $1 request digest, $2 set hash, $3 kind: the last
			     * that was not ended */
	CS_SQL_CLAIM_GET,   /* $1 number */
	CS_SQL_CLAIM_LAST,  /* $1 agent: owner, key hash, time, alone of the
			     * last that was not ended */
	CS_SQL_CLAIM_MOVED, /* $1 agent, $2 now, $3 owner, $4 key hash: a live
			     * one of another owner or key; NULL: any will do */
	CS_SQL_CLAIM_PUT,   /* the columns in their order, but what comes
			     * later */
	CS_SQL_CLAIM_APPROVAL_PUT, /* the columns in their order */
	CS_SQL_CLAIM_PATH_PUT,     /* likewise */
	CS_SQL_CLAIM_RECORD, /* $1 number, $2 credential, $3 now */
	/* $1 agent, $2 owner, $3 key hash, $4 TBS hash, $5 serial: NULL, any;
	 * $6 now, of what is live, -1: and the rest; $7 1: with credential. By
	 * what each begins to look. */
	CS_SQL_CLAIMS,
	CS_SQL_CLAIMS_LIVE,
	CS_SQL_CLAIMS_AGENT,
	CS_SQL_CLAIMS_OWNER,
	CS_SQL_CLAIMS_KEY,
	CS_SQL_CLAIMS_TBS,
	CS_SQL_CLAIMS_ID,
	CS_SQL_CLAIMS_SERIAL,
	/* Of revocations. */
	CS_SQL_REVOKED,        /* $1 owner, $2 key hash, $3 agent, $4 TBS hash,
				* $5 approval id: the oldest in force */
	CS_SQL_REVOCATION_GET, /* $1 what, $2 name: in force */
	CS_SQL_REVOCATION_PUT, /* the columns in their order, but the lift's */
	CS_SQL_REVOCATION_LIFT, /* $1 what, $2 name, $3 time, $4 reason, $5
				 * actor */
	CS_SQL_REVOCATIONS,
	/* $1 of what, $2 time, $3 reason, $4 live at: ends what is. */
	CS_SQL_END_OWNER,
	CS_SQL_END_KEY,
	CS_SQL_END_AGENT,
	CS_SQL_END_TBS,
	CS_SQL_END_ID,
	/* Of denials. */
	CS_SQL_DENIED,     /* $1 request digest, $2 now: the one in force that
			    * lasts longest */
	CS_SQL_DENIAL_GET, /* $1 TBS hash: its number */
	CS_SQL_DENIAL_PUT, /* the columns in their order */
	CS_SQL_DENIAL_SWEEP, /* $1 key hash, $2 time: that ended before */
	CS_SQL_DENIALS_OF_KEY, /* $1 key hash, $2 now, $3 request digest: how
				* many are in force, and of this request */
	CS_SQL_DENIALS,
	/* Of what was issued: $1 request digest, $2 kind, $3 now: the last. */
	CS_SQL_ISSUED,
	CS_SQL_ISSUED_OF_KEY,
	CS_SQL_ISSUED_ENDED, /* $1 behind which notAfter is: all */
	CS_SQL_REVOKED_LAST, /* number of the last revocation */
	/* Of requests that wait. */
	CS_SQL_PENDING_COUNT, /* $1 now: how many, of how many octets */
	CS_SQL_PENDING_HAS,   /* $1 request digest, $2 now */
	CS_SQL_PENDING_OF,    /* $1 client, $2 now, $3 agent: how many, octets,
			       * how many of the agent; of what waits: how many,
			       * octets */
	CS_SQL_PENDING_MOST,  /* $1 now, $2 1: in octets: client, how many that
			       * wait, octets */
	CS_SQL_PENDING_OLDEST, /* $1 client, $2 now, $3 agent or NULL: goes, if
				* it waits */
	CS_SQL_PENDING_GET,   /* $1 request digest, $2 now */
	CS_SQL_PENDING_PUT,   /* the columns in their order; in place of one
			       * that has expired */
	CS_SQL_PENDING_CHANGE, /* $1 request digest, $2 message, $3 new one, $4
				* state, $5 expiry, which only grows, $6
				* octets */
	CS_SQL_PENDING_SWEEP, /* $1 now */
	CS_SQL_END
};

const cs_db_stmt *cs_sql_stmt(enum cs_sql which);
/* Step n (from 1 to CS_STORE_SCHEMA) that brings a schema from n - 1 to n; NULL
 * for another n. schema.c has their text. */
const char *cs_sql_step(int n);

#endif
