/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/sql.h"

#define STMT(id, text) [id] = {id, text}

/* What the row readers expect. Where a parameter may be NULL, its first use is
 * one that tells its type. */
#define CLAIM \
	"SELECT c.number, c.kind, c.agent_id, c.agent_key_hash, c.owner," \
	" c.serial, c.request_digest, c.time, c.not_before, c.not_after," \
	" c.recorded, c.ended, c.end_reason,"
#define ANSWER CLAIM " c.credential, c.digest, c.fields FROM claim c"
#define CLAIMS \
	CLAIM " CASE WHEN $7 = CAST(1 AS BIGINT) THEN c.credential END" \
	" FROM claim c"
#define OF_ID \
	" (SELECT p.tbs_hash FROM approval p WHERE p.approval_id = $4)"
#define ASKED \
	" AND (c.agent_id = $1 OR $1 IS NULL)" \
	" AND (c.owner = $2 OR $2 IS NULL OR EXISTS (SELECT 1" \
	" FROM claim_approval a WHERE a.claim = c.number AND a.owner = $2))" \
	" AND (EXISTS (SELECT 1 FROM claim_approval a" \
	" WHERE a.claim = c.number AND a.key_hash = $3) OR $3 IS NULL" \
	" OR EXISTS (SELECT 1 FROM claim_path p" \
	" WHERE p.claim = c.number AND p.key_hash = $3))" \
	" AND (EXISTS (SELECT 1 FROM claim_approval a" \
	" WHERE a.claim = c.number AND (a.tbs_hash = $4 OR a.tbs_hash IN" \
	OF_ID ")) OR $4 IS NULL)" \
	" AND (c.serial = $5 OR $5 IS NULL)" \
	" AND (c.not_after > $6 AND c.ended IS NULL OR $6 < 0)" \
	" ORDER BY c.number"
#define REVOCATION \
	"SELECT what, name, time, reason, actor, live, lifted," \
	" lifted_reason, lifted_actor FROM revocation"
#define IN_FORCE \
	"SELECT number FROM revocation WHERE lifted IS NULL AND "
#define END \
	"UPDATE claim SET ended = $2, end_reason = $3" \
	" WHERE ended IS NULL AND not_after >= $4 AND"
#define END_BY \
	END " number IN (SELECT claim FROM claim_approval WHERE" \
	" not_after >= $4 AND "
