/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "keys/keys.h"

/* A keys module that answers with what it was asked. */

extern const struct cs_key_ops countersign_keys;

static int
echo_open(const char *uri, const cs_keys_env *env, void **h, cs_err *e)
{
	cs_buf *b = cs_buf_dup(cs_span_str(uri));

	(void)env;
	*h = b;
	return b == NULL ? cs_nomem(e, "echo") : CS_OK;
}

static int
echo_spki(void *h, cs_buf *out, cs_err *e)
{
	(void)e;
	return cs_buf_put(out, cs_buf_span(h));
}

static int
echo_sign(void *h, const cs_alg *alg, cs_span bytes, cs_buf *out, cs_err *e)
{
	(void)h;
	(void)alg;
	(void)e;
	return cs_buf_put(out, bytes);
}

static void
echo_close(void *h)
{
	cs_buf *b = h;

	cs_buf_free(&b);
}

const struct cs_key_ops countersign_keys = {
#ifdef OTHER_BUILD
	.abi = "countersign-keys",
#else
	.abi = CS_KEYS_ABI,
#endif
	.scheme = "pkcs11",
	.open = echo_open,
	.spki = echo_spki,
	.sign = echo_sign,
	.close = echo_close,
};
