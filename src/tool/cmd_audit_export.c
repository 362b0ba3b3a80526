/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "fmt/der.h"
#include "tool/access.h"
#include "tool/auditlog.h"
#include "tool/document.h"
#include "tool/dsse.h"
#include "tool/past.h"

/* The audit log for who has no store: every record, or of every credential a
 * signed statement. */

struct opts {
	struct cs_common common;
	struct cs_key_opts access;
	struct cs_document_opts document;
	struct cs_past_opts past;
	const char *format, *key;
	int64_t from, to;
};

static const struct opts defaults = {.access = CS_KEY_DEFAULTS,
    .format = "jsonl", .from = 1};

struct job {
	cs_growing bytes;
	bool is_der;
	cs_key *key;
	/* dsse: what was issued, as DER one behind the other */
	cs_growing issued;
	cs_audit_record *claim;
};

static int
put_row(void *arg, int64_t sequence, cs_span der, cs_err *e)
{
	struct job *j = arg;
	cs_audit_record *r = NULL;
	json_t *v = NULL;
	int rc;

	if ((rc = cs_auditlog_row(sequence, der, &r, e)) != CS_OK)
		return cs_wrap(e, "record %" PRId64, sequence);
	if (j->is_der)
		rc = cs_growing_put(&j->bytes, r->der, e);
	else if ((rc = cs_auditlog_json(r, &v, e)) == CS_OK)
		rc = cs_growing_json(&j->bytes, v, e);
	json_decref(v);
	cs_audit_free(&r);
	return rc;
}

static int
keep_issued(void *arg, int64_t sequence, cs_span der, cs_err *e)
{
	struct job *j = arg;
	cs_audit_record *r = NULL;
	int rc;

	if ((rc = cs_auditlog_row(sequence, der, &r, e)) != CS_OK)
		return cs_wrap(e, "record %" PRId64, sequence);
	if (r->event == CS_AUDIT_ISSUED)
		rc = cs_growing_put(&j->issued, r->der, e);
	cs_audit_free(&r);
	return rc;
}

static int
keep_claim(void *arg, int64_t sequence, cs_span der, cs_err *e)
{
	struct job *j = arg;
	int rc;

	if ((rc = cs_auditlog_row(sequence, der, &j->claim, e)) != CS_OK)
		return cs_wrap(e, "record %" PRId64, sequence);
	return CS_OK;
}

/* Both records are the predicate; the credential is what it is about. */
static int
put_statement(struct job *j, const cs_audit_record *issued, cs_err *e)
{
	const cs_audit_record *claim = j->claim;
	json_t *a = NULL, *b = NULL, *all, *s = NULL, *envelope = NULL;
	int r;

	if (claim == NULL || claim->event != CS_AUDIT_CLAIMED)
		return cs_fail(e, CS_EREFUSED, "audit", "record %" PRId64
		    ": record %" PRId64 " is no claim", issued->sequence,
		    issued->claim);
	if ((r = cs_auditlog_json(claim, &a, e)) != CS_OK ||
	    (r = cs_auditlog_json(issued, &b, e)) != CS_OK)
		goto out;
	if ((all = json_pack("{s:O, s:O}", "claimed", a, "issued", b)) ==
	    NULL) {
		r = cs_nomem(e, "audit");
		goto out;
	}
	if ((r = cs_dsse_statement(claim->agent_id, issued->credential, all,
	    &s, e)) == CS_OK &&
	    (r = cs_dsse_sign(s, j->key, &envelope, e)) == CS_OK)
		r = cs_growing_json(&j->bytes, envelope, e);
out:
	json_decref(envelope);
	json_decref(s);
	json_decref(b);
	json_decref(a);
	return r;
}

static int
put_statements(cs_past *s, struct job *j, cs_err *e)
{
	cs_span in = cs_buf_span(j->issued.b), one = {0};
	cs_audit_record *r = NULL;
	int rc = CS_OK;

	while (rc == CS_OK && in.n != 0) {
		if ((rc = cs_der_whole(&in, CS_DER_SEQ, &one, e)) != CS_OK ||
		    (rc = cs_audit_parse(one, &r, e)) != CS_OK)
			return rc;
		if ((rc = cs_past_walk(s, r->claim, r->claim, keep_claim, j,
		    e)) == CS_OK)
			rc = put_statement(j, r, e);
		cs_audit_free(&j->claim);
		cs_audit_free(&r);
	}
	return rc;
}

