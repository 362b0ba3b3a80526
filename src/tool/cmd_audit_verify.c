/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/file.h"
#include "base/time.h"
#include "fmt/der.h"
#include "tool/auditlog.h"
#include "tool/past.h"
#include "verify/bound.h"

/* The audit log against itself, the store, and a head that was noted. */

#define FILE_MAX_OCTETS ((size_t)1 << 30)

struct opts {
	struct cs_common common;
	struct cs_past_opts past;
	const char *head, *file;
};

struct job {
	cs_audit_check check;
	int64_t approvals;
	int64_t first; /* the first record that was there */
	cs_store_head told; /* a server's head, before it gave its log */
	bool is_told;       /* it was seen there */
};

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* N:HASH, as the verb prints it. */
static int
read_head(const char *text, cs_audit_check *c, cs_err *e)
{
	char *end = NULL;
	long long n = strtoll(text, &end, 10);
	int hi, lo;
	size_t i;

	if (text[0] < '1' || text[0] > '9' || n == INT64_MAX || *end != ':' ||
	    strlen(end + 1) != 2 * sizeof(c->from_hash))
		return cs_fail(e, CS_EUSAGE, "audit",
		    "--head: expected N:HASH, as verify prints it, found %s",
		    text);
	for (i = 0; i < sizeof(c->from_hash); i++) {
		hi = hex_digit(end[1 + 2 * i]);
		lo = hex_digit(end[2 + 2 * i]);
		if (hi < 0 || lo < 0)
			return cs_fail(e, CS_EUSAGE, "audit",
			    "--head: expected a hash in lowercase hex, found "
			    "%s", end + 1);
		c->from_hash[i] = (uint8_t)(hi << 4 | lo);
	}
	c->from_sequence = n;
	return CS_OK;
}

/* Every record, once it has its place in the chain. */
static int
check_record(void *arg, const cs_audit_record *r, cs_err *e)
{
	struct job *j = arg;
	int rc;

	if (j->first == 0)
		j->first = r->sequence;
	if ((rc = cs_audit_approvals_check(r, e)) != CS_OK)
		return cs_wrap(e, "record %" PRId64, r->sequence);
	j->approvals += (int64_t)r->n;
	return CS_OK;
}

/* A part of a log begins where it begins. */
static int
check_next(struct job *j, const cs_audit_record *r, cs_err *e)
{
	cs_audit_check *c = &j->check;
	int rc;

	if (c->records == 0 && r->sequence > 1) {
		c->head.sequence = r->sequence - 1;
		memcpy(c->head.hash, r->previous.p, sizeof(c->head.hash));
	}
	if ((rc = cs_audit_link(c, (cs_span){0}, r, e)) != CS_OK)
		return rc;
	return check_record(j, r, e);
}

/* A JSON line or an element of DER, off the front of *in. */
static int
next_record(cs_span *in, bool is_der, cs_audit_record **out, cs_err *e)
{
	const uint8_t *end;
	cs_span one = {0};
	int r;

	if (is_der) {
		if ((r = cs_der_whole(in, CS_DER_SEQ, &one, e)) != CS_OK)
			return r;
		return cs_audit_parse(one, out, e);
	}
	end = memchr(in->p, '\n', in->n);
	one = cs_span_of(in->p, end == NULL ? in->n : (size_t)(end - in->p));
	*in = cs_span_cut(*in, one.n + (end != NULL),
	    in->n - one.n - (end != NULL));
	return cs_auditlog_read(one, out, e);
}

static int
check_file(const char *path, struct job *j, cs_err *e)
{
	cs_audit_record *r = NULL;
	cs_buf *b = NULL;
	cs_span in;
	bool is_der;
	int rc;

	if ((rc = cs_file_read(path, FILE_MAX_OCTETS, &b, e)) != CS_OK)
		return rc;
	in = cs_buf_span(b);
	is_der = in.n != 0 && in.p[0] == CS_DER_SEQ;
	while (rc == CS_OK && in.n != 0) {
		if ((rc = next_record(&in, is_der, &r, e)) != CS_OK)
			(void)cs_wrap(e, "behind record %" PRId64,
			    j->check.head.sequence);
		else
			rc = check_next(j, r, e);
		cs_audit_free(&r);
	}
	if (rc == CS_OK && j->check.records == 0)
		rc = cs_fail(e, CS_EFORMAT, "audit", "no record in it");
	if (rc == CS_OK && j->check.from_sequence != 0 &&
	    j->check.from_sequence < j->first)
		rc = cs_fail(e, CS_EREFUSED, "audit", "it begins with record "
		    "%" PRId64 ", behind the one that was noted", j->first);
	if (rc == CS_OK)
		rc = cs_audit_link_end(&j->check, e);
	cs_buf_free(&b);
	return rc == CS_OK ? rc : cs_wrap(e, "%s", path);
}

