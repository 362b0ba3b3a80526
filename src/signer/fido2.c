/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/ossl.h"
#include "signer/fido2dev.h"
#include "signer/fido2file.h"

/* The module of "fido2:" owner keys. */

static const char where[] = "signer/fido2";

struct owner_key {
	cs_fido_file file;
	cs_signer_env env;
};

static void
fido_close(void *h)
{
	struct owner_key *k = h;

	if (k == NULL)
		return;
	cs_fido_file_clear(&k->file);
	free(k);
}

static void
describe(const cs_fido_file *f, const char *uri, cs_signer_info *out)
{
	(void)snprintf(out->uri, sizeof(out->uri), "%s", uri);
	(void)snprintf(out->where, sizeof(out->where),
	    "security key, for %.90s", f->rp_id);
	cs_spki_name(&f->key, out->key);
	out->login_needed = f->verify_required;
}

/* The key file alone: no device is needed before there is something to sign. */
static int
fido_open(const char *uri, const cs_signer_env *env, void **h,
    cs_signer_info *info, cs_err *e)
{
	struct owner_key *k;
	char name[16];
	int rc;

	*h = NULL;
	if ((rc = cs_ossl_start(e)) != CS_OK)
		return rc;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return cs_nomem(e, where);
	k->env = *env;
	if ((rc = cs_fido_file_open(uri, env->key_dir, &k->file, e)) != CS_OK)
		goto out;
	if (env->pss) {
		cs_spki_name(&k->file.key, name);
		rc = cs_fail(e, CS_EUSAGE, where,
		    "RSASSA-PSS needs an RSA key, found %s", name);
		goto out;
	}
	describe(&k->file, uri, info);
	*h = k;
	k = NULL; /* transferred */
out:
	fido_close(k);
	return rc;
}

static int
fido_spki(void *h, cs_buf *out, cs_err *e)
{
	struct owner_key *k = h;

	if (cs_buf_put(out, k->file.key.der) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room for a public key");
	return CS_OK;
}

static int
fido_sign(void *h, const cs_to_sign *what, cs_buf *out, cs_err *e)
{
	(void)h;
	(void)what;
	(void)out;
	return cs_fail(e, CS_EUSAGE, where,
	    "security keys sign in a later release");
}

extern const struct cs_signer_ops countersign_signer;
const struct cs_signer_ops countersign_signer = {
	.abi = CS_SIGNER_ABI,
	.scheme = "fido2",
	.open = fido_open,
	.spki = fido_spki,
	.sign = fido_sign,
	.close = fido_close,
	.enroll = cs_fido_enroll,
};
