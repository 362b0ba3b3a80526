/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/sql.h"

#include <stddef.h>

#include "store/store.h"

/*
 * Times are seconds since 1970. What was written stays: nothing is deleted but
 * denials that have long ended, which the log keeps, and what waits; and of what
 * can end, the row says when and why. A number is that of the audit record which
 * was written with the row. Large columns stand last.
 *
 * meta: schema, authority, place, floor, head, clock, backup, bundle.
 * approval: every TBS that was ever counted; (key_hash, approval_id) belongs to
 *   the first.
 * claim: one issuance; claim_approval: on which approvals, in the order of the
 *   audit record; not_after again, so that what is live is found at once. alone:
 *   see claimmove.c; NULL before schema 2.
 * claim_path: the keys of the CAs that vouched for their owners' keys.
 * uses: issuances of a TBS, by its subject and the credential's kind.
 * counter: the last signature counter of a key.
 * revocation: at most one in force of a name.
 * denial: what was denied, and the approval that says so.
 * pending: requests that wait for their owner, and who sent them. They alone
 *   go.
 */
static const char step_1[] =
    "CREATE TABLE meta ("
    " name TEXT PRIMARY KEY NOT NULL,"
    " value_int BIGINT,"
    " value_blob BLOB"
    ") STRICT;"

    "CREATE TABLE audit ("
    " sequence BIGINT PRIMARY KEY NOT NULL,"
    " record BLOB NOT NULL"
    ") STRICT;"

    "CREATE TABLE approval ("
    " tbs_hash BLOB PRIMARY KEY NOT NULL,"
    " key_hash BLOB NOT NULL,"
    " approval_id BLOB NOT NULL,"
    " owner TEXT NOT NULL,"
    " time BIGINT NOT NULL,"
    " not_before BIGINT NOT NULL,"
    " not_after BIGINT NOT NULL,"
    " max_issuances BIGINT NOT NULL,"
    " UNIQUE (key_hash, approval_id)"
    ") STRICT;"
    "CREATE INDEX approval_id ON approval (approval_id);"

    "CREATE TABLE claim ("
    " number BIGINT PRIMARY KEY NOT NULL REFERENCES audit (sequence),"
    " set_hash BLOB NOT NULL,"
    " request_digest BLOB NOT NULL,"
    " kind BIGINT NOT NULL,"
    " agent_id TEXT NOT NULL,"
    " agent_key_hash BLOB NOT NULL,"
    " owner TEXT NOT NULL,"
    " serial BLOB NOT NULL,"
    " time BIGINT NOT NULL,"
    " not_before BIGINT NOT NULL,"
    " not_after BIGINT NOT NULL,"
    " digest BLOB NOT NULL,"
    " recorded BIGINT,"
    " ended BIGINT,"
    " end_reason TEXT,"
    " fields BLOB NOT NULL,"
    " credential BLOB"
    ") STRICT;"
    "CREATE INDEX claim_same ON claim"
    " (request_digest, set_hash, kind, number);"
    "CREATE INDEX claim_agent ON claim (agent_id, not_after);"
    "CREATE INDEX claim_owner ON claim (owner, not_after);"
    "CREATE INDEX claim_serial ON claim (serial);"
    "CREATE INDEX claim_live ON claim (not_after) WHERE ended IS NULL;"

    "CREATE TABLE claim_approval ("
    " claim BIGINT NOT NULL REFERENCES claim (number),"
    " position BIGINT NOT NULL,"
    " tbs_hash BLOB NOT NULL REFERENCES approval (tbs_hash),"
    " subject BIGINT NOT NULL,"
    " role BIGINT NOT NULL,"
    " owner TEXT NOT NULL,"
    " key_hash BLOB NOT NULL,"
    " not_after BIGINT NOT NULL,"
    " PRIMARY KEY (claim, position)"
    ") STRICT;"
    "CREATE INDEX claim_approval_tbs ON claim_approval (tbs_hash, not_after);"
    "CREATE INDEX claim_approval_owner ON claim_approval (owner, not_after);"
    "CREATE INDEX claim_approval_key ON claim_approval"
    " (key_hash, not_after);"

    "CREATE TABLE claim_path ("
    " claim BIGINT NOT NULL REFERENCES claim (number),"
    " key_hash BLOB NOT NULL,"
    " not_after BIGINT NOT NULL,"
    " PRIMARY KEY (claim, key_hash)"
    ") STRICT;"
    "CREATE INDEX claim_path_key ON claim_path (key_hash, not_after);"

    "CREATE TABLE uses ("
    " tbs_hash BLOB NOT NULL,"
    " subject BIGINT NOT NULL,"
    " kind BIGINT NOT NULL,"
    " n BIGINT NOT NULL,"
    " PRIMARY KEY (tbs_hash, subject, kind)"
    ") STRICT;"

    "CREATE TABLE counter ("
    " key_hash BLOB PRIMARY KEY NOT NULL,"
    " value BIGINT NOT NULL"
    ") STRICT;"

    "CREATE TABLE revocation ("
    " number BIGINT PRIMARY KEY NOT NULL REFERENCES audit (sequence),"
    " what BIGINT NOT NULL,"
    " name BLOB NOT NULL,"
    " time BIGINT NOT NULL,"
    " reason TEXT NOT NULL,"
    " actor TEXT NOT NULL,"
    " live BIGINT NOT NULL,"
    " lifted BIGINT,"
    " lifted_reason TEXT,"
    " lifted_actor TEXT"
    ") STRICT;"
    "CREATE UNIQUE INDEX revocation_name ON revocation (what, name)"
    " WHERE lifted IS NULL;"

    "CREATE TABLE denial ("
    " number BIGINT PRIMARY KEY NOT NULL REFERENCES audit (sequence),"
    " tbs_hash BLOB NOT NULL UNIQUE,"
    " agent_id TEXT NOT NULL,"
    " request_digest BLOB NOT NULL,"
    " owner TEXT NOT NULL,"
    " key_hash BLOB NOT NULL,"
    " time BIGINT NOT NULL,"
    " not_before BIGINT NOT NULL,"
    " not_after BIGINT NOT NULL,"
    " der BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX denial_request ON denial (request_digest, not_after);";

