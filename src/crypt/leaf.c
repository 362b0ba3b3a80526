/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/chain.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "crypt/chainp.h"
#include "crypt/ossl.h"
#include "fmt/der.h"
#include "fmt/names.h"
#include "fmt/oid.h"
#include "fmt/ownersan.h"
#include "fmt/reason.h"
#include "fmt/scan.h"

/* The owner's own certificate: countersign-formats(5), section 8, x509-ca. */

#define REFUSE(e, reason, ...) \
	cs_fail_detail((e), CS_EREFUSED, (reason), where, __VA_ARGS__)
#define INVALID(e, ...) REFUSE(e, CS_R_PATH_INVALID, __VA_ARGS__)

static const char where[] = "leaf";

int
cs_chain_issuer(const cs_chain *c, cs_span *issuer, cs_span *serial,
    cs_err *e)
{
	cs_span in = cs_buf_span(c->leaf_der), cert = {0}, tbs = {0}, v = {0};
	int r;

	*issuer = *serial = (cs_span){0};
	if ((r = cs_der_get(&in, CS_DER_SEQ, &cert, e)) != CS_OK ||
	    (r = cs_der_get(&cert, CS_DER_SEQ, &tbs, e)) != CS_OK ||
	    (r = cs_der_opt(&tbs, CS_DER_CTXC(0), &v, e)) != CS_OK ||
	    (r = cs_der_get(&tbs, CS_DER_INTEGER, serial, e)) != CS_OK ||
	    (r = cs_der_get(&tbs, CS_DER_SEQ, NULL, e)) != CS_OK)
		return cs_wrap(e, "the owner's certificate");
	return cs_der_whole(&tbs, CS_DER_SEQ, issuer, e);
}

/* An extension's value is opaque to whoever walked the certificate: what is
 * read is held to DER here. *out is NULL when it is absent. */
static int
extension_get(const X509 *x, int nid, void **out, cs_err *e)
{
	const ASN1_OCTET_STRING *v;
	int at = X509_get_ext_by_NID(x, nid, -1), crit = 0, r;

	*out = NULL;
	if (at < 0)
		return CS_OK;
	v = X509_EXTENSION_get_data(X509_get_ext(x, at));
	r = cs_der_walk(cs_span_of(ASN1_STRING_get0_data(v),
	    (size_t)ASN1_STRING_length(v)), 0, e);
	if (r != CS_OK)
		return cs_wrap(e, "%s", OBJ_nid2sn(nid));
	ERR_clear_error();
	*out = X509_get_ext_d2i(x, nid, &crit, NULL);
	if (*out != NULL)
		return CS_OK;
	return crit == -2 ? INVALID(e, "%s is there twice", OBJ_nid2sn(nid)) :
	    cs_ossl_blame(e, CS_EREFUSED, CS_R_PATH_INVALID, where,
	    OBJ_nid2sn(nid));
}

static bool
object_is(const ASN1_OBJECT *o, cs_span body)
{
	return cs_span_eq(cs_span_of(OBJ_get0_data(o), OBJ_length(o)), body);
}

int
cs_x509_purpose(const X509 *x, cs_span eku, bool or_any, bool *present,
    bool *listed, cs_err *e)
{
	EXTENDED_KEY_USAGE *list = NULL;
	void *v = NULL;
	int i, r;

	*present = *listed = false;
	if ((r = extension_get(x, NID_ext_key_usage, &v, e)) != CS_OK)
		return r;
	list = v;
	*present = list != NULL;
	for (i = 0; i < sk_ASN1_OBJECT_num(list); i++) {
		const ASN1_OBJECT *o = sk_ASN1_OBJECT_value(list, i);

		if (object_is(o, eku) || (or_any &&
		    OBJ_obj2nid(o) == NID_anyExtendedKeyUsage))
			*listed = true;
	}
	EXTENDED_KEY_USAGE_free(list);
	return CS_OK;
}

static bool
has_extension(const X509 *x, cs_span oid)
{
	int i;

	for (i = 0; i < X509_get_ext_count(x); i++)
		if (object_is(X509_EXTENSION_get_object(X509_get_ext(x, i)),
		    oid))
			return true;
	return false;
}

