/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_TPM2URI_H
#define CS_SIGNER_TPM2URI_H

#include "base/buf.h"

/* What names a TPM's keys, and a TPM. No TPM library is needed to read it. */

#define CS_TPM2_FIRST 0x81000000u /* persistent handles, Part 2, 7.4 */
#define CS_TPM2_LAST 0x81ffffffu

typedef struct cs_tpm2_uri { /* borrows */
	const char *path; /* NULL: it is the handle */
	uint32_t handle;
	bool no_pin;
} cs_tpm2_uri;

/* tpm2:FILE, or tpm2:handle=0x81......[;no-pin], eight hex digits of a
 * persistent handle. CS_EUSAGE. */
CS_USE int cs_tpm2_uri_parse(const char *uri, cs_tpm2_uri *out, cs_err *e);
/* A persistent handle, 0x81......, and nothing behind it. */
CS_USE bool cs_tpm2_handle_parse(cs_span in, uint32_t *out);

typedef struct cs_tpm2_way { /* to a TPM; static, but conf, which borrows */
	const char *name;    /* "device" */
	const char *library; /* what is loaded for it */
	const char *package; /* that has it */
	const char *conf;    /* NULL: the library's own default */
	bool has_threads;
} cs_tpm2_way;

/* NAME or NAME:CONF, as tpm2-tools have it, NAME one of device, swtpm, mssim,
 * tabrmd: never a file to load. A device that is not named is that of the
 * kernel's resource manager. CS_EUSAGE. */
CS_USE int cs_tpm2_way_parse(const char *tcti, cs_tpm2_way *out, cs_err *e);

#endif
