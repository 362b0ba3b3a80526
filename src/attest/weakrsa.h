/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ATTEST_WEAKRSA_H
#define CS_ATTEST_WEAKRSA_H

#include "base/buf.h"

/* Has this modulus the shape of those that Infineon's chips made until 2017,
 * and anybody can factor (CVE-2017-15361)? Such a key is in hardware, and
 * wherever somebody has computed it. Of others one in some hundred million has
 * it, too. */
bool cs_rsa_is_weak(cs_span modulus);

#endif
