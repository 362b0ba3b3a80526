/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

extern const int cs_probe;

/* A module to load: two are built, which differ in this number. */
const int cs_probe = PROBE;
