/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ISSUE_JWK_H
#define CS_ISSUE_JWK_H

#include "fmt/spki.h"

struct json_t; /* jansson's */

/* Room for the SubjectPublicKeyInfo of any key. */
#define CS_JWK_SPKI_MAX 640

/* A member that is text, lent; absent when it is none. */
cs_span cs_json_text(const struct json_t *o, const char *name);
/* A public key as JWK (RFC 7517, 7518, 8037). Gives; NULL: no memory, or none
 * of our keys. With `alg`, what it verifies: ES256, ES384, Ed25519, RS256. */
struct json_t *cs_jwk_make(const cs_spki *k, bool with_alg);
/* The key again, its SubjectPublicKeyInfo appended to `der`, which *out borrows
 * from. `exact`: with "alg" and no other member than the key's. CS_EFORMAT:
 * CS_R_UNSUPPORTED when it is none of our kinds, else CS_R_MALFORMED. */
CS_USE int cs_jwk_read(const struct json_t *jwk, bool exact, cs_buf *der,
    cs_spki *out, cs_err *e);

#endif
