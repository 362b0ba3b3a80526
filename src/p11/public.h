/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_P11_PUBLIC_H
#define CS_P11_PUBLIC_H

#include "p11/ck.h"
#include "p11/p11.h"

#define CS_P11_MODULUS_MAX 1024 /* bytes: RSA-8192 */

/* The kind and size of a private or public key object, NONE when it is of no
 * kind that we know or does not tell. */
enum cs_p11_kind cs_p11_object_kind(const cs_ck_object *o, unsigned *bits);
/* Bytes of a coordinate, or of an Ed25519 point; 0 for RSA. */
size_t cs_p11_kind_width(enum cs_p11_kind k);

/* Fills *out (cleared by the caller on every path) from a key object, as far as
 * it shows its public half: kind NONE when not at all. */
CS_USE int cs_p11_public_of(cs_ck_object *o, cs_p11_public *out, cs_err *e);
/* Fills *out (cleared by the caller on every path) with the public key of the
 * private key that has this identifier, or this label where `id` is absent, as
 * far as the session sees it: kind NONE when not at all. CS_EDEVICE when the
 * token contradicts itself. */
CS_USE int cs_p11_public_read(const cs_ck_session *s, cs_span id,
    cs_span label, cs_p11_public *out, cs_err *e);

/* Appends the certificates of that identifier or label. CS_EDEVICE when there
 * is no room for them. */
CS_USE int cs_p11_public_certs(const cs_ck_session *s, cs_span id,
    cs_span label, cs_buf *out, cs_err *e);

/* Sets from a point or a modulus and exponent that came from outside. */
CS_USE int cs_p11_public_set_point(cs_p11_public *out, enum cs_p11_kind k,
    cs_span point, cs_err *e);
CS_USE int cs_p11_public_set_rsa(cs_p11_public *out, cs_span modulus,
    cs_span exponent, cs_err *e);
/* Sets from the SubjectPublicKeyInfo of an X.509 certificate. */
CS_USE int cs_p11_public_set_cert(cs_p11_public *out, cs_span der, cs_err *e);
/* namedCurve as DER: an OID, or the PrintableString "edwards25519". */
enum cs_p11_kind cs_p11_curve(cs_span params);

#endif
