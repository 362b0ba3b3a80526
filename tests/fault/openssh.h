/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_OPENSSH_H
#define CS_TESTS_OPENSSH_H

#include "tests/fault/fixture.h"

/* Appends the approval of the fixture's TBS by its owner's key, as OpenSSH
 * would carry it: as a security key's where there are such keys of its kind. */
bool openssh_put(struct fixture *f, cs_buf *out);

#endif
