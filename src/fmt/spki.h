/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_SPKI_H
#define CS_FMT_SPKI_H

#include "base/buf.h"

/* SubjectPublicKeyInfo in the one encoding of countersign-formats(5),
 * section 2. That a point is on its curve is checked by crypt/. */

enum cs_key_kind {
	CS_KEY_NONE = 0,
	CS_KEY_P256,
	CS_KEY_P384,
	CS_KEY_RSA,
	CS_KEY_ED25519
};

typedef struct cs_spki { /* borrows from the bytes that were parsed */
	enum cs_key_kind kind;
	unsigned bits;   /* 256, 384, the modulus's length, 255 */
	cs_span der;     /* whole SubjectPublicKeyInfo */
	cs_span point;   /* EC: 04 || x || y; Ed25519: 32 bytes; RSA: absent */
	cs_span modulus; /* RSA: big-endian, no leading zero */
} cs_spki;

/* Parses one whole SubjectPublicKeyInfo. CS_R_UNSUPPORTED for a key that is
 * not of the four kinds or not in this encoding, CS_R_MALFORMED otherwise. */
CS_USE int cs_spki_parse(cs_span der, cs_spki *out, cs_err *e);
/* Is this what section 2 has as a point, or as the modulus, of this kind, as far
 * as its octets tell? Gives its bits, unless that is NULL. CS_R_UNSUPPORTED. */
CS_USE int cs_spki_check(enum cs_key_kind kind, cs_span number, unsigned *bits,
    cs_err *e);
/* Writes from a point (EC, Ed25519) or a modulus with e = 65537. */
CS_USE int cs_spki_put_ec(cs_buf *out, enum cs_key_kind kind, cs_span point,
    cs_err *e);
CS_USE int cs_spki_put_rsa(cs_buf *out, cs_span modulus, cs_err *e);
CS_USE int cs_spki_put_ed25519(cs_buf *out, cs_span point, cs_err *e);
/* "P-256", "RSA-3072" ...; buf of 16. */
void cs_spki_name(const cs_spki *k, char out[16]);

#endif
