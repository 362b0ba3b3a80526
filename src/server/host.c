/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/host.h"

#include <string.h>

#include "base/module.h"

static const char where[] = "server/host";

#define WHY_MAX 1024

static int
load(const char *module_dir, const countersign_verifier **out, cs_err *e)
{
	countersign_verifier_entry_fn *entry = NULL;
	void *sym = NULL;
	int rc;

	if ((rc = cs_module_load(module_dir, "verifier", "owner",
	    COUNTERSIGN_VERIFIER_SYMBOL, "package countersign-verifier", &sym,
	    e)) != CS_OK)
		return rc;
	memcpy(&entry, &sym, sizeof(entry));
	*out = entry(COUNTERSIGN_VERIFIER_ABI);
	if (*out != NULL && (*out)->abi == COUNTERSIGN_VERIFIER_ABI &&
	    (*out)->size >= sizeof(**out))
		return CS_OK;
	return cs_fail(e, CS_EDEVICE, where, "%s/verifier-owner.so: expected a "
	    "plugin of ABI %u", module_dir, COUNTERSIGN_VERIFIER_ABI);
}

static int
failed(int rc, const char *call, const char *why, cs_err *e)
{
	return cs_fail(e, rc < 0 && rc >= CS_EBUG ? rc : CS_EBUG, where,
	    "the plugin's %s: %s", call, why);
}

static int
open_plugin(const cs_server_conf *conf, const char *module_dir,
    void (*log)(void *arg, int level, const char *text), void *log_arg,
    cs_host *h, cs_err *e)
{
	const countersign_verifier_config c = {.size = sizeof(c),
	    .owners = conf->owners, .policy = conf->policy,
	    .store = conf->store, .authority = conf->authority,
	    .modules = module_dir, .log = log, .log_arg = log_arg};
	char why[WHY_MAX] = "";
	int rc;

	if ((rc = load(module_dir, &h->plugin, e)) != CS_OK)
		return rc;
	rc = h->plugin->open(&c, &h->instance, why, sizeof(why));
	return rc == CS_OK && h->instance != NULL ? CS_OK :
	    failed(rc, "open", why, e);
}

int
cs_host_open(const cs_server_conf *conf, const char *module_dir, int64_t now,
    void (*log)(void *arg, int level, const char *text), void *log_arg,
    cs_host *out, cs_err *e)
{
	const cs_store_env env = {.module_dir = module_dir,
	    .authority = cs_span_str(conf->authority), .now = now,
	    .mode = CS_DB_WRITE};
	int rc;

	*out = (cs_host){0};
	if ((rc = open_plugin(conf, module_dir, log, log_arg, out, e)) ==
	    CS_OK)
		rc = cs_store_open(conf->store, &env, &out->store, e);
	if (rc != CS_OK)
		cs_host_close(out);
	return rc;
}

void
cs_host_close(cs_host *h)
{
	cs_store_close(&h->store);
	if (h->instance != NULL)
		h->plugin->close(h->instance);
	*h = (cs_host){0};
}

int
cs_host_reload(const cs_host *h, cs_err *e)
{
	char why[WHY_MAX] = "";
	int rc = h->plugin->reload(h->instance, why, sizeof(why));

	return rc == CS_OK ? CS_OK : failed(rc, "reload", why, e);
}
