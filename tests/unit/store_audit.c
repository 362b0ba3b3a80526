/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/hash.h"
#include "fmt/approval.h"
#include "fmt/reason.h"
#include "store/audit.h"
#include "storebed.h"
#include "tap.h"
#include "vec.h"

/* The audit log in a store, and what becomes of it when somebody who may write
 * there edits it with the sqlite3 command. */

static struct storebed bed;
static struct vec vectors[VEC_FILES_MAX];
static size_t n_vectors;
static uint8_t heads[8][32]; /* of record i */

static int
append(cs_txn *t, void *arg, cs_err *e)
{
	cs_audit_record *r = arg;
	int rc = CS_OK;

	if (r->event == CS_AUDIT_FLOOR)
		rc = cs_meta_put(t, "floor", r->not_before, (cs_span){0}, e);
	return rc == CS_OK ? cs_audit_append(t, r, NULL, e) : rc;
}

/* A record as a vector has it, but for what the log fills in. */
static bool
add(const char *vector, cs_err *e)
{
	cs_audit_record *r = NULL;
	cs_audit_record copy;
	bool good = false;

	if (cs_audit_parse(vec_find(vectors, n_vectors, vector), &r, e) ==
	    CS_OK) {
		copy = *r;
		good = cs_store_write(bed.s, append, &copy, false,
		    storebed_ms(5000), e) == CS_OK;
	}
	cs_audit_free(&r);
	if (!good)
		printf("# %s: %s\n", vector, e->text);
	return good;
}

/* The rows that stand beside records 2 (claimed), 4 (denied), 5 (revoked); the
 * credential is the text that the vector of what was issued has the hash of. */
static const char rows[] =
    "INSERT INTO claim (number, set_hash, request_digest, kind, agent_id,"
    " agent_key_hash, owner, serial, time, not_before, not_after, digest,"
    " recorded, fields, credential) SELECT 2, x'00', substr(record,"
    " instr(record, x'04100102030405060708090a0b0c0d0e0f10') - 32, 32),"
    " 1, 'wimse://corp.example/agent/alice', x'00',"
    " 'mailto:alice@corp.example', x'0102030405060708090a0b0c0d0e0f10',"
    " 1795262400, 1795262400, 1795266000, x'00', 1795262400, x'00',"
    " CAST('credential' AS BLOB) FROM audit WHERE sequence = 2;"
    "INSERT INTO claim_approval VALUES (2, 0, x'01', 0, 0,"
    " 'mailto:alice@corp.example', x'01', 1795266000);"
    "INSERT INTO uses VALUES (x'01', 0, 1, 1);"
    "INSERT INTO revocation (number, what, name, time, reason, actor, live,"
    " lifted, lifted_reason, lifted_actor)"
    " VALUES (5, 1, CAST('mailto:alice@corp.example' AS BLOB), 1795262400,"
    " 'lost', 'uid 0', 0, 1795262400, 'lost', 'uid 0')";

static char *
hex(char *out, cs_span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", s.p[i]);
	return out;
}

/* The row of the denial, as cs_denial_keep() writes it. */
static bool
put_denial(void)
{
	char sql[16384], digest[65], key[65], der[12000];
	cs_audit_record *r = NULL;
	cs_approval *a = NULL;
	bool good = false;
	cs_err e = {0};

	if (cs_audit_parse(vec_find(vectors, n_vectors, "08-denied"), &r,
	    &e) == CS_OK && r->at[0].approval.n < 6000 &&
	    cs_approval_parse(r->at[0].approval, 0, &a, &e) == CS_OK) {
		(void)snprintf(sql, sizeof(sql), "INSERT INTO denial VALUES"
		    " (4, zeroblob(32), '%.*s', x'%s', '%.*s', x'%s', %lld,"
		    " %lld, %lld, x'%s')", (int)r->agent_id.n,
		    (const char *)r->agent_id.p,
		    hex(digest, r->request_digest), (int)r->at[0].owner.n,
		    (const char *)r->at[0].owner.p,
		    hex(key, a->tbs.owner_key_hash), (long long)r->time,
		    (long long)a->tbs.not_before,
		    (long long)a->tbs.not_after, hex(der, r->at[0].approval));
		good = storebed_sql(bed.path, sql);
	}
	cs_approval_free(&a);
	cs_audit_free(&r);
	return good;
}

