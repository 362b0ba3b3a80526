/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/enc.h"
#include "base/time.h"
#include "crypt/hash.h"
#include "fmt/bindings.h"
#include "tool/auditlog.h"

/* A record as JSON. A failure (no memory, and nothing else) sticks. */
struct put {
	bool failed;
};

static void
set(struct put *p, json_t *to, const char *key, json_t *v)
{
	if (json_object_set_new(to, key, v) != 0)
		p->failed = true;
}

static void
set_text(struct put *p, json_t *to, const char *key, cs_span s)
{
	set(p, to, key, json_stringn((const char *)s.p, s.n));
}

static void
set_hex(struct put *p, json_t *to, const char *key, cs_span s)
{
	cs_buf *b = cs_buf_new(2 * s.n + 1);

	if (b == NULL || cs_hex_put(b, s) != CS_OK)
		p->failed = true;
	else
		set_text(p, to, key, cs_buf_span(b));
	cs_buf_free(&b);
}

static void
set_base64(struct put *p, json_t *to, const char *key, cs_span s)
{
	cs_buf *b = cs_buf_new(s.n / 3 * 4 + 8);

	if (b == NULL || cs_base64_put(b, s, 0) != CS_OK)
		p->failed = true;
	else
		set_text(p, to, key, cs_buf_span(b));
	cs_buf_free(&b);
}

static void
set_time(struct put *p, json_t *to, const char *key, int64_t t)
{
	char text[24];

	if (!cs_rfc3339_put(t, text))
		p->failed = true;
	else
		set(p, to, key, json_string(text));
}

static json_t *
assurance(unsigned bits)
{
	static const char *const names[] = {"hardware", "asserted", "present",
	    "verified"};
	json_t *v = json_array();
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((bits >> i & 1) != 0)
			(void)json_array_append_new(v, json_string(names[i]));
	return v;
}

static json_t *
approvals(struct put *p, const cs_audit_record *r)
{
	json_t *list = json_array(), *one;
	size_t i;

	for (i = 0; i < r->n; i++) {
		one = json_object();
		set(p, one, "role", json_string(
		    cs_auditlog_role(r->at[i].role)));
		set_text(p, one, "owner", r->at[i].owner);
		set_base64(p, one, "owner_key", r->at[i].key.der);
		set(p, one, "assurance", assurance(r->at[i].assurance));
		set_text(p, one, "line", r->at[i].line);
		set_base64(p, one, "approval", r->at[i].approval);
		if (json_array_append_new(list, one) != 0)
			p->failed = true;
	}
	return list;
}

static void
put_claim(struct put *p, const cs_audit_record *r, json_t *v)
{
	set(p, v, "kind", json_string(cs_auditlog_kind(r->kind)));
	set_text(p, v, "agent", r->agent_id);
	set_base64(p, v, "agent_key", r->agent_key.der);
	set_hex(p, v, "request_digest", r->request_digest);
	set_hex(p, v, "serial", r->serial);
	set_time(p, v, "not_before", r->not_before);
	set_time(p, v, "not_after", r->not_after);
	set_hex(p, v, "body_digest", r->body_digest);
	set(p, v, "approvals", approvals(p, r));
}

static void
put_event(struct put *p, const cs_audit_record *r, json_t *v)
{
	switch (r->event) {
	case CS_AUDIT_CLAIMED:
		put_claim(p, r, v);
		break;
	case CS_AUDIT_ISSUED:
		set(p, v, "claim", json_integer(r->claim));
		set_hex(p, v, "serial", r->serial);
		set_hex(p, v, "credential_sha256", r->credential);
		break;
	case CS_AUDIT_DENIED:
		set_text(p, v, "agent", r->agent_id);
		set_hex(p, v, "request_digest", r->request_digest);
		set(p, v, "approvals", approvals(p, r));
		break;
	case CS_AUDIT_REVOKED:
	case CS_AUDIT_LIFTED:
		set(p, v, "what", json_string(cs_auditlog_of(r->what)));
		set_text(p, v, "name", r->name);
		set_text(p, v, "reason", r->reason);
		set_text(p, v, "actor", r->actor);
		set(p, v, "live", json_integer(r->live));
		break;
	case CS_AUDIT_FLOOR:
		set_time(p, v, "not_before", r->not_before);
		set_text(p, v, "why", r->reason);
		break;
	}
}

int
cs_auditlog_json(const cs_audit_record *r, json_t **out, cs_err *e)
{
	struct put p = {false};
	uint8_t hash[CS_SHA256_LEN];
	json_t *v;
	int rc;

	*out = NULL;
	if ((rc = cs_sha256(r->der, hash, e)) != CS_OK)
		return rc;
	v = json_object();
	set(&p, v, "sequence", json_integer(r->sequence));
	set_hex(&p, v, "hash", cs_span_of(hash, sizeof(hash)));
	set_hex(&p, v, "previous", r->previous);
	set_time(&p, v, "time", r->time);
	set_text(&p, v, "authority", r->authority);
	set(&p, v, "event", json_string(cs_audit_event_name(r->event)));
	put_event(&p, r, v);
	set_base64(&p, v, "der", r->der);
	if (p.failed) {
		json_decref(v);
		return cs_nomem(e, "audit");
	}
	*out = v;
	return CS_OK;
}

static int
read_der(const json_t *v, cs_audit_record **out, cs_err *e)
{
	const json_t *text = json_object_get(v, "der");
	cs_buf *b = NULL;
	int r;

	if (!json_is_string(text))
		return cs_fail(e, CS_EFORMAT, "audit",
		    "expected an object with a text \"der\"");
	if ((b = cs_buf_new(json_string_length(text) + 1)) == NULL)
		return cs_nomem(e, "audit");
	if ((r = cs_base64_get(b, cs_span_of(json_string_value(text),
	    json_string_length(text)), false, e)) == CS_OK)
		r = cs_audit_parse(cs_buf_span(b), out, e);
	cs_buf_free(&b);
	return r;
}

int
cs_auditlog_read(cs_span line, cs_audit_record **out, cs_err *e)
{
	json_t *v = json_loadb((const char *)line.p, line.n,
	    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL), *again = NULL;
	int r;

	*out = NULL;
	if (v == NULL)
		return cs_fail(e, CS_EFORMAT, "audit", "no JSON");
	if ((r = read_der(v, out, e)) == CS_OK &&
	    (r = cs_auditlog_json(*out, &again, e)) == CS_OK &&
	    json_equal(v, again) == 0)
		r = cs_fail(e, CS_EFORMAT, "audit", "record %lld: another "
		    "field does not say what \"der\" does",
		    (long long)(*out)->sequence);
	if (r != CS_OK)
		cs_audit_free(out);
	json_decref(again);
	json_decref(v);
	return r;
}
