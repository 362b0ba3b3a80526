/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ATTEST_ROOTS_H
#define CS_ATTEST_ROOTS_H

#include "crypt/attestpath.h"

/* Manufacturers' certificates that attestations may lead to: a folder of PEM
 * files, whatever their names. Who has put a file there trusts what is in it. */

typedef struct cs_roots cs_roots;

/* CS_EIO: no such folder, or others could have written it or a file in it.
 * CS_EFORMAT, with the file's name: not PEM certificates alone, or none. Gives
 * *out, immutable. */
CS_USE int cs_roots_load(const char *dir, cs_roots **out, cs_err *e);
void cs_roots_free(cs_roots **r);
/* As cs_attroots_path() has it: a self-signed root ends a path, another does
 * too. */
CS_USE int cs_roots_verify(const cs_roots *r, const cs_attpath *p,
    uint8_t root[CS_SHA256_LEN], cs_err *e);

#endif
