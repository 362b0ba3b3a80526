/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "p11/kit.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define WHERE "p11 p11-kit"
#define LIBRARY "libp11-kit.so.0"

#define CALL(name) {"p11_kit_" #name, offsetof(cs_p11_kit, name)}

int
cs_p11_kit_load(cs_p11_kit *out, cs_err *e)
{
	static const struct {
		const char *name;
		size_t at;
	} calls[] = {
		CALL(be_quiet),
		CALL(message),
		CALL(modules_load_and_initialize),
		CALL(modules_load),
		CALL(module_initialize),
		CALL(module_release),
		CALL(modules_finalize_and_release),
		CALL(module_get_name),
		CALL(module_get_filename),
	};
	void *h = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL), *sym = h;
	const char *why;
	size_t i;

	for (i = 0; sym != NULL && i < sizeof(calls) / sizeof(calls[0]); i++) {
		if ((sym = dlsym(h, calls[i].name)) != NULL)
			memcpy((char *)out + calls[i].at, &sym, sizeof(sym));
	}
	if (sym == NULL) {
		why = dlerror();
		return cs_fail(e, CS_EDEVICE, WHERE, "%s, which finds the "
		    "PKCS#11 modules, cannot be loaded: %s", LIBRARY,
		    why == NULL ? "no reason given" : why);
	}
	out->be_quiet(); /* or it writes to standard error by itself */
	return CS_OK;
}
