/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "conf/conf.h"
#include "server/confp.h"
#include "server/role.h"

#define HOUR INT64_C(3600)
#define YEAR (365 * 24 * HOUR)
#define KIB INT64_C(1024)

#define VALUE(name) {name, CS_CONF_VALUE, NULL}
#define END {NULL, 0, NULL}

static const cs_conf_word ca_words[] = {
    VALUE("cert"), VALUE("key"), VALUE("retired"), END};
static const cs_conf_word wit_words[] = {VALUE("key"), VALUE("retired"), END};
static const cs_conf_word webhook_words[] = {VALUE("kind"),
    VALUE("secret-file"), VALUE("client-name"), END};
static const cs_conf_word limit_words[] = {VALUE("body"), VALUE("headers"),
    VALUE("connections"), VALUE("per-address"), VALUE("per-second"),
    VALUE("burst"), VALUE("queue"), VALUE("pending"),
    VALUE("pending-per-client"), VALUE("pending-per-agent"),
    VALUE("pending-octets"), VALUE("pending-life"), VALUE("signatures"), END};
static const cs_conf_word words[] = {VALUE("trust-domain"),
    VALUE("authority"), {"listen", CS_CONF_LIST, NULL}, VALUE("admin"),
    VALUE("admin-mode"), VALUE("admin-group"), VALUE("tls-cert"),
    VALUE("tls-key"), VALUE("client-ca"), VALUE("clients"), VALUE("tls12"),
    VALUE("owners"), VALUE("policy"), VALUE("store"), VALUE("modules"),
    {"ca", CS_CONF_BLOCKS, ca_words}, {"wit", CS_CONF_BLOCKS, wit_words},
    {"webhook", CS_CONF_TITLED, webhook_words}, VALUE("pin-file"),
    {"environment", CS_CONF_LIST, NULL}, VALUE("crl-url"), VALUE("crl-life"),
    VALUE("crl-every"), VALUE("lifetime"), VALUE("approval"), VALUE("state"),
    VALUE("user"), VALUE("keyholder-user"), VALUE("group"), VALUE("fronts"),
    VALUE("workers"), {"limits", CS_CONF_BLOCK, limit_words}, VALUE("log"),
    END};

/* What a value is taken as, and into which member. */
struct row {
	const char *name;
	size_t offset;
	int64_t lo, hi;
};
#define TO(member) offsetof(cs_server_conf, member)
#define LIMIT(member) offsetof(cs_server_conf, limits.member)

static const struct row paths[] = {
    {"admin", TO(admin), 0, 0},
    {"tls-cert", TO(tls_cert), 0, 0},
    {"tls-key", TO(tls_key), 0, 0},
    {"client-ca", TO(client_ca), 0, 0},
    {"owners", TO(owners), 0, 0},
    {"policy", TO(policy), 0, 0},
    {"modules", TO(modules), 0, 0},
    {"pin-file", TO(pin_file), 0, 0},
    {"state", TO(state), 0, 0},
};
static const struct row strings[] = {
    {"trust-domain", TO(trust_domain), 0, 0},
    {"authority", TO(authority), 0, 0},
    {"admin-group", TO(admin_group), 0, 0},
    {"crl-url", TO(crl_url), 0, 0},
    {"user", TO(user), 0, 0},
    {"keyholder-user", TO(keyholder_user), 0, 0},
    {"group", TO(group), 0, 0},
    {"log", TO(log), 0, 0},
};
static const struct row durations[] = {
    {"crl-life", TO(crl_life), 60, YEAR},
    {"crl-every", TO(crl_every), 1, YEAR},
    {"lifetime", TO(lifetime), 60, YEAR},
};
static const struct row numbers[] = {
    {"fronts", TO(fronts), 0, CS_FRONTS_MAX},
    {"workers", TO(workers), 0, 256},
};
static const struct row limit_sizes[] = {
    {"body", LIMIT(body), KIB, 768 * KIB},
    {"headers", LIMIT(headers), KIB, 64 * KIB},
    {"pending-octets", LIMIT(pending_octets), 1024 * KIB, KIB * KIB * KIB},
};
static const struct row limit_numbers[] = {
    {"connections", LIMIT(connections), 1, 100000},
    {"per-address", LIMIT(per_address), 1, 100000},
    {"per-second", LIMIT(per_second), 0, 100000},
    {"burst", LIMIT(burst), 1, 100000},
    {"queue", LIMIT(queue), 1, 65536},
    {"pending", LIMIT(pending), 0, 1000000},
    {"pending-per-client", LIMIT(pending_per_client), 0, 1000000},
    {"pending-per-agent", LIMIT(pending_per_agent), 0, 1000000},
    {"signatures", LIMIT(signatures), 1, 100000},
};
static const struct row limit_durations[] = {
    {"pending-life", LIMIT(pending_life), 60, YEAR},
};

