/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_OID_H
#define CS_FMT_OID_H

#include "base/buf.h"

/* Every object identifier that a format names, as content octets. */
enum cs_oid {
	/* countersign-formats(5), section 1 */
	CS_OID_CT_OWNER_APPROVAL,
	CS_OID_AT_OWNER_APPROVALS,
	CS_OID_AT_AGENT_PURPOSE,
	CS_OID_AT_INTENDED_OWNER,
	CS_OID_PE_OWNER_BINDINGS,
	CS_OID_APPROVAL_CMS,
	CS_OID_APPROVAL_WEBAUTHN,
	CS_OID_APPROVAL_SSHSIG,
	CS_OID_CP_OWNER_APPROVED,
	CS_OID_CP_OWNER_APPROVED_HARDWARE,
	CS_OID_CP_OWNER_APPROVED_PRESENCE,
	CS_OID_CP_OWNER_APPROVED_VERIFIED,
	CS_OID_KP_OWNER_APPROVAL,
	/* RFC 2985, 5652, 6211, 5035, 8551 */
	CS_OID_DATA,
	CS_OID_SIGNED_DATA,
	CS_OID_CONTENT_TYPE,
	CS_OID_MESSAGE_DIGEST,
	CS_OID_SIGNING_TIME,
	CS_OID_SMIME_CAPABILITIES,
	CS_OID_ALGORITHM_PROTECTION,
	CS_OID_SIGNING_CERTIFICATE_V2,
	CS_OID_CHALLENGE_PASSWORD,
	CS_OID_EXTENSION_REQUEST,
	CS_OID_MS_EXTENSION_REQUEST,
	CS_OID_AA_EVIDENCE,
	/* RFC 4055 */
	CS_OID_RSASSA_PSS,
	CS_OID_MGF1,
	CS_OID_SHA256,
	CS_OID_SHA384,
	CS_OID_SHA512,
	/* RFC 5280 */
	CS_OID_CE_SUBJECT_KEY_ID,
	CS_OID_CE_KEY_USAGE,
	CS_OID_CE_SUBJECT_ALT_NAME,
	CS_OID_CE_BASIC_CONSTRAINTS,
	CS_OID_CE_CRL_NUMBER,
	CS_OID_CE_CRL_DISTRIBUTION_POINTS,
	CS_OID_CE_CERTIFICATE_POLICIES,
	CS_OID_CP_ANY,
	CS_OID_CE_AUTHORITY_KEY_ID,
	CS_OID_CE_EXT_KEY_USAGE,
	CS_OID_KP_ANY,
	CS_OID_KP_SERVER_AUTH,
	CS_OID_KP_CLIENT_AUTH,
	CS_OID_AT_COMMON_NAME,
	/* WebAuthn 8.2.1: id-fido-gen-ce-aaguid */
	CS_OID_FIDO_AAGUID,
	/* what a YubiKey's PIV attestation says */
	CS_OID_YUBIKEY_FIRMWARE,
	CS_OID_YUBIKEY_SERIAL,
	CS_OID_YUBIKEY_POLICY,
	CS_OID_YUBIKEY_FORM,
	/* draft-bottomley-tpm2-keys: types of a TPMKey */
	CS_OID_TPM_LOADABLE_KEY,
	CS_OID_TPM_IMPORTABLE_KEY,
	CS_OID_TPM_SEALED_DATA,
	/* TCG EK Credential Profile */
	CS_OID_TPM_MANUFACTURER,
	CS_OID_TPM_MODEL,
	CS_OID_TPM_VERSION,
	CS_OID_TCG_KP_EK_CERTIFICATE,
	CS_OID_END
};

cs_span cs_oid(enum cs_oid id);               /* lends static bytes */
bool cs_oid_is(cs_span body, enum cs_oid id);
/* The known OID of these content octets, CS_OID_END when none. */
enum cs_oid cs_oid_find(cs_span body);
/* Dotted text; a sub-identifier above 2^63 fails. */
CS_USE int cs_oid_text(cs_buf *out, cs_span body);
/* The way back: appends the content octets. Arcs of 31 bits, at least two. */
CS_USE int cs_oid_get(cs_buf *out, cs_span dotted);
/* A name for a person: of the list above and common DN attributes; NULL. */
const char *cs_oid_name(cs_span body);

#endif
