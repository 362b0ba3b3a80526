/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_KEYS_FILE_H
#define CS_KEYS_FILE_H

#include "keys/keys.h"

/* The built-in back end: a private key in a PEM file. Its URI is the path. */
extern const struct cs_key_ops cs_key_file;

#endif
