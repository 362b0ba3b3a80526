/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include <jansson.h>

#include "base/enc.h"
#include "base/time.h"
#include "fmt/oid.h"
#include "fmt/reason.h"
#include "issue/leaf.h"
#include "server/hook.h"

/* What step-ca sends: JSON as Go writes it, where an empty list may be null. */

static const char where[] = "server/hook";

#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, where, __VA_ARGS__)
#define OID_TEXT_MAX 64

static cs_span
text_of(const json_t *v)
{
	return json_is_string(v) ?
	    cs_span_of(json_string_value(v), json_string_length(v)) :
	    cs_span_of(NULL, 0);
}

static bool
is_none(const json_t *v)
{
	return v == NULL || json_is_null(v);
}

/* Appends to own; *out lends from it. Base64 in a string. */
static int
get_octets(const json_t *o, const char *name, cs_buf *own, cs_span *out,
    cs_err *e)
{
	cs_span text = text_of(json_object_get(o, name));
	size_t at = cs_buf_len(own);
	cs_err why = {0};

	if (text.n == 0)
		return BAD(e, "%s: expected base64, found %s", name,
		    json_object_get(o, name) == NULL ? "nothing" :
		    "something else");
	if (cs_base64_get(own, text, false, &why) != CS_OK)
		return BAD(e, "%s: %s", name, why.text);
	*out = cs_span_cut(cs_buf_span(own), at, cs_buf_len(own) - at);
	return CS_OK;
}

/* Keeps text for as long as the call. */
static int
keep(cs_buf *own, cs_span s, cs_span *out, cs_err *e)
{
	size_t at = cs_buf_len(own);

	if (cs_buf_put(own, s) != CS_OK)
		return CS_BAD(e, CS_R_TOO_LARGE, where, "too much is said");
	*out = cs_span_cut(cs_buf_span(own), at, s.n);
	return CS_OK;
}

/* A list of strings: *n of them. */
static int
get_list(const json_t *o, const char *name, const json_t **out, size_t *n,
    cs_err *e)
{
	const json_t *v = json_object_get(o, name);
	size_t i;

	*n = 0;
	*out = v;
	if (is_none(v))
		return CS_OK;
	if (!json_is_array(v))
		return BAD(e, "%s: expected a list", name);
	*n = json_array_size(v);
	for (i = 0; i < *n; i++)
		if (!json_is_string(json_array_get(v, i)))
			return BAD(e, "%s: expected a list of text", name);
	return CS_OK;
}

static int
get_uris(const json_t *o, cs_buf *own, cs_hook_cert *c, cs_err *e)
{
	const json_t *list = NULL;
	size_t n = 0;
	int rc;

	if ((rc = get_list(o, "uris", &list, &n, e)) != CS_OK || n == 0)
		return rc;
	c->n_names += n;
	return keep(own, text_of(json_array_get(list, n - 1)), &c->uri, e);
}

/* sans: {"type": "uri", "value": ...}; whatever else it is, it is a name. */
static int
get_sans(const json_t *o, cs_buf *own, cs_hook_cert *c, cs_err *e)
{
	const json_t *v = json_object_get(o, "sans"), *one;
	size_t i;
	int rc = CS_OK;

	if (is_none(v))
		return CS_OK;
	if (!json_is_array(v))
		return BAD(e, "sans: expected a list");
	for (i = 0; rc == CS_OK && i < json_array_size(v); i++) {
		one = json_array_get(v, i);
		c->n_names++;
		if (cs_span_is(text_of(json_object_get(one, "type")), "uri"))
			rc = keep(own, text_of(json_object_get(one, "value")),
			    &c->uri, e);
	}
	return rc;
}

static int
get_names(const json_t *o, cs_buf *own, cs_hook_cert *c, cs_err *e)
{
	static const char *const others[] = {"dnsNames", "emailAddresses",
	    "ipAddresses"};
	const json_t *list = NULL;
	size_t i, n = 0;
	int rc;

	if ((rc = get_uris(o, own, c, e)) != CS_OK ||
	    (rc = get_sans(o, own, c, e)) != CS_OK)
		return rc;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if ((rc = get_list(o, others[i], &list, &n, e)) != CS_OK)
			return rc;
		c->n_names += n;
	}
	return CS_OK;
}

