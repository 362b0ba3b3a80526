/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_ORIGIN_H
#define CS_FMT_ORIGIN_H

#include "base/buf.h"

/* RP IDs and origins of WebAuthn: countersign-formats(5), sections 5 and 8.
 * Both are compared as bytes, so there is one way to write each. */

#define CS_RP_ID_MAX 253

/* A host's name as a URL has it: labels of a-z, 0-9 and "-", the last one no
 * number. CS_R_BAD_IDENTIFIER. */
CS_USE int cs_rp_id_check(cs_span in, cs_err *e);
/* https://HOST or https://HOST:PORT, the port not the scheme's own; of http
 * only localhost, as browsers have it. CS_R_BAD_IDENTIFIER. */
CS_USE int cs_origin_check(cs_span in, cs_err *e);

#endif