#define DENIAL \
	"SELECT agent_id, request_digest, owner, key_hash, tbs_hash, time," \
	" not_before, not_after, der FROM denial"

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
	STMT(CS_SQL_AUDIT_DENIAL, DENIAL " WHERE number = $1"),
	STMT(CS_SQL_AUDIT_REVOCATION, REVOCATION " WHERE number = $1"),
	STMT(CS_SQL_AUDIT_SUMS,
	    "SELECT (SELECT COUNT(*) FROM revocation"
	    " WHERE lifted IS NOT NULL),"
	    " (SELECT COUNT(*) FROM claim WHERE ended IS NOT NULL),"
	    " (SELECT CAST(COALESCE(SUM(live), 0) AS BIGINT)"
	    " FROM revocation),"
	    " (SELECT COUNT(*) FROM claim_approval),"
	    " (SELECT COUNT(*) FROM uses u WHERE u.n <> (SELECT COUNT(*)"
	    " FROM claim_approval a JOIN claim c ON c.number = a.claim"
	    " WHERE a.tbs_hash = u.tbs_hash AND a.subject = u.subject"
	    " AND c.kind = u.kind)),"
	    " (SELECT COUNT(*) FROM claim_approval a"
	    " JOIN claim c ON c.number = a.claim WHERE NOT EXISTS"
	    " (SELECT 1 FROM uses u WHERE u.tbs_hash = a.tbs_hash"
	    " AND u.subject = a.subject AND u.kind = c.kind))"),
	STMT(CS_SQL_AUDIT_RECORDED,
	    "SELECT count(*) FROM claim WHERE recorded IS NOT NULL"),

	STMT(CS_SQL_APPROVAL_SEEN,
	    "SELECT tbs_hash, key_hash, approval_id FROM approval"
	    " WHERE tbs_hash = $1 OR (key_hash = $2 AND approval_id = $3)"),
	STMT(CS_SQL_APPROVAL_PUT,
	    "INSERT INTO approval (tbs_hash, key_hash, approval_id, owner,"
	    " time, not_before, not_after, max_issuances)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
	STMT(CS_SQL_RECORDED,
	    "SELECT CAST(1 AS BIGINT) FROM approval WHERE tbs_hash = $1"
	    " UNION ALL"
	    " SELECT CAST(1 AS BIGINT) FROM denial WHERE tbs_hash = $1"),
	STMT(CS_SQL_COUNTER_GET,
	    "SELECT value FROM counter WHERE key_hash = $1"),
	STMT(CS_SQL_COUNTER_PUT,
	    "INSERT INTO counter (key_hash, value) VALUES ($1, $2)"
	    " ON CONFLICT (key_hash) DO UPDATE SET value = excluded.value"
	    " WHERE counter.value < excluded.value"),
	STMT(CS_SQL_USES_GET,
	    "SELECT n FROM uses"
	    " WHERE tbs_hash = $1 AND subject = $2 AND kind = $3"),
	STMT(CS_SQL_USES_PUT,
	    "INSERT INTO uses (tbs_hash, subject, kind, n)"
	    " VALUES ($1, $2, $3, $4)"
	    " ON CONFLICT (tbs_hash, subject, kind) DO UPDATE"
	    " SET n = excluded.n"),

	STMT(CS_SQL_CLAIM_SAME,
	    ANSWER " WHERE c.request_digest = $1 AND c.set_hash = $2"
	    " AND c.kind = $3 AND c.ended IS NULL"
	    " ORDER BY c.number DESC LIMIT 1"),
	STMT(CS_SQL_CLAIM_GET, ANSWER " WHERE c.number = $1"),
	STMT(CS_SQL_CLAIM_LAST,
	    "SELECT owner, agent_key_hash, time, alone FROM claim"
	    " WHERE agent_id = $1 AND ended IS NULL"
	    " ORDER BY number DESC LIMIT 1"),
	STMT(CS_SQL_CLAIM_MOVED,
	    CLAIM " NULL FROM claim c"
	    " WHERE c.agent_id = $1 AND c.not_after > $2 AND c.ended IS NULL"
	    " AND (c.owner <> $3 OR c.agent_key_hash <> $4) LIMIT 1"),
	STMT(CS_SQL_CLAIM_PUT,
	    "INSERT INTO claim (number, set_hash, request_digest, kind,"
	    " agent_id, agent_key_hash, owner, serial, time, not_before,"
	    " not_after, digest, fields, alone)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
	    " $14)"),
	STMT(CS_SQL_CLAIM_APPROVAL_PUT,
	    "INSERT INTO claim_approval (claim, position, tbs_hash, subject,"
	    " role, owner, key_hash, not_after)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
	STMT(CS_SQL_CLAIM_PATH_PUT,
	    "INSERT INTO claim_path (claim, key_hash, not_after)"
	    " VALUES ($1, $2, $3) ON CONFLICT (claim, key_hash) DO NOTHING"),
	STMT(CS_SQL_CLAIM_RECORD,
	    "UPDATE claim SET credential = $2, recorded = $3"
	    " WHERE number = $1 AND recorded IS NULL AND ended IS NULL"),
	STMT(CS_SQL_CLAIMS, CLAIMS " WHERE c.number > 0" ASKED),
	STMT(CS_SQL_CLAIMS_LIVE,
	    CLAIMS " WHERE c.number IN (SELECT l.number FROM claim l"
	    " WHERE l.not_after > $6 AND l.ended IS NULL)" ASKED),
	STMT(CS_SQL_CLAIMS_AGENT, CLAIMS " WHERE c.agent_id = $1" ASKED),
	STMT(CS_SQL_CLAIMS_OWNER,
	    CLAIMS " WHERE c.number IN (SELECT o.claim FROM claim_approval o"
	    " WHERE o.owner = $2)" ASKED),
	STMT(CS_SQL_CLAIMS_KEY,
	    CLAIMS " WHERE c.number IN (SELECT k.claim FROM claim_approval k"
	    " WHERE k.key_hash = $3 UNION SELECT u.claim FROM claim_path u"
	    " WHERE u.key_hash = $3)" ASKED),
	STMT(CS_SQL_CLAIMS_TBS,
	    CLAIMS " WHERE c.number IN (SELECT t.claim FROM claim_approval t"
	    " WHERE t.tbs_hash = $4)" ASKED),
	STMT(CS_SQL_CLAIMS_ID,
	    CLAIMS " WHERE c.number IN (SELECT t.claim FROM claim_approval t"
	    " WHERE t.tbs_hash IN" OF_ID ")" ASKED),
	STMT(CS_SQL_CLAIMS_SERIAL, CLAIMS " WHERE c.serial = $5" ASKED),

	STMT(CS_SQL_REVOKED,
	    REVOCATION " WHERE number = (SELECT MIN(number) FROM ("
	    IN_FORCE "what = 1 AND name = $1 UNION ALL "
	    IN_FORCE "what = 2 AND name = $2 UNION ALL "
	    IN_FORCE "what = 3 AND name = $3 UNION ALL "
	    IN_FORCE "what = 4 AND name = $4 UNION ALL "
	    IN_FORCE "what = 5 AND name = $4 UNION ALL "
	    IN_FORCE "what = 5 AND name = $5) AS found)"),
	STMT(CS_SQL_REVOCATION_GET,
	    REVOCATION " WHERE what = $1 AND name = $2 AND lifted IS NULL"),
	STMT(CS_SQL_REVOCATION_PUT,
	    "INSERT INTO revocation (number, what, name, time, reason, actor,"
	    " live) VALUES ($1, $2, $3, $4, $5, $6, $7)"),
	STMT(CS_SQL_REVOCATION_LIFT,
	    "UPDATE revocation SET lifted = $3, lifted_reason = $4,"
	    " lifted_actor = $5"
	    " WHERE what = $1 AND name = $2 AND lifted IS NULL"),
	STMT(CS_SQL_REVOCATIONS, REVOCATION " ORDER BY number"),
	STMT(CS_SQL_END_OWNER, END_BY "owner = $1)"),
	STMT(CS_SQL_END_KEY,
	    END_BY "key_hash = $1 UNION SELECT claim FROM claim_path"
	    " WHERE not_after >= $4 AND key_hash = $1)"),
	STMT(CS_SQL_END_AGENT, END " agent_id = $1"),
	STMT(CS_SQL_END_TBS, END_BY "tbs_hash = $1)"),
	STMT(CS_SQL_END_ID,
	    END_BY "tbs_hash IN (SELECT tbs_hash FROM approval"
	    " WHERE approval_id = $1))"),

	STMT(CS_SQL_DENIED,
	    DENIAL " WHERE request_digest = $1 AND not_after >= $2"
	    " ORDER BY not_after DESC LIMIT 1"),
	STMT(CS_SQL_DENIAL_GET,
	    "SELECT number FROM denial WHERE tbs_hash = $1"),
	STMT(CS_SQL_DENIAL_PUT,
	    "INSERT INTO denial (number, tbs_hash, agent_id, request_digest,"
	    " owner, key_hash, time, not_before, not_after, der)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"),
	STMT(CS_SQL_DENIAL_SWEEP,
	    "DELETE FROM denial WHERE key_hash = $1 AND not_after < $2"),
	STMT(CS_SQL_DENIALS_OF_KEY,
	    "SELECT COUNT(*),"
	    " COUNT(CASE WHEN request_digest = $3 THEN 1 END) FROM denial"
	    " WHERE key_hash = $1 AND not_after >= $2"),
	STMT(CS_SQL_DENIALS, DENIAL " ORDER BY number"),

	STMT(CS_SQL_ISSUED,
	    CLAIM " c.credential FROM claim c"
	    " WHERE c.request_digest = $1 AND c.kind = $2"
	    " AND c.not_after > $3 AND c.ended IS NULL"
	    " AND c.recorded IS NOT NULL ORDER BY c.number DESC LIMIT 1"),
	STMT(CS_SQL_ISSUED_OF_KEY,
	    ANSWER " WHERE c.agent_id = $1 AND c.agent_key_hash = $2"
	    " AND c.kind = $3 AND c.not_after > $4"
	    " ORDER BY c.number DESC LIMIT 16"),
	STMT(CS_SQL_ISSUED_ENDED,
	    CLAIM " NULL FROM claim c"
	    " WHERE c.not_after > $1 AND c.ended IS NOT NULL"
	    " ORDER BY c.number"),
	STMT(CS_SQL_REVOKED_LAST, "SELECT MAX(number) FROM revocation"
	    " HAVING COUNT(*) > 0"),

	STMT(CS_SQL_PENDING_COUNT,
	    "SELECT COUNT(*), CAST(COALESCE(SUM(octets), 0) AS BIGINT)"
	    " FROM pending WHERE expires > $1"),
	STMT(CS_SQL_PENDING_HAS,
	    "SELECT CAST(1 AS BIGINT) FROM pending"
	    " WHERE request_digest = $1 AND expires > $2"),
	STMT(CS_SQL_PENDING_OF,
	    "SELECT COUNT(*), CAST(COALESCE(SUM(octets), 0) AS BIGINT),"
	    " COUNT(CASE WHEN agent_id = $3 THEN 1 END),"
	    " COUNT(CASE WHEN state = 1 THEN 1 END), CAST(COALESCE(SUM("
	    "CASE WHEN state = 1 THEN octets END), 0) AS BIGINT)"
	    " FROM pending WHERE client = $1 AND expires > $2"),
	STMT(CS_SQL_PENDING_MOST,
	    "SELECT client, COUNT(*), CAST(SUM(octets) AS BIGINT)"
	    " FROM pending WHERE expires > $1 AND state = 1 GROUP BY client"
	    " ORDER BY CASE WHEN $2 = CAST(1 AS BIGINT) THEN SUM(octets)"
	    " ELSE COUNT(*) END DESC, client LIMIT 1"),
	STMT(CS_SQL_PENDING_OLDEST,
	    "DELETE FROM pending WHERE request_digest IN"
	    " (SELECT request_digest FROM pending WHERE client = $1"
	    " AND (agent_id = $3 OR $3 IS NULL) AND expires > $2"
	    " AND state = 1 ORDER BY created, request_digest LIMIT 1)"),
	STMT(CS_SQL_PENDING_GET,
	    "SELECT request_digest, agent_id, owner, created, expires, state,"
	    " message, evidence FROM pending"
	    " WHERE request_digest = $1 AND expires > $2"),
	STMT(CS_SQL_PENDING_PUT,
	    "INSERT INTO pending (request_digest, agent_id, owner, client,"
	    " created, expires, state, octets, message, evidence)"
	    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
	    " ON CONFLICT (request_digest) DO UPDATE SET"
	    " agent_id = excluded.agent_id, owner = excluded.owner,"
	    " client = excluded.client,"
	    " created = excluded.created, expires = excluded.expires,"
	    " state = excluded.state, octets = excluded.octets,"
	    " message = excluded.message, evidence = excluded.evidence"
	    " WHERE pending.expires <= excluded.created"),
	STMT(CS_SQL_PENDING_CHANGE,
	    "UPDATE pending SET message = $3, state = $4, octets = $6,"
	    " expires = CASE WHEN expires > $5 THEN expires ELSE $5 END"
	    " WHERE request_digest = $1 AND message = $2"),
	STMT(CS_SQL_PENDING_SWEEP,
	    "DELETE FROM pending WHERE expires <= $1"),
};

_Static_assert(CS_SQL_END <= CS_DB_STMTS_MAX, "too many statements");

const cs_db_stmt *
cs_sql_stmt(enum cs_sql which)
{
	return &stmts[which];
}
