/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FAULT_PLUGIN_H
#define CS_TESTS_FAULT_PLUGIN_H

#include "base/err.h"
#include "tests/fault/fixture.h"

/* The verifier plugin, opened and asked each time: its calls are linked, not
 * loaded, so that they can be made to fail. */
bool plugin_start(const struct fixture *f);
void plugin_finish(void);
/* CS_OK for a yes. */
int plugin_good(const struct fixture *f, cs_err *e);
int plugin_forged(const struct fixture *f, cs_err *e);
int plugin_certified(const struct fixture *f, cs_err *e);
int plugin_reload(const struct fixture *f, cs_err *e);

#endif