static bool
fill(void)
{
	static const char *const each[] = {"16-floor", "01-claimed",
	    "02-issued", "08-denied", "09-revoked-owner", "15-lifted",
	    "16-floor"};
	cs_audit_check c = {0};
	cs_err e = {0};
	size_t i;

	if (!storebed_make(&bed, &e))
		return false;
	for (i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		/* One vector names record 1, which is 2 here; the other has
		 * ended what is not there. */
		if (i == 2 || i == 4) {
			cs_audit_record *r = NULL, copy;

			if (cs_audit_parse(vec_find(vectors, n_vectors,
			    each[i]), &r, &e) != CS_OK)
				return false;
			copy = *r;
			copy.claim = 2;
			copy.live = 0;
			if (cs_store_write(bed.s, append, &copy, false,
			    storebed_ms(5000), &e) != CS_OK)
				printf("# %s\n", e.text);
			cs_audit_free(&r);
		} else if (!add(each[i], &e)) {
			return false;
		}
	}
	if (!storebed_sql(bed.path, rows) || !put_denial())
		return false;
	if (cs_audit_verify(bed.s, &c, storebed_ms(5000), NULL, NULL, &e) ==
	    CS_OK)
		return true;
	printf("# %s\n", e.text);
	return false;
}

static int
keep_hash(void *arg, int64_t sequence, cs_span der, cs_err *e)
{
	int64_t *last = arg;

	if (sequence != *last + 1 || sequence > 7)
		return cs_fail(e, CS_EBUG, "test", "%lld",
		    (long long)sequence);
	*last = sequence;
	return cs_sha256(der, heads[sequence], e);
}

static int
count_record(void *arg, const cs_audit_record *r, cs_err *e)
{
	int64_t *n = arg;

	(void)e;
	*n += r->sequence == *n + 1;
	return CS_OK;
}

static int
stop_at_3(void *arg, const cs_audit_record *r, cs_err *e)
{
	(void)arg;
	return r->sequence != 3 ? CS_OK :
	    cs_fail_detail(e, CS_EREFUSED, CS_R_SIGNATURE_INVALID, "test",
	    "stopped");
}

static void
test_good(void)
{
	cs_audit_check c = {0};
	cs_err e = {0};
	int64_t n = 0, last = 0;

	if (!ok(fill(), "a log"))
		return;
	ok(cs_audit_verify(bed.s, &c, storebed_ms(5000), count_record, &n,
	    &e) == CS_OK && n == 7 && c.records == 7 &&
	    c.head.sequence == 7, "is seen record by record");
	ok(cs_audit_walk(bed.s, 1, 0, storebed_ms(5000), keep_hash, &last,
	    &e) == CS_OK && last == 7 && memcmp(heads[7], c.head.hash, 32) ==
	    0, "and walked");
	last = 2;
	ok(cs_audit_walk(bed.s, 3, 4, storebed_ms(5000), keep_hash, &last,
	    &e) == CS_OK && last == 4, "or a part of it");
	ok(cs_audit_verify(bed.s, &c, storebed_ms(5000), stop_at_3, NULL,
	    &e) == CS_EREFUSED && e.detail == CS_R_SIGNATURE_INVALID,
	    "what the caller refuses ends it");
	c.from_sequence = 3;
	memcpy(c.from_hash, heads[3], 32);
	ok(cs_audit_verify(bed.s, &c, storebed_ms(5000), NULL, NULL, &e) ==
	    CS_OK, "a head that was noted");
	c.from_hash[0] ^= 1;
	ok(cs_audit_verify(bed.s, &c, storebed_ms(5000), NULL, NULL, &e) ==
	    CS_EREFUSED, "one that is another: %s", e.text);
	c.from_sequence = 8;
	ok(cs_audit_verify(bed.s, &c, storebed_ms(5000), NULL, NULL, &e) ==
	    CS_EREFUSED, "one that is not there: %s", e.text);
	storebed_remove(&bed);
}

