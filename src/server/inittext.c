/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/time.h"
#include "server/initp.h"

static const char where[] = "server/init";

static const char names[] =
    "# countersign-server.conf(5). Paths are from this file's directory.\n"
    "# What stands behind # is the default, or an example.\n"
    "\n"
    "trust-domain = \"%s\"\n"
    "# The name that approvals have to give to this server.\n"
    "#authority = \"https://%s\"\n"
    "\n"
    "# Where agents come: EST and /v1, over TLS.\n"
    "listen = {%s}\n"
    "tls-cert = \"tls.pem\"\n"
    "tls-key = \"tls.key\"\n"
    "#tls12 = no\n"
    "# Certificates of clients: who issues them, and whether they must have\n"
    "# one. They admit; they approve nothing.\n"
    "#client-ca = \"clients.pem\"\n"
    "#clients = may\n"
    "\n"
    "# Where operators come: countersign revoke and status, metrics.\n"
    "admin = \"admin.sock\"\n"
    "#admin-mode = 0600\n"
    "#admin-group = \"operators\"\n"
    "\n";

static const char trust[] =
    "# Whose approval counts, for which agents, and how much of it.\n"
    "# countersign-owners(5), countersign-policy(5)\n"
    "owners = \"owners.d\"\n"
    "policy = \"policy/policy.conf\"\n"
    "\n"
    "# What was approved, issued and revoked: countersign-store(1). A second\n"
    "# server wants postgresql:, so that both remember the same.\n"
    "# Neither it nor the policy shares a directory with keys.\n"
    "store = \"sqlite:store/store.db\"\n"
    "\n";

static const char keys[] =
    "# Who signs. To rotate, add a second ca { } and mark the old one with\n"
    "# retired = yes: it stays in the bundle, and signs its revocation list,\n"
    "# until its last certificate has expired.\n"
    "ca {\n"
    "\tcert = \"ca.pem\"\n"
    "\tkey = \"%s\"\n"
    "}\n"
    "# For tokens (WIT), a P-256 key of their own.\n"
    "wit {\n"
    "\tkey = \"wit.key\"\n"
    "}\n"
    "# The keyholder's own directory: the last revocation lists.\n"
    "state = \"keyholder\"\n";

static const char more_keys[] =
    "# For keys in tokens: a file with the PIN, and which variables of the\n"
    "# environment the token's module is told.\n"
    "%spin-file = \"%s\"\n"
    "#environment = {\"SOFTHSM2_CONF\"}\n"
    "\n";

static const char issuing[] =
    "# Credentials live no longer than this, nor than the approval allows.\n"
    "lifetime = %s\n"
    "# \"digest\" keeps certificates small: the approval is not in them.\n"
    "#approval = full\n"
    "# Where certificates say that their revocation list is; the server has\n"
    "# it at /v1/crl/ and the CA's key identifier.\n"
    "#crl-url = \"https://identity.%s:8443/v1/crl\"\n"
    "#crl-life = 24h\n"
    "#crl-every = 1h\n"
    "\n";

static const char users[] =
    "# Started as root, the processes become these users; --check says what\n"
    "# they cannot read.\n"
    "%suser = \"%s\"\n"
    "%skeyholder-user = \"%s\"\n"
    "%sgroup = \"%s\"\n";

static const char limits[] =
    "# 0: one a core; threads of the issuer, 0: four a core.\n"
    "#fronts = 0\n"
    "#workers = 0\n"
    "# stderr (which the journal reads) or syslog\n"
    "#log = stderr\n"
    "\n"
    "limits {\n"
    "\t#body = 256k\n"
    "\t#headers = 16k\n"
    "\t# of each front\n"
    "\t#connections = 1024\n"
    "\t#per-address = 64\n"
    "\t# requests of one address, and of one client certificate\n"
    "\t#per-second = 50\n"
    "\t#burst = 100\n"
    "\t# that wait; more are answered 503\n"
    "\t#queue = 256\n"
    "\t# requests that wait for their owner\n"
    "\t#pending = 10000\n"
    "\t#pending-per-client = 100\n"
    "\t#pending-per-agent = 8\n"
    "\t#pending-octets = 256M\n"
    "\t#pending-life = 24h\n"
    "\t# of the CA's keys, a second\n"
    "\t#signatures = 500\n"
    "}\n";

static const char policy[] =
    "# countersign-policy(5): what is asked of approvals, by agent. The rule\n"
    "# with the longest path counts alone.\n"
    "domain \"%s\" {\n"
    "\tpath \"/\" {\n"
    "\t\tgroups = {\"*\"}      # every owner that owners.d has\n"
    "\t\tquorum = 1\n"
    "\t\thardware = no       # yes: proven, by attestation\n"
    "\t\tpresence = no       # yes: no owner's line can waive it\n"
    "\t\tverification = no   # yes: a PIN or a fingerprint, too\n"
    "\t\tmax-lifetime = 24h\n"
    "\t\tmax-window = 24h\n"
    "\t\tgrants = no\n"
    "\t\tbatches = no\n"
    "\t\tevidence = no\n"
    "\t\tmove-owner = no\n"
    "\t\tmove-key = no\n"
    "\t}\n"
    "}\n";

static const char next[] =
    "%s is an identity server for %s.\n"
    "\n"
    "Name an owner, with a key that the agents cannot reach:\n"
    "  countersign owners add --key URI --owner mailto:YOU@%s \\\n"
    "      --agents spiffe://%s/agent --file YOU.owners %s/owners.d\n"
    "Start it:\n"
    "  countersign-server --config %s/server.conf\n"
    "See it answer:\n"
    "  curl --cacert %s/ca.pem %s/v1/bundle\n";

