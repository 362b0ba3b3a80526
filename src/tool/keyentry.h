/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_KEYENTRY_H
#define CS_TOOL_KEYENTRY_H

#include "signer/signer.h"
#include "tool/out.h"

/* One key of a survey, and one token that shows none, as objects of a list. */

void cs_keyentry_put(const cs_signer_entry *k, cs_out *out);
void cs_keyentry_put_closed(const cs_signer_entry *k, cs_out *out);

#endif
