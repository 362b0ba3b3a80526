/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/ownerkey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/pubkey.h"

#define SPKI_ROOM 2048

/* The first few by name. */
#define FOUND_MAX 8
struct found {
	size_t n;
	char uri[FOUND_MAX][sizeof(((cs_signer_info *)0)->uri)];
};

static int
found_key(void *arg, const cs_signer_info *info, cs_err *e)
{
	struct found *f = arg;

	(void)e;
	if (f->n < FOUND_MAX)
		memcpy(f->uri[f->n], info->uri, sizeof(f->uri[0]));
	f->n++;
	return CS_OK;
}

static int
pick_one(const struct found *f, cs_out *out, cs_err *e)
{
	char line[sizeof(f->uri[0]) + 16];
	size_t i;

	if (f->n == 0)
		return cs_fail(e, CS_EDEVICE, "sign", "no key: --key is "
		    "missing, the configuration has none, and no token "
		    "shows one; countersign keys tells more");
	cs_out_on_failure(out, CS_OUT_ADVICE);
	cs_out_list(out, "candidates", NULL);
	for (i = 0; i < f->n && i < FOUND_MAX; i++) {
		cs_out_str(out, NULL, NULL, f->uri[i]);
		(void)snprintf(line, sizeof(line), "    --key '%s'",
		    f->uri[i]);
		cs_out_text(out, "", cs_span_str(line));
	}
	cs_out_close(out);
	return cs_fail(e, CS_EDEVICE, "sign", "%zu keys match pkcs11:; "
	    "nothing was tried, no PIN attempt used. Pick one:", f->n);
}

int
cs_ownerkey_open(const char *uri, const cs_signer_env *env, cs_out *out,
    cs_signer **s, cs_err *e)
{
	struct found *f = NULL;
	int r;

	*s = NULL;
	if (uri != NULL)
		return cs_signer_open(uri, env, s, e);
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return cs_nomem(e, "sign");
	r = cs_signer_list("pkcs11:", env, found_key, f, e);
	if (r != CS_OK)
		(void)cs_wrap(e, "no --key, and none found");
	else if (f->n == 1)
		r = cs_signer_open(f->uri[0], env, s, e);
	else
		r = pick_one(f, out, e);
	free(f);
	return r;
}

int
cs_ownerkey_hash(cs_signer *s, uint8_t hash[CS_SHA256_LEN], cs_err *e)
{
	cs_buf *b = cs_buf_new(SPKI_ROOM);
	cs_spki spki = {0};
	int r;

	if (b == NULL)
		return cs_nomem(e, "sign");
	if ((r = cs_signer_spki(s, b, e)) == CS_OK &&
	    (r = cs_spki_parse(cs_buf_span(b), &spki, e)) == CS_OK)
		r = cs_key_hash(&spki, hash, e);
	cs_buf_free(&b);
	return r;
}
