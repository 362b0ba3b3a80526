/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_STOREASK_H
#define CS_TESTS_STOREASK_H

#include "store/store.h"

/* Asks a store one of twelve things; aborts when an answer cannot be. */
int store_ask(cs_store *s, unsigned what, cs_err *e);

#endif