static const cs_server_conf defaults = {
    .admin_mode = 0600,
    .crl_life = 24 * HOUR,
    .crl_every = HOUR,
    .lifetime = 24 * HOUR,
    .limits = {.body = 256 * KIB, .headers = 16 * KIB, .connections = 1024,
	.per_address = 64, .per_second = 50, .burst = 100, .queue = 256,
	.pending = 10000, .pending_per_client = 100, .pending_per_agent = 8,
	.pending_octets = 256 * KIB * KIB, .pending_life = 24 * HOUR,
	.signatures = 500},
};

#define ROWS(r) r, sizeof(r) / sizeof((r)[0])

static void *
member(cs_server_conf *c, const struct row *r)
{
	return (unsigned char *)c + r->offset;
}

static int
take_strings(const cs_conf_block *b, const struct row *r, size_t n,
    cs_server_conf *c, cs_err *e)
{
	char *v = NULL;
	int rc = CS_OK;

	for (; rc == CS_OK && n > 0; r++, n--) {
		v = NULL;
		rc = cs_conf_string(b, r->name, &v, e);
		memcpy(member(c, r), &v, sizeof(v));
	}
	return rc;
}

static int
take_paths(const cs_conf_block *b, const struct row *r, size_t n,
    cs_server_conf *c, cs_err *e)
{
	char **at;
	int rc = take_strings(b, r, n, c, e);

	for (; rc == CS_OK && n > 0; r++, n--) {
		at = member(c, r);
		rc = cs_server_conf_absolute(c->file, "", at, e);
	}
	return rc;
}

enum unit { PLAIN, OCTETS, SECONDS };

static int
take_number(const cs_conf_block *b, const struct row *r, enum unit unit,
    int64_t *v, cs_err *e)
{
	int rc;

	if (unit == PLAIN)
		return cs_conf_number(b, r->name, r->lo, r->hi, v, e);
	if (unit == OCTETS)
		return cs_conf_size(b, r->name, r->lo, r->hi, v, e);
	if ((rc = cs_conf_duration(b, r->name, r->hi, v, e)) == CS_OK &&
	    *v < r->lo)
		return cs_conf_fail(b, r->name, e, "expected at least %llds",
		    (long long)r->lo);
	return rc;
}

static int
take_numbers(const cs_conf_block *b, const struct row *r, size_t n,
    enum unit unit, cs_server_conf *c, cs_err *e)
{
	int rc = CS_OK;

	for (; rc == CS_OK && n > 0; r++, n--)
		rc = take_number(b, r, unit, member(c, r), e);
	return rc;
}

static int
take_limits(const cs_conf_block *root, cs_server_conf *c, cs_err *e)
{
	const cs_conf_block *b = cs_conf_next(root, "limits", NULL);
	int rc;

	if (b == NULL)
		return CS_OK;
	if ((rc = take_numbers(b, ROWS(limit_sizes), OCTETS, c, e)) != CS_OK ||
	    (rc = take_numbers(b, ROWS(limit_numbers), PLAIN, c, e)) != CS_OK)
		return rc;
	return take_numbers(b, ROWS(limit_durations), SECONDS, c, e);
}

