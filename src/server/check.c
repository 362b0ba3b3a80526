/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <countersign/verifier.h>

#include "base/file.h"
#include "base/module.h"
#include "base/time.h"
#include "fmt/cert.h"
#include "fmt/pem.h"
#include "issue/authority.h"
#include "keys/keys.h"
#include "net/process.h"
#include "net/tls.h"
#include "server/holdkeys.h"
#include "server/hook.h"
#include "server/pinfile.h"
#include "server/places.h"
#include "store/store.h"

static const char where[] = "server/check";

#define CERTS_MAX (256 * 1024)
#define ENDS_SOON (30 * INT64_C(86400))

struct check {
	const cs_server_conf *c;
	const char *module_dir;
	int64_t now;
	cs_buf *said;
	cs_pinfile pin;
};

static int
say(struct check *k, const char *what, const char *of)
{
	/* What has no room is not worth a failure. */
	(void)!cs_buf_printf(k->said, "good: %s %s\n", what, of);
	return CS_OK;
}

/* What a role is to be, where we are root. */
static int
check_users(struct check *k, cs_err *e)
{
	const cs_server_conf *c = k->c;
	uid_t uid = 0;
	gid_t gid = 0;

	if (c->user != NULL && cs_process_uid(c->user, &uid, &gid, e) != CS_OK)
		return cs_server_conf_blame(c, NULL, 0, "user", e);
	if (c->keyholder_user != NULL &&
	    cs_process_uid(c->keyholder_user, &uid, &gid, e) != CS_OK)
		return cs_server_conf_blame(c, NULL, 0, "keyholder-user", e);
	if (geteuid() == 0 && c->user == NULL)
		(void)!cs_buf_put_str(k->said, "note: as root, without user, "
		    "every process stays root\n");
	return CS_OK;
}

struct look {
	struct check *k;
	int (*look)(struct check *k, cs_err *e);
};

static int
look(void *arg, cs_err *e)
{
	const struct look *l = arg;

	return l->look(l->k, e);
}

/* What the user of a process finds, and not what root does. */
static int
look_as(struct check *k, const char *user,
    int (*fn)(struct check *k, cs_err *e), cs_err *e)
{
	struct look l = {k, fn};

	return cs_process_as(user, k->c->group, look, &l, e);
}

static int
read_tls(struct check *k, cs_buf **chain, cs_buf **key, cs_buf **ca,
    cs_err *e)
{
	const cs_server_conf *c = k->c;

	if (cs_file_read(c->tls_cert, CERTS_MAX, chain, e) != CS_OK)
		return cs_server_conf_blame(c, NULL, 0, "tls-cert", e);
	if (cs_held_look(c->tls_key, e) != CS_OK ||
	    cs_file_read_secret(c->tls_key, CERTS_MAX, key, e) != CS_OK)
		return cs_server_conf_blame(c, NULL, 0, "tls-key", e);
	if (c->client_ca != NULL &&
	    cs_file_read(c->client_ca, CERTS_MAX, ca, e) != CS_OK)
		return cs_server_conf_blame(c, NULL, 0, "client-ca", e);
	return CS_OK;
}

static int
check_tls(struct check *k, cs_err *e)
{
	const cs_server_conf *c = k->c;
	cs_buf *chain = NULL, *key = NULL, *ca = NULL;
	cs_tls_env env = {.client = (enum cs_tls_client)c->clients,
	    .tls12 = c->tls12};
	cs_tls *tls = NULL;
	int rc;

	if ((rc = read_tls(k, &chain, &key, &ca, e)) == CS_OK) {
		env.chain = cs_buf_span(chain);
		env.key = cs_buf_span(key);
		env.client_ca = cs_buf_span(ca);
		if ((rc = cs_tls_new(&env, k->now, &tls, e)) != CS_OK)
			rc = cs_server_conf_blame(c, NULL, 0, "tls-cert", e);
	}
	cs_tls_free(&tls);
	cs_buf_free(&chain);
	cs_buf_free(&key);
	cs_buf_free(&ca);
	return rc != CS_OK ? rc : say(k, "TLS certificate", c->tls_cert);
}

/* Gives the public half in its bytes. */
static int
open_key(struct check *k, const char *uri, cs_buf **der, cs_spki *out,
    cs_err *e)
{
	cs_keys_env env = {.module_dir = k->module_dir, .ui = &k->pin.ui};
	cs_key *key = NULL;
	int rc;

	if ((*der = cs_buf_new(1024)) == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_held_look(uri, e)) == CS_OK &&
	    (rc = cs_key_open(uri, &env, &key, e)) == CS_OK &&
	    (rc = cs_key_spki(key, *der, e)) == CS_OK)
		rc = cs_spki_parse(cs_buf_span(*der), out, e);
	cs_key_close(&key);
	return rc;
}

