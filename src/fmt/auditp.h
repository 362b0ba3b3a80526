/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_FMT_AUDITP_H
#define CS_FMT_AUDITP_H

#include "fmt/audit.h"

/* Between reader and writer of fmt/audit.h. */

/* Parses without a copy: *a borrows from `der`. */
CS_USE int cs_audit_read(cs_span der, cs_audit_record *a, cs_err *e);

#endif