/* A word of a few; *at is which. */
static int
take_choice(const cs_conf_block *b, const char *name,
    const char *const *choices, const char *want, int *at, cs_err *e)
{
	const char *v = cs_conf_text(b, name);
	int i;

	if (v == NULL)
		return CS_OK;
	for (i = 0; choices[i] != NULL; i++)
		if (strcmp(v, choices[i]) == 0) {
			*at = i;
			return CS_OK;
		}
	return cs_conf_expect(b, name, want, v, e);
}

static int
take_choices(const cs_conf_block *b, cs_server_conf *c, cs_err *e)
{
	static const char *const clients[] = {
	    [CS_CLIENTS_NONE] = "none", [CS_CLIENTS_MAY] = "may",
	    [CS_CLIENTS_MUST] = "must", NULL};
	static const char *const approval[] = {"full", "digest", NULL};
	int who = c->client_ca == NULL ? CS_CLIENTS_NONE :
	    cs_conf_next(b, "webhook", NULL) != NULL ? CS_CLIENTS_MUST :
	    CS_CLIENTS_MAY;
	int digest = 0, rc;

	if ((rc = take_choice(b, "clients", clients, "none, may or must", &who,
		 e)) != CS_OK ||
	    (rc = take_choice(b, "approval", approval, "full or digest",
		 &digest, e)) != CS_OK)
		return rc;
	c->clients = (enum cs_conf_clients)who;
	c->digest_only = digest == 1;
	return cs_conf_flag(b, "tls12", &c->tls12, e);
}

/* Four octal digits, as chmod(1) shows them. */
static int
take_mode(const cs_conf_block *b, cs_server_conf *c, cs_err *e)
{
	const char *v = cs_conf_text(b, "admin-mode");
	int64_t mode = 0;
	size_t i;

	if (v == NULL)
		return CS_OK;
	for (i = 0; v[i] >= '0' && v[i] <= '7' && i < 4; i++)
		mode = mode * 8 + (v[i] - '0');
	if (i != 4 || v[4] != '\0' || v[0] != '0' || (mode & 07) != 0)
		return cs_conf_expect(b, "admin-mode", "four octal digits such "
		    "as 0660, none for others", v, e);
	c->admin_mode = mode;
	return CS_OK;
}

static int
take_listen(const cs_conf_block *b, cs_server_conf *c, cs_err *e)
{
	size_t i, n = cs_conf_count(b, "listen");
	int rc;

	if (n > CS_CONF_LISTEN_MAX)
		return cs_conf_fail(b, "listen", e, "expected at most %d, "
		    "found %zu", CS_CONF_LISTEN_MAX, n);
	for (i = 0; i < n; i++) {
		c->listen[i] = strdup(cs_conf_item(b, "listen", i));
		if (c->listen[i] == NULL)
			return cs_nomem(e, "server/conf");
		c->n_listen = i + 1;
		if ((rc = cs_server_conf_absolute(c->file, "unix:",
			 &c->listen[i], e)) != CS_OK)
			return rc;
	}
	if (n != 0)
		return CS_OK;
	c->listen[0] = strdup("127.0.0.1:8443");
	c->n_listen = 1;
	return c->listen[0] == NULL ? cs_nomem(e, "server/conf") : CS_OK;
}

/* LD_PRELOAD and its kind would be code of somebody's in the process that has
 * the keys. */
static bool
is_variable(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789_";

	return *name != '\0' && strspn(name, letters) == strlen(name) &&
	    strncmp(name, "LD_", 3) != 0 && strncmp(name, "GLIBC_", 6) != 0;
}

static int
take_environment(const cs_conf_block *b, cs_server_conf *c, cs_err *e)
{
	size_t i, n = cs_conf_count(b, "environment");
	const char *v;

	if (n > CS_CONF_ENV_MAX)
		return cs_conf_fail(b, "environment", e, "expected at most "
		    "%d, found %zu", CS_CONF_ENV_MAX, n);
	for (i = 0; i < n; i++) {
		v = cs_conf_item(b, "environment", i);
		if (!is_variable(v))
			return cs_conf_expect(b, "environment", "the name of a "
			    "variable, none of the loader's", v, e);
		if ((c->env[i] = strdup(v)) == NULL)
			return cs_nomem(e, "server/conf");
		c->n_env = i + 1;
	}
	return CS_OK;
}

