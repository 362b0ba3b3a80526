/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ISSUE_WIT_H
#define CS_ISSUE_WIT_H

#include "fmt/bindings.h"

/* The Workload Identity Token: countersign-formats(5), section 7. */
#define CS_WIT_MAX (64 * 1024)
#define CS_WIT_INPUT_MAX (CS_WIT_MAX - 87) /* "header.payload" */

typedef struct cs_wit { /* borrows; parsed: from own */
	cs_buf *own;
	cs_span kid;            /* of the issuer's key: base64url of the
				 * RFC 7638 thumbprint, 43 characters */
	cs_span sub;            /* agent identifier */
	int64_t iat, exp;
	cs_span jti;            /* 16 octets; text: lowercase hex */
	cs_spki key;            /* cnf.jwk; parsed: rebuilt from it */
	const cs_bindings *bindings; /* parsed: made again of the claim, but
				 * that nothing there is asserted */
	/* Each binding's; put: of those that have a digest alone. */
	enum cs_carrier carriers[CS_BINDINGS_MAX];
	size_t n_owners;        /* parsed: of bindings */
	cs_bindings *owners;    /* parsed: bindings, freed with it */
} cs_wit;

/* Appends "header.payload", what is signed. The same input gives the same
 * bytes. An approval that is in full is carried as "value", else "sha256".
 * CS_R_TOO_LARGE when it is longer than CS_WIT_INPUT_MAX. */
CS_USE int cs_wit_put(const cs_wit *w, cs_buf *out, cs_err *e);
/* Takes "header.payload" apart: the header has exactly typ, alg, kid; the
 * payload exactly sub, iat, exp, jti, cnf and the owners' claim of sub's trust
 * domain, whose every member is as section 7 has it. Never act, aud. Strict
 * JSON (no duplicate members), canonical base64url. CS_EFORMAT. */
CS_USE int cs_wit_parse(cs_span signing_input, cs_wit **out, cs_err *e);
void cs_wit_free(cs_wit **w);
/* Appends "." and the signature: r || s of the DER that a key gives. */
CS_USE int cs_wit_finish(cs_span signing_input, cs_span sig, cs_buf *out,
    cs_err *e);
/* A whole token in its two parts; sig is r || s, 64 octets, into `sig`. */
CS_USE int cs_wit_split(cs_span token, cs_span *signing_input,
    uint8_t sig[64], cs_err *e);
/* The thumbprint of RFC 7638, base64url: 43 characters and a NUL. */
CS_USE int cs_jwk_thumbprint(const cs_spki *k, char out[44], cs_err *e);

#endif
