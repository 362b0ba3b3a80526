/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_WEBAUTHN_H
#define CS_FMT_WEBAUTHN_H

#include "fmt/authdata.h"

/* The webauthn carrier: countersign-formats(5), section 5. */

#define CS_WEBAUTHN_SIG_MAX 1024

typedef struct cs_webauthn { /* borrows */
	cs_span tbs;
	cs_authdata auth;
	cs_span client_data; /* its text is for fmt/clientdata.h to check */
	cs_span sig;
} cs_webauthn;

/* Reads the value of an OwnerApproval that cs_der_walk() has passed. What
 * fmt/authdata.h refuses, and CS_R_TOO_LARGE for client data or a signature
 * beyond their limits: whoever's key it is. */
CS_USE int cs_webauthn_read(cs_span walked, cs_webauthn *out, cs_err *e);
/* Appends the value, which cs_approval_put_webauthn() goes around. `auth` is
 * all of the authenticator data. */
CS_USE int cs_webauthn_put(cs_span tbs, cs_span auth, cs_span client_data,
    cs_span sig, cs_buf *out, cs_err *e);

#endif
