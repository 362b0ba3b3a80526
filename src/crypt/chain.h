/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_CHAIN_H
#define CS_CRYPT_CHAIN_H

#include "crypt/ca.h"
#include "fmt/spki.h"

/* The certificates that travel with an approval, up to the owner's own, the
 * leaf: countersign-formats(5), section 8, x509-ca; RFC 5280. Every failure
 * that is the certificates' own is CS_EREFUSED with its reason. */

#define CS_CHAIN_CERTS_MAX 8
#define CS_CHAIN_DEPTH_MAX 3 /* intermediates */

typedef struct cs_chain cs_chain;

/* Reads certificates that stand one behind the other (the content of
 * SignedData's [0]). The leaf is the one whose key has this hash: none is
 * CS_R_UNKNOWN_OWNER_KEY, two that differ are CS_R_PATH_INVALID. */
CS_USE int cs_chain_read(cs_span certs, cs_span key_hash, cs_chain **out,
    cs_err *e);
void cs_chain_free(cs_chain **c);
/* The leaf's key in our one encoding; lent. */
const cs_spki *cs_chain_key(const cs_chain *c);
/* The leaf, DER; lent. */
cs_span cs_chain_leaf(const cs_chain *c);
/* The leaf's issuer (Name, whole) and serial number (content octets); lent. */
CS_USE int cs_chain_issuer(const cs_chain *c, cs_span *issuer, cs_span *serial,
    cs_err *e);

/* Is there a path to this CA at `now`: RFC 5280 with its default inputs, the
 * CA's lists where it has some, at most CS_CHAIN_DEPTH_MAX intermediates? Each
 * of these that lists key purposes lists `eku` (content octets) or any, and a
 * mailbox under name constraints has no capital letters; neither is looked at
 * where `eku` is absent. CS_R_PATH_INVALID. */
CS_USE int cs_chain_path(cs_chain *c, const cs_ca *ca, cs_span eku,
    int64_t now, cs_err *e);
/* Hash of key `i` of the path that was found last: 0 is the leaf's, the last
 * the CA's. CS_SHA256_LEN bytes, lent; NULL beyond. */
const uint8_t *cs_chain_key_hash(const cs_chain *c, size_t i);
/* Appends the certificates of that path, the leaf's first and without the
 * CA's. */
CS_USE int cs_chain_put_path(const cs_chain *c, cs_buf *out, cs_err *e);
/* Is the leaf an owner's: CA=false, digitalSignature, `eku` itself (absent: is
 * not looked at), no ownerBindings, no agent's name? CS_R_PATH_INVALID. */
CS_USE int cs_chain_profile(const cs_chain *c, cs_span eku, cs_err *e);
/* Appends the owner whom the leaf names, by the kind of name that the pattern
 * asks (fmt/ownersan.h). Without exactly one such name CS_R_PATH_INVALID; one
 * outside the pattern is CS_R_WRONG_OWNER. */
CS_USE int cs_chain_owner(const cs_chain *c, cs_span owner_san, cs_buf *out,
    cs_err *e);
/* The same without a pattern: by its one rfc822Name, or its one URI. */
CS_USE int cs_chain_name(const cs_chain *c, bool email, cs_buf *out,
    cs_err *e);
/* Is the leaf valid at `now`? CS_R_PATH_INVALID. */
CS_USE int cs_chain_current(const cs_chain *c, int64_t now, cs_err *e);

#endif
