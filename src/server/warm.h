/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_WARM_H
#define CS_SERVER_WARM_H

#include "base/err.h"

/* Before a process gives up its files: the random numbers are seeded, the
 * algorithms looked up, and JSON's objects hash in an order that nobody who
 * sends them knows. */
CS_USE int cs_server_warm(cs_err *e);

#endif
