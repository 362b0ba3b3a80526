/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_CA_H
#define CS_CRYPT_CA_H

#include "crypt/hash.h"

/* A certification authority as a trust anchor: its certificate, trusted as it
 * stands, and the revocation lists of the CAs below it. Immutable once the
 * lists are in, and may then be used by several threads. */

typedef struct cs_ca cs_ca;

#define CS_CRL_FILE_MAX (64 * 1024 * 1024)

/* One certificate, DER: of a CA (basicConstraints, and keyCertSign where there
 * is a keyUsage), else CS_R_MALFORMED. */
CS_USE int cs_ca_new(cs_span cert, cs_ca **out, cs_err *e);
/* Adds the lists of a file, one in DER or several in PEM; none at all, one that
 * does not say when the next is due, or one signed with less than SHA-256 is
 * CS_R_MALFORMED or CS_R_UNSUPPORTED. From the first on, every certificate of a
 * path needs a current list. */
CS_USE int cs_ca_add_crls(cs_ca *ca, cs_span in, cs_err *e);
void cs_ca_free(cs_ca **ca);
/* How current the lists are at `now`: does one of the CA itself count, and how
 * many issuers have lists, but none that counts? */
void cs_ca_current(const cs_ca *ca, int64_t now, bool *own, size_t *stale);
bool cs_ca_has_crls(const cs_ca *ca);
/* Did it issue this certificate, DER, itself, one that is for TLS clients and
 * current at `now`, as the CA is: RFC 5280 with its default inputs? Lists are
 * not looked at unless some were added. CS_EREFUSED with CS_R_PATH_INVALID. */
CS_USE int cs_ca_issued(const cs_ca *ca, cs_span cert, int64_t now, cs_err *e);
/* The same of one that the CA may still sign, but for its signature, which is
 * no matter; for TLS servers, too. */
CS_USE int cs_ca_would_issue(const cs_ca *ca, cs_span cert, int64_t now,
    cs_err *e);
/* SHA-256 of the CA's own SubjectPublicKeyInfo; CS_SHA256_LEN bytes, lent. */
const uint8_t *cs_ca_key_hash(const cs_ca *ca);

#endif
