/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_P11_KIT_H
#define CS_P11_KIT_H

#include <p11-kit/p11-kit.h>

#include "base/err.h"

/* The calls of p11-kit. It is only loaded for modules that its configuration
 * names: a process that loads it for one module by its path pays more for it
 * than for two signatures. */

typedef struct cs_p11_kit {
	void (*be_quiet)(void);
	const char *(*message)(void);
	CK_FUNCTION_LIST **(*modules_load_and_initialize)(int flags);
	CK_FUNCTION_LIST **(*modules_load)(const char *reserved, int flags);
	CK_RV (*module_initialize)(CK_FUNCTION_LIST *f);
	void (*module_release)(CK_FUNCTION_LIST *f);
	void (*modules_finalize_and_release)(CK_FUNCTION_LIST **list);
	char *(*module_get_name)(CK_FUNCTION_LIST *f);
	char *(*module_get_filename)(CK_FUNCTION_LIST *f);
} cs_p11_kit;

/* CS_EDEVICE when it is not installed. It stays loaded. */
CS_USE int cs_p11_kit_load(cs_p11_kit *out, cs_err *e);

#endif