/* What `sql` does is found, and the text says `text`. */
static void
test_edit(const char *sql, const char *text)
{
	cs_audit_check c = {0};
	cs_err e = {0};
	int r = 0;

	if (!fill() || !storebed_sql(bed.path, sql)) {
		ok(false, "%s", sql);
	} else {
		r = cs_audit_verify(bed.s, &c, storebed_ms(5000), NULL, NULL,
		    &e);
		if (!ok(r == CS_EREFUSED && strstr(e.text, text) != NULL,
		    "%s", text))
			printf("# %d %s\n# %s\n", r, e.text, sql);
	}
	storebed_remove(&bed);
}

static void
test_edits(void)
{
	test_edit("DELETE FROM audit WHERE sequence = 6",
	    "expected record 6, found record 7");
	test_edit("DELETE FROM audit WHERE sequence = 1",
	    "expected record 1, found record 2");
	test_edit("DELETE FROM audit", "the log ends with record 0");
	test_edit("DELETE FROM audit WHERE sequence = 7",
	    "the log ends with record 6, expected record 7");
	test_edit("UPDATE audit SET sequence = 100 WHERE sequence = 6;"
	    "UPDATE audit SET sequence = 6 WHERE sequence = 7;"
	    "UPDATE audit SET sequence = 7 WHERE sequence = 100",
	    "record 6: calls itself record 7");
	test_edit("INSERT INTO audit SELECT 0, record FROM audit"
	    " WHERE sequence = 7", "expected record 1, found record 0");
	test_edit("INSERT INTO audit SELECT 8, record FROM audit"
	    " WHERE sequence = 7", "record 8: calls itself record 7");
	test_edit("UPDATE audit SET record = CAST(substr(record, 1,"
	    " length(record) - 1) || x'21' AS BLOB) WHERE sequence = 1",
	    "record 2: expected the hash of the record before it");
	test_edit("UPDATE audit SET record = CAST(substr(record, 1,"
	    " length(record) - 1) || x'21' AS BLOB) WHERE sequence = 7",
	    "record 7: the store noted another hash");
	test_edit("UPDATE audit SET record = substr(record, 1, length(record)"
	    " - 1) WHERE sequence = 7", "record 7: ");
	test_edit("UPDATE audit SET record = x'' WHERE sequence = 4",
	    "record 4: ");
	test_edit("UPDATE meta SET value_int = 6 WHERE name = 'head'",
	    "the log ends with record 7, expected record 6");
	test_edit("DELETE FROM meta WHERE name = 'head'",
	    "the log ends with record 7, expected record 0");
}

