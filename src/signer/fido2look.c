/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/fido2look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "crypt/ossl.h"
#include "crypt/pubkey.h"

static const char where[] = "signer/fido2";
static const char scheme[] = "fido2:";

/* Takes one key file, or what is wrong with it. */
typedef int with_file(void *arg, const char *uri, const cs_fido_file *f,
    const cs_err *why, cs_err *e);

struct walk {
	with_file *each;
	void *arg;
};

void
cs_fido_describe(const cs_fido_file *f, const char *uri, cs_signer_info *out)
{
	(void)snprintf(out->uri, sizeof(out->uri), "%s", uri);
	(void)snprintf(out->where, sizeof(out->where),
	    "security key, for %.90s", f->rp_id);
	cs_spki_name(&f->key, out->key);
	out->login_needed = f->verify_required;
}

/* Only what is out of memory ends it: one bad file hides no other. */
static int
walk_one(const struct walk *w, const char *uri, const char *path, cs_err *e)
{
	cs_fido_file f;
	cs_err why = {0};
	int rc;

	rc = cs_fido_file_read(path, &f, &why);
	if (rc == CS_EBUG)
		*e = why;
	else
		rc = w->each(w->arg, uri, rc == CS_OK ? &f : NULL, &why, e);
	cs_fido_file_clear(&f);
	return rc;
}

static int
walk_file(void *arg, const char *path, cs_err *e)
{
	const char *name = strrchr(path, '/');
	char *uri = NULL;
	int rc;

	name = name == NULL ? path : name + 1;
	if (!cs_fido_is_name(name))
		return CS_OK;
	if (asprintf(&uri, "%s%s", scheme, name) < 0)
		return cs_nomem(e, where);
	rc = walk_one(arg, uri, path, e);
	free(uri);
	return rc;
}

static int
walk_uri(const struct walk *w, const char *uri, const char *key_dir, cs_err *e)
{
	char *path = NULL;
	int rc;

	if ((rc = cs_fido_path(uri, key_dir, &path, e)) == CS_OK)
		rc = walk_one(w, uri, path, e);
	free(path);
	return rc;
}

static int
walk(const char *uri, const cs_signer_env *env, struct walk *w, cs_err *e)
{
	int rc;

	if ((rc = cs_ossl_start(e)) != CS_OK)
		return rc;
	if (strcmp(uri, scheme) != 0)
		return walk_uri(w, uri, env->key_dir, e);
	if (env->key_dir == NULL || !cs_is_dir(env->key_dir))
		return CS_OK;
	return cs_dir_each_trusted(env->key_dir, geteuid(), NULL, walk_file, w,
	    e);
}

struct listing {
	int (*each)(void *arg, const cs_signer_info *info, cs_err *e);
	void *arg;
};

static int
list_one(void *arg, const char *uri, const cs_fido_file *f, const cs_err *why,
    cs_err *e)
{
	const struct listing *l = arg;
	cs_signer_info info = {0};

	(void)why;
	if (f == NULL)
		return CS_OK;
	cs_fido_describe(f, uri, &info);
	return l->each(l->arg, &info, e);
}

int
cs_fido_list(const char *uri, const cs_signer_env *env,
    int (*each)(void *arg, const cs_signer_info *info, cs_err *e), void *arg,
    cs_err *e)
{
	struct listing l = {each, arg};
	struct walk w = {list_one, &l};

	return walk(uri, env, &w, e);
}

struct survey {
	const cs_signer_survey *s;
	cs_fido_locate *locate;
	size_t n;
};

static int
fill_seen(const struct survey *v, const cs_fido_file *f, cs_signer_entry *k,
    cs_err *e)
{
	cs_fido_seen seen = {.pin = CS_PIN_NONE};
	int rc;

	if (v->locate == NULL)
		return CS_OK;
	if ((rc = v->locate(f, &seen, e)) != CS_OK)
		return rc;
	(void)snprintf(k->info.where, sizeof(k->info.where), "%s",
	    seen.device[0] == '\0' ? "a security key that is not plugged in" :
	    seen.device);
	if (seen.pin != CS_PIN_UNSET || f->verify_required)
		k->pin = seen.pin;
	return CS_OK;
}

static int
look_one(void *arg, const char *uri, const cs_fido_file *f, const cs_err *why,
    cs_err *e)
{
	struct survey *v = arg;
	const cs_signer_survey *s = v->s;
	cs_signer_entry k = {.touch = CS_PROVES_ALWAYS,
	    .verification = CS_PROVES_ASKED};
	int rc;

	v->n++;
	if (f == NULL) {
		s->trouble(s->arg, why);
		return CS_OK;
	}
	cs_fido_describe(f, uri, &k.info);
	if (f->verify_required) {
		k.login = CS_LOGIN_PIN;
		k.verification = CS_PROVES_ALWAYS;
	}
	k.id = cs_buf_span(f->id);
	(void)snprintf(k.rp_id, sizeof(k.rp_id), "%s", f->rp_id);
	if ((rc = cs_key_hash(&f->key, k.hash, e)) != CS_OK ||
	    (rc = fill_seen(v, f, &k, e)) != CS_OK)
		return rc;
	k.has_hash = true;
	return s->each(s->arg, &k, e);
}

int
cs_fido_look(const cs_signer_survey *s, const cs_signer_env *env,
    cs_fido_locate *locate, size_t *n, cs_err *e)
{
	struct survey v = {.s = s, .locate = locate};
	struct walk w = {look_one, &v};
	int rc;

	*n = 0;
	if (s->module != NULL)
		return cs_fail(e, CS_EUSAGE, where,
		    "a PKCS#11 module knows no security keys");
	rc = walk(s->uri, env, &w, e);
	*n = v.n;
	return rc;
}
