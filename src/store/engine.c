/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "store/engine.h"

#include <stdio.h>
#include <string.h>

#include "base/module.h"
#include "base/scheme.h"

static const char room[] = "store/engine";

/* Each is a module, in a package of its own. */
static const char *const engines[] = {"sqlite", "postgresql"};

static const char *
engine_of(const cs_scheme *s, const char *uri)
{
	size_t i;

	if (s->rest == uri)
		return engines[0];
	for (i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (strcmp(engines[i], s->name) == 0)
			return engines[i];
	return NULL;
}

/* "//user:secret@host/": a colon before the last @ of the authority. The engine
 * looks again, with its vendor's reader. */
static bool
has_password(const char *rest)
{
	const char *at, *colon, *end;

	if (strstr(rest, "password") != NULL)
		return true;
	if (strncmp(rest, "//", 2) != 0)
		return false;
	end = rest + 2 + strcspn(rest + 2, "/?#");
	at = memrchr(rest, '@', (size_t)(end - rest));
	colon = memchr(rest, ':', (size_t)(end - rest));
	return at != NULL && colon != NULL && colon < at;
}

static int
load(const char *name, const char *dir, const cs_db_ops **out, cs_err *e)
{
	union {
		void *p;
		cs_db_entry_fn *f;
	} sym = {NULL};
	char hint[64];
	int rc;

	(void)snprintf(hint, sizeof(hint), "package countersign-%s", name);
	if ((rc = cs_module_load(dir, "store", name, CS_DB_SYMBOL, hint,
	    &sym.p, e)) != CS_OK)
		return rc;
	*out = sym.f(CS_DB_ABI);
	if (*out == NULL || (*out)->abi != CS_DB_ABI ||
	    strcmp((*out)->name, name) != 0) {
		*out = NULL;
		return cs_fail(e, CS_EDEVICE, room, "the module store-%s "
		    "belongs to another build than " PACKAGE_VERSION, name);
	}
	return CS_OK;
}

int
cs_engine_find(const char *uri, const char *module_dir, const cs_db_ops **ops,
    const char **where, cs_err *e)
{
	const char *name;
	cs_scheme s;
	int rc;

	*ops = NULL;
	*where = NULL;
	if ((rc = cs_scheme_split(uri, &s, e)) != CS_OK)
		return rc;
	if ((name = engine_of(&s, uri)) == NULL)
		return cs_fail(e, CS_EUSAGE, room, "a store: expected sqlite: "
		    "or postgresql:, found the scheme %s:", s.name);
	if (name != engines[0] && has_password(s.rest))
		return cs_fail(e, CS_EUSAGE, room, "a store's URI may not "
		    "have a password: every process could see it; a service "
		    "file, ~/.pgpass or peer authentication keep it apart");
	if ((rc = load(name, module_dir, ops, e)) == CS_OK)
		*where = s.rest;
	return rc;
}
