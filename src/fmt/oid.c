/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/oid.h"

#include "fmt/reason.h"

struct row {
	const char *bytes;
	size_t n;
	const char *name;
};

#define OWN(tail, name) \
	{ CS_OID_ARC_DER tail, sizeof(CS_OID_ARC_DER tail) - 1, name }
#define STD(bytes, name) \
	{ bytes, sizeof(bytes) - 1, name }

static const struct row rows[CS_OID_END] = {
	[CS_OID_CT_OWNER_APPROVAL] = OWN("\x01\x01", "owner approval"),
	[CS_OID_AT_OWNER_APPROVALS] = OWN("\x02\x01", "owner approvals"),
	[CS_OID_AT_AGENT_PURPOSE] = OWN("\x02\x02", "agent purpose"),
	[CS_OID_AT_INTENDED_OWNER] = OWN("\x02\x03", "intended owner"),
	[CS_OID_PE_OWNER_BINDINGS] = OWN("\x03\x01", "owner bindings"),
	[CS_OID_APPROVAL_CMS] = OWN("\x04\x01", "cms"),
	[CS_OID_APPROVAL_WEBAUTHN] = OWN("\x04\x02", "webauthn"),
	[CS_OID_APPROVAL_SSHSIG] = OWN("\x04\x03", "sshsig"),
	[CS_OID_CP_OWNER_APPROVED] = OWN("\x05\x01", "owner approved"),
	[CS_OID_CP_OWNER_APPROVED_HARDWARE] =
	    OWN("\x05\x02", "owner approved, hardware"),
	[CS_OID_CP_OWNER_APPROVED_PRESENCE] =
	    OWN("\x05\x03", "owner approved, presence"),
	[CS_OID_CP_OWNER_APPROVED_VERIFIED] =
	    OWN("\x05\x04", "owner approved, verified"),
	[CS_OID_KP_OWNER_APPROVAL] =
	    OWN("\x06\x01", "owner approval (key purpose)"),
	/* 1.2.840.113549.1.7.1 */
	[CS_OID_DATA] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01",
		"data"),
	/* 1.2.840.113549.1.7.2 */
	[CS_OID_SIGNED_DATA] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",
		"signedData"),
	/* 1.2.840.113549.1.9.3 */
	[CS_OID_CONTENT_TYPE] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03",
		"contentType"),
	/* 1.2.840.113549.1.9.4 */
	[CS_OID_MESSAGE_DIGEST] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04",
		"messageDigest"),
	/* 1.2.840.113549.1.9.5 */
	[CS_OID_SIGNING_TIME] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05",
		"signingTime"),
	/* 1.2.840.113549.1.9.15 */
	[CS_OID_SMIME_CAPABILITIES] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0f",
		"smimeCapabilities"),
	/* 1.2.840.113549.1.9.52 */
	[CS_OID_ALGORITHM_PROTECTION] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x34",
		"cmsAlgorithmProtection"),
	/* 1.2.840.113549.1.9.16.2.47 */
	[CS_OID_SIGNING_CERTIFICATE_V2] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f",
		"signingCertificateV2"),
	/* 1.2.840.113549.1.9.7 */
	[CS_OID_CHALLENGE_PASSWORD] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07",
		"challengePassword"),
	/* 1.2.840.113549.1.9.14 */
	[CS_OID_EXTENSION_REQUEST] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e",
		"extensionRequest"),
	/* 1.3.6.1.4.1.311.2.1.14 */
	[CS_OID_MS_EXTENSION_REQUEST] =
	    STD("\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e",
		"extensionRequest (Microsoft)"),
	/* 1.2.840.113549.1.9.16.2.59 */
	[CS_OID_AA_EVIDENCE] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x3b",
		"evidence"),
	/* 1.2.840.113549.1.1.10 */
	[CS_OID_RSASSA_PSS] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a",
		"RSASSA-PSS"),
	/* 1.2.840.113549.1.1.8 */
	[CS_OID_MGF1] =
	    STD("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08",
		"MGF1"),
	/* 2.16.840.1.101.3.4.2.1 */
	[CS_OID_SHA256] =
	    STD("\x60\x86\x48\x01\x65\x03\x04\x02\x01",
		"SHA-256"),
	/* 2.16.840.1.101.3.4.2.2 */
	[CS_OID_SHA384] =
	    STD("\x60\x86\x48\x01\x65\x03\x04\x02\x02",
		"SHA-384"),
	/* 2.16.840.1.101.3.4.2.3 */
	[CS_OID_SHA512] =
	    STD("\x60\x86\x48\x01\x65\x03\x04\x02\x03",
		"SHA-512"),
	/* 2.5.29.14 */
	[CS_OID_CE_SUBJECT_KEY_ID] =
	    STD("\x55\x1d\x0e",
		"subjectKeyIdentifier"),
	/* 2.5.29.15 */
	[CS_OID_CE_KEY_USAGE] =
	    STD("\x55\x1d\x0f",
		"keyUsage"),
	/* 2.5.29.17 */
	[CS_OID_CE_SUBJECT_ALT_NAME] =
	    STD("\x55\x1d\x11",
		"subjectAltName"),
	/* 2.5.29.19 */
	[CS_OID_CE_BASIC_CONSTRAINTS] =
	    STD("\x55\x1d\x13",
		"basicConstraints"),
	/* 2.5.29.20 */
	[CS_OID_CE_CRL_NUMBER] =
	    STD("\x55\x1d\x14",
		"cRLNumber"),
	/* 2.5.29.31 */
	[CS_OID_CE_CRL_DISTRIBUTION_POINTS] =
	    STD("\x55\x1d\x1f",
		"cRLDistributionPoints"),
	/* 2.5.29.32 */
	[CS_OID_CE_CERTIFICATE_POLICIES] =
	    STD("\x55\x1d\x20",
		"certificatePolicies"),
	/* 2.5.29.32.0 */
	[CS_OID_CP_ANY] =
	    STD("\x55\x1d\x20\x00",
		"anyPolicy"),
	/* 2.5.29.35 */
	[CS_OID_CE_AUTHORITY_KEY_ID] =
	    STD("\x55\x1d\x23",
		"authorityKeyIdentifier"),
	/* 2.5.29.37 */
	[CS_OID_CE_EXT_KEY_USAGE] =
	    STD("\x55\x1d\x25",
		"extendedKeyUsage"),
	/* 2.5.29.37.0 */
	[CS_OID_KP_ANY] =
	    STD("\x55\x1d\x25\x00",
		"anyExtendedKeyUsage"),
	/* 1.3.6.1.5.5.7.3.1 */
	[CS_OID_KP_SERVER_AUTH] =
	    STD("\x2b\x06\x01\x05\x05\x07\x03\x01",
		"serverAuth"),
	/* 1.3.6.1.5.5.7.3.2 */
	[CS_OID_KP_CLIENT_AUTH] =
	    STD("\x2b\x06\x01\x05\x05\x07\x03\x02",
		"clientAuth"),
	/* 2.5.4.3 */
	[CS_OID_AT_COMMON_NAME] =
	    STD("\x55\x04\x03",
		"CN"),
	/* 1.3.6.1.4.1.45724.1.1.4 */
	[CS_OID_FIDO_AAGUID] =
	    STD("\x2b\x06\x01\x04\x01\x82\xe5\x1c\x01\x01\x04",
		"FIDO AAGUID"),
	/* 1.3.6.1.4.1.41482.3.3 */
	[CS_OID_YUBIKEY_FIRMWARE] =
	    STD("\x2b\x06\x01\x04\x01\x82\xc4\x0a\x03\x03",
		"YubiKey firmware version"),
	/* 1.3.6.1.4.1.41482.3.7 */
	[CS_OID_YUBIKEY_SERIAL] =
	    STD("\x2b\x06\x01\x04\x01\x82\xc4\x0a\x03\x07",
		"YubiKey serial number"),
	/* 1.3.6.1.4.1.41482.3.8 */
	[CS_OID_YUBIKEY_POLICY] =
	    STD("\x2b\x06\x01\x04\x01\x82\xc4\x0a\x03\x08",
		"YubiKey PIN and touch policy"),
	/* 1.3.6.1.4.1.41482.3.9 */
	[CS_OID_YUBIKEY_FORM] =
	    STD("\x2b\x06\x01\x04\x01\x82\xc4\x0a\x03\x09",
		"YubiKey form factor"),
	/* 2.23.133.10.1.3 */
	[CS_OID_TPM_LOADABLE_KEY] =
	    STD("\x67\x81\x05\x0a\x01\x03",
		"TPM key, loadable"),
	/* 2.23.133.10.1.4 */
	[CS_OID_TPM_IMPORTABLE_KEY] =
	    STD("\x67\x81\x05\x0a\x01\x04",
		"TPM key, importable"),
	/* 2.23.133.10.1.5 */
	[CS_OID_TPM_SEALED_DATA] =
	    STD("\x67\x81\x05\x0a\x01\x05",
		"TPM sealed data"),
	/* 2.23.133.2.1 */
	[CS_OID_TPM_MANUFACTURER] =
	    STD("\x67\x81\x05\x02\x01",
		"tpmManufacturer"),
	/* 2.23.133.2.2 */
	[CS_OID_TPM_MODEL] =
	    STD("\x67\x81\x05\x02\x02",
		"tpmModel"),
	/* 2.23.133.2.3 */
	[CS_OID_TPM_VERSION] =
	    STD("\x67\x81\x05\x02\x03",
		"tpmVersion"),
	/* 2.23.133.8.1 */
	[CS_OID_TCG_KP_EK_CERTIFICATE] =
	    STD("\x67\x81\x05\x08\x01",
		"tcg-kp-EKCertificate"),
};

