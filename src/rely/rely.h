/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_RELY_RELY_H
#define CS_RELY_RELY_H

#include "rely/trust.h"
#include "verify/credential.h"

/* A relying party's check of a whole credential, offline: whose it is by the
 * issuer's word, and who approved it by the owners' own signatures.
 * countersign-formats(5), section 7. That the peer has the agent's key is for
 * whoever ends the connection to see. */

typedef struct cs_rely_in { /* borrows all */
	const cs_trust *trust;
	cs_span certificate;       /* as cs_presented_read() takes it; or
				    * absent, and */
	cs_span token;             /* as it is sent */
	const cs_anchors *anchors; /* the pinned owners; NULL: none are */
	cs_span agent, owner;      /* that are expected; absent: any */
	int64_t now;
	cs_keycache *keys;         /* owners' keys made before; NULL: none */
} cs_rely_in;

typedef struct cs_relied cs_relied;

/* CS_OK when there is an answer, whichever. A token is not on any list. */
CS_USE int cs_rely(const cs_rely_in *in, cs_relied **out, cs_err *e);
void cs_relied_free(cs_relied **r);

/* PROVEN: the issuer's and the owners' signatures are good, all owners pinned.
 * ISSUER_ONLY: the issuer's, and nothing is wrong with the rest. */
enum cs_credential_state cs_relied_state(const cs_relied *r);
/* Why not proven; its detail is an enum cs_reason. */
const cs_err *cs_relied_error(const cs_relied *r);
/* What it says, and its serial number or jti, 16 octets: NULL, absent when
 * refused. Lends. */
const cs_said *cs_relied_said(const cs_relied *r);
cs_span cs_relied_serial(const cs_relied *r);

#endif
