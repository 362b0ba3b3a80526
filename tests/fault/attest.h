/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FAULT_ATTEST_H
#define CS_TESTS_FAULT_ATTEST_H

#include "base/err.h"
#include "base/buf.h"

/* Attestations of tests/fuzz/corpus, as operations: CS_OK is "proven", and
 * nothing else is. */

bool attest_start(void);
void attest_finish(void);
int attest_good(cs_err *e);
int attest_u2f(cs_err *e);
int attest_forged(cs_err *e);
int attest_unproven(cs_err *e);
int attest_piv(cs_err *e);
int attest_piv_bare(cs_err *e);
int attest_piv_forged(cs_err *e);

#endif
