/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/x509.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/time.h"
#include "fmt/reason.h"

#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, "x509", __VA_ARGS__)

static void
put_text(const cs_x509_each *each, const char *what, const char *text)
{
	each->text(each->arg, what, cs_span_str(text));
}

static void
put_name(const cs_x509_each *each, const char *what, X509_NAME *name)
{
	const unsigned char *der = NULL;
	size_t n = 0;

	if (X509_NAME_get0_der(name, &der, &n) == 1)
		each->name(each->arg, what, cs_span_of(der, n));
}

static void
put_oid(const cs_x509_each *each, const char *what, const ASN1_OBJECT *o)
{
	each->oid(each->arg, what,
	    cs_span_of(OBJ_get0_data(o), OBJ_length(o)));
}

static void
put_time(const cs_x509_each *each, const char *what, const ASN1_TIME *t)
{
	struct cs_civil c = {0};
	struct tm tm = {0};
	int64_t v = 0;

	if (ASN1_TIME_to_tm(t, &tm) != 1) {
		put_text(each, what, "(not a time)");
		return;
	}
	c.year = tm.tm_year + 1900;
	c.month = tm.tm_mon + 1;
	c.day = tm.tm_mday;
	c.hour = tm.tm_hour;
	c.minute = tm.tm_min;
	c.second = tm.tm_sec;
	if (cs_civil_to_time(&c, &v))
		each->time(each->arg, what, v);
	else
		put_text(each, what, "(not a time)");
}

static void
put_serial(const cs_x509_each *each, const ASN1_INTEGER *serial)
{
	BIGNUM *bn = ASN1_INTEGER_to_BN(serial, NULL);
	char *hex = bn == NULL ? NULL : BN_bn2hex(bn);

	put_text(each, "serial", hex == NULL ? "(not shown)" : hex);
	OPENSSL_free(hex);
	BN_free(bn);
}

static void
put_ip(const cs_x509_each *each, const ASN1_OCTET_STRING *ip)
{
	int n = ASN1_STRING_length(ip);
	char text[INET6_ADDRSTRLEN] = "(not an address)";

	if (n == 4 || n == 16)
		(void)inet_ntop(n == 4 ? AF_INET : AF_INET6,
		    ASN1_STRING_get0_data(ip), text, sizeof(text));
	put_text(each, "name-ip", text);
}

static void
put_general_name(const cs_x509_each *each, const GENERAL_NAME *g)
{
	static const char *const what[] = {[GEN_EMAIL] = "name-email",
	    [GEN_DNS] = "name-dns", [GEN_URI] = "name-uri"};
	int type = 0;
	void *v = GENERAL_NAME_get0_value(g, &type);

	if (type == GEN_IPADD)
		put_ip(each, v);
	else if (type == GEN_EMAIL || type == GEN_DNS || type == GEN_URI)
		each->text(each->arg, what[type],
		    cs_span_of(ASN1_STRING_get0_data(v),
			(size_t)ASN1_STRING_length(v)));
	else if (type == GEN_DIRNAME)
		put_name(each, "name-directory", v);
	else
		put_text(each, "name-other", "(not shown)");
}

/* What d2i makes of an extension. One that is there and cannot be read, or is
 * there twice, is not passed over in silence. */
static void *
decode(const cs_x509_each *each, const STACK_OF(X509_EXTENSION) *exts,
    int nid, const char *what)
{
	int state = -1; /* OpenSSL's: -1 absent, -2 repeated */
	void *v = X509V3_get_d2i(exts, nid, &state, NULL);

	if (v == NULL && state != -1)
		put_text(each, what, state == -2 ? "(is there twice)" :
		    "(cannot be read)");
	return v;
}

static void
put_names(const cs_x509_each *each, const STACK_OF(X509_EXTENSION) *exts)
{
	GENERAL_NAMES *names =
	    decode(each, exts, NID_subject_alt_name, "name");
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++)
		put_general_name(each, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
}

static void
put_purposes(const cs_x509_each *each, const STACK_OF(X509_EXTENSION) *exts)
{
	EXTENDED_KEY_USAGE *use =
	    decode(each, exts, NID_ext_key_usage, "purpose");
	int i;

	for (i = 0; i < sk_ASN1_OBJECT_num(use); i++)
		put_oid(each, "purpose", sk_ASN1_OBJECT_value(use, i));
	EXTENDED_KEY_USAGE_free(use);
}

static void
put_policies(const cs_x509_each *each, const STACK_OF(X509_EXTENSION) *exts)
{
	CERTIFICATEPOLICIES *p =
	    decode(each, exts, NID_certificate_policies, "policy");
	int i;

	for (i = 0; i < sk_POLICYINFO_num(p); i++)
		put_oid(each, "policy", sk_POLICYINFO_value(p, i)->policyid);
	CERTIFICATEPOLICIES_free(p);
}

