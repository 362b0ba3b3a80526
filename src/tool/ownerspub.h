/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_OWNERSPUB_H
#define CS_TOOL_OWNERSPUB_H

#include "fmt/owners.h"
#include "signer/signer.h"

/* An owner's public key as it comes from him: in a file of one of several
 * forms, or from the key itself. */

typedef struct cs_ownerspub {
	enum cs_anchor_type type;
	cs_buf *key;   /* SubjectPublicKeyInfo, or of an OpenSSH type its blob */
	cs_buf *rp_id, *credential_id; /* of a security key's file, or NULL */
	cs_buf *comment;               /* of a text form, or NULL */
	bool verify_required;          /* of a security key's file */
	bool is_tpm;                   /* a TPM has the private half */
} cs_ownerspub;

/* A public key or a certificate, PEM or DER, a line of OpenSSH's .pub file, or
 * the key file of a security key. Fills *out, for cs_ownerspub_clear(). */
CS_USE int cs_ownerspub_parse(const char *name, cs_span in, cs_ownerspub *out,
    cs_err *e);
CS_USE int cs_ownerspub_read(const char *path, cs_ownerspub *out, cs_err *e);
/* Of the key that a URI names; it may ask for a PIN. */
CS_USE int cs_ownerspub_open(const char *uri, const cs_signer_env *env,
    cs_ownerspub *out, cs_err *e);
void cs_ownerspub_clear(cs_ownerspub *p);
/* Sets type, key and what came with it; borrows from *p. */
CS_USE int cs_ownerspub_fill(const cs_ownerspub *p, cs_anchor *a, cs_err *e);

/* The key of a grant's holder: a file of these forms, but not of a security
 * key, whose touch a use under a grant cannot prove. Appends the
 * SubjectPublicKeyInfo. */
CS_USE int cs_holder_read(const char *path, cs_buf *spki, cs_err *e);

/* Does it begin as a line of an OpenSSH public key does? */
bool cs_ownerspub_is_ssh(cs_span in);

#endif
