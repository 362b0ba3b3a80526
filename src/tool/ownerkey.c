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

/* Keys that are there to approve with. Those in an agent are logins as a rule,
 * and count only where they are named. */
static const char *const schemes[] = {"fido2", "pkcs11"};
#define N_SCHEMES (sizeof(schemes) / sizeof(schemes[0]))

/* Where no module is installed at all, the failure names one. */
static bool
has_any(const cs_signer_env *env)
{
	size_t i;

	for (i = 0; i < N_SCHEMES; i++)
		if (cs_signer_has(schemes[i], env))
			return true;
	return false;
}

/* One scheme that fails is no reason while another has the key. */
static int
find_keys(const cs_signer_env *env, struct found *f, cs_err *e)
{
	char uri[16];
	cs_err why = {0};
	size_t i;
	int r, first = CS_OK;

	for (i = 0; i < N_SCHEMES; i++) {
		if (!cs_signer_has(schemes[i], env) && has_any(env))
			continue;
		(void)snprintf(uri, sizeof(uri), "%s:", schemes[i]);
		r = cs_signer_list(uri, env, found_key, f, &why);
		if (r == CS_OK || first != CS_OK)
			continue;
		first = r;
		*e = why;
	}
	if (first == CS_OK || (f->n > 0 && first == CS_EDEVICE))
		return CS_OK;
	return cs_wrap(e, "no --key, and none found");
}

static int
pick_one(const struct found *f, cs_out *out, cs_err *e)
{
	char line[sizeof(f->uri[0]) + 16];
	size_t i;

	if (f->n == 0)
		return cs_fail(e, CS_EDEVICE, "sign", "no key: --key is "
		    "missing, the configuration has none, and no token "
		    "shows one, nor is there a security key's file; "
		    "countersign keys tells more");
	cs_out_on_failure(out, CS_OUT_ADVICE);
	cs_out_list(out, "candidates", NULL);
	for (i = 0; i < f->n && i < FOUND_MAX; i++) {
		cs_out_str(out, NULL, NULL, f->uri[i]);
		(void)snprintf(line, sizeof(line), "    --key '%s'",
		    f->uri[i]);
		cs_out_text(out, "", cs_span_str(line));
	}
	cs_out_close(out);
	return cs_fail(e, CS_EDEVICE, "sign", "%zu keys are there; nothing "
	    "was tried, no PIN attempt used. Pick one:", f->n);
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
	if ((r = find_keys(env, f, e)) == CS_OK)
		r = f->n == 1 ? cs_signer_open(f->uri[0], env, s, e) :
		    pick_one(f, out, e);
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
