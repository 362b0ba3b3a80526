/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <p11-kit/pkcs11.h>
#include <stdint.h>

#include "tests/p11/driver.h"

/*
 * Makes a token of NSS's softoken ready: sets the user PIN 1234 and makes one
 * P-256 key, id 01, label "nss". The module is "nss" of $P11_MODULES, see driver.h.
 */

#define DO(call) \
	do { \
		CK_RV rv_ = (call); \
		if (rv_ != CKR_OK) { \
			fprintf(stderr, "%s: 0x%lx\n", #call, \
			    (unsigned long)rv_); \
			return 1; \
		} \
	} while (0)

/* softoken's second slot keeps keys. */
static CK_RV
find_slot(CK_FUNCTION_LIST *f, CK_SLOT_ID *out)
{
	CK_SLOT_ID slots[8];
	CK_ULONG i, n = 8;
	CK_TOKEN_INFO t;
	CK_RV rv = f->C_GetSlotList(CK_TRUE, slots, &n);

	for (i = 0; rv == CKR_OK && i < n; i++) {
		if (f->C_GetTokenInfo(slots[i], &t) == CKR_OK &&
		    memcmp(t.label, "NSS Certificate DB", 18) == 0) {
			*out = slots[i];
			return CKR_OK;
		}
	}
	return rv == CKR_OK ? CKR_TOKEN_NOT_PRESENT : rv;
}

static CK_RV
generate(CK_FUNCTION_LIST *f, CK_SESSION_HANDLE s)
{
	uint8_t p256[] = {6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}, id = 1;
	CK_BBOOL yes = CK_TRUE;
	CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE pub[] = {{CKA_EC_PARAMS, p256, sizeof(p256)},
	    {CKA_TOKEN, &yes, 1}, {CKA_ID, &id, 1}, {CKA_VERIFY, &yes, 1},
	    {CKA_LABEL, (void *)"nss", 3}};
	CK_ATTRIBUTE priv[] = {{CKA_TOKEN, &yes, 1}, {CKA_ID, &id, 1},
	    {CKA_PRIVATE, &yes, 1}, {CKA_SENSITIVE, &yes, 1},
	    {CKA_SIGN, &yes, 1}, {CKA_LABEL, (void *)"nss", 3}};
	CK_OBJECT_HANDLE a, b;

	return f->C_GenerateKeyPair(s, &m, pub, 5, priv, 6, &a, &b);
}

static int
prepare(CK_FUNCTION_LIST *f)
{
	uint8_t pin[] = "1234", none[] = "";
	CK_SESSION_HANDLE s;
	CK_SLOT_ID slot;

	DO(find_slot(f, &slot));
	DO(f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
	    NULL, &s));
	DO(f->C_Login(s, CKU_SO, none, 0));
	DO(f->C_InitPIN(s, pin, 4));
	DO(f->C_Logout(s));
	DO(f->C_Login(s, CKU_USER, pin, 4));
	DO(generate(f, s));
	DO(f->C_CloseSession(s));
	return 0;
}

int
main(void)
{
	CK_FUNCTION_LIST **all, *nss = NULL;
	int r = 1;

	driver_configure();
	all = p11_kit_modules_load_and_initialize(0);
	if (all != NULL)
		nss = p11_kit_module_for_name(all, "nss");
	if (nss != NULL)
		r = prepare(nss);
	if (all != NULL)
		p11_kit_modules_finalize_and_release(all);
	return r;
}
