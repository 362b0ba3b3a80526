/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/ownersput.h"

#include "base/enc.h"
#include "base/text.h"
#include "base/time.h"
#include "fmt/anchor.h"
#include "fmt/cert.h"
#include "fmt/owners_opt.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, "owners", __VA_ARGS__)
#define REVOKED "revoked="
#define TIME_ROOM 24

static const char name[] = "the new line";

/* What could end the field, or the line: all else is for the reader. */
static int
owner_check(cs_span v, cs_err *e)
{
	if (v.n == 0 || !cs_text_plain(v) || cs_scan_find(v, " ") != v.n)
		return BAD(e, "owner: expected a URI, found \"%.*s\"",
		    CS_SHOW(v));
	return CS_OK;
}

static int
comment_check(cs_span v, cs_err *e)
{
	if (v.p == NULL)
		return CS_OK;
	if (v.n == 0 || v.p[0] == ' ' || v.p[v.n - 1] == ' ')
		return BAD(e, "comment: expected a text that neither begins "
		    "nor ends with a blank, found another");
	if (!cs_text_plain(v))
		return BAD(e, "comment: expected text without control or "
		    "invisible characters, found some");
	return CS_OK;
}

/* What follows from the members that were given, and where it is kept. */
struct meant {
	cs_anchor a;
	cs_cert *ca;
	cs_buf *spki;
};

static bool
is_ssh(const cs_anchor *a)
{
	return a->type == CS_ANCHOR_SSH || a->type == CS_ANCHOR_SK;
}

static int
line_put(cs_buf *out, const cs_anchor *a, cs_err *e)
{
	cs_span key = a->type == CS_ANCHOR_X509 ? a->ca :
	    is_ssh(a) ? a->ssh.blob : a->key.der;
	int r;

	if ((r = cs_buf_put(out, a->owner)) != CS_OK ||
	    (r = cs_buf_put_str(out, " ")) != CS_OK ||
	    (r = cs_owners_options_put(a, out, e)) != CS_OK ||
	    (r = cs_buf_printf(out, " %s ", is_ssh(a) ? a->ssh.type :
	    cs_anchor_type_name(a->type))) != CS_OK ||
	    (r = cs_base64_put(out, key, 0)) != CS_OK || a->comment.n == 0)
		return r;
	r = cs_buf_put_str(out, " ");
	return r == CS_OK ? cs_buf_put(out, a->comment) : r;
}

/* For the reader: what it found, as a record, which knows every member. */
struct found {
	cs_buf *record;
	bool revoke;    /* note it as if it were revoked */
	int64_t revoked;
	size_t n;
};

static int
record_put(cs_buf *out, const cs_anchor *a, cs_err *e)
{
	static const uint8_t none[CS_ANCHOR_HASH_LEN];
	const cs_anchor_place at = {cs_span_of(none, sizeof(none)), 0};

	return cs_anchor_put(out, a, &at, e);
}

static int
found_line(void *arg, const cs_anchor *a, cs_err *e)
{
	struct found *f = arg;
	cs_anchor noted = *a;

	if (f->n++ != 0)
		return BAD(e, "expected one line, found more");
	if (f->revoke) {
		noted.has_revoked = true;
		noted.revoked = f->revoked;
	}
	return record_put(f->record, &noted, e);
}

static int
line_read(cs_span line, struct found *f, cs_err *e)
{
	int r;

	if ((f->record = cs_buf_new(CS_ANCHOR_RECORD_MAX)) == NULL)
		return cs_nomem(e, "owners");
	if (cs_scan_find(line, "\n") != line.n)
		return BAD(e, "expected one line, found more");
	if ((r = cs_owners_parse(name, line, found_line, f, e)) != CS_OK)
		return r;
	return f->n == 1 ? CS_OK : BAD(e, "expected a line, found none");
}

/* Reads the line as a verifier will; all of it must be what was meant. */
static int
line_compare(cs_span line, cs_span meant, cs_err *e)
{
	struct found f = {0};
	int r;

	if ((r = line_read(line, &f, e)) == CS_OK &&
	    !cs_span_eq(meant, cs_buf_span(f.record)))
		r = BAD(e, "expected a line that reads as it was meant, found "
		    "another");
	cs_buf_free(&f.record);
	return r;
}

