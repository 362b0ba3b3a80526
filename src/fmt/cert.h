/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_CERT_H
#define CS_FMT_CERT_H

#include "fmt/spki.h"

/* A certificate of RFC 5280, read strictly: DER, version 3, a key in our one
 * encoding. What a reader of credentials decides by is taken apart; the rest
 * is passed over. No signature is checked here, no path, no clock. */

#define CS_CERT_MAX (64 * 1024)
#define CS_CERT_URIS_MAX 8
#define CS_CERT_USES_MAX 16

enum cs_key_usage { /* RFC 5280 4.2.1.3, bit n as 1 << n */
	CS_KU_DIGITAL_SIGNATURE = 1 << 0,
	CS_KU_NON_REPUDIATION = 1 << 1,
	CS_KU_KEY_ENCIPHERMENT = 1 << 2,
	CS_KU_DATA_ENCIPHERMENT = 1 << 3,
	CS_KU_KEY_AGREEMENT = 1 << 4,
	CS_KU_KEY_CERT_SIGN = 1 << 5,
	CS_KU_CRL_SIGN = 1 << 6,
	CS_KU_ENCIPHER_ONLY = 1 << 7,
	CS_KU_DECIPHER_ONLY = 1 << 8
};

typedef struct cs_cert { /* immutable; spans borrow from der */
	cs_buf *own;
	cs_span der;
	cs_span tbs;            /* TBSCertificate, from its tag on */
	cs_span serial;         /* content of the INTEGER, not negative */
	cs_span issuer;         /* Name, whole */
	cs_span subject;        /* likewise; empty: two octets */
	int64_t not_before, not_after;
	cs_spki key;
	cs_span sigalg, sig;    /* AlgorithmIdentifier whole; BIT STRING bytes */
	bool has_san, san_critical;
	size_t n_names;         /* of subjectAltName, of any kind */
	size_t n_uris;
	cs_span uris[CS_CERT_URIS_MAX]; /* the URIs among them */
	bool has_key_usage;
	unsigned key_usage;     /* of enum cs_key_usage */
	bool has_uses;          /* extKeyUsage is there */
	size_t n_uses;
	cs_span uses[CS_CERT_USES_MAX]; /* content of OBJECT IDENTIFIERs */
	bool has_constraints, ca;       /* basicConstraints */
	int64_t path_len;       /* -1: not given */
	cs_span key_id;         /* value of subjectKeyIdentifier, passed over
				 * and not walked; absent: none */
	cs_span policies;       /* likewise, of certificatePolicies */
	cs_span bindings;       /* value of ownerBindings; absent: none */
	cs_span unknown_critical; /* the first one's OID; absent: none */
	size_t n_ignored;       /* extensions passed over */
} cs_cert;

/* Copies and parses one whole DER certificate. CS_R_MALFORMED, CS_R_NOT_DER,
 * CS_R_TOO_LARGE, CS_R_UNSUPPORTED (another version, another key). A critical
 * extension that is not known here is noted, not refused: whoever relies on
 * the certificate refuses it. */
CS_USE int cs_cert_parse(cs_span in, cs_cert **out, cs_err *e);
void cs_cert_free(cs_cert **c);

/* Levels above the content of an extnValue, for cs_der_walk. */
#define CS_CERT_VALUE_DEPTH 6

#endif