/* From the first record on, and each behind the one before. */
static int
check_row(void *arg, int64_t sequence, cs_span der, cs_err *e)
{
	struct job *j = arg;
	const cs_store_head *h = &j->check.head;
	cs_audit_record *r = NULL;
	int rc;

	if ((rc = cs_audit_parse(der, &r, e)) != CS_OK)
		return cs_wrap(e, "record %" PRId64, sequence);
	if ((rc = cs_audit_link(&j->check, (cs_span){0}, r, e)) == CS_OK)
		rc = check_record(j, r, e);
	if (rc == CS_OK && h->sequence == j->told.sequence)
		j->is_told = cs_span_eq(cs_span_of(h->hash, sizeof(h->hash)),
		    cs_span_of(j->told.hash, sizeof(j->told.hash)));
	cs_audit_free(&r);
	return rc;
}

/* What a server gives of its log: the chain, what was noted, and the head that
 * it names. Its store stays with it. */
static int
check_server(cs_past *p, struct job *j, cs_err *e)
{
	cs_store_info info = {0};
	int r;

	if ((r = cs_past_look(p, cs_time_now(), &info, e)) != CS_OK)
		return r;
	j->told = info.head;
	if (j->told.sequence != 0)
		r = cs_past_walk(p, 1, j->told.sequence, check_row, j, e);
	if (r != CS_OK || (r = cs_audit_link_end(&j->check, e)) != CS_OK)
		return r;
	return j->is_told || j->told.sequence == 0 ? CS_OK :
	    cs_fail(e, CS_EREFUSED, "audit", "the log that the server gives "
	    "lacks its head, record %" PRId64, j->told.sequence);
}

static int
check_past(const cs_tool *t, const struct cs_past_opts *o, struct job *j,
    cs_err *e)
{
	cs_past *p = NULL;
	int r;

	if ((r = cs_past_open(t, o, CS_DB_READ, cs_time_now(), &p, e)) !=
	    CS_OK)
		return r;
	if (cs_past_store(p) == NULL)
		r = check_server(p, j, e);
	else
		r = cs_audit_verify(cs_past_store(p), &j->check,
		    cs_auditlog_deadline(), check_record, j, e);
	cs_past_close(&p);
	return r;
}

static int
put(const struct job *j, cs_out *out, cs_err *e)
{
	const cs_store_head *h = &j->check.head;
	cs_span hash = cs_span_of(h->hash, sizeof(h->hash));
	cs_buf *b = cs_buf_new(2 * sizeof(h->hash) + 1);

	if (b == NULL || cs_hex_put(b, hash) != CS_OK) {
		cs_buf_free(&b);
		return cs_nomem(e, "audit");
	}
	cs_out_int(out, "records", "records", j->check.records);
	if (j->first > 1)
		cs_out_int(out, "first", "the first is record", j->first);
	cs_out_int(out, "approvals", "approvals checked again",
	    j->approvals);
	cs_out_object(out, "head", NULL);
	cs_out_int(out, "sequence", NULL, h->sequence);
	cs_out_hex(out, "hash", NULL, hash);
	cs_out_close(out);
	if (h->sequence != 0)
		cs_out_printf(out, NULL, "head", "%" PRId64 ":%s",
		    h->sequence, cs_buf_cstr(b));
	cs_buf_free(&b);
	return CS_OK;
}

static int
run(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	struct job j = {.approvals = 0};
	int r;

	(void)w;
	if (o->file != NULL && (o->past.store != NULL ||
	    o->past.server != NULL))
		return cs_fail(e, CS_EUSAGE, "audit",
		    "--file does not go with --%s", o->past.store != NULL ?
		    "store" : "server");
	if (o->head != NULL && (r = read_head(o->head, &j.check, e)) != CS_OK)
		return r;
	r = o->file != NULL ? check_file(o->file, &j, e) :
	    check_past(t, &o->past, &j, e);
	if (r == CS_OK)
		r = put(&j, out, e);
	if (r == CS_OK && o->past.server != NULL)
		cs_out_str(out, NULL, "note", "the log alone: with --store it "
		    "is held against the store as well");
	return r;
}

static const struct cs_opt rows[] = {
    CS_PAST_ROWS(struct opts),
    {"head", 0, CS_OPT_STRING, offsetof(struct opts, head), "N:HASH",
	"a head that was noted: record N has to have this hash", 0, 0,
	CS_COMPLETE_NONE},
    {"file", 0, CS_OPT_STRING, offsetof(struct opts, file), "FILE",
	"check what audit export wrote, jsonl or der, not a store", 0, 0,
	CS_COMPLETE_FILE},
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "audit verify",
    .synopsis = "",
    .summary = "check the audit log and every approval in it",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
};

const struct cs_verb cs_cmd_audit_verify = {
    &spec, sizeof(struct opts), NULL, run};