static int
take_key(const cs_conf_block *b, const cs_server_conf *c, char **key,
    cs_err *e)
{
	int rc;

	if ((rc = cs_conf_string(b, "key", key, e)) != CS_OK)
		return rc;
	if (*key == NULL)
		return cs_conf_fail(b, NULL, e, "it has no key");
	return cs_server_conf_absolute(c->file, "file:", key, e);
}

static int
take_ca(const cs_conf_block *b, cs_server_conf *c, cs_err *e)
{
	cs_conf_ca *ca = &c->ca[c->n_ca];
	int rc;

	if (c->n_ca == CS_CONF_CAS_MAX)
		return cs_conf_fail(b, NULL, e, "more than %d ca blocks",
		    CS_CONF_CAS_MAX);
	c->n_ca++;
	if ((rc = cs_conf_string(b, "cert", &ca->cert, e)) != CS_OK)
		return rc;
	if (ca->cert == NULL)
		return cs_conf_fail(b, NULL, e, "it has no cert");
	if ((rc = cs_server_conf_absolute(c->file, "", &ca->cert, e)) !=
		CS_OK ||
	    (rc = take_key(b, c, &ca->key, e)) != CS_OK)
		return rc;
	return cs_conf_flag(b, "retired", &ca->retired, e);
}

static int
take_wit(const cs_conf_block *b, cs_server_conf *c, cs_err *e)
{
	cs_conf_wit *wit = &c->wit[c->n_wit];
	int rc;

	if (c->n_wit == CS_CONF_CAS_MAX)
		return cs_conf_fail(b, NULL, e, "more than %d wit blocks",
		    CS_CONF_CAS_MAX);
	c->n_wit++;
	if ((rc = take_key(b, c, &wit->key, e)) != CS_OK)
		return rc;
	return cs_conf_flag(b, "retired", &wit->retired, e);
}

static int
take_webhook(const cs_conf_block *b, cs_server_conf *c, cs_err *e)
{
	static const char *const kinds[] = {"", "enriching", "authorizing",
	    NULL};
	cs_conf_webhook *w = &c->webhook[c->n_webhook];
	int kind = CS_HOOK_NONE, rc;

	if (c->n_webhook == CS_CONF_WEBHOOKS_MAX)
		return cs_conf_fail(b, NULL, e, "more than %d webhook blocks",
		    CS_CONF_WEBHOOKS_MAX);
	c->n_webhook++;
	if ((w->id = strdup(cs_conf_title(b))) == NULL)
		return cs_nomem(e, "server/conf");
	if ((rc = take_choice(b, "kind", kinds, "enriching or authorizing",
		 &kind, e)) != CS_OK ||
	    (rc = cs_conf_string(b, "secret-file", &w->secret_file, e)) !=
		CS_OK ||
	    (rc = cs_conf_string(b, "client-name", &w->client_name, e)) !=
		CS_OK)
		return rc;
	if (kind == CS_HOOK_NONE)
		return cs_conf_fail(b, NULL, e, "it has no kind");
	w->kind = (enum cs_conf_hook)kind;
	return cs_server_conf_absolute(c->file, "", &w->secret_file, e);
}

static int
take_keys(const cs_conf_block *root, cs_server_conf *c, cs_err *e)
{
	const cs_conf_block *b = NULL;
	int rc = CS_OK;

	while (rc == CS_OK && (b = cs_conf_next(root, "ca", b)) != NULL)
		rc = take_ca(b, c, e);
	while (rc == CS_OK && (b = cs_conf_next(root, "wit", b)) != NULL)
		rc = take_wit(b, c, e);
	while (rc == CS_OK && (b = cs_conf_next(root, "webhook", b)) != NULL)
		rc = take_webhook(b, c, e);
	return rc;
}

