/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_BOXEDSTORE_H
#define CS_TESTS_BOXEDSTORE_H

#include <stdbool.h>

/* A store as an issuer has it: its module is loaded before the sandbox, it is
 * opened and written to by threads within. Words to standard output. */
bool boxed_store_make(const char *uri);
int boxed_store_use(const char *uri); /* 0: it could be used */

#endif
