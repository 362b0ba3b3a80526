/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_COSE_H
#define CS_FMT_COSE_H

#include "base/buf.h"

/* COSE_Key of a credential (RFC 9053 section 7, WebAuthn section 6.5.1.1) as
 * SubjectPublicKeyInfo: ES256 (-7), ES384 (-35) and EdDSA (-8), and what RFC
 * 9864 names them (-9, -51, -19), each with its own curve; exactly the members
 * that this key has. Another is CS_R_UNSUPPORTED. Appends. */
CS_USE int cs_cose_spki(cs_span cose_key, cs_buf *out, cs_err *e);

#endif
