/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/time.h"
#include "net/sandbox.h"
#include "server/hookp.h"

static const char where[] = "server/hook";

#define CERTS_MAX (256 * 1024)
/* owners, policy, store; secrets; what a remote store is found by */
#define PATHS_MAX (3 + CS_CONF_WEBHOOKS_MAX + 4)

/* As the master has opened them. */
static int
read_tls(cs_child *child, const cs_server_conf *c, cs_tls **out, cs_err *e)
{
	cs_buf *chain = NULL, *key = NULL, *ca = NULL;
	cs_tls_env env = {.client = CS_TLS_CLIENT_MUST, .tls12 = c->tls12};
	int rc;

	*out = NULL;
	if ((rc = cs_child_read(child, CS_FILE_TLS_CERT, CERTS_MAX, &chain,
	    e)) == CS_OK &&
	    (rc = cs_child_read(child, CS_FILE_TLS_KEY, CERTS_MAX, &key,
	    e)) == CS_OK &&
	    (rc = cs_child_read(child, CS_FILE_CLIENT_CA, CERTS_MAX, &ca,
	    e)) == CS_OK) {
		env.chain = cs_buf_span(chain);
		env.key = cs_buf_span(key);
		env.client_ca = cs_buf_span(ca);
		if ((rc = cs_tls_new(&env, cs_time_now(), out, e)) != CS_OK)
			rc = cs_server_conf_blame(c, NULL, 0, "tls-cert", e);
	}
	cs_buf_free(&chain);
	cs_buf_free(&key);
	cs_buf_free(&ca);
	return rc;
}

int
cs_hook_files_open(cs_hook_files *f, cs_child *child, cs_err *e)
{
	int rc = cs_hook_gate_new(child->conf, &f->gate, e);

	return rc != CS_OK ? rc : read_tls(child, child->conf, &f->tls, e);
}

int
cs_hook_files_reload(cs_hook_files *f, cs_child *child,
    cs_server_conf **conf, cs_err *e)
{
	cs_hook_gate *gate = NULL;
	cs_tls *tls = NULL;
	int rc;

	if ((rc = cs_hook_gate_new(*conf, &gate, e)) != CS_OK ||
	    (rc = read_tls(child, *conf, &tls, e)) != CS_OK) {
		cs_hook_gate_free(&gate);
		return rc;
	}
	cs_hook_gate_free(&f->gate);
	f->gate = gate;
	cs_tls_free(&f->before);
	f->before = f->tls;
	f->tls = tls;
	cs_server_conf_free(&f->newer);
	f->newer = *conf;
	*conf = NULL; /* transferred */
	return CS_OK;
}

void
cs_hook_files_close(cs_hook_files *f)
{
	cs_hook_gate_free(&f->gate);
	cs_tls_free(&f->tls);
	cs_tls_free(&f->before);
	cs_server_conf_free(&f->newer);
}

struct places {
	cs_sandbox_path at[PATHS_MAX];
	char *own[PATHS_MAX];
	size_t n;
};

static int
add(struct places *p, const char *file, bool may_write, cs_err *e)
{
	char *dir;

	if (file == NULL)
		return CS_OK;
	dir = cs_is_dir(file) ? strdup(file) : cs_path_directory(file);
	if (dir == NULL)
		return cs_nomem(e, where);
	p->own[p->n] = dir;
	p->at[p->n++] = (cs_sandbox_path){.path = dir,
	    .may_write = may_write};
	return CS_OK;
}

/* The store of a server of its own: the way to it, and what its library looks
 * for. */
static void
add_remote(struct places *p)
{
	static const char *const system[] = {"/etc", "/run", "/lib",
	    "/usr/lib"};
	size_t i;

	for (i = 0; i < sizeof(system) / sizeof(system[0]); i++)
		p->at[p->n++] = (cs_sandbox_path){.path = system[i],
		    .may_miss = true};
}

static int
add_all(struct places *p, const cs_server_conf *c, bool remote, cs_err *e)
{
	static const char sqlite[] = "sqlite:";
	const char *store = c->store;
	size_t i;
	int rc;

	if (strncmp(store, sqlite, sizeof(sqlite) - 1) == 0)
		store += sizeof(sqlite) - 1;
	if ((rc = add(p, c->owners, false, e)) != CS_OK ||
	    (rc = add(p, c->policy, false, e)) != CS_OK)
		return rc;
	for (i = 0; rc == CS_OK && i < c->n_webhook; i++)
		rc = add(p, c->webhook[i].secret_file, false, e);
	if (rc == CS_OK && remote)
		add_remote(p);
	else if (rc == CS_OK)
		rc = add(p, store, true, e);
	return rc;
}

int
cs_hook_sandbox(const cs_server_conf *c, char *had, size_t had_len, cs_err *e)
{
	static const char postgresql[] = "postgresql:";
	bool remote = strncmp(c->store, postgresql, sizeof(postgresql) - 1) ==
	    0;
	struct places p = {.n = 0};
	const cs_sandbox s = {.may = CS_MAY_ACCEPT | CS_MAY_READ |
	    CS_MAY_WRITE | CS_MAY_THREADS |
	    (remote ? CS_MAY_CONNECT | CS_MAY_LOAD : 0), .paths = p.at};
	cs_sandbox with = s;
	size_t i;
	int rc;

	if ((rc = add_all(&p, c, remote, e)) == CS_OK) {
		with.n_paths = p.n;
		rc = cs_sandbox_enter(&with, had, had_len, e);
	}
	for (i = 0; i < PATHS_MAX; i++)
		free(p.own[i]);
	return rc;
}
