/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FAULT_STORE_H
#define CS_TESTS_FAULT_STORE_H

#include "base/err.h"
#include "tests/fault/fixture.h"

/* A store of SQLite's, by the built module. Each call is one operation. */

/* Makes it, once; false when that failed. *there: is there an engine? */
bool store_start(bool *there);
/* Of whom claims are, from now on; borrows. */
bool store_of(const struct fixture *f);
void store_finish(void);

int store_opened(cs_err *e);
int store_claimed(cs_err *e); /* and recorded, and answered again */
int store_tried(cs_err *e);
int store_denied(cs_err *e);
int store_revoked(cs_err *e); /* and lifted */
int store_verified(cs_err *e);

#endif
