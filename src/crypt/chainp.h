/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_CHAINP_H
#define CS_CRYPT_CHAINP_H

#include <openssl/x509.h>

#include "crypt/chain.h"

/* Inside of the certificates' files only. */

struct cs_ca {
	X509 *cert;
	X509_STORE *store; /* this one certificate, and its lists */
	bool has_crls;
	uint8_t key_hash[CS_SHA256_LEN];
};

struct cs_chain {
	STACK_OF(X509) *certs; /* all of them, the leaf too */
	X509 *leaf;            /* one of certs */
	cs_buf *leaf_der, *spki;
	cs_spki key;
	uint8_t path[CS_CHAIN_DEPTH_MAX + 2][CS_SHA256_LEN]; /* key hashes */
	X509 *via[CS_CHAIN_DEPTH_MAX + 1]; /* of certs, up to the CA's */
	size_t n_path;
};

/* One whole certificate off *in. CS_R_MALFORMED. */
CS_USE int cs_x509_next(cs_span *in, X509 **out, cs_err *e);
/* Appends its SubjectPublicKeyInfo, and its hash. */
CS_USE int cs_x509_key(X509 *x, cs_buf *out, uint8_t hash[CS_SHA256_LEN],
    cs_err *e);
/* Does it list this purpose? Absent extension: *listed is false too. */
CS_USE int cs_x509_purpose(const X509 *x, cs_span eku, bool or_any,
    bool *present, bool *listed, cs_err *e);
/* Has the local part of any of its mailboxes capital letters? */
CS_USE int cs_x509_capitals(const X509 *x, bool *out, cs_err *e);

#endif
