/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "keys/file.h"

#include "crypt/privkey.h"

static int
file_open(const char *path, const cs_keys_env *env, void **h, cs_err *e)
{
	cs_privkey *k = NULL;
	int rc = cs_privkey_load(path, env->ui, &k, e);

	if (rc == CS_OK && (rc = cs_privkey_ready(k, e)) != CS_OK)
		cs_privkey_free(&k);
	*h = k;
	return rc;
}

static int
file_spki(void *h, cs_buf *out, cs_err *e)
{
	return cs_privkey_spki(h, out, e);
}

static int
file_sign(void *h, const cs_alg *alg, cs_span bytes, cs_buf *out, cs_err *e)
{
	return cs_privkey_sign(h, alg, bytes, out, e);
}

static void
file_close(void *h)
{
	cs_privkey *k = h;

	cs_privkey_free(&k);
}

const struct cs_key_ops cs_key_file = {
	.abi = CS_KEYS_ABI,
	.scheme = "file",
	.open = file_open,
	.spki = file_spki,
	.sign = file_sign,
	.close = file_close,
};
