/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_SSHKEY_H
#define CS_FMT_SSHKEY_H

#include "fmt/spki.h"

/* OpenSSH public keys: RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4; OpenSSH's
 * PROTOCOL.u2f for keys of security keys. */

#define CS_SSHKEY_MAX 4096
#define CS_SSHKEY_APPLICATION_MAX 256

typedef struct cs_sshkey { /* borrows */
	cs_span blob;        /* whole */
	const char *type;    /* "sk-ssh-ed25519@openssh.com" */
	enum cs_key_kind kind;
	cs_span point;       /* EC: 04 || x || y; Ed25519: 32 octets */
	cs_span modulus;     /* RSA, without a leading zero */
	bool is_sk;          /* of a security key */
	cs_span application; /* its RP ID, "ssh:..." as a rule */
} cs_sshkey;

/* Parses one whole blob. Certificates, webauthn-sk, DSA, P-521, RSA with
 * another exponent than 65537, and what section 2 has no place for:
 * CS_R_UNSUPPORTED. An application is printable ASCII and never empty, else the
 * key is CS_R_MALFORMED. */
CS_USE int cs_sshkey_parse(cs_span blob, cs_sshkey *out, cs_err *e);
/* Appends the SubjectPublicKeyInfo. */
CS_USE int cs_sshkey_spki(const cs_sshkey *k, cs_buf *out, cs_err *e);

#endif
