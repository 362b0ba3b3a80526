/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_REQFILE_H
#define CS_TOOL_REQFILE_H

#include "crypt/hash.h"
#include "fmt/tbs.h"

/* An agent's request as an owner gets it: read once from a file, its proof of
 * possession checked, and such that it can be shown. */
typedef struct cs_reqfile { /* immutable */
	char *path;        /* "-": standard input */
	size_t number;     /* among those of the call, from 1; its reader's */
	cs_csr *csr;
	uint8_t digest[CS_SHA256_LEN], agent_hash[CS_SHA256_LEN];
	char code[8];      /* for a person, of the digest */
	cs_buf *authority; /* the default one, of its trust domain */
} cs_reqfile;

CS_USE int cs_reqfile_read(const char *path, cs_reqfile **out, cs_err *e);
void cs_reqfile_free(cs_reqfile **r);
/* The subject of an approval for it. Borrows. */
cs_subject cs_reqfile_subject(const cs_reqfile *r, enum cs_subject_kind kind);

#endif
