/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_NAMES_H
#define CS_FMT_NAMES_H

#include "base/buf.h"

/* Names of countersign-formats(5), section 2. All are compared as bytes. */

#define CS_AGENT_ID_MAX 2048
#define CS_OWNER_MAX 512
#define CS_AUTHORITY_MAX 512
#define CS_PURPOSE_MAX 1024

/* Agent identifier; CS_R_BAD_IDENTIFIER. `trust_domain` (may be NULL) borrows
 * from `in`. */
CS_USE int cs_agent_id_check(cs_span in, cs_span *trust_domain, cs_err *e);
/* An owner's URI; CS_R_BAD_IDENTIFIER. */
CS_USE int cs_owner_check(cs_span in, cs_err *e);
/* An authority's URI; CS_R_BAD_IDENTIFIER. */
CS_USE int cs_authority_check(cs_span in, cs_err *e);
/* The default authority "https://<trust domain>". */
CS_USE int cs_authority_default(cs_span trust_domain, cs_buf *out, cs_err *e);
/* Does the identifier equal `prefix` or descend from it, by whole segments? */
bool cs_agent_id_under(cs_span id, cs_span prefix);
/* The agent's or the owner's words: UTF-8, 1..CS_PURPOSE_MAX bytes. `plain`:
 * and no control or bidi character (the owner's). CS_R_MALFORMED. */
CS_USE int cs_purpose_check(cs_span in, bool plain, cs_err *e);

#endif
