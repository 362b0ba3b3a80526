/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "plugbed.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/module.h"
#include "store/store.h"

const char bed_policy[] =
    "domain \"corp.example\" {\n"
    "\tpath \"/agent\" {\n"
    "\t\tgroups = {\"*\"}\n"
    "\t\tpresence = no\n"
    "\t\tgrants = yes\n"
    "\t\tbatches = yes\n"
    "\t}\n"
    "}\n";

static const char *
vectors(char *path, size_t n, const char *name)
{
	const char *src = getenv("SRCDIR");

	(void)snprintf(path, n, "%s/tests/vectors/verdict/%s",
	    src == NULL ? "." : src, name);
	return path;
}

cs_buf *
bed_vector(const char *name)
{
	char path[1024];
	cs_buf *b = NULL;
	cs_err e = {0};

	if (cs_file_read(vectors(path, sizeof(path), name), 1 << 20, &b, &e) !=
	    CS_OK)
		printf("# %s\n", e.text);
	return b;
}

bool
bed_put(const char *path, cs_span data)
{
	return cs_file_write(path, data, 0600, true, NULL) == CS_OK;
}

bool
bed_put_str(const char *path, const char *text)
{
	return bed_put(path, cs_span_str(text));
}

static bool
put_vector(const char *path, const char *name)
{
	cs_buf *b = bed_vector(name);
	bool done = b != NULL && bed_put(path, cs_buf_span(b));

	cs_buf_free(&b);
	return done;
}

static char module_dir[1024];

bool
bed_start(struct bed *b)
{
	const char *build = getenv("BUILDDIR");

	*b = (struct bed){.dir = "./plugin.XXXXXX", .modules = module_dir};
	(void)snprintf(module_dir, sizeof(module_dir), "%s/.libs",
	    build == NULL ? "." : build);
	if (mkdtemp(b->dir) == NULL)
		return false;
	(void)snprintf(b->owners, sizeof(b->owners), "%s/owners", b->dir);
	(void)snprintf(b->policy, sizeof(b->policy), "%s/policy", b->dir);
	return put_vector(b->owners, "owners") &&
	    bed_put_str(b->policy, bed_policy);
}

bool
bed_load(struct bed *b)
{
	countersign_verifier_entry_fn *entry;
	void *sym = NULL;
	cs_err e = {0};

	if (!bed_start(b))
		return false;
	if (cs_module_load(b->modules, "verifier", "owner",
	    COUNTERSIGN_VERIFIER_SYMBOL, NULL, &sym, &e) != CS_OK) {
		printf("# %s\n", e.text);
		return false;
	}
	memcpy(&entry, &sym, sizeof(entry));
	b->p = entry(COUNTERSIGN_VERIFIER_ABI);
	return b->p != NULL && entry(COUNTERSIGN_VERIFIER_ABI + 1) == NULL &&
	    entry(0) == NULL;
}

bool
bed_store(struct bed *b)
{
	cs_store_env env = {.module_dir = b->modules, .now = BED_NOON - 3600,
	    .authority = cs_span_str(BED_AUTHORITY), .mode = CS_DB_CREATE};
	cs_store *s = NULL;
	cs_err e = {0};

	(void)snprintf(b->store, sizeof(b->store), "sqlite:%s/store", b->dir);
	if (cs_store_open(b->store, &env, &s, &e) != CS_OK) {
		printf("# %s\n", e.text);
		return false;
	}
	cs_store_close(&s);
	return true;
}

void
bed_stop(struct bed *b)
{
	char path[512];
	struct dirent *d;
	DIR *dir = opendir(b->dir);

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", b->dir, d->d_name);
		(void)unlink(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(b->dir);
}

countersign_bytes
bed_bytes(const cs_buf *b)
{
	cs_span s = cs_buf_span(b);

	return (countersign_bytes){s.p, s.n};
}

countersign_verifier_config
bed_config(const struct bed *b)
{
	return (countersign_verifier_config){
		.size = sizeof(countersign_verifier_config),
		.owners = b->owners,
		.policy = b->policy,
		.authority = BED_AUTHORITY,
		.modules = b->modules,
		.skip_watch = 1,
	};
}

countersign_instance *
bed_open(const struct bed *b, const countersign_verifier_config *c)
{
	countersign_instance *i = NULL;
	char why[512] = "";

	if (b->p->open(c, &i, why, sizeof(why)) != COUNTERSIGN_OK)
		printf("# %s\n", why);
	return i;
}

countersign_verifier_input
bed_input(const cs_buf *message)
{
	return (countersign_verifier_input){
		.size = sizeof(countersign_verifier_input),
		.operation = COUNTERSIGN_OP_ISSUE,
		.message = bed_bytes(message),
		.time = BED_NOON,
	};
}
