/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_ATTESTPATH_H
#define CS_CRYPT_ATTESTPATH_H

#include "crypt/hash.h"
#include "fmt/oid.h"
#include "fmt/spki.h"

/* Manufacturers' certificates: what devices attest with, and the paths to the
 * roots that an operator has chosen. They are older and stranger than ours:
 * OpenSSL reads them, and whoever relies on a part of one holds this part to
 * his own rules. */

#define CS_ATTCERT_MAX (16 * 1024)

typedef struct cs_attcert cs_attcert; /* immutable */

/* One whole certificate. CS_R_MALFORMED. Gives; copies what it needs. */
CS_USE int cs_attcert_new(cs_span der, cs_attcert **out, cs_err *e);
void cs_attcert_free(cs_attcert **c);
/* Its key in our one encoding, lent; another is CS_R_UNSUPPORTED. */
CS_USE int cs_attcert_key(const cs_attcert *c, cs_spki *out, cs_err *e);
bool cs_attcert_is_v3(const cs_attcert *c);
/* Does basicConstraints call it a CA, or not say, keyUsage letting it sign
 * certificates? */
bool cs_attcert_is_ca(const cs_attcert *c);
cs_span cs_attcert_subject(const cs_attcert *c); /* Name, whole; lent */
/* The content of an extension's OCTET STRING, lent; absent when it is not
 * there. CS_R_MALFORMED when it is there twice. `critical` may be NULL. */
CS_USE int cs_attcert_extension(const cs_attcert *c, enum cs_oid id,
    cs_span *value, bool *critical, cs_err *e);

typedef struct cs_attroots cs_attroots;

#define CS_ATTPATH_MAX 8 /* certificates between a leaf and its root */

CS_USE int cs_attroots_new(cs_attroots **out, cs_err *e);
void cs_attroots_free(cs_attroots **r);
/* Trusts one more certificate, as it stands. CS_R_MALFORMED. */
CS_USE int cs_attroots_add(cs_attroots *r, cs_span der, cs_err *e);

typedef struct cs_attpath { /* borrows */
	cs_span leaf;           /* DER */
	const cs_span *between; /* DER, in any order; n of them */
	size_t n;
	int64_t now;
	/* Whether the certificate right below a self-signed root may leave open
	 * if it is a CA: that of some YubiKeys 4 does, which RFC 5280 4.2.1.9
	 * forbids. A certificate with this extension may not. CS_OID_END: none
	 * may. */
	enum cs_oid bare_unless;
} cs_attpath;

/* CS_OK when RFC 5280 has a path from the leaf to one of the roots, or the leaf
 * is one: `root` (may be NULL) is then the hash of that root's key. Key sizes
 * and hashes below 112 bits are none. CS_EREFUSED with CS_R_EVIDENCE_REFUSED
 * and what is missing, CS_EFORMAT for what is no certificate. */
CS_USE int cs_attroots_path(const cs_attroots *r, const cs_attpath *p,
    uint8_t root[CS_SHA256_LEN], cs_err *e);

#endif
