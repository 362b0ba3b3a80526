/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/enc.h"
#include "base/text.h"
#include "base/time.h"
#include "fmt/cert.h"
#include "fmt/oid.h"
#include "issue/leaf.h"
#include "server/hook.h"

/* Answers, for step-ca and for its template. */

static const char where[] = "server/hook";

#define TEXT_MAX 1024

static json_t *
text(cs_span s)
{
	return s.p == NULL ? NULL : json_stringn((const char *)s.p, s.n);
}

/* `how` appends to a buf with room for `room`, behind `prefix`. */
static json_t *
encoded(const char *prefix, int (*how)(cs_buf *out, cs_span in), cs_span in,
    size_t room)
{
	cs_buf *b = cs_buf_new(room);
	json_t *v = NULL;

	if (b != NULL && cs_buf_put_str(b, prefix) == CS_OK &&
	    how(b, in) == CS_OK)
		v = text(cs_buf_span(b));
	cs_buf_free(&b);
	return v;
}

static int
base64(cs_buf *out, cs_span in)
{
	return cs_base64_put(out, in, 0);
}

static json_t *
oid(enum cs_oid id)
{
	return encoded("", cs_oid_text, cs_oid(id), 64);
}

static json_t *
hex(const char *prefix, cs_span in)
{
	return encoded(prefix, cs_hex_put, in, 2 * in.n + 8);
}

static json_t *
when(int64_t t)
{
	char at[24];

	return cs_rfc3339_put(t, at) ? json_string(at) : NULL;
}

static json_t *
policies(unsigned bits)
{
	static const enum cs_oid ids[] = {CS_OID_CP_OWNER_APPROVED,
	    CS_OID_CP_OWNER_APPROVED_HARDWARE,
	    CS_OID_CP_OWNER_APPROVED_PRESENCE,
	    CS_OID_CP_OWNER_APPROVED_VERIFIED};
	json_t *list = json_array();
	size_t i;
	int bad = 0;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if ((bits >> i & 1) != 0)
			bad |= json_array_append_new(list, oid(ids[i]));
	if (bad == 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *
owners(const cs_bindings *b)
{
	json_t *list = json_array();
	size_t i;
	int bad = 0;

	for (i = 0; i < b->n; i++)
		bad |= json_array_append_new(list, text(b->at[i].owner));
	if (bad == 0)
		return list;
	json_decref(list);
	return NULL;
}

/* As x509util of step-ca reads an extension. */
static json_t *
extensions(cs_span bindings)
{
	json_t *x = json_object(), *list = json_array();
	int bad = json_object_set_new(x, "id", oid(CS_OID_PE_OWNER_BINDINGS)) |
	    json_object_set_new(x, "critical", json_false()) |
	    json_object_set_new(x, "value", encoded("", base64, bindings,
	    bindings.n * 4 / 3 + 8));

	bad |= json_array_append_new(list, x);
	if (bad == 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *
data_with(const cs_hook_terms *t, const cs_bindings *b)
{
	json_t *d = json_object();
	int bad = json_object_set_new(d, "agent", text(t->agent)) |
	    json_object_set_new(d, "owners", owners(b)) |
	    json_object_set_new(d, "notBefore", when(t->not_before)) |
	    json_object_set_new(d, "notAfter", when(t->not_after)) |
	    json_object_set_new(d, "serialNumber", hex("0x", t->serial)) |
	    json_object_set_new(d, "requestDigest", hex("",
	    t->request_digest)) |
	    json_object_set_new(d, "policies",
	    policies(cs_leaf_policies(b))) |
	    json_object_set_new(d, "extensions", extensions(t->bindings));

	if (bad == 0)
		return d;
	json_decref(d);
	return NULL;
}

/* Takes v. */
static int
put(json_t *v, cs_buf *out, cs_err *e)
{
	char *s = v == NULL ? NULL : json_dumps(v, JSON_COMPACT);
	int rc = s != NULL && cs_buf_put_str(out, s) == CS_OK ? CS_OK :
	    cs_nomem(e, where);

	free(s);
	json_decref(v);
	return rc;
}

int
cs_hook_allow_put(const cs_hook_terms *t, cs_buf *out, cs_err *e)
{
	cs_bindings *b = NULL;
	json_t *v, *data;
	int rc;

	if (t == NULL)
		return put(json_pack("{s:b}", "allow", 1), out, e);
	if ((rc = cs_bindings_parse(t->bindings, CS_CERT_VALUE_DEPTH, &b,
	    e)) != CS_OK)
		return rc;
	data = data_with(t, b);
	cs_bindings_free(&b);
	if (data == NULL)
		return cs_nomem(e, where);
	v = json_object();
	if ((json_object_set_new(v, "allow", json_true()) |
	    json_object_set_new(v, "data", data)) != 0) {
		json_decref(v);
		v = NULL;
	}
	return put(v, out, e);
}

int
cs_hook_deny_put(const char *code, cs_span why, cs_buf *out, cs_err *e)
{
	cs_buf *b = cs_buf_new(cs_text_escape_max(TEXT_MAX) + 1);
	json_t *v = NULL;

	if (why.n > TEXT_MAX)
		why = cs_span_cut(why, 0, TEXT_MAX);
	if (b != NULL && cs_text_escape(b, why, true) == CS_OK)
		v = json_pack("{s:b, s:{s:s, s:s}}", "allow", 0, "error",
		    "code", code, "message", cs_buf_cstr(b));
	cs_buf_free(&b);
	return put(v, out, e);
}
