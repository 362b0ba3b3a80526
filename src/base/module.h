/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_MODULE_H
#define CS_BASE_MODULE_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Loads DIR/PREFIX-NAME.so and looks up one symbol. NAME must be [a-z0-9-]+;
 * the file must be owned by root or the process's own uid and not writable for
 * group or others, which is checked on the opened descriptor; that descriptor
 * is then loaded (RTLD_NOW | RTLD_LOCAL). Modules stay loaded. Lends *sym.
 * CS_EDEVICE when it is not there or will not load, with `hint` (such as the
 * package's name) in the text; CS_EREFUSED when it may not be trusted.
 */
CS_USE int cs_module_load(const char *dir, const char *prefix,
    const char *name, const char *symbol, const char *hint, void **sym,
    cs_err *e);
/* Is DIR/PREFIX-NAME.so there at all? Nothing is said of what it is. */
bool cs_module_is_there(const char *dir, const char *prefix,
    const char *name);

#endif
