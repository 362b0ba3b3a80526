/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_ISSUE_OWNERS_H
#define CS_ISSUE_OWNERS_H

#include "fmt/bindings.h"

/* Do bindings hold together, as far as they tell by themselves? An approval in
 * full parses and is of the same owner and number, and approves; a use under a
 * grant has no assurance of its own. `depth` as for cs_bindings_parse().
 * CS_EFORMAT. */
CS_USE int cs_bindings_check(const cs_bindings *b, unsigned depth, cs_err *e);

#endif