static int
read_authority(const char *path, cs_authority **out, cs_err *e)
{
	cs_buf *pem = NULL, *der = NULL;
	int rc;

	if ((rc = cs_file_read(path, CERTS_MAX, &pem, e)) == CS_OK &&
	    (rc = cs_pem_one(cs_buf_span(pem), CS_PEM_CERTIFICATE, false, &der,
		 e)) == CS_OK)
		rc = cs_authority_parse(cs_buf_span(der), out, e);
	cs_buf_free(&pem);
	cs_buf_free(&der);
	return rc;
}

static int
check_time(const struct check *k, const cs_conf_ca *ca,
    const cs_authority *cert, cs_err *e)
{
	char from[24] = "", to[24] = "";

	if (ca->retired)
		return CS_OK;
	if (cert->not_before <= k->now && k->now <= cert->not_after) {
		(void)!cs_rfc3339_put(cert->not_after, to);
		if (cert->not_after - k->now < k->c->lifetime)
			(void)!cs_buf_printf(k->said, "note: %s ends at %s, and "
			    "so does what it issues, within lifetime\n",
			    ca->cert, to);
		else if (cert->not_after - k->now < ENDS_SOON)
			(void)!cs_buf_printf(k->said, "note: %s ends at %s\n",
			    ca->cert, to);
		return CS_OK;
	}
	(void)!cs_rfc3339_put(cert->not_before, from);
	(void)!cs_rfc3339_put(cert->not_after, to);
	return cs_fail(e, CS_EREFUSED, where, "%s is for %s to %s", ca->cert,
	    from, to);
}

static int
check_ca(struct check *k, size_t n, cs_err *e)
{
	const cs_conf_ca *ca = &k->c->ca[n];
	cs_authority *cert = NULL;
	cs_buf *der = NULL;
	cs_spki key = {0};
	int rc;

	if ((rc = read_authority(ca->cert, &cert, e)) != CS_OK ||
	    (rc = check_time(k, ca, cert, e)) != CS_OK ||
	    (!ca->retired && (rc = cs_authority_try(cert,
		 cs_span_str(k->c->trust_domain), e)) != CS_OK))
		rc = cs_server_conf_blame(k->c, "ca", n, "cert", e);
	else if ((rc = open_key(k, ca->key, &der, &key, e)) != CS_OK)
		rc = cs_server_conf_blame(k->c, "ca", n, "key", e);
	else if (!cs_span_eq(key.der, cert->key.der)) {
		rc = cs_fail(e, CS_EREFUSED, where, "%s is not the certificate "
		    "of this key", ca->cert);
		rc = cs_server_conf_blame(k->c, "ca", n, "key", e);
	}
	cs_buf_free(&der);
	cs_authority_free(&cert);
	return rc != CS_OK ? rc : say(k, ca->retired ? "retired CA" : "CA",
	    ca->cert);
}

static int
check_wit(struct check *k, size_t n, cs_err *e)
{
	cs_buf *der = NULL;
	cs_spki key = {0};
	int rc;

	if ((rc = open_key(k, k->c->wit[n].key, &der, &key, e)) == CS_OK &&
	    key.kind != CS_KEY_P256)
		rc = cs_fail(e, CS_EREFUSED, where, "expected a P-256 key");
	cs_buf_free(&der);
	if (rc != CS_OK)
		return cs_server_conf_blame(k->c, "wit", n, "key", e);
	return say(k, "WIT key", k->c->wit[n].key);
}

static int
may_write(const char *dir, cs_err *e)
{
	return faccessat(AT_FDCWD, dir, R_OK | W_OK | X_OK, AT_EACCESS) == 0 ?
	    CS_OK : cs_fail(e, CS_EIO, where, "%s: %s", dir, strerror(errno));
}

static int
write_state(struct check *k, cs_err *e)
{
	return may_write(k->c->state, e);
}