static cs_span
name_text(const GENERAL_NAME *g)
{
	int type = -1;
	const ASN1_STRING *v = GENERAL_NAME_get0_value(g, &type);

	if (type != GEN_URI && type != GEN_EMAIL)
		return (cs_span){0};
	return cs_span_of(ASN1_STRING_get0_data(v),
	    (size_t)ASN1_STRING_length(v));
}

/* ASCII only, whatever the locale: Turkish has another capital of "i". */
static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* A scheme is the same in capital letters (RFC 3986 3.1). */
static bool
has_scheme(cs_span s, const char *scheme)
{
	size_t i, n = strlen(scheme);

	for (i = 0; i < n && i < s.n; i++)
		if (lower(s.p[i]) != (uint8_t)scheme[i])
			return false;
	return s.n >= n;
}

static bool
is_agent(const GENERAL_NAME *g)
{
	cs_span s = name_text(g);

	return g->type == GEN_URI &&
	    (has_scheme(s, "wimse:") || has_scheme(s, "spiffe:"));
}

static int
check_agent_names(const X509 *x, cs_err *e)
{
	GENERAL_NAMES *names = NULL;
	void *v = NULL;
	int i, r;

	if ((r = extension_get(x, NID_subject_alt_name, &v, e)) != CS_OK)
		return r;
	names = v;
	for (i = 0; r == CS_OK && i < sk_GENERAL_NAME_num(names); i++)
		if (is_agent(sk_GENERAL_NAME_value(names, i)))
			r = INVALID(e, "the owner's certificate: expected no "
			    "wimse: or spiffe: name, found one");
	GENERAL_NAMES_free(names);
	return r;
}

