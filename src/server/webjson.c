/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/webjson.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/text.h"
#include "fmt/der.h"
#include "fmt/message.h"
#include "fmt/pem.h"
#include "fmt/reason.h"

static const char where[] = "server/json";

#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, where, __VA_ARGS__)
#define BEGIN "-----BEGIN "

struct reading {
	cs_buf *request;        /* DER; NULL: none */
	cs_buf *approvals[CS_APPROVALS_MAX];
	size_t n;
	cs_span evidence;       /* text */
};

bool
cs_webjson_is_der(cs_span in)
{
	return in.n > 1 && in.p[0] == CS_DER_SEQ && in.p[1] >= 0x80;
}

static bool
is_pem(cs_span text)
{
	return cs_span_is(cs_span_cut(text, 0, strlen(BEGIN)), BEGIN);
}

static int
get_text(const json_t *v, cs_span *out, cs_err *e)
{
	if (!json_is_string(v) || json_string_length(v) == 0)
		return BAD(e, "expected text");
	*out = cs_span_of(json_string_value(v), json_string_length(v));
	return CS_OK;
}

static int
get_base64(cs_span text, cs_buf **out, cs_err *e)
{
	cs_buf *b = cs_buf_new(text.n);
	int rc;

	if (b == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_base64_get(b, text, false, e)) != CS_OK) {
		e->detail = CS_R_MALFORMED;
		(void)cs_wrap(e, "expected base64");
	} else {
		*out = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return rc;
}

static int
get_der(cs_span text, cs_buf **out, cs_err *e)
{
	int rc = get_base64(text, out, e);

	if (rc == CS_OK && !cs_webjson_is_der(cs_buf_span(*out))) {
		cs_buf_free(out);
		rc = BAD(e, "expected base64 of DER, or PEM");
	}
	return rc;
}

static int
get_request(const json_t *v, cs_buf **out, cs_err *e)
{
	cs_span text = {0}, label = {0};
	cs_buf *behind = NULL;
	int rc;

	if ((rc = get_text(v, &text, e)) != CS_OK)
		return rc;
	if (!is_pem(text))
		return get_der(text, out, e);
	if ((rc = cs_pem_next(&text, &label, out, e)) != CS_OK)
		return rc;
	if (*out == NULL || (!cs_span_is(label, CS_PEM_REQUEST) &&
	    !cs_span_is(label, CS_PEM_NEW_REQUEST)) ||
	    !cs_webjson_is_der(cs_buf_span(*out)))
		return BAD(e, "expected PEM of a " CS_PEM_REQUEST);
	if ((rc = cs_pem_next(&text, &label, &behind, e)) == CS_OK &&
	    behind != NULL)
		rc = BAD(e, "expected one PEM block, found another");
	cs_buf_free(&behind);
	return rc;
}

static int
add_approval(const json_t *v, struct reading *r, cs_err *e)
{
	cs_span text = {0};
	cs_buf *der = NULL;
	int rc;

	if ((rc = get_text(v, &text, e)) != CS_OK)
		return rc;
	if (!is_pem(text)) {
		if ((rc = get_der(text, &der, e)) != CS_OK)
			return rc;
		text = cs_buf_span(der);
	}
	rc = cs_approvals_read(text, r->approvals, &r->n, e);
	cs_buf_free(&der);
	return rc;
}

static int
get_approvals(const json_t *list, struct reading *r, cs_err *e)
{
	const json_t *v;
	size_t i;
	int rc = CS_OK;

	if (!json_is_array(list))
		return BAD(e, "expected a list");
	json_array_foreach(list, i, v)
		if (rc == CS_OK && (rc = add_approval(v, r, e)) != CS_OK)
			(void)cs_wrap(e, "[%zu]", i);
	return rc;
}

static int
unknown(const char *key, cs_err *e)
{
	static const char *const names[] = {"request", "approvals",
	    "evidence"};
	const char *near = cs_text_nearest(key, names, 3);

	return BAD(e, "an unknown member \"%.64s\"%s%s%s", key, near == NULL ?
	    "" : ", did you mean \"", near == NULL ? "" : near,
	    near == NULL ? "" : "\"?");
}

static int
get_member(const char *key, const json_t *v, enum cs_webjson_form form,
    struct reading *r, cs_err *e)
{
	int rc;