static int
get_time(const json_t *o, const char *name, int64_t *out, cs_err *e)
{
	cs_span text = text_of(json_object_get(o, name));

	return text.p != NULL && cs_rfc3339_get(text, out) ? CS_OK :
	    BAD(e, "%s: expected a time of RFC 3339, found %.*s", name,
	    text.p == NULL ? 7 : (int)(text.n > 64 ? 64 : text.n),
	    text.p == NULL ? "nothing" : (const char *)text.p);
}

/* Is the list these words, in any order? */
static int
get_words(const json_t *o, const char *name, const char *const *words,
    size_t n_words, bool *out, cs_err *e)
{
	const json_t *list = NULL;
	size_t i, k, n = 0;
	bool found;
	int rc;

	*out = false;
	if ((rc = get_list(o, name, &list, &n, e)) != CS_OK)
		return rc;
	for (i = 0; i < n_words; i++) {
		found = false;
		for (k = 0; k < n; k++)
			found = found || cs_span_is(text_of(
			    json_array_get(list, k)), words[i]);
		if (!found)
			return CS_OK;
	}
	*out = n == n_words;
	return CS_OK;
}

static int
get_uses(const json_t *o, cs_hook_cert *c, cs_err *e)
{
	static const char *const signs[] = {"digitalSignature"};
	static const char *const both[] = {"serverAuth", "clientAuth"};
	const json_t *list = NULL;
	size_t n = 0;
	int rc;

	if ((rc = get_words(o, "keyUsage", signs, 1, &c->only_signs, e)) !=
	    CS_OK ||
	    (rc = get_words(o, "extKeyUsage", both, 2, &c->both_uses, e)) !=
	    CS_OK ||
	    (rc = get_list(o, "unknownExtKeyUsage", &list, &n, e)) != CS_OK)
		return rc;
	c->both_uses = c->both_uses && n == 0;
	return CS_OK;
}

/* A CA, unless it says clearly that it is none. */
static bool
is_ca(const json_t *o)
{
	const json_t *v = json_object_get(o, "basicConstraints");

	return !is_none(v) && !json_is_false(json_object_get(v, "isCA"));
}

static bool
has_subject(const json_t *o)
{
	const json_t *v = json_object_get(o, "subject");
	const json_t *raw = json_object_get(o, "rawSubject");

	return (!is_none(v) && (!json_is_object(v) ||
	    json_object_size(v) != 0)) ||
	    (!is_none(raw) && text_of(raw).n + (text_of(raw).p == NULL) != 0);
}

static bool
is_oid(cs_span text, enum cs_oid id)
{
	cs_buf *b = cs_buf_new(OID_TEXT_MAX);
	bool same = b != NULL && cs_oid_text(b, cs_oid(id)) == CS_OK &&
	    cs_span_eq(cs_buf_span(b), text);

	cs_buf_free(&b);
	return same;
}

static int
get_policies(const json_t *o, cs_buf *own, cs_hook_cert *c, cs_err *e)
{
	static const struct {
		enum cs_oid id;
		unsigned bit;
	} ours[] = {{CS_OID_CP_OWNER_APPROVED, CS_CP_APPROVED},
	    {CS_OID_CP_OWNER_APPROVED_HARDWARE, CS_CP_HARDWARE},
	    {CS_OID_CP_OWNER_APPROVED_PRESENCE, CS_CP_PRESENCE},
	    {CS_OID_CP_OWNER_APPROVED_VERIFIED, CS_CP_VERIFIED}};
	const json_t *list = NULL;
	size_t i, k, n = 0;
	cs_span text;
	int rc;

	if ((rc = get_list(o, "policyIdentifiers", &list, &n, e)) != CS_OK)
		return rc;
	for (i = 0; i < n; i++) {
		text = text_of(json_array_get(list, i));
		for (k = 0; k < 4 && !is_oid(text, ours[k].id); k++)
			continue;
		if (k < 4)
			c->policies |= ours[k].bit;
		else if ((rc = keep(own, text, &c->other_policy, e)) != CS_OK)
			return rc;
	}
	return CS_OK;
}

