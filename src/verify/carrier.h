/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_VERIFY_CARRIER_H
#define CS_VERIFY_CARRIER_H

#include "verify/step.h"

/* The signature of an approval whose carrier is its key's, one file a
 * carrier: countersign-formats(5), section 5. */

CS_USE int cs_carrier_cms(const struct cs_step *s, const cs_approved *a,
    cs_err *e);
/* RP ID, challenge and origin, then the signature. */
CS_USE int cs_carrier_webauthn(const struct cs_step *s, const cs_approved *a,
    cs_err *e);
/* The embedded key is the one that is meant, then the signature. */
CS_USE int cs_carrier_sshsig(const struct cs_step *s, const cs_approved *a,
    cs_err *e);
/* Of a key that no line has: takes for the anchor what the approval itself says
 * of RP ID, origin, or OpenSSH's key, as far as that fits. */
CS_USE int cs_carrier_webauthn_bare(cs_approved *a, cs_err *e);
CS_USE int cs_carrier_sshsig_bare(cs_approved *a, cs_err *e);
/* An assertion whose line was checked long ago, for the RP ID and the origins of
 * that line: whichever it names. */
CS_USE int cs_carrier_webauthn_recorded(const struct cs_step *s,
    cs_approved *a, cs_err *e);

/* Tells a refusal of a room below with the anchor behind it; any other failure
 * as it was. Returns what it tells. */
CS_USE int cs_carrier_refuse(const cs_approved *a, int r, const cs_err *why,
    cs_err *e);
/* Lends the key that verifies: one that is kept was found by all of its bytes.
 * A holder's is not kept: nobody has vouched for it yet. *own may be NULL, and
 * is the caller's to free. */
CS_USE int cs_carrier_key(const struct cs_step *s, const cs_approved *a,
    cs_pubkey **own, cs_pubkey **lent, cs_err *e);

#endif
