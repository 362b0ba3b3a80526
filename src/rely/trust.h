/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_RELY_TRUST_H
#define CS_RELY_TRUST_H

#include "base/buf.h"

/* What a relying party trusts: the bundle of one trust domain, and the lists
 * of what has ended. Immutable once made; several threads may use it. */

typedef struct cs_trust cs_trust;

typedef struct cs_trust_in { /* borrows */
	cs_span bundle;       /* as cs_bundle_parse() takes it */
	cs_span crls;         /* one list in DER or several in PEM: every
			       * certificate then needs a current one of its
			       * CA; absent: none is asked for */
	cs_span trust_domain; /* absent: the one that the CAs name */
	cs_span authority;    /* that issues there; absent: the default */
} cs_trust_in;

/* Every certificate of the bundle is a CA's as issue/authority.h has it, and
 * names this trust domain (spiffe:// or wimse://TRUST-DOMAIN) or none. A list
 * by none of these CAs is passed over, but not all may be, and none with a wrong
 * signature. CS_EFORMAT with a detail; CS_EUSAGE when it takes a trust domain
 * and neither the caller nor the CAs name one, or the authority is no name. */
CS_USE int cs_trust_new(const cs_trust_in *in, cs_trust **out, cs_err *e);
void cs_trust_free(cs_trust **t);
cs_span cs_trust_domain(const cs_trust *t); /* lends */
bool cs_trust_has_lists(const cs_trust *t);

#endif
