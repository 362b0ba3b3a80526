/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_CSRMAKE_H
#define CS_TOOL_CSRMAKE_H

#include "fmt/csr.h"
#include "keys/keys.h"

/* The agent's own signature under a request, base or composite. */

/* Room for what is signed and the signature behind it. */
#define CS_REQUEST_ROOM (CS_REQUEST_MAX + 2048)

/* Reads the key's SubjectPublicKeyInfo. Gives *own, which *out borrows. */
CS_USE int cs_agent_spki(cs_key *k, cs_buf **own, cs_spki *out, cs_err *e);
/* Signs a CertificationRequestInfo with the key that it names, an RSA key by
 * RSASSA-PSS if `pss`, then reads the whole back as any verifier will, its
 * proof of possession included. Gives. */
CS_USE int cs_agent_sign(cs_key *k, const cs_spki *spki, cs_span info,
    bool pss, cs_csr **out, cs_err *e);

#endif
