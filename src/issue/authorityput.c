/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/authority.h"

#include <arpa/inet.h>
#include <string.h>

#include "fmt/der.h"
#include "fmt/names.h"
#include "fmt/oid.h"
#include "fmt/reason.h"
#include "issue/body.h"
#include "issue/leafp.h"

#define WHERE "authority"

#define NAME_MAX_LEN 64 /* RFC 5280, ub-common-name */
#define HOST_MAX 253
#define LABEL_MAX 63
#define SERIAL_LEN 16

/* keyCertSign and cRLSign: bits 5 and 6. */
static const uint8_t ca_usage[] = {0x01, 0x06};
static const uint8_t yes = 0xff;

static int
check_new(const cs_authority_new *a, const cs_alg *alg, cs_err *e)
{
	if (a->name.n < 1 || a->name.n > NAME_MAX_LEN)
		return cs_fail(e, CS_EUSAGE, WHERE, "expected a name of 1 to "
		    "%d octets, found %zu", NAME_MAX_LEN, a->name.n);
	if (a->serial.n != SERIAL_LEN || a->serial.p[0] < 0x01 ||
	    a->serial.p[0] > 0x7f)
		return cs_fail(e, CS_EUSAGE, WHERE, "expected a serial number "
		    "of %d octets, the first 0x01 to 0x7f", SERIAL_LEN);
	if (a->not_before >= a->not_after)
		return cs_fail(e, CS_EUSAGE, WHERE,
		    "expected a notBefore before notAfter");
	if (!cs_authority_signs(alg->sig_alg))
		return cs_fail(e, CS_EUSAGE, WHERE,
		    "%s is nothing that a CA signs with", alg->name);
	return CS_OK;
}

static void
put_name(cs_buf *out, cs_span cn)
{
	size_t name = cs_der_begin(out, CS_DER_SEQ);
	size_t rdn = cs_der_begin(out, CS_DER_SET);
	size_t part = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put(out, CS_DER_OID, cs_oid(CS_OID_AT_COMMON_NAME));
	cs_der_put(out, CS_DER_UTF8, cn);
	cs_der_close(out, part);
	cs_der_close(out, rdn);
	cs_der_close(out, name);
}

/* CA=true with a path length of 0: what it signs are leaves. */
static void
put_constraints(cs_buf *out)
{
	cs_ext_open x = cs_ext_begin(out, CS_OID_CE_BASIC_CONSTRAINTS, true);
	size_t seq = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put(out, CS_DER_BOOLEAN, cs_span_of(&yes, 1));
	cs_der_put_uint(out, CS_DER_INTEGER, 0);
	cs_der_close(out, seq);
	cs_ext_close(out, x);
}

/* The trust domain as X509-SVID's readers know it. */
static int
put_domain(cs_buf *out, cs_span trust_domain, cs_err *e)
{
	static const char scheme[] = "spiffe://";
	cs_ext_open x = cs_ext_begin(out, CS_OID_CE_SUBJECT_ALT_NAME, false);
	size_t names = cs_der_begin(out, CS_DER_SEQ);
	size_t uri = cs_der_begin(out, CS_DER_CTX(6));
	cs_buf *authority = cs_buf_new(CS_AUTHORITY_MAX);
	int r;

	if (authority == NULL)
		return cs_nomem(e, WHERE);
	r = cs_authority_default(trust_domain, authority, e);
	cs_buf_free(&authority);
	if (r != CS_OK)
		return r;
	cs_der_put_raw(out, cs_span_str(scheme));
	cs_der_put_raw(out, trust_domain);
	cs_der_close(out, uri);
	cs_der_close(out, names);
	cs_ext_close(out, x);
	return CS_OK;
}

static int
put_ca_extensions(const cs_authority_new *a, cs_span key_id, cs_buf *out,
    cs_err *e)
{
	size_t box = cs_der_begin(out, CS_DER_CTXC(3));
	size_t list = cs_der_begin(out, CS_DER_SEQ);
	int r;

	cs_body_put_ext(out, CS_OID_CE_KEY_USAGE, true, CS_DER_BITSTRING,
	    cs_span_of(ca_usage, sizeof(ca_usage)));
	put_constraints(out);
	cs_body_put_ext(out, CS_OID_CE_SUBJECT_KEY_ID, false, CS_DER_OCTETS,
	    key_id);
	cs_body_put_issuer_key_id(out, key_id);
	if ((r = put_domain(out, a->trust_domain, e)) != CS_OK)
		return r;
	cs_leaf_put_policies(out, CS_CP_APPROVED | CS_CP_HARDWARE |
	    CS_CP_PRESENCE | CS_CP_VERIFIED);
	cs_der_close(out, list);
	cs_der_close(out, box);
	return CS_OK;
}

