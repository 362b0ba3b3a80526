/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_COMPLETE_H
#define CS_BASE_COMPLETE_H

#include "base/opt.h"

/* A completion script for bash, from option tables. */
typedef struct cs_complete { /* borrows */
	const char *program;  /* "countersign"; its functions are called so */
	const char *page;     /* "countersign(1)" */
	const struct cs_opt_spec *const *specs; /* those of one group of verbs
				 * stand together; a verb of NULL: the options
				 * of the program itself */
	size_t n;
	const char *more;     /* other first words; "" for none */
} cs_complete;

void cs_complete_bash(const cs_complete *c, FILE *f);

#endif
