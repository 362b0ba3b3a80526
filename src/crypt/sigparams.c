/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/sigparams.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

static OSSL_PARAM
text(const char *name, const char *value)
{
	return OSSL_PARAM_construct_utf8_string(name,
	    (char *)(uintptr_t)value, 0);
}

/* The digest stands in the list, too: padding that comes first would begin
 * with SHA-1, which a system may have forbidden. */
void
cs_sigparams_set(cs_sigparams *p, const cs_alg *alg)
{
	OSSL_PARAM *next = p->list;

	p->md = alg->key == CS_KEY_ED25519 ? NULL : cs_hash_name(alg->hash);
	p->salt = (int)alg->salt;
	if (alg->salt != 0) {
		*next++ = text(OSSL_SIGNATURE_PARAM_DIGEST, p->md);
		*next++ = text(OSSL_SIGNATURE_PARAM_PAD_MODE,
		    OSSL_PKEY_RSA_PAD_MODE_PSS);
		*next++ = text(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, p->md);
		*next++ = OSSL_PARAM_construct_int(
		    OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &p->salt);
	}
	*next = OSSL_PARAM_construct_end();
}