int
cs_ca_body_put(const cs_authority_new *a, const cs_alg *alg, cs_buf *out,
    cs_err *e)
{
	uint8_t key_id[CS_KEY_ID_LEN];
	cs_buf *name = NULL;
	size_t body;
	int r;

	if ((r = check_new(a, alg, e)) != CS_OK ||
	    (r = cs_authority_key_check(&a->key, e)) != CS_OK ||
	    (r = cs_key_id(&a->key, key_id, e)) != CS_OK)
		return r;
	if ((name = cs_buf_new(NAME_MAX_LEN + 32)) == NULL)
		return cs_nomem(e, WHERE);
	put_name(name, a->name);
	body = cs_der_begin(out, CS_DER_SEQ);
	cs_body_put_head(out, a->serial, alg->sig_alg, cs_buf_span(name));
	cs_body_put_validity(out, a->not_before, a->not_after);
	cs_der_put_raw(out, cs_buf_span(name));
	cs_der_put_raw(out, a->key.der);
	r = put_ca_extensions(a, cs_span_of(key_id, sizeof(key_id)), out, e);
	cs_der_close(out, body);
	cs_buf_free(&name);
	return r == CS_OK ? cs_der_done(out, e) : r;
}

static bool
is_label(cs_span s)
{
	size_t i;
	uint8_t c;

	for (i = 0; i < s.n; i++) {
		c = s.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    (c == '-' && i != 0 && i + 1 != s.n)))
			return false;
	}
	return s.n >= 1 && s.n <= LABEL_MAX;
}

/* RFC 1123 2.1, lowercase. */
static bool
is_host(const char *host)
{
	cs_span in = cs_span_str(host);
	size_t n;

	if (in.n > HOST_MAX)
		return false;
	for (;;) {
		n = strcspn((const char *)in.p, ".");
		if (!is_label(cs_span_of(in.p, n)))
			return false;
		if (n == in.n)
			return true;
		in = cs_span_cut(in, n + 1, in.n - n - 1);
	}
}

static int
put_host(const char *host, cs_buf *out, cs_err *e)
{
	uint8_t address[16];

	if (inet_pton(AF_INET, host, address) == 1)
		cs_der_put(out, CS_DER_CTX(7), cs_span_of(address, 4));
	else if (inet_pton(AF_INET6, host, address) == 1)
		cs_der_put(out, CS_DER_CTX(7), cs_span_of(address, 16));
	else if (is_host(host))
		cs_der_put(out, CS_DER_CTX(2), cs_span_str(host));
	else
		return cs_fail(e, CS_EUSAGE, WHERE, "expected a host's name in "
		    "lowercase or an address, found %.256s", host);
	return CS_OK;
}

static int
put_hosts(const char *const *hosts, size_t n, cs_buf *out, cs_err *e)
{
	cs_ext_open x = cs_ext_begin(out, CS_OID_CE_SUBJECT_ALT_NAME, false);
	size_t names = cs_der_begin(out, CS_DER_SEQ), i;
	int r;

	if (n == 0)
		return cs_fail(e, CS_EUSAGE, WHERE, "expected a host");
	for (i = 0; i < n; i++)
		if ((r = put_host(hosts[i], out, e)) != CS_OK)
			return r;
	cs_der_close(out, names);
	cs_ext_close(out, x);
	return CS_OK;
}

static void
put_server_use(cs_buf *out)
{
	cs_ext_open x = cs_ext_begin(out, CS_OID_CE_EXT_KEY_USAGE, false);
	size_t seq = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put(out, CS_DER_OID, cs_oid(CS_OID_KP_SERVER_AUTH));
	cs_der_close(out, seq);
	cs_ext_close(out, x);
}

static int
put_tls_extensions(cs_span key_id, cs_span ca_key_id, const char *const *hosts,
    size_t n, cs_buf *out, cs_err *e)
{
	size_t box = cs_der_begin(out, CS_DER_CTXC(3));
	size_t list = cs_der_begin(out, CS_DER_SEQ);
	int r;

	cs_body_put_ext(out, CS_OID_CE_KEY_USAGE, true, CS_DER_BITSTRING,
	    cs_leaf_usage());
	cs_body_put_ext(out, CS_OID_CE_BASIC_CONSTRAINTS, true, CS_DER_SEQ,
	    cs_span_str(""));
	put_server_use(out);
	cs_body_put_ext(out, CS_OID_CE_SUBJECT_KEY_ID, false, CS_DER_OCTETS,
	    key_id);
	cs_body_put_issuer_key_id(out, ca_key_id);
	if ((r = put_hosts(hosts, n, out, e)) != CS_OK)
		return r;
	cs_der_close(out, list);
	cs_der_close(out, box);
	return CS_OK;
}

int
cs_tls_body_put(const cs_authority_new *a, cs_span ca_name, cs_span ca_key_id,
    const char *const *hosts, size_t n_hosts, const cs_alg *alg, cs_buf *out,
    cs_err *e)
{
	uint8_t key_id[CS_KEY_ID_LEN];
	size_t body;
	int r;

	if ((r = check_new(a, alg, e)) != CS_OK ||
	    (r = cs_key_id(&a->key, key_id, e)) != CS_OK)
		return r;
	body = cs_der_begin(out, CS_DER_SEQ);
	cs_body_put_head(out, a->serial, alg->sig_alg, ca_name);
	cs_body_put_validity(out, a->not_before, a->not_after);
	put_name(out, a->name);
	cs_der_put_raw(out, a->key.der);
	r = put_tls_extensions(cs_span_of(key_id, sizeof(key_id)), ca_key_id,
	    hosts, n_hosts, out, e);
	cs_der_close(out, body);
	return r == CS_OK ? cs_der_done(out, e) : r;
}
