/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_ENC_H
#define CS_BASE_ENC_H

#include "base/buf.h"

/* RFC 4648 encodings. Decoders are strict: canonical only, the whole input. */

/* Lowercase hex. */
CS_USE int cs_hex_put(cs_buf *out, cs_span in);
/* Base64 with padding; `wrap` > 0 breaks lines with \n after that many
 * characters (and ends the last line with \n), 0 writes one run. */
CS_USE int cs_base64_put(cs_buf *out, cs_span in, size_t wrap);
/* Reads base64 with padding. Line ends (\n, \r\n) and blanks between
 * characters are skipped when `lines` is set, refused otherwise. Non-zero
 * trailing bits, missing padding, any other byte, more than out has room
 * for: CS_EFORMAT; out is then as it was. */
CS_USE int cs_base64_get(cs_buf *out, cs_span in, bool lines, cs_err *e);
/* RFC 4648 section 5, unpadded. */
CS_USE int cs_base64url_put(cs_buf *out, cs_span in);
CS_USE int cs_base64url_get(cs_buf *out, cs_span in, cs_err *e);
/* A short code a person can read aloud, from the first 30 bits of `in` (at
 * least 4 bytes): "7F3K-Q2", Crockford's base32 alphabet. out[8]. */
void cs_code(cs_span in, char out[8]);

#endif