static int
check_state(struct check *k, cs_err *e)
{
	const char *path = k->c->state;
	struct stat st = {0};
	int rc = CS_OK;

	if (stat(path, &st) != 0)
		rc = cs_fail(e, CS_EIO, where, "%s: %s", path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		rc = cs_fail(e, CS_EIO, where, "%s is no directory", path);
	else if ((st.st_mode & 077) != 0)
		rc = cs_fail(e, CS_EREFUSED, where, "%s: mode %04o: expected "
		    "0700", path, (unsigned)st.st_mode & 07777);
	else
		rc = look_as(k, k->c->keyholder_user, write_state, e);
	return rc == CS_OK ? say(k, "state", path) :
	    cs_server_conf_blame(k->c, NULL, 0, "state", e);
}

/* Read by who is going to read them. */
static int
check_secrets(struct check *k, cs_err *e)
{
	cs_hook_gate *g = NULL;
	int rc = cs_hook_gate_new(k->c, &g, e);

	cs_hook_gate_free(&g);
	return rc != CS_OK ? rc : say(k, "webhooks", k->c->file);
}

static int
load_plugin(struct check *k, const countersign_verifier **out, cs_err *e)
{
	countersign_verifier_entry_fn *entry = NULL;
	void *sym = NULL;
	int rc;

	if ((rc = cs_module_load(k->module_dir, "verifier", "owner",
		 COUNTERSIGN_VERIFIER_SYMBOL, "package countersign-verifier",
		 &sym, e)) != CS_OK)
		return rc;
	memcpy(&entry, &sym, sizeof(entry));
	*out = entry(COUNTERSIGN_VERIFIER_ABI);
	return *out != NULL ? CS_OK : cs_fail(e, CS_EDEVICE, where,
	    "%s/verifier-owner.so: expected a plugin of ABI %u", k->module_dir,
	    COUNTERSIGN_VERIFIER_ABI);
}

/* By the plugin, which is going to read them. */
static int
read_owners(struct check *k, cs_err *e)
{
	const cs_server_conf *c = k->c;
	const countersign_verifier *calls = NULL;
	countersign_instance *instance = NULL;
	countersign_verifier_config config = {.size = sizeof(config),
	    .owners = c->owners, .policy = c->policy,
	    .authority = c->authority, .modules = k->module_dir,
	    .skip_watch = 1};
	char why[1024] = "";
	int rc;

	if ((rc = load_plugin(k, &calls, e)) != CS_OK)
		return rc;
	rc = calls->open(&config, &instance, why, sizeof(why));
	if (rc == CS_OK)
		calls->close(instance);
	else
		rc = cs_fail(e, rc < 0 && rc >= CS_EBUG ? rc : CS_EBUG, where,
		    "%s", why);
	return rc;
}

static int
check_owners(struct check *k, cs_err *e)
{
	int rc = look_as(k, k->c->user, read_owners, e);

	return rc != CS_OK ? rc : say(k, "owners and policy", k->c->policy);
}

/* The engine makes files beside a file. */
static int
write_beside(const char *store, cs_err *e)
{
	static const char scheme[] = "sqlite:";
	char *dir;
	int rc;

	if (strncmp(store, scheme, sizeof(scheme) - 1) != 0)
		return CS_OK;
	if ((dir = cs_path_directory(store + sizeof(scheme) - 1)) == NULL)
		return cs_nomem(e, where);
	rc = may_write(dir, e);
	free(dir);
	return rc;
}

static int
open_store(struct check *k, cs_err *e)
{
	const cs_server_conf *c = k->c;
	cs_store_env env = {.module_dir = k->module_dir,
	    .authority = cs_span_str(c->authority), .now = k->now,
	    .mode = CS_DB_READ};
	cs_store *s = NULL;
	int rc = cs_store_open(c->store, &env, &s, e);

	cs_store_close(&s);
	return rc != CS_OK ? rc : write_beside(c->store, e);
}

static int
check_store(struct check *k, cs_err *e)
{
	return look_as(k, k->c->user, open_store, e) == CS_OK ?
	    say(k, "store", k->c->store) :
	    cs_server_conf_blame(k->c, NULL, 0, "store", e);
}

int
cs_check(const cs_server_conf *c, const char *module_dir, int64_t now,
    cs_buf *said, cs_err *e)
{
	struct check k = {.c = c, .module_dir = c->modules == NULL ?
		module_dir : c->modules, .now = now, .said = said};
	size_t i;
	int rc;

	cs_pinfile_set(&k.pin, c->pin_file);
	if ((rc = check_users(&k, e)) != CS_OK ||
	    (rc = cs_places_check(c, e)) != CS_OK ||
	    (rc = check_tls(&k, e)) != CS_OK)
		return rc;
	for (i = 0; rc == CS_OK && i < c->n_ca; i++)
		rc = check_ca(&k, i, e);
	for (i = 0; rc == CS_OK && i < c->n_wit; i++)
		rc = check_wit(&k, i, e);
	if (rc == CS_OK)
		rc = c->n_webhook == 0 ? check_state(&k, e) :
		    check_secrets(&k, e);
	if (rc != CS_OK || (rc = check_owners(&k, e)) != CS_OK)
		return rc;
	return check_store(&k, e);
}
