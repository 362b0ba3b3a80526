/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_SSH_H
#define CS_FMT_SSH_H

#include "base/buf.h"

/* OpenSSH's encoding: RFC 4251 section 5. Every length is held against the
 * octets at hand. Refusals are CS_R_MALFORMED. */

CS_USE int cs_ssh_byte(cs_span *in, uint8_t *out, cs_err *e);
CS_USE int cs_ssh_u32(cs_span *in, uint32_t *out, cs_err *e);
CS_USE int cs_ssh_string(cs_span *in, cs_span *out, cs_err *e);
/* A positive mpint in its shortest form: the octets without a leading zero. */
CS_USE int cs_ssh_mpint(cs_span *in, cs_span *out, cs_err *e);
CS_USE int cs_ssh_end(cs_span in, const char *what, cs_err *e);

/* Writers; a failure sticks to the buf. */
void cs_ssh_put_u32(cs_buf *b, uint32_t v);
void cs_ssh_put_string(cs_buf *b, cs_span s);

#endif
