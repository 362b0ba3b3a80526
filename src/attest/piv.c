/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "attest/piv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fmt/der.h"
#include "fmt/reason.h"

/* What a YubiKey tells is in the bytes of its extensions as they stand: only
 * the serial number is DER within them (Yubico, "PIV attestation"). */

#define REFUSE(e, ...) \
	cs_fail_detail((e), CS_EREFUSED, CS_R_EVIDENCE_REFUSED, where, \
	    __VA_ARGS__)
#define BAD(e, ...) CS_BAD(e, CS_R_MALFORMED, where, __VA_ARGS__)

static const char where[] = "piv";

/* The octets of .8. Of a YubiKey Bio: 4, a finger or the PIN once a session,
 * and 5, for each use. */
static const enum cs_piv_policy pins[] = {CS_PIV_UNKNOWN, CS_PIV_NEVER,
    CS_PIV_ONCE, CS_PIV_ALWAYS, CS_PIV_ONCE, CS_PIV_ALWAYS};
static const enum cs_piv_policy touches[] = {CS_PIV_UNKNOWN, CS_PIV_NEVER,
    CS_PIV_ALWAYS, CS_PIV_CACHED};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const names[] = {[CS_PIV_UNKNOWN] = "unknown",
    [CS_PIV_NEVER] = "never", [CS_PIV_ONCE] = "once",
    [CS_PIV_CACHED] = "cached", [CS_PIV_ALWAYS] = "always"};

/* An extension of `n` octets, none more and none less. */
static int
octets_get(const cs_attcert *c, enum cs_oid id, size_t n, bool needed,
    cs_span *out, cs_err *e)
{
	int r;

	if ((r = cs_attcert_extension(c, id, out, NULL, e)) != CS_OK)
		return r;
	if (out->p == NULL)
		return needed ? REFUSE(e, "expected a statement that tells the "
		    "key's %s, found none", cs_oid_name(cs_oid(id))) : CS_OK;
	if (out->n != n)
		return BAD(e, "%s: expected %zu octets, found %zu",
		    cs_oid_name(cs_oid(id)), n, out->n);
	return CS_OK;
}

static int
serial_get(const cs_attcert *c, uint32_t *out, cs_err *e)
{
	cs_span v = {0};
	int64_t n = 0;
	int r;

	if ((r = cs_attcert_extension(c, CS_OID_YUBIKEY_SERIAL, &v, NULL,
	    e)) != CS_OK)
		return r;
	if (v.p == NULL)
		return REFUSE(e, "expected a statement that tells the "
		    "YubiKey's serial number, found none");
	if ((r = cs_der_walk(v, 0, e)) != CS_OK ||
	    (r = cs_der_uint(&v, CS_DER_INTEGER, 0, UINT32_MAX, &n, e)) !=
	    CS_OK || (r = cs_der_end(v, "the serial number", e)) != CS_OK)
		return cs_wrap(e, "YubiKey's serial number");
	*out = (uint32_t)n;
	return CS_OK;
}

static int
policy_get(const cs_attcert *c, cs_piv_proof *out, cs_err *e)
{
	cs_span v = {0};
	int r;

	if ((r = octets_get(c, CS_OID_YUBIKEY_POLICY, 2, true, &v, e)) !=
	    CS_OK)
		return r;
	if (v.p[0] < COUNT(pins))
		out->pin = pins[v.p[0]];
	if (v.p[1] < COUNT(touches))
		out->touch = touches[v.p[1]];
	if (out->pin == CS_PIV_UNKNOWN || out->touch == CS_PIV_UNKNOWN)
		return REFUSE(e, "expected a PIN policy of 1 to 5 and a touch "
		    "policy of 1 to 3, found %u and %u", v.p[0], v.p[1]);
	return CS_OK;
}

static int
device_get(const cs_attcert *c, cs_piv_proof *out, cs_err *e)
{
	cs_span firmware = {0}, form = {0};
	size_t i;
	int r;

	if ((r = octets_get(c, CS_OID_YUBIKEY_FIRMWARE, 3, true, &firmware,
	    e)) != CS_OK ||
	    (r = octets_get(c, CS_OID_YUBIKEY_FORM, 1, false, &form, e)) !=
	    CS_OK)
		return r;
	for (i = 0; i < COUNT(out->firmware); i++)
		out->firmware[i] = firmware.p[i];
	out->form = form.p == NULL ? 0 : form.p[0];
	return serial_get(c, &out->serial, e);
}

/* RSA keys that YubiKeys 4 before 4.3.5 made are known to anybody who factors
 * them (CVE-2017-15361, Yubico YSA-2017-01): they are not in hardware alone. */
static int
weakness_check(const cs_spki *key, const cs_piv_proof *p, cs_err *e)
{
	const unsigned *f = p->firmware;

	if (key->kind != CS_KEY_RSA || f[0] > 4 ||
	    (f[0] == 4 && (f[1] > 3 || (f[1] == 3 && f[2] >= 5))))
		return CS_OK;
	return REFUSE(e, "an RSA key that firmware %u.%u.%u made can be "
	    "computed from its public half (CVE-2017-15361); use an EC key",
	    f[0], f[1], f[2]);
}

static int
key_check(const cs_attcert *c, cs_span spki, cs_spki *key, cs_err *e)
{
	int r;

	if ((r = cs_attcert_key(c, key, e)) != CS_OK)
		return cs_wrap(e, "the statement's key");
	if (!cs_span_eq(key->der, spki))
		return REFUSE(e, "the statement is about another key");
	return CS_OK;
}

static int
statement_read(const cs_attcert *c, cs_span spki, cs_piv_proof *out,
    cs_err *e)
{
	cs_spki key = {0};
	int n, r;

	if (cs_attcert_is_ca(c))
		return REFUSE(e, "expected a statement about a key, found the "
		    "certificate of a CA first");
	if ((r = key_check(c, spki, &key, e)) != CS_OK ||
	    (r = policy_get(c, out, e)) != CS_OK ||
	    (r = device_get(c, out, e)) != CS_OK ||
	    (r = weakness_check(&key, out, e)) != CS_OK)
		return r;
	n = snprintf(out->attested, sizeof(out->attested), "yubikey-piv:%"
	    PRIu32 ",touch=%s,pin=%s", out->serial, names[out->touch],
	    names[out->pin]);
	return n > 0 && (size_t)n < sizeof(out->attested) ? CS_OK :
	    cs_fail(e, CS_EBUG, where, "a proof of %d characters", n);
}

/* Names, serial numbers, key identifiers and validity of a statement are as the
 * firmware of its day made them and prove nothing here: what counts is who
 * signed it, and the key and policies in it. Only a statement has the policies,
 * so that a slot's key cannot stand in for the attestation key. */
int
cs_piv_attest(const cs_span *certs, size_t n, cs_span spki,
    const cs_roots *roots, int64_t now, cs_piv_proof *out, cs_err *e)
{
	cs_attpath path = {.now = now, .bare_unless = CS_OID_YUBIKEY_POLICY};
	cs_attcert *c = NULL;
	int r;

	memset(out, 0, sizeof(*out));
	if (n == 0)
		return BAD(e, "expected a statement, found no certificate");
	path.leaf = certs[0];
	path.between = certs + 1;
	path.n = n - 1;
	if ((r = cs_attcert_new(certs[0], &c, e)) == CS_OK &&
	    (r = statement_read(c, spki, out, e)) == CS_OK)
		r = cs_roots_verify(roots, &path, NULL, e);
	cs_attcert_free(&c);
	if (r != CS_OK)
		memset(out, 0, sizeof(*out));
	return r;
}
