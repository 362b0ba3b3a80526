/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "p11/path.h"

#include <dlfcn.h>
#include <string.h>

#define WHERE "p11 module"

/* Those that p11/ calls: a module may leave any out. */
static bool
is_whole(const CK_FUNCTION_LIST *f)
{
	return f->C_Initialize != NULL && f->C_Finalize != NULL &&
	    f->C_GetInfo != NULL && f->C_GetSlotList != NULL &&
	    f->C_GetSlotInfo != NULL && f->C_GetTokenInfo != NULL &&
	    f->C_OpenSession != NULL && f->C_CloseSession != NULL &&
	    f->C_Login != NULL && f->C_Logout != NULL &&
	    f->C_FindObjectsInit != NULL && f->C_FindObjects != NULL &&
	    f->C_FindObjectsFinal != NULL && f->C_GetAttributeValue != NULL &&
	    f->C_SignInit != NULL && f->C_Sign != NULL;
}

/* The module stays loaded: it may have left threads behind, or handlers that
 * run at the end. */
static int
get_functions(const char *path, CK_FUNCTION_LIST **out, cs_err *e)
{
	void *h = dlopen(path, RTLD_NOW | RTLD_LOCAL), *sym = NULL;
	CK_C_GetFunctionList get;
	const char *why;
	CK_RV rv;

	if (h == NULL || (sym = dlsym(h, "C_GetFunctionList")) == NULL) {
		why = dlerror(); /* NULL for a symbol of no place */
		return cs_fail(e, CS_EDEVICE, WHERE, "%s",
		    why == NULL ? "C_GetFunctionList is nowhere" : why);
	}
	memcpy(&get, &sym, sizeof(get));
	if ((rv = get(out)) != CKR_OK)
		return cs_ck_fail(e, "C_GetFunctionList", rv);
	if (*out == NULL || ((*out)->version.major != 2 &&
	    (*out)->version.major != 3) || !is_whole(*out))
		return cs_fail(e, CS_EDEVICE, WHERE,
		    "not a whole PKCS#11 2 or 3 module");
	return CS_OK;
}

/* No two threads of ours ever call it: without locks is as good. */
static CK_RV
initialize(CK_FUNCTION_LIST *f)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_RV rv = f->C_Initialize(&args);

	return rv == CKR_CANT_LOCK ? f->C_Initialize(NULL) : rv;
}

int
cs_p11_path_load(const char *path, CK_FUNCTION_LIST **out, bool *ours,
    cs_err *e)
{
	CK_FUNCTION_LIST *f = NULL;
	CK_RV rv;
	int r;

	*out = NULL;
	*ours = false;
	if ((r = get_functions(path, &f, e)) != CS_OK)
		return cs_wrap(e, "PKCS#11 module %s", path);
	rv = initialize(f);
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		(void)cs_ck_fail(e, "C_Initialize", rv);
		return cs_wrap(e, "PKCS#11 module %s", path);
	}
	*ours = rv == CKR_OK;
	*out = f;
	return CS_OK;
}
