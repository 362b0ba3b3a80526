/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_OWNERSPUT_H
#define CS_FMT_OWNERSPUT_H

#include "fmt/owners.h"

/* Writing lines of the owners file. Whatever the values hold, one line comes of
 * it that the reader takes, and takes for what was meant; or a failure, with
 * nothing appended. */

#define CS_OWNERS_LINE_ROOM (2 * CS_OWNERS_LINE_MAX)

/* Appends one line without its end. What follows from other members is not
 * looked at: the key of an x509-ca and of an OpenSSH type, of which ssh.blob
 * alone counts, what attested= proves, file and line. */
CS_USE int cs_owners_put(cs_buf *out, const cs_anchor *a, cs_err *e);
/* Appends the same line, without its end, revoked from `at` on: all else in it
 * stays byte for byte. */
CS_USE int cs_owners_revoke(cs_span line, int64_t at, cs_buf *out, cs_err *e);

#endif
