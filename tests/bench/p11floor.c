/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The least that a signature by a token takes: no library but the module, no
 * check, no format.
 *
 *	p11floor MODULE TOKEN PIN
 *
 * signs a hash with the token's private key of identifier 01.
 */

static CK_FUNCTION_LIST *f;

static void
must(CK_RV rv, const char *call)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "p11floor: %s: 0x%lx\n", call, rv);
	exit(1);
}
#define MUST(call, args) must(f->call args, #call)

static void
load(const char *module)
{
	void *h = dlopen(module, RTLD_NOW), *sym;
	CK_C_GetFunctionList get;

	if (h == NULL || (sym = dlsym(h, "C_GetFunctionList")) == NULL) {
		fprintf(stderr, "p11floor: %s\n", dlerror());
		exit(1);
	}
	memcpy(&get, &sym, sizeof(get));
	must(get(&f), "C_GetFunctionList");
	MUST(C_Initialize, (NULL));
}

static CK_SLOT_ID
find_slot(const char *token)
{
	CK_SLOT_ID slots[16];
	CK_ULONG i, n = 16;
	CK_TOKEN_INFO t;

	MUST(C_GetSlotList, (CK_TRUE, slots, &n));
	for (i = 0; i < n; i++) {
		MUST(C_GetTokenInfo, (slots[i], &t));
		if (memcmp(t.label, token, strlen(token)) == 0)
			return slots[i];
	}
	fprintf(stderr, "p11floor: no token %s\n", token);
	exit(1);
}

static CK_OBJECT_HANDLE
find_key(CK_SESSION_HANDLE s)
{
	CK_OBJECT_CLASS cls = CKO_PRIVATE_KEY;
	CK_BYTE id[] = {1};
	CK_ATTRIBUTE want[] = {
		{CKA_CLASS, &cls, sizeof(cls)},
		{CKA_ID, id, sizeof(id)},
	};
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG n = 0;

	MUST(C_FindObjectsInit, (s, want, 2));
	MUST(C_FindObjects, (s, &key, 1, &n));
	MUST(C_FindObjectsFinal, (s));
	if (n != 1) {
		fprintf(stderr, "p11floor: no key\n");
		exit(1);
	}
	return key;
}

int
main(int argc, char **argv)
{
	CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
	CK_BYTE hash[32] = {1}, sig[128];
	CK_ULONG n = sizeof(sig);
	CK_SESSION_HANDLE s;

	if (argc != 4) {
		fprintf(stderr, "usage: p11floor MODULE TOKEN PIN\n");
		return 2;
	}
	load(argv[1]);
	MUST(C_OpenSession, (find_slot(argv[2]), CKF_SERIAL_SESSION, NULL, NULL,
	    &s));
	MUST(C_Login, (s, CKU_USER, (CK_BYTE *)argv[3], strlen(argv[3])));
	MUST(C_SignInit, (s, &ecdsa, find_key(s)));
	MUST(C_Sign, (s, hash, sizeof(hash), sig, &n));
	MUST(C_Logout, (s));
	MUST(C_CloseSession, (s));
	MUST(C_Finalize, (NULL));
	return 0;
}
