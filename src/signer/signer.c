/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/module.h"
#include "base/scheme.h"
#include "signer/file.h"

static const char where[] = "signer";

/* Schemes that this release has a module for, each in a package of its own. */
static const char *const modules[] = {"pkcs11", "fido2", "ssh-agent",
    "tpm2"};

struct cs_signer {
	const struct cs_signer_ops *ops;
	void *h;
	cs_signer_info info;
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
load(const char *scheme, const char *dir, const struct cs_signer_ops **out,
    cs_err *e)
{
	const struct cs_signer_ops *ops;
	char hint[64];
	void *sym = NULL;
	int rc;

	if (!is_known(scheme))
		return cs_fail(e, CS_EUSAGE, where,
		    "expected file:, pkcs11:, fido2:, tpm2: or ssh-agent:, "
		    "found the scheme %s:", scheme);
	(void)snprintf(hint, sizeof(hint), "package countersign-%s", scheme);
	if ((rc = cs_module_load(dir, "signer", scheme, "countersign_signer",
	    hint, &sym, e)) != CS_OK)
		return rc;
	ops = sym;
	if (ops->abi == NULL || strcmp(ops->abi, CS_SIGNER_ABI) != 0 ||
	    strcmp(ops->scheme, scheme) != 0)
		return cs_fail(e, CS_EDEVICE, where,
		    "the module signer-%s belongs to another build than "
		    PACKAGE_VERSION, scheme);
	*out = ops;
	return CS_OK;
}

/* A back end is given what its own URIs are made of: a path, or the whole. */
static int
find(const char **uri, const cs_signer_env *env,
    const struct cs_signer_ops **out, cs_err *e)
{
	cs_scheme s;
	int rc;

	*out = NULL;
	if ((rc = cs_scheme_split(*uri, &s, e)) != CS_OK)
		return rc;
	if (strcmp(s.name, cs_signer_file.scheme) != 0)
		return load(s.name, env->module_dir, out, e);
	*out = &cs_signer_file;
	*uri = s.rest;
	return CS_OK;
}

int
cs_signer_open(const char *uri, const cs_signer_env *env, cs_signer **out,
    cs_err *e)
{
	const struct cs_signer_ops *ops;
	cs_signer *s;
	int rc;

	*out = NULL;
	if ((rc = find(&uri, env, &ops, e)) != CS_OK)
		return rc;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return cs_nomem(e, where);
	s->ops = ops;
	if ((rc = ops->open(uri, env, &s->h, &s->info, e)) == CS_OK) {
		*out = s;
		s = NULL; /* transferred */
	}
	free(s);
	return rc;
}

void
cs_signer_close(cs_signer **s)
{
	if (s == NULL || *s == NULL)
		return;
	(*s)->ops->close((*s)->h);
	free(*s);
	*s = NULL;
}

const cs_signer_info *
cs_signer_describe(const cs_signer *s)
{
	return &s->info;
}

int
cs_signer_spki(cs_signer *s, cs_buf *out, cs_err *e)
{
	return s->ops->spki(s->h, out, e);
}

int
cs_signer_certs(cs_signer *s, cs_buf *out, cs_err *e)
{
	if (s->ops->certs == NULL)
		return cs_fail(e, CS_EUSAGE, where, "%s has no certificate "
		    "beside it", s->info.where);
	return s->ops->certs(s->h, out, e);
}

int
cs_signer_sshkey(cs_signer *s, cs_buf *out, cs_err *e)
{
	if (s->ops->sshkey == NULL)
		return cs_fail(e, CS_EUSAGE, where, "%s is no OpenSSH key",
		    s->info.where);
	return s->ops->sshkey(s->h, out, e);
}

int
cs_signer_sign(cs_signer *s, const cs_to_sign *what, cs_buf *out, cs_err *e)
{
	return s->ops->sign(s->h, what, out, e);
}

int
cs_signer_list(const char *uri, const cs_signer_env *env,
    int (*each)(void *arg, const cs_signer_info *info, cs_err *e), void *arg,
    cs_err *e)
{
	const struct cs_signer_ops *ops;
	int rc;

	if ((rc = find(&uri, env, &ops, e)) != CS_OK)
		return rc;
	return ops->list == NULL ? CS_OK : ops->list(uri, env, each, arg, e);
}

int
cs_signer_look(const cs_signer_survey *s, const cs_signer_env *env, cs_err *e)
{
	const struct cs_signer_ops *ops;
	cs_signer_survey own = *s;
	int rc;

	if ((rc = find(&own.uri, env, &ops, e)) != CS_OK)
		return rc;
	return ops->look == NULL ? CS_OK : ops->look(&own, env, e);
}

bool
cs_signer_has(const char *scheme, const cs_signer_env *env)
{
	return strcmp(scheme, cs_signer_file.scheme) == 0 ||
	    (is_known(scheme) &&
	    cs_module_is_there(env->module_dir, "signer", scheme));
}

int
cs_signer_enroll(const char *scheme, const cs_enroll *what,
    const cs_signer_env *env, cs_enrolled *out, cs_err *e)
{
	const struct cs_signer_ops *ops;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = find(&scheme, env, &ops, e)) != CS_OK)
		return rc;
	if (ops->enroll == NULL)
		return cs_fail(e, CS_EUSAGE, where,
		    "keys of %s: are not made by countersign", ops->scheme);
	rc = ops->enroll(what, env, out, e);
	if (rc != CS_OK)
		cs_enrolled_clear(out);
	return rc;
}

void
cs_enrolled_clear(cs_enrolled *x)
{
	cs_buf_free(&x->authdata);
	cs_buf_free(&x->statement);
	memset(x, 0, sizeof(*x));
}

int
cs_signer_make(const char *uri, const cs_to_make *what,
    const cs_signer_env *env, cs_made *out, cs_err *e)
{
	const struct cs_signer_ops *ops;
	int rc;

	memset(out, 0, sizeof(*out));
	if ((rc = find(&uri, env, &ops, e)) != CS_OK)
		return rc;
	if (ops->make == NULL)
		return cs_fail(e, CS_EUSAGE, where,
		    "keys of %s: are not made here", ops->scheme);
	rc = ops->make(uri, what, env, out, e);
	if (rc != CS_OK)
		cs_made_clear(out);
	return rc;
}

void
cs_made_clear(cs_made *m)
{
	cs_buf_free(&m->spki);
	memset(m, 0, sizeof(*m));
}

static int
no_evidence(const cs_signer *s, cs_err *e)
{
	return cs_fail(e, CS_EUSAGE, where, "%s: only a key in a TPM, tpm2:, "
	    "has evidence", s->info.where);
}

int
cs_signer_offer(cs_signer *s, cs_span certs, cs_buf *out, cs_err *e)
{
	if (s->ops->offer == NULL)
		return no_evidence(s, e);
	return s->ops->offer(s->h, certs, out, e);
}

int
cs_signer_respond(cs_signer *s, const cs_to_respond *what, cs_buf *out,
    cs_err *e)
{
	if (s->ops->respond == NULL)
		return no_evidence(s, e);
	return s->ops->respond(s->h, what, out, e);
}