/* Text of an agent is at most 2048 octets, which leaves room for a number below
 * the 2704 of PostgreSQL's index. */
static const char step_2[] =
    "ALTER TABLE claim ADD COLUMN alone BIGINT;"
    "CREATE INDEX claim_last ON claim (agent_id, number)"
    " WHERE ended IS NULL;"
    "CREATE INDEX denial_key ON denial (key_hash, not_after);"
    "INSERT INTO meta (name, value_int) SELECT 'clock', COALESCE(MAX(x.t), 0)"
    " FROM (SELECT time AS t FROM claim UNION ALL SELECT time FROM denial) x;";

static const char step_3[] =
    "CREATE INDEX claim_ended ON claim (not_after) WHERE ended IS NOT NULL;"
    "CREATE TABLE pending ("
    " request_digest BLOB PRIMARY KEY NOT NULL,"
    " agent_id TEXT NOT NULL,"
    " owner TEXT NOT NULL,"
    " created BIGINT NOT NULL,"
    " expires BIGINT NOT NULL,"
    " state BIGINT NOT NULL,"
    " message BLOB NOT NULL,"
    " evidence BLOB"
    ") STRICT;"
    "CREATE INDEX pending_expires ON pending (expires);"
    "CREATE INDEX pending_agent ON pending (agent_id, expires);";

/* What is counted stands before what is large. */
static const char step_4[] =
    "ALTER TABLE pending RENAME TO pending_3;"
    "CREATE TABLE pending ("
    " request_digest BLOB PRIMARY KEY NOT NULL,"
    " agent_id TEXT NOT NULL,"
    " owner TEXT NOT NULL,"
    " client TEXT NOT NULL,"
    " created BIGINT NOT NULL,"
    " expires BIGINT NOT NULL,"
    " state BIGINT NOT NULL,"
    " octets BIGINT NOT NULL,"
    " message BLOB NOT NULL,"
    " evidence BLOB"
    ") STRICT;"
    "INSERT INTO pending (request_digest, agent_id, owner, client, created,"
    " expires, state, octets, message, evidence)"
    " SELECT request_digest, agent_id, owner, '', created, expires, state,"
    " length(message) + COALESCE(length(evidence), 0), message, evidence"
    " FROM pending_3;"
    "DROP TABLE pending_3;"
    "CREATE INDEX pending_expires ON pending (expires, client, octets);"
    "CREATE INDEX pending_client ON pending (client, created);";

const char *
cs_sql_step(int n)
{
	static const char *const steps[CS_STORE_SCHEMA] = {step_1, step_2,
	    step_3, step_4};

	return n < 1 || n > CS_STORE_SCHEMA ? NULL : steps[n - 1];
}
