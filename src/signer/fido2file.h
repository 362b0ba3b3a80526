/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_FIDO2FILE_H
#define CS_SIGNER_FIDO2FILE_H

#include "fmt/owners.h"

/* The key file of a security key: one line in the shape of an owners file. It
 * holds no secret, but who writes it says which key is asked, and for what. */

#define CS_FIDO_ID_MAX 1023 /* CTAP 2.1 section 6.1.2: of a credential */

typedef struct cs_fido_file {
	char *path;
	char rp_id[254];
	cs_buf *id;    /* the credential's; empty: a resident key without one */
	cs_buf *der;   /* what key borrows from */
	cs_spki key;
	bool verify_required;
} cs_fido_file;

/* Does a key file have this name? [A-Za-z0-9._-]+, no dot in front. */
bool cs_fido_is_name(const char *name);
/* "fido2:NAME" below `key_dir` (NULL: there is none), or "fido2:PATH", which
 * has a slash. Gives *out, for free(). CS_EUSAGE. */
CS_USE int cs_fido_path(const char *uri, const char *key_dir, char **out,
    cs_err *e);
/* Reads one; CS_EDEVICE: there is none; CS_EIO: others could have written it;
 * CS_EFORMAT: anything but one line of type fido2 with an RP ID. Fills *out,
 * for cs_fido_file_clear(). */
CS_USE int cs_fido_file_open(const char *uri, const char *key_dir,
    cs_fido_file *out, cs_err *e);
CS_USE int cs_fido_file_read(const char *path, cs_fido_file *out, cs_err *e);
void cs_fido_file_clear(cs_fido_file *f);

#endif
