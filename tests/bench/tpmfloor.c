/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_tctildr.h>

/*
 * The least that a signature by a TPM takes when its PIN is not to go in clear:
 * a session that is salted with the storage key, no check, no format.
 *
 *	tpmfloor TCTI HANDLE PIN
 *
 * signs a hash with the P-256 key at the handle.
 */

static void
must(TSS2_RC rc, const char *call)
{
	if (rc == TSS2_RC_SUCCESS)
		return;
	fprintf(stderr, "tpmfloor: %s: 0x%x\n", call, rc);
	exit(1);
}
#define MUST(call, args) must(call args, #call)

static void
set_pin(ESYS_CONTEXT *c, ESYS_TR key, const char *pin)
{
	TPM2B_AUTH auth = {0};

	auth.size = (UINT16)strlen(pin);
	if (auth.size > sizeof(auth.buffer))
		exit(2);
	memcpy(auth.buffer, pin, auth.size);
	MUST(Esys_TR_SetAuth, (c, key, &auth));
}

static ESYS_TR
make_storage(ESYS_CONTEXT *c)
{
	const TPM2B_PUBLIC in = {.publicArea = {.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_USERWITHAUTH |
		    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT |
		    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
		    TPMA_OBJECT_SENSITIVEDATAORIGIN,
		.parameters.eccDetail = {
		    .symmetric = {.algorithm = TPM2_ALG_AES,
			.keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB},
		    .scheme.scheme = TPM2_ALG_NULL,
		    .curveID = TPM2_ECC_NIST_P256,
		    .kdf.scheme = TPM2_ALG_NULL}}};
	const TPM2B_SENSITIVE_CREATE sensitive = {0};
	const TPML_PCR_SELECTION pcr = {0};
	const TPM2B_DATA data = {0};
	ESYS_TR key = ESYS_TR_NONE;

	MUST(Esys_CreatePrimary, (c, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD,
	    ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &in, &data, &pcr, &key,
	    NULL, NULL, NULL, NULL));
	return key;
}

static ESYS_TR
start_session(ESYS_CONTEXT *c, ESYS_TR salt)
{
	const TPMT_SYM_DEF aes = {.algorithm = TPM2_ALG_AES,
		.keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
	ESYS_TR session = ESYS_TR_NONE;

	MUST(Esys_StartAuthSession, (c, salt, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &aes,
	    TPM2_ALG_SHA256, &session));
	MUST(Esys_TRSess_SetAttributes, (c, session,
	    TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT, 0xff));
	return session;
}

static void
sign(ESYS_CONTEXT *c, ESYS_TR key, ESYS_TR session)
{
	const TPMT_SIG_SCHEME ecdsa = {.scheme = TPM2_ALG_ECDSA,
		.details.ecdsa.hashAlg = TPM2_ALG_SHA256};
	const TPMT_TK_HASHCHECK ticket = {.tag = TPM2_ST_HASHCHECK,
		.hierarchy = TPM2_RH_NULL};
	const TPM2B_DIGEST hash = {.size = 32, .buffer = {1}};
	TPMT_SIGNATURE *sig = NULL;

	MUST(Esys_Sign, (c, key, session, ESYS_TR_NONE, ESYS_TR_NONE, &hash,
	    &ecdsa, &ticket, &sig));
	Esys_Free(sig);
}

int
main(int argc, char **argv)
{
	TSS2_TCTI_CONTEXT *tcti = NULL;
	ESYS_CONTEXT *c = NULL;
	ESYS_TR key = ESYS_TR_NONE, storage, session;

	if (argc != 4) {
		fprintf(stderr, "usage: tpmfloor TCTI HANDLE PIN\n");
		return 2;
	}
	MUST(Tss2_TctiLdr_Initialize, (argv[1], &tcti));
	MUST(Esys_Initialize, (&c, tcti, NULL));
	MUST(Esys_TR_FromTPMPublic, (c,
	    (TPM2_HANDLE)strtoul(argv[2], NULL, 16), ESYS_TR_NONE,
	    ESYS_TR_NONE, ESYS_TR_NONE, &key));
	set_pin(c, key, argv[3]);
	storage = make_storage(c);
	session = start_session(c, storage);
	sign(c, key, session);
	MUST(Esys_FlushContext, (c, session));
	MUST(Esys_FlushContext, (c, storage));
	Esys_Finalize(&c);
	Tss2_TctiLdr_Finalize(&tcti);
	return 0;
}
