/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fmt/names.h"
#include "net/listen.h"
#include "server/confp.h"

static const char where[] = "server/conf";

#define URL_MAX 400 /* a CA's key identifier follows it */
#define URL_CHARACTERS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	"-._~:/[]@!$&'()*+,;=%"

/* Puts the directory of `file` between the first `n` octets and the rest. */
static int
insert_directory(const char *file, size_t n, char **io, cs_err *e)
{
	char *dir = cs_path_directory(file), *whole = NULL;

	if (dir == NULL || asprintf(&whole, "%.*s%s%s", (int)n, *io, dir,
			       *io + n) < 0) {
		free(dir);
		return cs_nomem(e, where);
	}
	free(dir);
	free(*io);
	*io = whole;
	return CS_OK;
}

int
cs_server_conf_absolute(const char *file, const char *scheme, char **io,
    cs_err *e)
{
	size_t n = strlen(scheme);

	if (*io == NULL)
		return CS_OK;
	if (strncmp(*io, scheme, n) != 0) {
		/* No colon before the first slash: a plain path */
		if ((*io)[strcspn(*io, ":/")] == ':')
			return CS_OK;
		n = 0;
	}
	return (*io)[n] == '/' ? CS_OK : insert_directory(file, n, io, e);
}

static int
check_there(const cs_server_conf *c, cs_err *e)
{
	const struct {
		const char *name, *value;
	} all[] = {
		{"trust-domain", c->trust_domain},
		{"tls-cert", c->tls_cert},
		{"tls-key", c->tls_key},
		{"owners", c->owners},
		{"policy", c->policy},
		{"store", c->store},
		/* what signs nothing has none */
		{"state", c->n_webhook == 0 ? c->state : c->store},
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].value == NULL)
			return cs_fail(e, CS_EFORMAT, where,
			    "%s: %s is missing", c->file, all[i].name);
	if (c->n_ca == 0 && c->n_webhook == 0)
		return cs_fail(e, CS_EFORMAT, where,
		    "%s: there is no ca { }", c->file);
	return CS_OK;
}

/* Names of somebody else's making: their words, behind ours. */
static int
blame(const cs_conf_block *b, const char *name, const cs_err *why, cs_err *e)
{
	return cs_conf_fail(b, name, e, "%s", why->text);
}

static int
check_names(const cs_conf_block *root, cs_server_conf *c, cs_err *e)
{
	cs_span domain = cs_span_str(c->trust_domain);
	cs_buf *b = cs_buf_new(domain.n + 16);
	cs_err why = {0};
	int rc = CS_OK;

	if (b == NULL || cs_buf_printf(b, "spiffe://%s/x", c->trust_domain) !=
	    CS_OK)
		rc = cs_nomem(e, where);
	else if (memchr(domain.p, '/', domain.n) != NULL)
		rc = cs_conf_expect(root, "trust-domain", "a trust domain",
		    c->trust_domain, e);
	else if (cs_agent_id_check(cs_buf_span(b), NULL, &why) != CS_OK)
		rc = blame(root, "trust-domain", &why, e);
	else if (c->authority == NULL &&
	    asprintf(&c->authority, "https://%s", c->trust_domain) < 0)
		rc = cs_nomem(e, where);
	else if (cs_authority_check(cs_span_str(c->authority), &why) != CS_OK)
		rc = blame(root, "authority", &why, e);
	cs_buf_free(&b);
	return rc;
}

/* Of each kind one key signs; what was before it is retired. */
static int
check_one(const cs_conf_block *root, const char *name, cs_err *e)
{
	const cs_conf_block *b = NULL, *active = NULL, *any = NULL;
	bool retired;
	int rc;

	while ((b = cs_conf_next(root, name, b)) != NULL) {
		any = b;
		retired = false;
		if ((rc = cs_conf_flag(b, "retired", &retired, e)) != CS_OK)
			return rc;
		if (retired)
			continue;
		if (active != NULL)
			return cs_conf_fail(b, NULL, e, "a second %s { } that "
			    "signs, beside the one in line %u: one of them is "
			    "retired = yes", name, cs_conf_line(active));
		active = b;
	}
	if (any != NULL && active == NULL)
		return cs_conf_fail(any, NULL, e,
		    "every %s { } is retired: none signs", name);
	return CS_OK;
}

/* A title goes into a header, and into lines of a log. */
static bool
is_word(const char *s, const char *more)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = strlen(s), i;

	for (i = 0; i < n; i++)
		if (strchr(letters, s[i]) == NULL && strchr(more, s[i]) == NULL)
			return false;
	return n >= 1 && n <= 128;
}

static int
check_webhook(const cs_conf_block *b, const cs_conf_webhook *w, cs_err *e)
{
	if (!is_word(w->id, "._"))
		return cs_conf_fail(b, NULL, e, "expected 1 to 128 letters, "
		    "digits and . _ - as its id");
	if (w->client_name != NULL && !is_word(w->client_name, "."))
		return cs_conf_expect(b, "client-name", "a DNS name",
		    w->client_name, e);
	if (w->secret_file == NULL && w->client_name == NULL)
		return cs_conf_fail(b, NULL, e, "secret-file or client-name "
		    "is missing: whoever has a certificate of client-ca could "
		    "call");
	return CS_OK;
}