	if (strcmp(key, "request") == 0)
		rc = get_request(v, &r->request, e);
	else if (strcmp(key, "approvals") == 0)
		rc = get_approvals(v, r, e);
	else if (strcmp(key, "evidence") != 0)
		return unknown(key, e);
	else if (form != CS_WEBJSON_REQUEST)
		rc = BAD(e, "evidence goes with its request, to "
		    "/v1/credentials");
	else
		rc = get_text(v, &r->evidence, e);
	return rc == CS_OK ? rc : cs_wrap(e, "%s", key);
}

static int
get_members(json_t *o, enum cs_webjson_form form, struct reading *r,
    cs_err *e)
{
	const char *key;
	json_t *v;
	int rc = CS_OK;

	if (!json_is_object(o))
		return BAD(e, "expected an object");
	json_object_foreach(o, key, v)
		if (rc == CS_OK)
			rc = get_member(key, v, form, r, e);
	if (rc == CS_OK && form == CS_WEBJSON_REQUEST && r->request == NULL)
		rc = BAD(e, "expected a member \"request\"");
	if (rc == CS_OK && form == CS_WEBJSON_APPROVALS && r->n == 0 &&
	    json_object_get(o, "approvals") == NULL)
		rc = BAD(e, "expected a member \"approvals\"");
	return rc;
}

static int
put_bundle(const struct reading *r, cs_buf *out, cs_err *e)
{
	size_t n;
	int rc = CS_OK;

	if (r->n == 0) {
		rc = cs_buf_put(out, cs_buf_span(r->request));
		return rc == CS_OK ? rc : cs_nomem(e, where);
	}
	if (r->request != NULL)
		rc = cs_pem_put(out, CS_PEM_REQUEST, cs_buf_span(r->request),
		    e);
	for (n = 0; n < r->n && rc == CS_OK; n++)
		rc = cs_pem_put(out, CS_PEM_APPROVAL,
		    cs_buf_span(r->approvals[n]), e);
	return rc;
}

static size_t
room(const struct reading *r)
{
	size_t n, sum = r->evidence.n + cs_pem_max(cs_buf_len(r->request));

	for (n = 0; n < r->n; n++)
		sum += cs_pem_max(cs_buf_len(r->approvals[n]));
	return sum;
}

static int
put(const struct reading *r, cs_webjson *out, cs_err *e)
{
	size_t n;
	int rc;

	if (r->request == NULL && r->n == 0)
		return CS_BAD(e, CS_R_NO_APPROVAL, where,
		    "expected approvals, found an empty list");
	if ((out->own = cs_buf_new(room(r))) == NULL)
		return cs_nomem(e, where);
	if ((rc = put_bundle(r, out->own, e)) != CS_OK)
		return rc;
	n = cs_buf_len(out->own);
	if (r->evidence.p != NULL && (rc = cs_base64_get(out->own,
	    r->evidence, false, e)) != CS_OK) {
		e->detail = CS_R_MALFORMED;
		return cs_wrap(e, "evidence: expected base64");
	}
	out->message = cs_span_cut(cs_buf_span(out->own), 0, n);
	if (r->evidence.p != NULL)
		out->evidence = cs_span_cut(cs_buf_span(out->own), n,
		    cs_buf_len(out->own) - n);
	return CS_OK;
}

int
cs_webjson_get(cs_span body, enum cs_webjson_form form, cs_webjson *out,
    cs_err *e)
{
	struct reading r = {0};
	json_error_t at;
	json_t *o = json_loadb((const char *)body.p, body.n,
	    JSON_REJECT_DUPLICATES, &at);
	size_t n;
	int rc;

	*out = (cs_webjson){0};
	if (o == NULL)
		rc = BAD(e, "not JSON: %s, at octet %d", at.text,
		    at.position);
	else if ((rc = get_members(o, form, &r, e)) == CS_OK)
		rc = put(&r, out, e);
	if (rc != CS_OK)
		cs_webjson_clear(out);
	cs_buf_free(&r.request);
	for (n = 0; n < CS_APPROVALS_MAX; n++)
		cs_buf_free(&r.approvals[n]);
	json_decref(o);
	return rc;
}

void
cs_webjson_clear(cs_webjson *j)
{
	cs_buf_free(&j->own);
	*j = (cs_webjson){0};
}
