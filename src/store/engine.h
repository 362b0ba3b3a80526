/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_ENGINE_H
#define CS_STORE_ENGINE_H

#include "store/db.h"

/* Which engine a store's URI names, and its module. */

/* *ops is static; *where borrows from uri: what follows the scheme. A plain
 * path is SQLite's. CS_EUSAGE for another scheme, and for a password, which
 * everybody sees among the arguments of a process. */
CS_USE int cs_engine_find(const char *uri, const char *module_dir,
    const cs_db_ops **ops, const char **where, cs_err *e);

#endif
