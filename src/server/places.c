/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/scheme.h"
#include "net/process.h"

static const char where[] = "server/places";

enum place { OWNERS, POLICY, STORE, PLACES };

static const char *const names[PLACES] = {"owners", "policy", "store"};

struct places {
	const cs_server_conf *c;
	bool remote;       /* the store: the issuer reads what its library does */
	uid_t issuer;
	char *dir[PLACES]; /* as it really is; NULL: the store is no file */
};

static int
real(const char *path, char **out, cs_err *e)
{
	*out = realpath(path, NULL);
	return *out != NULL ? CS_OK : cs_fail(e, CS_EIO, where, "%s: %s", path,
	    strerror(errno));
}

/* A directory, or that of a file. */
static int
real_directory(const char *path, char **out, cs_err *e)
{
	char *dir = cs_is_dir(path) ? strdup(path) : cs_path_directory(path);
	int rc;

	*out = NULL;
	if (dir == NULL)
		return cs_nomem(e, where);
	rc = real(dir, out, e);
	free(dir);
	return rc;
}

static int
find(struct places *p, enum place which, const char *name, const char *path,
    cs_err *e)
{
	if (real_directory(path, &p->dir[which], e) == CS_OK)
		return CS_OK;
	return cs_server_conf_blame(p->c, NULL, 0, name, e);
}

static int
find_issuer(struct places *p, cs_err *e)
{
	gid_t group = 0;

	p->remote = true;
	p->issuer = geteuid();
	if (p->c->user == NULL || p->issuer != 0 ||
	    cs_process_uid(p->c->user, &p->issuer, &group, e) == CS_OK)
		return CS_OK;
	return cs_server_conf_blame(p->c, NULL, 0, "user", e);
}

static int
find_all(struct places *p, cs_err *e)
{
	const cs_server_conf *c = p->c;
	cs_scheme s;
	int rc;

	if ((rc = find(p, OWNERS, "owners", c->owners, e)) != CS_OK ||
	    (rc = find(p, POLICY, "policy", c->policy, e)) != CS_OK)
		return rc;
	if ((rc = cs_scheme_split(c->store, &s, e)) != CS_OK)
		return cs_server_conf_blame(c, NULL, 0, "store", e);
	if (strcmp(s.name, "sqlite") != 0 && strcmp(s.name, "file") != 0)
		return find_issuer(p, e);
	return find(p, STORE, "store", s.rest, e);
}

static bool
is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 &&
	    (path[n] == '\0' || path[n] == '/' || strcmp(dir, "/") == 0);
}

static int
check_real(const struct places *p, const char *path, enum place from,
    cs_err *e)
{
	int i;

	for (i = from; i < PLACES; i++)
		if (p->dir[i] != NULL && is_below(path, p->dir[i]))
			return cs_fail(e, CS_EREFUSED, where, "%s lies below "
			    "%s, where the issuer may %s: that is the "
			    "directory of %s", path, p->dir[i], i == STORE ?
			    "write" : "read", names[i]);
	return CS_OK;
}

/* A key is its owner's alone to read: cs_held_look(). */
static int
check_system(const struct places *p, const char *path, cs_err *e)
{
	static const char *const system[] = {CS_ISSUER_SYSTEM};
	struct stat st;
	char *dir;
	size_t i;
	bool below;

	if (!p->remote)
		return CS_OK;
	if (stat(path, &st) != 0)
		return cs_fail(e, CS_EIO, where, "%s: %s", path,
		    strerror(errno));
	if (st.st_uid != p->issuer)
		return CS_OK;
	for (i = 0; i < sizeof(system) / sizeof(system[0]); i++) {
		if ((dir = realpath(system[i], NULL)) == NULL)
			continue;
		below = is_below(path, dir);
		free(dir);
		if (below)
			return cs_fail(e, CS_EREFUSED, where, "%s lies below "
			    "%s, where the issuer may read with such a store, "
			    "and belongs to its user", path, system[i]);
	}
	return CS_OK;
}

/* Not from `from` on. */
static int
check(const struct places *p, const char *path, enum place from, cs_err *e)
{
	char *dir = NULL, *whole = NULL, *beside = NULL;
	int rc = CS_OK;

	if (path == NULL)
		return CS_OK;
	if ((dir = cs_path_directory(path)) == NULL)
		return cs_nomem(e, where);
	if ((rc = real(dir, &beside, e)) == CS_OK &&
	    (rc = real(path, &whole, e)) == CS_OK &&
	    (rc = check_real(p, whole, from, e)) == CS_OK &&
	    (rc = check_real(p, beside, from, e)) == CS_OK && from == OWNERS)
		rc = check_system(p, whole, e);
	free(whole);
	free(beside);
	free(dir);
	return rc;
}

static int
check_key(const struct places *p, const char *uri, cs_err *e)
{
	cs_scheme s;
	int rc;

	if ((rc = cs_scheme_split(uri, &s, e)) != CS_OK ||
	    strcmp(s.name, "file") != 0)
		return rc;
	return check(p, s.rest, OWNERS, e);
}

static int
check_keys(const struct places *p, cs_err *e)
{
	const cs_server_conf *c = p->c;
	size_t i;

	for (i = 0; i < c->n_ca; i++) {
		if (check_key(p, c->ca[i].key, e) != CS_OK)
			return cs_server_conf_blame(c, "ca", i, "key", e);
		if (check(p, c->ca[i].cert, STORE, e) != CS_OK)
			return cs_server_conf_blame(c, "ca", i, "cert", e);
	}
	for (i = 0; i < c->n_wit; i++)
		if (check_key(p, c->wit[i].key, e) != CS_OK)
			return cs_server_conf_blame(c, "wit", i, "key", e);
	return CS_OK;
}

/* What answers webhooks is one process, which has no key but its own. */
static int
check_all(const struct places *p, cs_err *e)
{
	const cs_server_conf *c = p->c;
	const struct {
		const char *name, *path;
		enum place from;
	} all[] = {
		{"tls-key", c->tls_key, OWNERS},
		{"tls-cert", c->tls_cert, STORE},
		{"client-ca", c->client_ca, STORE},
		{"pin-file", c->pin_file, OWNERS},
		{"owners", c->owners, STORE},
		{"policy", c->policy, STORE},
		{"state", c->state, STORE},
		{"modules", c->modules, STORE},
		{"store", c->file, STORE},
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (check(p, all[i].path, all[i].from, e) != CS_OK)
			return cs_server_conf_blame(c, NULL, 0, all[i].name,
			    e);
	return check_keys(p, e);
}

int
cs_places_check(const cs_server_conf *c, cs_err *e)
{
	struct places p = {.c = c};
	int i, rc;

	if (c->n_webhook != 0)
		return CS_OK;
	if ((rc = find_all(&p, e)) == CS_OK)
		rc = check_all(&p, e);
	for (i = 0; i < PLACES; i++)
		free(p.dir[i]);
	return rc;
}