/* The rows that are written with records. */
static void
test_rows(void)
{
	test_edit("DELETE FROM claim", "record 2: the store does not have");
	test_edit("DELETE FROM denial", "record 4: the store does not have");
	/* Long ended, a denial may be gone: so it is the clock that is wrong */
	test_edit("DELETE FROM denial; UPDATE meta SET value_int ="
	    " value_int + 40000000 WHERE name = 'clock'",
	    "expected the latest time as the log has it");
	test_edit("DELETE FROM revocation; UPDATE meta SET value_int ="
	    " value_int + 40000000 WHERE name = 'clock'",
	    "record 5: the store does not have");
	test_edit("DELETE FROM revocation",
	    "record 5: the store does not have");
	test_edit("UPDATE claim SET number = 3",
	    "record 2: the store does not have");
	test_edit("UPDATE claim SET agent_id = 'wimse://corp.example/x'",
	    "record 2: the claim in the store is another");
	test_edit("UPDATE claim SET not_after = not_after + 1",
	    "record 2: the claim in the store is another");
	test_edit("UPDATE claim SET credential = x'00'",
	    "record 3: the store does not have the credential of claim 2");
	test_edit("UPDATE claim SET credential = NULL",
	    "record 3: the store does not have the credential of claim 2");
	test_edit("UPDATE claim SET recorded = NULL",
	    "expected as many records");
	test_edit("INSERT INTO revocation (number, what, name, time, reason,"
	    " actor, live) VALUES (9, 1, x'01', 0, '', '', 0)",
	    "the log does not have record 9 of what was revoked");
	test_edit("INSERT INTO revocation (number, what, name, time, reason,"
	    " actor, live) VALUES (-1, 1, x'01', 0, '', '', 0)",
	    "the log does not have record -1 of what was revoked");
	test_edit("INSERT INTO denial SELECT 6, x'01', agent_id,"
	    " request_digest, owner, key_hash, time, not_before, not_after,"
	    " der FROM denial",
	    "the log does not have record 6 of what was denied");
	test_edit("UPDATE claim SET kind = 2",
	    "record 2: the claim in the store is another");
	test_edit("UPDATE claim SET serial = x'02'",
	    "record 2: the claim in the store is another");
	test_edit("UPDATE claim SET ended = time, end_reason = 'x'",
	    "expected credentials that were ended as the log has it, 0");
	test_edit("DELETE FROM claim_approval", "approvals of claims");
	test_edit("DELETE FROM uses", "1 counts of an approval's uses");
	test_edit("UPDATE uses SET n = 0", "1 counts of an approval's uses");
	test_edit("UPDATE uses SET subject = 1",
	    "2 counts of an approval's uses");
	test_edit("UPDATE meta SET value_int = 1 WHERE name = 'floor'",
	    "expected the floor as the log has it, 1795262400, found 1");
	test_edit("DELETE FROM meta WHERE name = 'floor'",
	    "expected the floor as the log has it, 1795262400, found 0");
	test_edit("UPDATE meta SET value_int = value_int - 1"
	    " WHERE name = 'clock'", "expected the latest time as the log");
	test_edit("UPDATE revocation SET lifted = NULL, lifted_reason = NULL,"
	    " lifted_actor = NULL", "revocations that were lifted");
	test_edit("UPDATE revocation SET name ="
	    " CAST('mailto:bob@corp.example' AS BLOB)",
	    "record 5: what the store has of what was revoked is another");
	test_edit("UPDATE revocation SET what = 3", "record 5: what the");
	test_edit("UPDATE revocation SET time = time + 1", "record 5: what");
	test_edit("UPDATE revocation SET reason = 'x'", "record 5: what");
	test_edit("UPDATE revocation SET actor = 'x'", "record 5: what");
	test_edit("UPDATE revocation SET live = 1", "record 5: what the");
	test_edit("UPDATE denial SET not_after = not_after - 1",
	    "record 4: what the store has of what was denied is another");
	test_edit("UPDATE denial SET not_before = not_before - 1",
	    "record 4: what the");
	test_edit("UPDATE denial SET request_digest = zeroblob(32)",
	    "record 4: what the");
	test_edit("UPDATE denial SET owner = 'mailto:bob@corp.example'",
	    "record 4: what the");
	test_edit("UPDATE denial SET key_hash = zeroblob(32)",
	    "record 4: what the");
	test_edit("UPDATE denial SET der = x'00'", "record 4: what the");
	test_edit("INSERT INTO claim (number, set_hash, request_digest, kind,"
	    " agent_id, agent_key_hash, owner, serial, time, not_before,"
	    " not_after, digest, fields) SELECT 8, x'01', request_digest,"
	    " kind, agent_id, agent_key_hash, owner, x'02', time, not_before,"
	    " not_after, digest, fields FROM claim",
	    "claim 8: the log does not have its record");
}

/* Cut, and the head set to what is left: the rows tell; and where there are
 * none, the head that was noted does. */
static void
test_cut(void)
{
	cs_audit_check c = {.from_sequence = 7};
	char sql[256];
	cs_err e = {0};
	size_t i, at;

	if (!fill())
		return;
	at = (size_t)snprintf(sql, sizeof(sql), "DELETE FROM audit WHERE"
	    " sequence = 7; UPDATE meta SET value_int = 6, value_blob = x'");
	for (i = 0; i < 32; i++)
		at += (size_t)snprintf(sql + at, sizeof(sql) - at, "%02x",
		    heads[6][i]);
	(void)snprintf(sql + at, sizeof(sql) - at, "' WHERE name = 'head'");
	ok(storebed_sql(bed.path, sql), "cut with its head");
	memcpy(c.from_hash, heads[7], 32);
	ok(cs_audit_verify(bed.s, &c, storebed_ms(5000), NULL, NULL, &e) ==
	    CS_EREFUSED && strstr(e.text, "which was noted") != NULL,
	    "is found by what was noted: %s", e.text);
	storebed_remove(&bed);
}

