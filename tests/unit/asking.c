/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "asking.h"

#include <stdio.h>

#include "crypt/privkey.h"
#include "fmt/csr.h"

cs_buf *
asking_new(const char *agent, const char *owner)
{
	cs_buf *spki = cs_buf_new(1024), *info = cs_buf_new(8192);
	cs_buf *sig = cs_buf_new(1024), *out = cs_buf_new(16384);
	const cs_alg *alg = cs_alg_for_key(CS_KEY_P256, CS_USE_PKCS10);
	cs_privkey *key = NULL;
	cs_csr_new n = {.agent_id = cs_span_str(agent),
	    .intended_owner = cs_span_str(owner)};
	cs_err e = {0};

	if (cs_privkey_generate("p256", &key, &e) != CS_OK ||
	    cs_privkey_spki(key, spki, &e) != CS_OK)
		printf("# %s\n", e.text);
	n.spki = cs_buf_span(spki);
	if (cs_csr_put_info(&n, info, &e) != CS_OK ||
	    cs_privkey_sign(key, alg, cs_buf_span(info), sig, &e) != CS_OK ||
	    cs_csr_put(cs_buf_span(info), alg->sig_alg, cs_buf_span(sig), out,
	    &e) != CS_OK)
		printf("# %s\n", e.text);
	cs_privkey_free(&key);
	cs_buf_free(&spki);
	cs_buf_free(&info);
	cs_buf_free(&sig);
	return out;
}
