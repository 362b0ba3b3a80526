/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_KEYS_H
#define CS_TESTS_KEYS_H

#include "base/buf.h"

/* Private keys: read from a PEM with its word, made anew, and one that signs
 * twice, the second time with another context when the first one failed. */
int keys_read(const cs_buf *pem, const char *word, cs_err *e);
int keys_new(cs_err *e);
int keys_sign(cs_err *e);

#endif
