/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_DSSE_H
#define CS_TOOL_DSSE_H

#include <jansson.h>

#include "keys/keys.h"

/* in-toto Statement v1 in a DSSE envelope: github.com/secure-systems-lab/dsse,
 * version 1. */

#define CS_DSSE_PREDICATE "urn:oid:" CS_OID_ARC ".7.1"

/* About one credential. Takes `predicate`, gives *out. */
CS_USE int cs_dsse_statement(cs_span name, cs_span sha256, json_t *predicate,
    json_t **out, cs_err *e);
/* The envelope around it, signed; keyid is SHA-256 of the key, lowercase hex.
 * Gives. */
CS_USE int cs_dsse_sign(const json_t *statement, cs_key *k, json_t **out,
    cs_err *e);

#endif
