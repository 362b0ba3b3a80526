/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_CLIENTDATA_H
#define CS_FMT_CLIENTDATA_H

#include "base/buf.h"

/* Client data of a webauthn approval: countersign-formats(5), section 5. Not a
 * JSON reader: one text is right, byte for byte. */

#define CS_CLIENTDATA_MAX 1024

/* Appends {"type":"webauthn.get",...,"crossOrigin":false}. CS_EUSAGE for an
 * origin that JSON would write in another way, or that is empty or too long. */
CS_USE int cs_clientdata_put(cs_span challenge, cs_span origin, cs_buf *out,
    cs_err *e);
/* Is `in` what cs_clientdata_put() writes, or the same up to its brace and then
 * a comma, what a browser added in UTF-8 without NUL, and a brace at the end?
 * CS_R_SIGNATURE_INVALID otherwise, with what differs. */
CS_USE int cs_clientdata_check(cs_span in, cs_span challenge, cs_span origin,
    cs_err *e);
/* The same for the first of these origins, with blanks between, that fits. */
CS_USE int cs_clientdata_check_any(cs_span in, cs_span challenge,
    cs_span origins, cs_err *e);
/* The origin that it says, which is nothing before one of the checks has passed
 * for it; absent where it is not at its place. */
cs_span cs_clientdata_origin(cs_span in);

#endif