/* Attribute types of distinguished names (RFC 4519), for display only. */
static const struct row dn_rows[] = {
	STD("\x55\x04\x04", "SN"),
	STD("\x55\x04\x05", "serialNumber"),
	STD("\x55\x04\x06", "C"),
	STD("\x55\x04\x07", "L"),
	STD("\x55\x04\x08", "ST"),
	STD("\x55\x04\x09", "street"),
	STD("\x55\x04\x0a", "O"),
	STD("\x55\x04\x0b", "OU"),
	STD("\x55\x04\x0c", "title"),
	STD("\x55\x04\x2a", "GN"),
	STD("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress"),
	STD("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID"),
	STD("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC"),
};

cs_span
cs_oid(enum cs_oid id)
{
	return cs_span_of(rows[id].bytes, rows[id].n);
}

bool
cs_oid_is(cs_span body, enum cs_oid id)
{
	return cs_span_eq(body, cs_oid(id));
}

enum cs_oid
cs_oid_find(cs_span body)
{
	int i;

	for (i = 0; i < CS_OID_END; i++)
		if (cs_oid_is(body, (enum cs_oid)i))
			break;
	return (enum cs_oid)i;
}

const char *
cs_oid_name(cs_span body)
{
	enum cs_oid id = cs_oid_find(body);
	size_t i;

	if (id != CS_OID_END)
		return rows[id].name;
	for (i = 0; i < sizeof(dn_rows) / sizeof(dn_rows[0]); i++)
		if (cs_span_eq(body,
		    cs_span_of(dn_rows[i].bytes, dn_rows[i].n)))
			return dn_rows[i].name;
	return NULL;
}

