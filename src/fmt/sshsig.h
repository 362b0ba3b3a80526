/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_SSHSIG_H
#define CS_FMT_SSHSIG_H

#include "fmt/sshkey.h"

/* The sshsig carrier: OpenSSH's PROTOCOL.sshsig; countersign-formats(5),
 * section 5. */

#define CS_SSHSIG_NAMESPACE "owner-approval@countersign"
#define CS_SSHSIG_MAX (8 * 1024)

typedef struct cs_sshsig { /* borrows */
	cs_span blob;      /* whole */
	cs_sshkey key;     /* embedded: the anchor's is what counts */
	bool sha512;       /* hash of the message; else SHA-256 */
	bool rsa_sha512;   /* rsa-sha2-512; else rsa-sha2-256 */
	cs_span sig;       /* EC: the string with two mpints; else octets */
	bool present, verified; /* sk- keys only */
	uint8_t flags;     /* as signed */
	uint32_t counter;
} cs_sshsig;

/* Parses one whole blob, version 1, our namespace, nothing reserved, a
 * signature of the type and the size of its key; flags other than presence and
 * verification are CS_R_MALFORMED. Another version, hash, kind of key or kind of
 * signature is CS_R_UNSUPPORTED, all else CS_R_MALFORMED. */
CS_USE int cs_sshsig_parse(cs_span blob, cs_sshsig *out, cs_err *e);
/* Appends what the key signs: "SSHSIG", namespace, "", hash's name, hash. */
CS_USE int cs_sshsig_put_signed(bool sha512, cs_span hash, cs_buf *out,
    cs_err *e);
/* Appends the blob around a signature as an agent gives it (type, octets and,
 * of sk- keys, flags and counter). */
CS_USE int cs_sshsig_put(cs_span key_blob, bool sha512, cs_span signature,
    cs_buf *out, cs_err *e);
/* ECDSA: appends the two mpints as Ecdsa-Sig-Value. */
CS_USE int cs_sshsig_ec(const cs_sshsig *s, cs_buf *out, cs_err *e);
/* The value of an OwnerApproval that cs_der_walk() has passed: SEQUENCE { tbs,
 * sshsig }. And appends one. */
CS_USE int cs_sshsig_read(cs_span walked, cs_span *tbs, cs_sshsig *out,
    cs_err *e);
CS_USE int cs_sshsig_put_value(cs_span tbs, cs_span blob, cs_buf *out,
    cs_err *e);

#endif