static const char default_listen[] = "127.0.0.1:8443";

static int
put_listen(const cs_init *i, cs_buf *out)
{
	size_t k;
	int rc = CS_OK;

	if (i->listen.n == 0)
		return cs_buf_printf(out, "\"%s\"", default_listen);
	for (k = 0; rc == CS_OK && k < i->listen.n; k++)
		rc = cs_buf_printf(out, "%s\"%s\"", k == 0 ? "" : ", ",
		    i->listen.v[k]);
	return rc;
}

/* No way out of the quotes; the configuration knows no escapes. */
static int
check_word(const char *what, const char *word, cs_err *e)
{
	if (word == NULL || strpbrk(word, "\"\\\n\r") == NULL)
		return CS_OK;
	return cs_fail(e, CS_EUSAGE, where, "%s: a quote, a backslash or a "
	    "line end cannot stand in the configuration: %s", what, word);
}

static int
check_words(const cs_init *i, cs_err *e)
{
	size_t k;
	int rc;

	if ((rc = check_word("--ca-key", i->ca_key, e)) != CS_OK ||
	    (rc = check_word("--user", i->user, e)) != CS_OK ||
	    (rc = check_word("--keyholder-user", i->keyholder_user, e)) !=
		CS_OK ||
	    (rc = check_word("--pin-file", i->pin_file, e)) != CS_OK)
		return rc;
	for (k = 0; rc == CS_OK && k < i->listen.n; k++)
		rc = check_word("--listen", i->listen.v[k], e);
	return rc;
}

/* Without them, what one would write. */
static int
put_users(const cs_init *i, cs_buf *out, cs_err *e)
{
	cs_buf *group = cs_buf_new(256);
	bool some = i->user != NULL, two = i->keyholder_user != NULL;
	int rc = group == NULL ? cs_nomem(e, where) : CS_OK;

	if (rc == CS_OK && some)
		rc = cs_init_group(i, group, e);
	else if (rc == CS_OK && cs_buf_put_str(group, "countersign") != CS_OK)
		rc = cs_nomem(e, where);
	if (rc == CS_OK &&
	    cs_buf_printf(out, users, some ? "" : "#",
		some ? i->user : "countersign", two ? "" : "#",
		two ? i->keyholder_user : "countersign-keys",
		some ? "" : "#", cs_buf_cstr(group)) != CS_OK)
		rc = cs_fail(e, CS_EUSAGE, where,
		    "the configuration gets too long");
	cs_buf_free(&group);
	return rc;
}

int
cs_init_conf(const cs_init *i, cs_buf *out, cs_err *e)
{
	const char *key = i->ca_key == NULL ? "ca.key" : i->ca_key;
	cs_buf *listen = cs_buf_new(4096);
	char life[24];
	int rc;

	cs_duration_put(i->lifetime, life);
	if (listen == NULL)
		return cs_nomem(e, where);
	if ((rc = check_words(i, e)) == CS_OK &&
	    (put_listen(i, listen) != CS_OK ||
		cs_buf_printf(out, names, i->trust_domain, i->trust_domain,
		    cs_buf_cstr(listen)) != CS_OK ||
		cs_buf_put_str(out, trust) != CS_OK ||
		cs_buf_printf(out, keys, key) != CS_OK ||
		cs_buf_printf(out, more_keys, i->pin_file == NULL ? "#" : "",
		    i->pin_file == NULL ? "pin" : i->pin_file) != CS_OK ||
		cs_buf_printf(out, issuing, life, i->trust_domain) != CS_OK))
		rc = cs_fail(e, CS_EUSAGE, where,
		    "the configuration gets too long");
	if (rc == CS_OK && (rc = put_users(i, out, e)) == CS_OK &&
	    cs_buf_put_str(out, limits) != CS_OK)
		rc = cs_fail(e, CS_EUSAGE, where,
		    "the configuration gets too long");
	cs_buf_free(&listen);
	return rc;
}

int
cs_init_policy(const cs_init *i, cs_buf *out, cs_err *e)
{
	return cs_buf_printf(out, policy, i->trust_domain) == CS_OK ? CS_OK :
	    cs_nomem(e, where);
}

/* By a name that the certificate has, wherever it listens. */
static int
put_url(const cs_init *i, cs_buf *out)
{
	const char *host = i->hosts.n == 0 ? "localhost" : i->hosts.v[0];
	const char *at = i->listen.n == 0 ? default_listen : i->listen.v[0];

	if (strncmp(at, "unix:", 5) == 0)
		return cs_buf_printf(out, "--unix-socket %s https://%s",
		    at + 5, host);
	return cs_buf_printf(out, strchr(host, ':') == NULL ?
		"https://%s%s" : "https://[%s]%s", host,
	    strrchr(at, ':') == NULL ? "" : strrchr(at, ':'));
}

int
cs_init_next(const cs_init *i, cs_buf *out, cs_err *e)
{
	cs_buf *url = cs_buf_new(2048);
	int rc = CS_OK;

	if (url == NULL || put_url(i, url) != CS_OK ||
	    cs_buf_printf(out, next, i->dir, i->trust_domain, i->trust_domain,
		i->trust_domain, i->dir, i->dir, i->dir, cs_buf_cstr(url)) !=
		CS_OK)
		rc = cs_nomem(e, where);
	cs_buf_free(&url);
	return rc;
}
