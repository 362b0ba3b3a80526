/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_FILE_H
#define CS_SIGNER_FILE_H

#include "signer/signer.h"

/* The built-in back end: a private key in a PEM file. Its URI is the path. */
extern const struct cs_signer_ops cs_signer_file;

#endif