static void
test_refused(void)
{
	cs_audit_record r = {.event = CS_AUDIT_FLOOR, .time = STOREBED_NOW,
	    .not_before = STOREBED_NOW, .reason = cs_span_str("")};
	cs_audit_check c = {0};
	cs_err e = {0};
	int64_t n = -1;

	if (!ok(storebed_make(&bed, &e), "an empty store"))
		return;
	ok(cs_audit_verify(bed.s, &c, storebed_ms(5000), NULL, NULL, &e) ==
	    CS_OK && c.records == 0 && c.head.sequence == 0, "has no record");
	ok(cs_store_write(bed.s, append, &r, false, storebed_ms(5000), &e) !=
	    CS_OK, "what cannot be read is not written: %s", e.text);
	r.reason = cs_span_str("test");
	ok(cs_store_write(bed.s, append, &r, true, storebed_ms(5000), &e) ==
	    CS_OK && cs_audit_verify(bed.s, &c, storebed_ms(5000), NULL, NULL,
	    &e) == CS_OK && c.records == 0, "taken back");
	ok(cs_store_write(bed.s, append, &r, false, storebed_ms(5000), &e) ==
	    CS_OK && r.sequence == 1 && r.previous.p == NULL, "the first");
	r.authority = cs_span_str("https://other.example");
	ok(cs_store_write(bed.s, append, &r, false, storebed_ms(5000), &e) ==
	    CS_OK && cs_span_is(r.authority, STOREBED_AUTHORITY),
	    "the authority is the store's");
	ok(storebed_sql(bed.path, "UPDATE meta SET value_blob = x'00'"
	    " WHERE name = 'head'"), "a damaged head");
	ok(cs_store_write(bed.s, append, &r, false, storebed_ms(5000), &e) ==
	    CS_EIO && n == -1, "appends nothing: %s", e.text);
	storebed_remove(&bed);
}

/* More than an engine gives at once. */
static int
append_many(cs_txn *t, void *arg, cs_err *e)
{
	int i, rc = CS_OK;

	for (i = 0; rc == CS_OK && i < 200; i++)
		rc = append(t, arg, e);
	return rc;
}

/* Who looks at the first record sees another come in. */
static int
append_beside(void *arg, const cs_audit_record *r, cs_err *e)
{
	cs_audit_record more = {.event = CS_AUDIT_FLOOR, .time = STOREBED_NOW,
	    .not_before = STOREBED_NOW, .reason = cs_span_str("beside")};

	++*(int64_t *)arg;
	return r->sequence != 1 ? CS_OK : cs_store_write(bed.s, append, &more,
	    false, storebed_ms(9000), e);
}

static void
test_parts(void)
{
	cs_audit_record r = {.event = CS_AUDIT_FLOOR, .time = STOREBED_NOW,
	    .not_before = STOREBED_NOW, .reason = cs_span_str("test")};
	cs_audit_check c = {0};
	cs_err e = {0};
	int64_t n = 0;

	if (!storebed_make(&bed, &e))
		return;
	ok(cs_store_write(bed.s, append_many, &r, false, storebed_ms(9000),
	    &e) == CS_OK && r.sequence == 200, "two hundred in one");
	ok(cs_audit_verify(bed.s, &c, storebed_ms(9000), count_record, &n,
	    &e) == CS_OK && n == 200 && c.records == 200, "are checked");
	n = 0;
	ok(cs_audit_verify(bed.s, &c, storebed_ms(9000), append_beside, &n,
	    &e) == CS_OK && n == 201 && c.head.sequence == 201,
	    "and what came meanwhile");
	n = 0;
	ok(storebed_sql(bed.path, "DELETE FROM audit WHERE sequence = 129"),
	    "one is gone");
	ok(cs_audit_verify(bed.s, &c, storebed_ms(9000), NULL, NULL, &e) ==
	    CS_EREFUSED && strstr(e.text, "expected record 129") != NULL,
	    "where a part begins: %s", e.text);
	storebed_remove(&bed);
}

int
main(void)
{
	n_vectors = vec_load("audit", vectors);
	if (!vec_has_arc())
		return 0;
	test_good();
	test_edits();
	test_rows();
	test_cut();
	test_refused();
	test_parts();
	vec_free(vectors, n_vectors);
	return done_testing();
}
