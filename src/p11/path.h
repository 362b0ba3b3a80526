/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_P11_PATH_H
#define CS_P11_PATH_H

#include "p11/ck.h"

/* One PKCS#11 module by the absolute path of its file. */

/* Loads and initializes. *ours is false when it was initialized before, by
 * another part of this process, which will also finalize it. CS_EDEVICE. */
CS_USE int cs_p11_path_load(const char *path, CK_FUNCTION_LIST **out,
    bool *ours, cs_err *e);

#endif