static bool
is_capital(const GENERAL_NAME *g)
{
	cs_span s = name_text(g);
	size_t i;

	if (g->type != GEN_EMAIL)
		return false;
	for (i = 0; i < s.n && s.p[i] != '@'; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

int
cs_x509_capitals(const X509 *x, bool *out, cs_err *e)
{
	GENERAL_NAMES *names = NULL;
	void *v = NULL;
	int i, r;

	*out = false;
	if ((r = extension_get(x, NID_subject_alt_name, &v, e)) != CS_OK)
		return r;
	names = v;
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (is_capital(sk_GENERAL_NAME_value(names, i)))
			*out = true;
	GENERAL_NAMES_free(names);
	return CS_OK;
}

static int
check_usage(X509 *x, cs_err *e)
{
	uint32_t flags = X509_get_extension_flags(x);

	if ((flags & EXFLAG_INVALID) != 0)
		return INVALID(e, "the owner's certificate: an extension "
		    "cannot be read");
	if ((flags & EXFLAG_CA) != 0)
		return INVALID(e, "the owner's certificate: expected CA=false, "
		    "found a CA");
	if ((flags & EXFLAG_KUSAGE) == 0 ||
	    (X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE) == 0)
		return INVALID(e, "the owner's certificate: expected the key "
		    "usage digitalSignature, found none");
	return CS_OK;
}

static int
check_purpose(const X509 *x, cs_span eku, cs_err *e)
{
	bool present = false, listed = false;
	char want[128] = "?";
	cs_buf *text = cs_buf_new(sizeof(want) - 1);
	int r;

	if (text == NULL)
		return cs_nomem(e, where);
	r = cs_x509_purpose(x, eku, false, &present, &listed, e);
	if (r == CS_OK && !listed) {
		if (cs_oid_text(text, eku) == CS_OK)
			(void)cs_scan_cstr(cs_buf_span(text), want,
			    sizeof(want));
		r = INVALID(e, "the owner's certificate: expected the extended "
		    "key usage %s, found %s", want,
		    present ? "others" : "none");
	}
	cs_buf_free(&text);
	return r;
}

static int
as_refusal(int r, cs_err *e)
{
	if (r != CS_EFORMAT)
		return r;
	if (e != NULL) {
		e->cls = CS_EREFUSED;
		e->detail = CS_R_PATH_INVALID;
	}
	return CS_EREFUSED;
}

int
cs_chain_profile(const cs_chain *c, cs_span eku, cs_err *e)
{
	int r;

	if ((r = check_usage(c->leaf, e)) != CS_OK ||
	    (eku.p != NULL && (r = check_purpose(c->leaf, eku, e)) != CS_OK))
		return as_refusal(r, e);
	if (has_extension(c->leaf, cs_oid(CS_OID_PE_OWNER_BINDINGS)))
		return INVALID(e, "the owner's certificate: expected no "
		    "ownerBindings, which an agent's has, found some");
	return as_refusal(check_agent_names(c->leaf, e), e);
}

/* The one name of this kind. */
static int
single_name(const GENERAL_NAMES *names, int type, const GENERAL_NAME **out,
    cs_err *e)
{
	const char *kind = type == GEN_EMAIL ? "rfc822Name" : "URI";
	const GENERAL_NAME *g;
	int i;

	*out = NULL;
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		g = sk_GENERAL_NAME_value(names, i);
		if (g->type != type)
			continue;
		if (*out != NULL)
			return INVALID(e, "the owner's certificate: expected "
			    "one %s, found several", kind);
		*out = g;
	}
	if (*out == NULL)
		return INVALID(e, "the owner's certificate: expected one %s, "
		    "found none", kind);
	return CS_OK;
}

static int
put_owner(cs_span name, bool email, cs_buf *out)
{
	size_t i;
	int r = email ? cs_buf_put_str(out, "mailto:") : CS_OK;

	for (i = 0; r == CS_OK && i < name.n; i++)
		r = cs_buf_put_byte(out, email ? lower(name.p[i]) :
		    name.p[i]);
	return r;
}

static int
name_owner(const GENERAL_NAMES *names, bool email, cs_buf *out, cs_err *e)
{
	const GENERAL_NAME *g = NULL;
	size_t start = cs_buf_len(out);
	int r;

	if ((r = single_name(names, email ? GEN_EMAIL : GEN_URI, &g, e)) !=
	    CS_OK)
		return r;
	if (put_owner(name_text(g), email, out) != CS_OK)
		return INVALID(e, "the owner's certificate: a name of %zu bytes",
		    name_text(g).n);
	r = cs_owner_check(cs_scan_from(cs_buf_span(out), start), e);
	return r == CS_OK ? CS_OK : cs_wrap(e, "the owner's certificate");
}

int
cs_chain_name(const cs_chain *c, bool email, cs_buf *out, cs_err *e)
{
	GENERAL_NAMES *names = NULL;
	void *v = NULL;
	int r;

	if ((r = extension_get(c->leaf, NID_subject_alt_name, &v, e)) !=
	    CS_OK)
		return as_refusal(r, e);
	names = v;
	r = name_owner(names, email, out, e);
	GENERAL_NAMES_free(names);
	return as_refusal(r, e);
}

int
cs_chain_owner(const cs_chain *c, cs_span owner_san, cs_buf *out, cs_err *e)
{
	size_t start = cs_buf_len(out);
	cs_span owner;
	int r;

	if ((r = cs_chain_name(c, cs_owner_san_is_email(owner_san), out, e)) !=
	    CS_OK)
		return r;
	owner = cs_scan_from(cs_buf_span(out), start);
	if (!cs_owner_san_match(owner_san, owner))
		return REFUSE(e, CS_R_WRONG_OWNER, "expected an owner of "
		    "owner-san=\"%.*s\", found %.*s", CS_SHOW(owner_san),
		    CS_SHOW(owner));
	return CS_OK;
}

int
cs_chain_current(const cs_chain *c, int64_t now, cs_err *e)
{
	time_t t = (time_t)now;

	if (X509_cmp_time(X509_get0_notBefore(c->leaf), &t) >= 0)
		return INVALID(e, "the owner's certificate is not yet valid");
	if (X509_cmp_time(X509_get0_notAfter(c->leaf), &t) <= 0)
		return INVALID(e, "the owner's certificate has expired");
	return CS_OK;
}
