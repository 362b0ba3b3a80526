/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "signer/signer.h"

/* A signer module that answers with what it was asked. */

extern const struct cs_signer_ops countersign_signer;

static int
echo_open(const char *uri, const cs_signer_env *env, void **h,
    cs_signer_info *info, cs_err *e)
{
	(void)env;
	*h = NULL;
	if (strlen(uri) >= sizeof(info->uri))
		return cs_fail(e, CS_EUSAGE, "echo", "too long");
	memcpy(info->uri, uri, strlen(uri) + 1);
	return CS_OK;
}

static int
echo_spki(void *h, cs_buf *out, cs_err *e)
{
	(void)h;
	(void)e;
	return cs_buf_put_str(out, "spki");
}

static int
echo_certs(void *h, cs_buf *out, cs_err *e)
{
	(void)h;
	(void)e;
	return cs_buf_put_str(out, "+certs");
}

static int
echo_sign(void *h, const cs_to_sign *what, cs_buf *out, cs_err *e)
{
	(void)h;
	(void)e;
	return cs_buf_put(out, what->tbs);
}

static int
echo_list(const char *uri, const cs_signer_env *env,
    int (*each)(void *arg, const cs_signer_info *info, cs_err *e), void *arg,
    cs_err *e)
{
	cs_signer_info info = {0};
	void *h;
	const int rc = echo_open(uri, env, &h, &info, e);

	return rc == CS_OK ? each(arg, &info, e) : rc;
}

static void
echo_close(void *h)
{
	(void)h;
}

const struct cs_signer_ops countersign_signer = {
#ifdef OTHER_BUILD
	.abi = CS_SIGNER_ABI "x",
#else
	.abi = CS_SIGNER_ABI,
#endif
	.scheme = "pkcs11",
	.open = echo_open,
	.spki = echo_spki,
	.certs = echo_certs,
	.sign = echo_sign,
	.list = echo_list,
	.close = echo_close,
};
