/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FAULT_H
#define CS_TESTS_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/* Calls that fail on demand. Ours go through the linker's --wrap; the memory
 * of OpenSSL through the functions that it lets a program set. */

enum fault_kind {
	FAULT_NONE,
	FAULT_MEMORY,  /* our malloc, calloc, realloc, strdup */
	FAULT_CALL,    /* our calls of OpenSSL */
	FAULT_LIBRARY  /* OpenSSL's own memory */
};

/* Before OpenSSL is used for the first time. */
bool fault_setup(void);
/* From now on the n-th of its kind fails, and with `stay` all after it. */
void fault_arm(enum fault_kind kind, size_t n, bool stay);
/* Back to normal. Did one fail? */
bool fault_disarm(void);
/* Asked by every wrapped function: is this the one? */
bool fault_now(enum fault_kind kind);
/* Pieces of our memory that are in use. */
long fault_live(void);

#endif