/* X.690 8.19.4: the first two arcs share a sub-identifier. */
static int
put_first(cs_buf *out, uint64_t v)
{
	unsigned top = v < 40 ? 0 : v < 80 ? 1 : 2;

	return cs_buf_printf(out, "%u.%llu", top,
	    (unsigned long long)(v - top * 40));
}

int
cs_oid_text(cs_buf *out, cs_span body)
{
	bool first = true;
	uint64_t v = 0;
	size_t i;
	int r;

	if (body.n == 0 || (body.p[body.n - 1] & 0x80) != 0)
		return CS_EFORMAT;
	for (i = 0; i < body.n; i++) {
		if (v >> 56 != 0)
			return CS_EFORMAT;
		v = v << 7 | (body.p[i] & 0x7f);
		if ((body.p[i] & 0x80) != 0)
			continue;
		r = first ? put_first(out, v) :
		    cs_buf_printf(out, ".%llu", (unsigned long long)v);
		if (r != CS_OK)
			return r;
		first = false;
		v = 0;
	}
	return CS_OK;
}

/* One decimal arc and the dot behind it off *in. */
static bool
arc_next(cs_span *in, uint64_t *arc)
{
	size_t i;

	*arc = 0;
	for (i = 0; i < in->n && in->p[i] >= '0' && in->p[i] <= '9'; i++) {
		if (*arc > INT32_MAX || (i == 1 && in->p[0] == '0'))
			return false;
		*arc = *arc * 10 + (in->p[i] - '0');
	}
	if (i == 0 || *arc > INT32_MAX ||
	    (i < in->n && (in->p[i] != '.' || i + 1 == in->n)))
		return false;
	*in = i == in->n ? cs_span_cut(*in, i, 0) :
	    cs_span_cut(*in, i + 1, in->n - i - 1);
	return true;
}

static int
put_arc(cs_buf *out, uint64_t v)
{
	int shift, r = CS_OK;

	for (shift = 28; shift > 0 && r == CS_OK; shift -= 7)
		if (v >> shift != 0)
			r = cs_buf_put_byte(out,
			    (uint8_t)(0x80 | (v >> shift & 0x7f)));
	return r == CS_OK ? cs_buf_put_byte(out, v & 0x7f) : r;
}

int
cs_oid_get(cs_buf *out, cs_span dotted)
{
	uint64_t top, v;
	int r;

	if (!arc_next(&dotted, &top) || top > 2 || !arc_next(&dotted, &v) ||
	    (top < 2 && v > 39))
		return CS_EFORMAT;
	r = put_arc(out, top * 40 + v);
	while (r == CS_OK && dotted.n != 0)
		r = arc_next(&dotted, &v) ? put_arc(out, v) : CS_EFORMAT;
	return r;
}
