/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_ECSIG_H
#define CS_FMT_ECSIG_H

#include "base/buf.h"

/* ECDSA signatures: r || s as tokens give them, and Ecdsa-Sig-Value (RFC 3279
 * 2.2.3). */
CS_USE int cs_ecsig_put(cs_span rs, cs_buf *out, cs_err *e);
/* The way back, n octets in two halves. CS_R_MALFORMED, CS_R_NOT_DER. */
CS_USE int cs_ecsig_get(cs_span der, uint8_t *rs, size_t n, cs_err *e);

#endif
