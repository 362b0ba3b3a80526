/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_CHECK_H
#define CS_SERVER_CHECK_H

#include "server/conf.h"

/* `countersign-server --check`: what the processes would find when they start,
 * without them. The first failure is it, "FILE:LINE: OPTION: " before its
 * words. Appends to `said` what was found good. */
CS_USE int cs_check(const cs_server_conf *c, const char *module_dir,
    int64_t now, cs_buf *said, cs_err *e);

#endif