static int
complete_ssh(struct meant *m, cs_err *e)
{
	int r;

	if ((m->spki = cs_buf_new(CS_SSHKEY_MAX)) == NULL)
		return cs_nomem(e, "owners");
	if ((r = cs_sshkey_parse(m->a.ssh.blob, &m->a.ssh, e)) != CS_OK ||
	    (r = cs_sshkey_spki(&m->a.ssh, m->spki, e)) != CS_OK)
		return r;
	return cs_spki_parse(cs_buf_span(m->spki), &m->a.key, e);
}

static int
complete(const cs_anchor *a, struct meant *m, cs_err *e)
{
	int r;

	m->a = *a;
	m->a.line = 1;
	if (m->a.comment.n == 0)
		m->a.comment = (cs_span){0};
	if (a->proof_text.p != NULL && (r = cs_owners_attested(a->proof_text,
	    a->type, &m->a, e)) != CS_OK)
		return cs_wrap(e, "attested");
	if (is_ssh(a))
		return complete_ssh(m, e);
	if (a->type != CS_ANCHOR_X509)
		return CS_OK;
	if ((r = cs_cert_parse(a->ca, &m->ca, e)) == CS_OK)
		m->a.key = m->ca->key;
	return r;
}

/* What came behind `before`: all of it, or nothing. */
static int
finish(cs_buf *out, size_t before, int r, cs_span meant, cs_err *e)
{
	cs_span line = cs_span_cut(cs_buf_span(out), before,
	    cs_buf_len(out) - before);

	if (r == CS_EBUG)
		r = cs_nomem(e, "owners");
	if (r == CS_OK)
		r = line_compare(line, meant, e);
	if (r != CS_OK)
		cs_buf_truncate(out, before);
	return r;
}

int
cs_owners_put(cs_buf *out, const cs_anchor *a, cs_err *e)
{
	cs_buf *record = cs_buf_new(CS_ANCHOR_RECORD_MAX);
	size_t before = cs_buf_len(out);
	struct meant m = {0};
	int r;

	if (record == NULL)
		return cs_nomem(e, "owners");
	if ((r = owner_check(a->owner, e)) == CS_OK &&
	    (r = comment_check(a->comment, e)) == CS_OK &&
	    (r = complete(a, &m, e)) == CS_OK &&
	    (r = record_put(record, &m.a, e)) == CS_OK) {
		r = line_put(out, &m.a, e);
		r = finish(out, before, r, cs_buf_span(record), e);
	}
	cs_cert_free(&m.ca);
	cs_buf_free(&m.spki);
	cs_buf_free(&record);
	return r;
}

/* Where the options field is, in a line that was read. */
static cs_span
options_of(cs_span line)
{
	while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
		line = cs_scan_from(line, 1);
	(void)cs_owners_field(&line, false);
	return cs_owners_field(&line, true);
}

static int
revoked_put(cs_span line, int64_t at, cs_buf *out)
{
	cs_span options = options_of(line), old, gone;
	const char *comma = "";
	char when[TIME_ROOM];
	size_t from, to;

	if (!cs_rfc3339_put(at, when))
		return CS_EFORMAT;
	old = cs_owners_option_find(options, "revoked");
	if (old.p == NULL && !cs_span_is(options, "-"))
		comma = ",";
	gone = old.p != NULL ? old : comma[0] == '\0' ? options :
	    cs_scan_from(options, options.n);
	from = (size_t)(gone.p - line.p);
	to = from + gone.n;
	if (cs_buf_put(out, cs_span_cut(line, 0, from)) != CS_OK ||
	    cs_buf_printf(out, "%s" REVOKED "%s", comma, when) != CS_OK)
		return CS_EBUG;
	return cs_buf_put(out, cs_scan_from(line, to));
}

int
cs_owners_revoke(cs_span line, int64_t at, cs_buf *out, cs_err *e)
{
	struct found f = {.revoke = true, .revoked = at};
	size_t before = cs_buf_len(out);
	int r;

	if ((r = line_read(line, &f, e)) == CS_OK) {
		if ((r = revoked_put(line, at, out)) == CS_EFORMAT)
			(void)BAD(e, "revoked: expected a time of the years 1 "
			    "to 9999, found another");
		r = finish(out, before, r, cs_buf_span(f.record), e);
	}
	cs_buf_free(&f.record);
	return r;
}
