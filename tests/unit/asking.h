/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_ASKING_H
#define CS_TESTS_ASKING_H

#include "base/buf.h"

/* A request of a new key, DER, that names its owner (NULL: nobody). */
cs_buf *asking_new(const char *agent, const char *owner);

#endif
