/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/fault/fault.h"

#include <stdlib.h>

#include <openssl/crypto.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
void __wrap_free(void *p);

static struct {
	enum fault_kind kind;
	size_t left; /* calls until one fails */
	bool stay, hit;
	long live;
} state;

void
fault_arm(enum fault_kind kind, size_t n, bool stay)
{
	state.kind = kind;
	state.left = n;
	state.stay = stay;
	state.hit = false;
}

bool
fault_disarm(void)
{
	state.kind = FAULT_NONE;
	return state.hit;
}

bool
fault_now(enum fault_kind kind)
{
	if (state.kind != kind || (state.hit && !state.stay))
		return false;
	if (!state.hit && --state.left > 0)
		return false;
	state.hit = true;
	return true;
}

long
fault_live(void)
{
	return state.live;
}

void *
__wrap_malloc(size_t n)
{
	void *p = fault_now(FAULT_MEMORY) ? NULL : __real_malloc(n);

	state.live += p != NULL;
	return p;
}

void *
__wrap_calloc(size_t n, size_t size)
{
	void *p = fault_now(FAULT_MEMORY) ? NULL : __real_calloc(n, size);

	state.live += p != NULL;
	return p;
}

void *
__wrap_realloc(void *old, size_t n)
{
	void *p = fault_now(FAULT_MEMORY) ? NULL : __real_realloc(old, n);

	state.live += p != NULL && old == NULL;
	return p;
}

char *
__wrap_strdup(const char *s)
{
	char *p = fault_now(FAULT_MEMORY) ? NULL : __real_strdup(s);

	state.live += p != NULL;
	return p;
}

void
__wrap_free(void *p)
{
	state.live -= p != NULL;
	__real_free(p);
}

static void *
library_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fault_now(FAULT_LIBRARY) ? NULL : __real_malloc(n);
}

static void *
library_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fault_now(FAULT_LIBRARY) ? NULL : __real_realloc(p, n);
}

static void
library_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	__real_free(p);
}

bool
fault_setup(void)
{
	return CRYPTO_set_mem_functions(library_malloc, library_realloc,
	    library_free) == 1;
}
