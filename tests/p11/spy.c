/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A PKCS#11 module that is another one, $SPY_MODULE, and writes the name of
 * each call that reaches the device in earnest as a line to $SPY_LOG.
 */

static CK_FUNCTION_LIST *real, ours;

static void
note(const char *call)
{
	const char *path = getenv("SPY_LOG");
	FILE *f = path == NULL ? NULL : fopen(path, "a");

	if (f == NULL)
		abort();
	fprintf(f, "%s\n", call);
	fclose(f);
}

static CK_RV
initialize(CK_VOID_PTR args)
{
	note("C_Initialize");
	return real->C_Initialize(args);
}

static CK_RV
open_session(CK_SLOT_ID slot, CK_FLAGS flags, CK_VOID_PTR app,
    CK_NOTIFY notify, CK_SESSION_HANDLE *s)
{
	note("C_OpenSession");
	return real->C_OpenSession(slot, flags, app, notify, s);
}

static CK_RV
login(CK_SESSION_HANDLE s, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG n)
{
	note("C_Login");
	return real->C_Login(s, user, pin, n);
}

static CK_RV
find_objects_init(CK_SESSION_HANDLE s, CK_ATTRIBUTE *a, CK_ULONG n)
{
	note("C_FindObjectsInit");
	return real->C_FindObjectsInit(s, a, n);
}

static CK_RV
get_attribute_value(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *a,
    CK_ULONG n)
{
	note("C_GetAttributeValue");
	return real->C_GetAttributeValue(s, o, a, n);
}

static CK_RV
sign_init(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	note("C_SignInit");
	return real->C_SignInit(s, m, key);
}

static CK_RV
sign(CK_SESSION_HANDLE s, CK_BYTE *in, CK_ULONG n_in, CK_BYTE *out,
    CK_ULONG *n)
{
	note("C_Sign");
	return real->C_Sign(s, in, n_in, out, n);
}

static CK_RV
sign_final(CK_SESSION_HANDLE s, CK_BYTE *out, CK_ULONG *n)
{
	note("C_SignFinal");
	return real->C_SignFinal(s, out, n);
}

static CK_RV
load(const char *path)
{
	void *h = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
	void *sym = h == NULL ? NULL : dlsym(h, "C_GetFunctionList");
	CK_C_GetFunctionList get;
	CK_RV rv;

	if (sym == NULL)
		return CKR_GENERAL_ERROR;
	memcpy(&get, &sym, sizeof(get));
	if ((rv = get(&real)) != CKR_OK)
		return rv;
	ours = *real;
	ours.C_Initialize = initialize;
	ours.C_OpenSession = open_session;
	ours.C_Login = login;
	ours.C_FindObjectsInit = find_objects_init;
	ours.C_GetAttributeValue = get_attribute_value;
	ours.C_SignInit = sign_init;
	ours.C_Sign = sign;
	ours.C_SignFinal = sign_final;
	return CKR_OK;
}

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	CK_RV rv = real != NULL ? CKR_OK : load(getenv("SPY_MODULE"));

	*out = rv == CKR_OK ? &ours : NULL;
	return rv;
}
