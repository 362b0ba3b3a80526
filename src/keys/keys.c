/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "keys/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/module.h"
#include "base/scheme.h"
#include "keys/file.h"

static const char where[] = "keys";

/* Schemes that this release has a module for, each in a package of its own. */
static const char *const modules[] = {"pkcs11"};

struct cs_key {
	const struct cs_key_ops *ops;
	void *h;
};

static bool
is_known(const char *scheme)
{
	size_t i;

	for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (strcmp(modules[i], scheme) == 0)
			return true;
	return false;
}

static int
load(const char *scheme, const char *dir, const struct cs_key_ops **out,
    cs_err *e)
{
	const struct cs_key_ops *ops;
	char hint[64];
	void *sym = NULL;
	int rc;

	if (!is_known(scheme))
		return cs_fail(e, CS_EUSAGE, where,
		    "expected file: or pkcs11:, found the scheme %s:", scheme);
	(void)snprintf(hint, sizeof(hint), "package countersign-%s", scheme);
	if ((rc = cs_module_load(dir, "keys", scheme, "countersign_keys", hint,
	    &sym, e)) != CS_OK)
		return rc;
	ops = sym;
	if (ops->abi == NULL || strcmp(ops->abi, CS_KEYS_ABI) != 0 ||
	    strcmp(ops->scheme, scheme) != 0)
		return cs_fail(e, CS_EDEVICE, where,
		    "the module keys-%s belongs to another build than "
		    PACKAGE_VERSION, scheme);
	*out = ops;
	return CS_OK;
}

/* A back end is given what its own URIs are made of: a path, or the whole. */
static int
find(const char **uri, const cs_keys_env *env, const struct cs_key_ops **out,
    cs_err *e)
{
	cs_scheme s;
	int rc;

	*out = NULL;
	if ((rc = cs_scheme_split(*uri, &s, e)) != CS_OK)
		return rc;
	if (strcmp(s.name, cs_key_file.scheme) != 0)
		return load(s.name, env->module_dir, out, e);
	*out = &cs_key_file;
	*uri = s.rest;
	return CS_OK;
}

int
cs_key_open(const char *uri, const cs_keys_env *env, cs_key **out, cs_err *e)
{
	const struct cs_key_ops *ops;
	cs_key *k;
	int rc;

	*out = NULL;
	if ((rc = find(&uri, env, &ops, e)) != CS_OK)
		return rc;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return cs_nomem(e, where);
	k->ops = ops;
	if ((rc = ops->open(uri, env, &k->h, e)) == CS_OK) {
		*out = k;
		k = NULL; /* transferred */
	}
	free(k);
	return rc;
}

void
cs_key_close(cs_key **k)
{
	if (k == NULL || *k == NULL)
		return;
	(*k)->ops->close((*k)->h);
	free(*k);
	*k = NULL;
}

int
cs_key_spki(cs_key *k, cs_buf *out, cs_err *e)
{
	return k->ops->spki(k->h, out, e);
}

int
cs_key_sign(cs_key *k, const cs_alg *alg, cs_span bytes, cs_buf *out,
    cs_err *e)
{
	return k->ops->sign(k->h, alg, bytes, out, e);
}