static int
get_extension(const json_t *x, cs_buf *own, cs_hook_cert *c, cs_err *e)
{
	cs_span id = text_of(json_object_get(x, "id"));

	if (id.p == NULL)
		return BAD(e, "extensions: expected an id in each");
	if (is_oid(id, CS_OID_PE_OWNER_BINDINGS) && c->bindings.p == NULL &&
	    !json_is_true(json_object_get(x, "critical")))
		return get_octets(x, "value", own, &c->bindings, e);
	return keep(own, id, &c->stray, e);
}

static int
get_extensions(const json_t *o, cs_buf *own, cs_hook_cert *c, cs_err *e)
{
	const json_t *v = json_object_get(o, "extensions");
	size_t i;
	int rc = CS_OK;

	if (is_none(v))
		return CS_OK;
	if (!json_is_array(v))
		return BAD(e, "extensions: expected a list");
	for (i = 0; rc == CS_OK && i < json_array_size(v); i++)
		rc = get_extension(json_array_get(v, i), own, c, e);
	return rc;
}

static int
get_cert(const json_t *o, cs_buf *own, cs_hook_cert *c, cs_err *e)
{
	int rc;

	if ((rc = get_octets(o, "publicKey", own, &c->key, e)) != CS_OK ||
	    (rc = get_names(o, own, c, e)) != CS_OK ||
	    (rc = get_time(o, "notBefore", &c->not_before, e)) != CS_OK ||
	    (rc = get_time(o, "notAfter", &c->not_after, e)) != CS_OK ||
	    (rc = get_uses(o, c, e)) != CS_OK ||
	    (rc = get_policies(o, own, c, e)) != CS_OK ||
	    (rc = get_extensions(o, own, c, e)) != CS_OK)
		return rc;
	c->has_subject = has_subject(o);
	c->is_ca = is_ca(o);
	c->has_constraints = !is_none(json_object_get(o, "nameConstraints"));
	return CS_OK;
}

/* The one thing that a call of this kind is about. */
static int
get_what(const json_t *root, const char *name, const json_t **out, cs_err *e)
{
	static const char *const all[] = {"x509CertificateRequest",
	    "x509Certificate", "sshCertificateRequest", "sshCertificate"};
	const json_t *v;
	size_t i;

	*out = NULL;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		v = json_object_get(root, all[i]);
		if (is_none(v))
			continue;
		if (strcmp(all[i], name) != 0)
			return CS_BAD(e, CS_R_UNSUPPORTED, where, "expected "
			    "%s alone, found %s", name, all[i]);
		if (!json_is_object(v))
			return BAD(e, "%s: expected an object", name);
		*out = v;
	}
	return *out != NULL ? CS_OK : BAD(e, "%s is missing", name);
}

static int
get_call(const json_t *root, cs_hook_call *c, cs_err *e)
{
	bool enrich = c->kind == CS_HOOK_ENRICHING;
	const json_t *what = NULL;
	int rc;

	if ((rc = get_what(root, enrich ? "x509CertificateRequest" :
	    "x509Certificate", &what, e)) != CS_OK)
		return rc;
	if (!enrich)
		return get_cert(what, c->own, &c->cert, e);
	if ((rc = get_octets(what, "raw", c->own, &c->request, e)) != CS_OK)
		return rc;
	/* PEM would be another request than the one that the CA has read. */
	return c->request.p[0] == 0x30 ? CS_OK :
	    BAD(e, "raw: expected a request, DER");
}

int
cs_hook_read(enum cs_conf_hook kind, cs_span body, cs_hook_call *out,
    cs_err *e)
{
	/* A serial number is longer than jansson's integers. */
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL;
	json_error_t why;
	json_t *root;
	int rc;

	*out = (cs_hook_call){.kind = kind};
	root = json_loadb((const char *)body.p, body.n, flags, &why);
	if (!json_is_object(root)) {
		rc = cs_fail(e, CS_EUSAGE, where, "expected a JSON object: %s",
		    root == NULL ? why.text : "found another value");
		json_decref(root);
		return rc;
	}
	/* All that is kept is shorter than what it was said in, twice. */
	if ((out->own = cs_buf_new(2 * body.n + 16)) == NULL)
		rc = cs_nomem(e, where);
	else
		rc = get_call(root, out, e);
	json_decref(root);
	if (rc != CS_OK)
		cs_hook_call_clear(out);
	return rc;
}

void
cs_hook_call_clear(cs_hook_call *c)
{
	cs_buf_free(&c->own);
	*c = (cs_hook_call){.kind = c->kind};
}
