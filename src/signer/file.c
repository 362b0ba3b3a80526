/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/file.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypt/privkey.h"
#include "signer/plain.h"

#define SPKI_MAX 1024

static const char where[] = "signer/file";

struct file_key {
	cs_privkey *key;
	cs_buf *spki;
	bool pss;
};

static void
file_close(void *h)
{
	struct file_key *k = h;

	if (k == NULL)
		return;
	cs_privkey_free(&k->key);
	cs_buf_free(&k->spki);
	free(k);
}

static int
describe(const struct file_key *k, const char *path, cs_signer_info *info,
    cs_err *e)
{
	const cs_alg *alg;
	cs_spki spki;
	int rc;

	if ((rc = cs_spki_parse(cs_buf_span(k->spki), &spki, e)) != CS_OK ||
	    (rc = cs_alg_choose(&spki, CS_USE_CMS, k->pss, &alg, e)) != CS_OK)
		return rc;
	(void)snprintf(info->uri, sizeof(info->uri), "file:%s", path);
	(void)snprintf(info->where, sizeof(info->where), "file %s", path);
	cs_spki_name(&spki, info->key);
	info->is_software = true;
	return CS_OK;
}

/* The whole key is read here: an encrypted file hides the public key too. */
static int
file_open(const char *path, const cs_signer_env *env, void **h,
    cs_signer_info *info, cs_err *e)
{
	struct file_key *k;
	int rc;

	*h = NULL;
	if (env->verify)
		return cs_fail(e, CS_EUSAGE, where, "file %s: a key in a file "
		    "cannot prove who uses it, and --verify-required asks for "
		    "that", path);
	if ((k = calloc(1, sizeof(*k))) == NULL ||
	    (k->spki = cs_buf_new(SPKI_MAX)) == NULL)
		rc = cs_nomem(e, where);
	else if ((rc = cs_privkey_load(path, env->ui, &k->key, e)) == CS_OK &&
	    (rc = cs_privkey_spki(k->key, k->spki, e)) == CS_OK) {
		k->pss = env->pss;
		rc = describe(k, path, info, e);
	}
	if (rc == CS_OK) {
		*h = k;
		k = NULL; /* transferred */
	}
	file_close(k);
	return rc;
}

static int
file_spki(void *h, cs_buf *out, cs_err *e)
{
	struct file_key *k = h;

	if (cs_buf_put(out, cs_buf_span(k->spki)) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room for a public key");
	return CS_OK;
}

static int
raw_sign(void *arg, const cs_alg *alg, cs_span bytes, cs_buf *sig, cs_err *e)
{
	struct file_key *k = arg;

	return cs_privkey_sign(k->key, alg, bytes, sig, e);
}

static int
file_sign(void *h, const cs_to_sign *what, cs_buf *out, cs_err *e)
{
	struct file_key *k = h;
	const cs_plain p = {.what = what,
	    .spki = cs_buf_span(k->spki),
	    .pss = k->pss,
	    .sign = raw_sign,
	    .arg = k};

	return cs_plain_sign(&p, out, e);
}

static int
fill_hash(const struct file_key *k, cs_signer_entry *out, cs_err *e)
{
	int rc = cs_sha256(cs_buf_span(k->spki), out->hash, e);

	out->has_hash = rc == CS_OK;
	return rc;
}

/* First without a passphrase: whether there is one is part of the answer. */
static int
open_for_look(const cs_signer_survey *s, const cs_signer_env *env,
    cs_signer_entry *k, void **h, cs_err *e)
{
	const cs_ui nobody = {.arg = env->ui->arg, .notice = env->ui->notice};
	cs_signer_env quiet = *env;
	int rc;

	quiet.ui = &nobody;
	rc = file_open(s->uri, &quiet, h, &k->info, e);
	if (rc != CS_ENEEDED)
		return rc;
	k->login = CS_LOGIN_PASSPHRASE;
	if (s->login)
		return file_open(s->uri, env, h, &k->info, e);
	(void)snprintf(k->info.uri, sizeof(k->info.uri), "file:%s", s->uri);
	(void)snprintf(k->info.where, sizeof(k->info.where), "file %s", s->uri);
	k->info.is_software = true;
	k->is_hidden = true;
	return CS_OK;
}

static int
file_look(const cs_signer_survey *s, const cs_signer_env *env, cs_err *e)
{
	cs_signer_entry k = {.login = CS_LOGIN_NONE};
	void *h = NULL;
	int rc;

	if (s->module != NULL)
		return cs_fail(e, CS_EUSAGE, where,
		    "a PKCS#11 module knows no key files");
	if ((rc = open_for_look(s, env, &k, &h, e)) == CS_OK && h != NULL)
		rc = fill_hash(h, &k, e);
	if (rc == CS_OK)
		rc = s->each(s->arg, &k, e);
	file_close(h);
	return rc;
}

const struct cs_signer_ops cs_signer_file = {
	.abi = CS_SIGNER_ABI,
	.scheme = "file",
	.open = file_open,
	.spki = file_spki,
	.sign = file_sign,
	.close = file_close,
	.look = file_look,
};
