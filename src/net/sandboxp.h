/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_SANDBOXP_H
#define CS_NET_SANDBOXP_H

#include "net/sandbox.h"

/* The two halves of cs_sandbox_enter(), of one thread each. */

/* Landlock: *abi is the kernel's, 0 when it has none, which is no failure. */
CS_USE int cs_sandbox_files(const cs_sandbox *s, int *abi, cs_err *e);
/* seccomp-bpf: from here on. */
CS_USE int cs_sandbox_calls(unsigned may, bool log_only, cs_err *e);

#endif
