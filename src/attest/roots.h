/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ATTEST_ROOTS_H
#define CS_ATTEST_ROOTS_H

#include "base/buf.h"

/* Manufacturers' certificates that attestations may lead to: a folder of PEM
 * files, whatever their names. Who has put a file there trusts what is in it. */

typedef struct cs_roots cs_roots;

/* CS_EIO: no such folder, or others could have written it or a file in it.
 * CS_EFORMAT, with the file's name: not PEM certificates alone, or none. */
CS_USE int cs_roots_load(const char *dir, cs_roots **out, cs_err *e);
void cs_roots_free(cs_roots **r);
/* CS_OK when a path leads from `leaf` over some of `between` to one of them at
 * `now`; all are DER. CS_EREFUSED, with what was missing, otherwise. A
 * self-signed one ends a path, another does too. */
CS_USE int cs_roots_verify(const cs_roots *r, cs_span leaf,
    const cs_span *between, size_t n, int64_t now, cs_err *e);

#endif