static int
make(const struct opts *o, cs_past *s, struct job *j, cs_err *e)
{
	bool dsse = j->key != NULL;
	int r = cs_past_walk(s, o->from, o->to, dsse ? keep_issued : put_row,
	    j, e);

	return r == CS_OK && dsse ? put_statements(s, j, e) : r;
}

static int
write_out(const cs_tool *t, const struct opts *o, const struct job *j,
    cs_out *out, cs_err *e)
{
	cs_span bytes = cs_buf_span(j->bytes.b);

	if (bytes.p == NULL)
		bytes = cs_span_of("", 0);
	if (j->is_der && (o->document.path == NULL ||
	    strcmp(o->document.path, "-") == 0)) {
		cs_out_raw(out, bytes);
		return CS_OK;
	}
	return cs_document_put(t, &o->document, "export", bytes, out, e);
}

static int
check(const struct opts *o, cs_err *e)
{
	bool dsse = strcmp(o->format, "dsse") == 0;
	int r;

	if (dsse != (o->key != NULL))
		return cs_fail(e, CS_EUSAGE, "audit", dsse ?
		    "--format dsse: --key is missing" :
		    "--key goes with --format dsse");
	if (o->to != 0 && o->to < o->from)
		return cs_fail(e, CS_EUSAGE, "audit", "--to is before --from");
	if (o->common.json && strcmp(o->format, "der") == 0 &&
	    o->document.path == NULL)
		return cs_fail(e, CS_EUSAGE, "audit",
		    "--format der with --json: -o is missing");
	if ((r = cs_document_apart(o->document.path, o->key, e)) != CS_OK)
		return r;
	return cs_document_check(o->document.path, o->document.force, e);
}

static int
run(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	const struct opts *o = opts;
	struct job j = {.is_der = strcmp(o->format, "der") == 0};
	cs_access a = {0};
	cs_past *s = NULL;
	int r;

	(void)w;
	if ((r = check(o, e)) != CS_OK ||
	    (r = cs_past_open(t, &o->past, CS_DB_READ, cs_time_now(), &s,
	    e)) != CS_OK)
		return r;
	if (o->key != NULL) {
		r = cs_access_open(t, &o->access, "audit export",
		    o->common.json, &a, e);
		if (r == CS_OK)
			r = cs_key_open(o->key, &a.keys, &j.key, e);
	}
	if (r == CS_OK && (r = make(o, s, &j, e)) == CS_OK)
		r = write_out(t, o, &j, out, e);
	cs_key_close(&j.key);
	if (o->key != NULL)
		cs_access_close(&a);
	cs_buf_free(&j.issued.b);
	cs_buf_free(&j.bytes.b);
	cs_past_close(&s);
	return r;
}

static const struct cs_opt rows[] = {
    CS_PAST_ROWS(struct opts),
    {"from", 0, CS_OPT_COUNT, offsetof(struct opts, from), "N",
	"begin with record N (1)", 1, INT64_MAX - 1, CS_COMPLETE_NONE},
    {"to", 0, CS_OPT_COUNT, offsetof(struct opts, to), "N",
	"end with record N (the last one)", 1, INT64_MAX - 1,
	CS_COMPLETE_NONE},
    {"format", 0, CS_OPT_CHOICE, offsetof(struct opts, format),
	"jsonl|der|dsse", "as JSON lines (default), as DER, or as a signed "
	"statement for each credential", 0, 0, CS_COMPLETE_NONE},
    {"key", 0, CS_OPT_STRING, offsetof(struct opts, key), "KEY",
	"the key that signs statements: a file or a pkcs11: URI", 0, 0,
	CS_COMPLETE_FILE},
    CS_DOCUMENT_ROWS(struct opts),
    CS_KEY_ROWS(struct opts),
    CS_COMMON_ROWS(struct opts),
};

static const struct cs_opt_spec spec = {
    .verb = "audit export",
    .synopsis = "",
    .summary = "write the audit log for who has no store",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
};

const struct cs_verb cs_cmd_audit_export = {
    &spec, sizeof(struct opts), &defaults, run};
