/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ISSUE_BODY_H
#define CS_ISSUE_BODY_H

#include "fmt/ext.h"

/* What bodies of certificates and lists have in common. */

/* The extension that has to come next, with this flag: its extnValue, not
 * walked. CS_EFORMAT. */
CS_USE int cs_body_ext_raw(cs_span *list, enum cs_oid id, bool critical,
    cs_span *value, cs_err *e);
/* The content of an extnValue's one element, which is walked and has this
 * tag. */
CS_USE int cs_body_open(cs_span raw, enum cs_oid id, unsigned tag,
    cs_span *value, cs_err *e);
/* authorityKeyIdentifier's extnValue: the key identifier alone, 1 to
 * CS_KEY_ID_MAX octets. */
#define CS_KEY_ID_MAX 32
CS_USE int cs_body_issuer_key_id(cs_span raw, cs_span *key_id, cs_err *e);
void cs_body_put_issuer_key_id(cs_buf *out, cs_span key_id);
/* AlgorithmIdentifier of one of ours and a Name that is not empty. */
CS_USE int cs_body_issuer(cs_span *in, cs_span *sig_alg, cs_span *issuer,
    cs_err *e);
/* An extension that is one primitive or constant element; and one that is
 * whole already, not critical. */
void cs_body_put_ext(cs_buf *out, enum cs_oid id, bool critical, unsigned tag,
    cs_span content);
void cs_body_put_ext_raw(cs_buf *out, enum cs_oid id, cs_span value);
/* Of a certificate: version 3, serial number, algorithm, issuer. */
void cs_body_put_head(cs_buf *out, cs_span serial, cs_span sig_alg,
    cs_span issuer);
void cs_body_put_validity(cs_buf *out, int64_t not_before, int64_t not_after);

#endif