/* One file is of one program: a server signs, a webhook tells another CA. */
static int
check_webhooks(const cs_conf_block *root, const cs_server_conf *c, cs_err *e)
{
	static const char *const never[] = {"state", "admin", "crl-url",
	    "pin-file", "environment"};
	const cs_conf_block *b = NULL;
	size_t i;
	int rc = CS_OK;

	if (c->n_webhook == 0)
		return CS_OK;
	if ((b = cs_conf_next(root, "ca", NULL)) != NULL ||
	    (b = cs_conf_next(root, "wit", NULL)) != NULL)
		return cs_conf_fail(b, NULL, e, "where there is a webhook { } "
		    "nothing is signed");
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (cs_conf_where(root, never[i]) != 0)
			return cs_conf_fail(root, never[i], e, "where there "
			    "is a webhook { } there is no such thing");
	if (c->client_ca == NULL)
		return cs_fail(e, CS_EFORMAT, where, "%s: client-ca is "
		    "missing: a webhook is called with a certificate", c->file);
	if (c->clients != CS_CLIENTS_MUST)
		return cs_conf_fail(root, "clients", e, "a webhook is called "
		    "with a certificate: expected must");
	for (i = 0; rc == CS_OK && i < c->n_webhook; i++)
		rc = check_webhook(b = cs_conf_next(root, "webhook", b),
		    &c->webhook[i], e);
	return rc;
}

static int
check_clients(const cs_conf_block *root, const cs_server_conf *c, cs_err *e)
{
	if (c->clients != CS_CLIENTS_NONE && c->client_ca == NULL)
		return cs_conf_fail(root, "clients", e, "client-ca is missing");
	if (c->clients == CS_CLIENTS_NONE && c->client_ca != NULL)
		return cs_conf_fail(root, "client-ca", e,
		    "clients = none does not need it");
	if (c->admin == NULL && c->admin_group != NULL)
		return cs_conf_fail(root, "admin-group", e,
		    "admin is missing: there is no such socket");
	if (c->admin == NULL && cs_conf_where(root, "admin-mode") != 0)
		return cs_conf_fail(root, "admin-mode", e,
		    "admin is missing: there is no such socket");
	return CS_OK;
}

static int
check_url(const cs_conf_block *root, const char *url, cs_err *e)
{
	size_t n;

	if (url == NULL)
		return CS_OK;
	n = strlen(url);
	if ((strncmp(url, "http://", 7) != 0 &&
		strncmp(url, "https://", 8) != 0) ||
	    strspn(url, URL_CHARACTERS) != n || n > URL_MAX ||
	    url[n - 1] == '/')
		return cs_conf_expect(root, "crl-url", "a URL of http: or "
		    "https:, at most 400 characters, no / at its end", url, e);
	return CS_OK;
}

static int
check_crl(const cs_conf_block *root, const cs_server_conf *c, cs_err *e)
{
	int rc;

	if ((rc = check_url(root, c->crl_url, e)) != CS_OK)
		return rc;
	if (c->crl_every > c->crl_life / 2)
		return cs_conf_fail(root, cs_conf_where(root, "crl-every") ?
		    "crl-every" : "crl-life", e, "a list is good for %llds and "
		    "made anew every %llds: expected at most half of it",
		    (long long)c->crl_life, (long long)c->crl_every);
	return CS_OK;
}

static int
check_listen(const cs_conf_block *root, const cs_server_conf *c, cs_err *e)
{
	cs_err why = {0};
	size_t i;

	for (i = 0; i < c->n_listen; i++)
		if (cs_listen_check(c->listen[i], &why) != CS_OK)
			return blame(root, "listen", &why, e);
	return CS_OK;
}

static int
check_log(const cs_conf_block *root, cs_server_conf *c, cs_err *e)
{
	if (c->log == NULL && (c->log = strdup("stderr")) == NULL)
		return cs_nomem(e, where);
	if (strcmp(c->log, "stderr") != 0 && strcmp(c->log, "syslog") != 0)
		return cs_conf_expect(root, "log", "stderr or syslog", c->log,
		    e);
	return CS_OK;
}

int
cs_server_conf_check(const cs_conf_block *root, cs_server_conf *c, cs_err *e)
{
	int rc;

	if ((rc = check_there(c, e)) != CS_OK ||
	    (rc = check_names(root, c, e)) != CS_OK ||
	    (rc = check_one(root, "ca", e)) != CS_OK ||
	    (rc = check_one(root, "wit", e)) != CS_OK ||
	    (rc = check_webhooks(root, c, e)) != CS_OK ||
	    (rc = check_clients(root, c, e)) != CS_OK ||
	    (rc = check_crl(root, c, e)) != CS_OK ||
	    (rc = check_listen(root, c, e)) != CS_OK)
		return rc;
	return check_log(root, c, e);
}

int
cs_server_conf_blame(const cs_server_conf *c, const char *block, size_t n,
    const char *name, cs_err *e)
{
	const cs_conf_block *root = cs_conf_root(c->read), *b = root;
	unsigned line;

	if (block != NULL)
		for (b = NULL; (b = cs_conf_next(root, block, b)) != NULL &&
		     n > 0; n--)
			continue;
	line = b == NULL ? 0 : cs_conf_where(b, name);
	if (line == 0 && b != NULL)
		line = cs_conf_line(b);
	return cs_wrap(e, "%s:%u: %s", c->file, line, name);
}
