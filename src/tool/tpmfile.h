/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_TPMFILE_H
#define CS_TOOL_TPMFILE_H

#include "fmt/tpmevidence.h"

/* The messages of an attested enrolment as files, one block of PEM each. */

/* Reads the one of this label, CS_PEM_TPM_OFFER or another that is no secret.
 * Gives *der. CS_EFORMAT, with the path, for anything else. */
CS_USE int cs_tpmfile_read(const char *path, const char *label, cs_buf **der,
    cs_err *e);

/*
 * A file of CS_PEM_TPM_SECRET, which counts once: who reads it can answer its
 * challenge without a TPM. It is locked until it is closed, so that of two who
 * would use it one only can.
 */
typedef struct cs_tpmkept {
	const char *path;
	int fd;
	cs_buf *der; /* a secret buf */
} cs_tpmkept;

/* CS_EIO: others could have read or written it, it is a symbolic link, or
 * another process uses it just now. Fills *out, which borrows the path. */
CS_USE int cs_tpmkept_open(const char *path, cs_tpmkept *out, cs_err *e);
/* Removes the file: it was used. */
CS_USE int cs_tpmkept_end(const cs_tpmkept *k, cs_err *e);
void cs_tpmkept_close(cs_tpmkept *k); /* fine after any open, failed or not */
/* Writes one, mode 0600, into a folder that others cannot write to. */
CS_USE int cs_tpmkept_write(const char *path, cs_span der, bool force,
    cs_err *e);

#endif