/* sqlite:PATH and a plain PATH; of another engine it is no path. */
static int
take_store(const cs_conf_block *b, cs_server_conf *c, cs_err *e)
{
	int rc = cs_conf_string(b, "store", &c->store, e);

	return rc != CS_OK ? rc :
	    cs_server_conf_absolute(c->file, "sqlite:", &c->store, e);
}

static int
take(const cs_conf_block *root, cs_server_conf *c, cs_err *e)
{
	int rc;

	if ((rc = take_paths(root, ROWS(paths), c, e)) != CS_OK ||
	    (rc = take_strings(root, ROWS(strings), c, e)) != CS_OK ||
	    (rc = take_numbers(root, ROWS(durations), SECONDS, c, e)) !=
		CS_OK ||
	    (rc = take_numbers(root, ROWS(numbers), PLAIN, c, e)) != CS_OK ||
	    (rc = take_choices(root, c, e)) != CS_OK ||
	    (rc = take_mode(root, c, e)) != CS_OK ||
	    (rc = take_listen(root, c, e)) != CS_OK ||
	    (rc = take_environment(root, c, e)) != CS_OK ||
	    (rc = take_store(root, c, e)) != CS_OK ||
	    (rc = take_keys(root, c, e)) != CS_OK ||
	    (rc = take_limits(root, c, e)) != CS_OK)
		return rc;
	return cs_server_conf_check(root, c, e);
}

int
cs_server_conf_parse(cs_span text, const char *file, cs_server_conf **out,
    cs_err *e)
{
	cs_server_conf *c = malloc(sizeof(*c));
	int rc;

	*out = NULL;
	if (c == NULL)
		return cs_nomem(e, "server/conf");
	*c = defaults;
	c->file = strdup(file);
	c->text = strndup((const char *)text.p, text.n);
	if (c->file == NULL || c->text == NULL)
		rc = cs_nomem(e, "server/conf");
	else if ((rc = cs_conf_parse(c->file, text, CS_SERVER_CONF_MAX, words,
		      &c->read, e)) == CS_OK)
		rc = take(cs_conf_root(c->read), c, e);
	if (rc == CS_OK) {
		*out = c;
		c = NULL; /* transferred */
	}
	cs_server_conf_free(&c);
	return rc;
}

int
cs_server_conf_read(const char *file, cs_server_conf **out, cs_err *e)
{
	char *whole = realpath(file, NULL);
	cs_buf *text = NULL;
	int rc;

	*out = NULL;
	/* What cannot be found fails by its own name, in words of its own. */
	rc = cs_file_read_trusted(whole == NULL ? file : whole, geteuid(),
	    CS_SERVER_CONF_MAX, &text, e);
	if (rc == CS_OK)
		rc = cs_server_conf_parse(cs_buf_span(text),
		    whole == NULL ? file : whole, out, e);
	cs_buf_free(&text);
	free(whole);
	return rc;
}

static void
free_rows(cs_server_conf *c, const struct row *r, size_t n)
{
	for (; n > 0; r++, n--)
		free(*(char **)member(c, r));
}

void
cs_server_conf_free(cs_server_conf **cp)
{
	cs_server_conf *c;
	size_t i;

	if (cp == NULL || (c = *cp) == NULL)
		return;
	free_rows(c, ROWS(paths));
	free_rows(c, ROWS(strings));
	for (i = 0; i < c->n_listen; i++)
		free(c->listen[i]);
	for (i = 0; i < c->n_env; i++)
		free(c->env[i]);
	for (i = 0; i < c->n_ca; i++) {
		free(c->ca[i].cert);
		free(c->ca[i].key);
	}
	for (i = 0; i < c->n_wit; i++)
		free(c->wit[i].key);
	for (i = 0; i < c->n_webhook; i++) {
		free(c->webhook[i].id);
		free(c->webhook[i].secret_file);
		free(c->webhook[i].client_name);
	}
	cs_conf_free(&c->read);
	free(c->store);
	free(c->text);
	free(c->file);
	free(c);
	*cp = NULL;
}