static void
put_constraints(const cs_x509_each *each, const STACK_OF(X509_EXTENSION) *exts)
{
	BASIC_CONSTRAINTS *bc =
	    decode(each, exts, NID_basic_constraints, "ca");

	if (bc != NULL)
		put_text(each, "ca", bc->ca != 0 ? "yes" : "no");
	BASIC_CONSTRAINTS_free(bc);
}

static void
put_extensions(const cs_x509_each *each, const STACK_OF(X509_EXTENSION) *exts)
{
	X509_EXTENSION *x;
	int i;

	put_names(each, exts);
	put_constraints(each, exts);
	put_purposes(each, exts);
	put_policies(each, exts);
	for (i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
		x = sk_X509_EXTENSION_value(exts, i);
		put_oid(each, X509_EXTENSION_get_critical(x) ?
		    "critical-extension" : "extension",
		    X509_EXTENSION_get_object(x));
	}
}

static int
parse_cert(cs_span der, X509 **out, cs_err *e)
{
	const unsigned char *p = der.p;

	*out = der.n > LONG_MAX ? NULL : d2i_X509(NULL, &p, (long)der.n);
	ERR_clear_error();
	if (*out == NULL)
		return BAD(e, "not a certificate");
	if (p == der.p + der.n)
		return CS_OK;
	X509_free(*out);
	*out = NULL;
	return BAD(e, "bytes behind a certificate");
}

static int
parse_req(cs_span der, X509_REQ **out, cs_err *e)
{
	const unsigned char *p = der.p;

	*out = der.n > LONG_MAX ? NULL : d2i_X509_REQ(NULL, &p, (long)der.n);
	ERR_clear_error();
	if (*out == NULL)
		return BAD(e, "not a certificate request");
	if (p == der.p + der.n)
		return CS_OK;
	X509_REQ_free(*out);
	*out = NULL;
	return BAD(e, "bytes behind a certificate request");
}

static int
put_spki(X509_PUBKEY *key, cs_buf *out, cs_err *e)
{
	unsigned char *der = NULL;
	int n = key == NULL ? -1 : i2d_X509_PUBKEY(key, &der);
	int r = CS_OK;

	ERR_clear_error();
	if (n < 0)
		return BAD(e, "no public key");
	if (cs_buf_put(out, cs_span_of(der, (size_t)n)) != CS_OK)
		r = CS_BAD(e, CS_R_TOO_LARGE, "x509", "a public key of %d "
		    "octets", n);
	OPENSSL_free(der);
	return r;
}

int
cs_cert_read(cs_span der, const cs_x509_each *each, cs_err *e)
{
	X509 *x = NULL;
	int r = parse_cert(der, &x, e);

	if (r != CS_OK)
		return r;
	put_serial(each, X509_get0_serialNumber(x));
	put_name(each, "subject", X509_get_subject_name(x));
	put_name(each, "issuer", X509_get_issuer_name(x));
	put_time(each, "not_before", X509_get0_notBefore(x));
	put_time(each, "not_after", X509_get0_notAfter(x));
	put_extensions(each, X509_get0_extensions(x));
	X509_free(x);
	ERR_clear_error();
	return CS_OK;
}

static bool
asks_extensions(const X509_REQ *x)
{
	return X509_REQ_get_attr_by_NID(x, NID_ext_req, -1) >= 0 ||
	    X509_REQ_get_attr_by_NID(x, NID_ms_ext_req, -1) >= 0;
}

int
cs_req_read(cs_span der, const cs_x509_each *each, cs_err *e)
{
	STACK_OF(X509_EXTENSION) *exts = NULL;
	X509_REQ *x = NULL;
	int i, r = parse_req(der, &x, e);

	if (r != CS_OK)
		return r;
	put_name(each, "subject", X509_REQ_get_subject_name(x));
	for (i = 0; i < X509_REQ_get_attr_count(x); i++)
		put_oid(each, "attribute",
		    X509_ATTRIBUTE_get0_object(X509_REQ_get_attr(x, i)));
	exts = X509_REQ_get_extensions(x);
	if (exts == NULL && asks_extensions(x))
		put_text(each, "extensions", "(cannot be read)");
	put_extensions(each, exts);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(x);
	ERR_clear_error();
	return CS_OK;
}

int
cs_cert_named(cs_span der, const char *name, bool *is, cs_err *e)
{
	X509 *x = NULL;
	int r = parse_cert(der, &x, e);

	*is = r == CS_OK && X509_check_host(x, name, 0,
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS,
	    NULL) == 1;
	X509_free(x);
	ERR_clear_error();
	return r;
}

int
cs_cert_spki(cs_span der, cs_buf *out, cs_err *e)
{
	X509 *x = NULL;
	int r = parse_cert(der, &x, e);

	if (r == CS_OK)
		r = put_spki(X509_get_X509_PUBKEY(x), out, e);
	X509_free(x);
	return r;
}

int
cs_req_spki(cs_span der, cs_buf *out, cs_err *e)
{
	X509_REQ *x = NULL;
	int r = parse_req(der, &x, e);

	if (r == CS_OK)
		r = put_spki(X509_REQ_get_X509_PUBKEY(x), out, e);
	X509_REQ_free(x);
	return r;
}
