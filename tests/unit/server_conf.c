/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/conf.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define FILE_NAME "/etc/cs/server.conf"

/* The least that is one. */
#define LEAST \
	"trust-domain = corp.example\n" \
	"tls-cert = tls.pem\n" \
	"tls-key = tls.key\n" \
	"owners = owners.d\n" \
	"policy = policy.conf\n" \
	"store = store.db\n" \
	"state = keyholder\n"
#define CA "ca { cert = ca.pem key = ca.key }\n"

static int
parse(const char *text, cs_server_conf **c, cs_err *e)
{
	return cs_server_conf_parse(cs_span_str(text), FILE_NAME, c, e);
}

static cs_server_conf *
good(const char *text)
{
	cs_server_conf *c = NULL;
	cs_err e = {0};

	if (!ok(parse(text, &c, &e) == CS_OK && c != NULL, "is taken")) {
		printf("# %s\n", e.text);
		exit(1);
	}
	return c;
}

static bool
is(const char *found, const char *want)
{
	bool same = found != NULL && strcmp(found, want) == 0;

	if (!same)
		printf("# found %s, expected %s\n",
		    found == NULL ? "nothing" : found, want);
	return same;
}

static void
least(void)
{
	cs_server_conf *c = good(LEAST CA);

	ok(is(c->trust_domain, "corp.example") &&
	    is(c->authority, "https://corp.example"), "names");
	ok(is(c->tls_cert, "/etc/cs/tls.pem") &&
	    is(c->tls_key, "/etc/cs/tls.key") &&
	    is(c->owners, "/etc/cs/owners.d") &&
	    is(c->policy, "/etc/cs/policy.conf") &&
	    is(c->store, "/etc/cs/store.db") &&
	    is(c->state, "/etc/cs/keyholder"), "paths are absolute");
	ok(c->n_ca == 1 && is(c->ca[0].cert, "/etc/cs/ca.pem") &&
	    is(c->ca[0].key, "/etc/cs/ca.key") && !c->ca[0].retired, "a CA");
	ok(c->n_listen == 1 && is(c->listen[0], "127.0.0.1:8443"),
	    "where it listens by default");
	ok(c->clients == CS_CLIENTS_NONE && c->client_ca == NULL && !c->tls12 &&
	    c->n_wit == 0 && c->admin == NULL && c->admin_mode == 0600 &&
	    c->crl_url == NULL && c->crl_life == 86400 &&
	    c->crl_every == 3600 && c->lifetime == 86400 && !c->digest_only &&
	    c->fronts == 0 && c->workers == 0 && c->user == NULL &&
	    c->modules == NULL && c->pin_file == NULL && c->n_env == 0,
	    "defaults");
	ok(is(c->log, "stderr") && is(c->text, LEAST CA) &&
	    is(c->file, FILE_NAME), "what was read is kept");
	cs_server_conf_free(&c);
	ok(c == NULL, "freed");
	cs_server_conf_free(&c);
}

static const char whole[] = LEAST
    "authority = \"https://identity.corp.example\"\n"
    "listen = {\"[::1]:8443\", \"*:443\", unix:sock, \"unix:/run/cs\"}\n"
    "admin = /run/cs/admin.sock\n"
    "admin-mode = 0660\n"
    "admin-group = ops\n"
    "client-ca = clients.pem\n"
    "clients = must\n"
    "tls12 = yes\n"
    "modules = /opt/cs\n"
    "ca { cert = /x/ca.pem key = \"pkcs11:token=ca\" }\n"
    "ca { cert = old.pem key = file:old.key retired = yes }\n"
    "wit { key = file:/x/wit.key }\n"
    "wit { key = old-wit.key retired = yes }\n"
    "pin-file = pin\n"
    "environment = {SOFTHSM2_CONF, OTHER}\n"
    "crl-url = \"http://crl.corp.example/v1/crl\"\n"
    "crl-life = 7d\n"
    "crl-every = 2h\n"
    "lifetime = 8h\n"
    "approval = digest\n"
    "user = cs\n"
    "keyholder-user = cs-keys\n"
    "group = cs\n"
    "fronts = 2\n"
    "workers = 16\n"
    "log = syslog\n"
    "limits { body = 64k headers = 8k connections = 10 per-address = 4\n"
    "\tper-second = 0 burst = 7 queue = 9 pending = 0\n"
    "\tpending-per-agent = 3 pending-life = 15m signatures = 11 }\n";

static void
all(void)
{
	cs_server_conf *c = good(whole);

	ok(is(c->authority, "https://identity.corp.example"), "authority");
	ok(c->n_listen == 4 && is(c->listen[0], "[::1]:8443") &&
	    is(c->listen[1], "*:443") && is(c->listen[2], "unix:/etc/cs/sock") &&
	    is(c->listen[3], "unix:/run/cs"), "listen");
	ok(is(c->admin, "/run/cs/admin.sock") && c->admin_mode == 0660 &&
	    is(c->admin_group, "ops"), "admin");
	ok(is(c->client_ca, "/etc/cs/clients.pem") &&
	    c->clients == CS_CLIENTS_MUST && c->tls12, "clients");
	ok(c->n_ca == 2 && is(c->ca[0].key, "pkcs11:token=ca") &&
	    is(c->ca[0].cert, "/x/ca.pem") && !c->ca[0].retired &&
	    is(c->ca[1].key, "file:/etc/cs/old.key") && c->ca[1].retired,
	    "CAs");
	ok(c->n_wit == 2 && is(c->wit[0].key, "file:/x/wit.key") &&
	    !c->wit[0].retired && is(c->wit[1].key, "/etc/cs/old-wit.key") &&
	    c->wit[1].retired, "WIT keys");
	ok(is(c->pin_file, "/etc/cs/pin") && is(c->modules, "/opt/cs") &&
	    c->n_env == 2 && is(c->env[0], "SOFTHSM2_CONF") &&
	    is(c->env[1], "OTHER"), "for tokens");
	ok(is(c->crl_url, "http://crl.corp.example/v1/crl") &&
	    c->crl_life == 7 * 86400 && c->crl_every == 7200 &&
	    c->lifetime == 28800 && c->digest_only, "issuing");
	ok(is(c->user, "cs") && is(c->keyholder_user, "cs-keys") &&
	    is(c->group, "cs") && c->fronts == 2 && c->workers == 16 &&
	    is(c->log, "syslog"), "processes");
	ok(c->limits.body == 65536 && c->limits.headers == 8192 &&
	    c->limits.connections == 10 && c->limits.per_address == 4 &&
	    c->limits.per_second == 0 && c->limits.burst == 7 &&
	    c->limits.queue == 9 && c->limits.pending == 0 &&
	    c->limits.pending_per_agent == 3 &&
	    c->limits.pending_life == 900 && c->limits.signatures == 11,
	    "limits");
	cs_server_conf_free(&c);
}

static void
store_uris(void)
{
	static const char *const uris[][2] = {
	    {"sqlite:x.db", "sqlite:/etc/cs/x.db"},
	    {"sqlite:/x.db", "sqlite:/x.db"},
	    {"\"postgresql:service=cs\"", "postgresql:service=cs"},
	    {"postgresql:///cs", "postgresql:///cs"}};
	static const char least_without[] = "trust-domain = corp.example "
	    "tls-cert = c tls-key = k owners = o policy = p state = s " CA;
	char text[512];
	cs_server_conf *c;
	size_t i;

	for (i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		(void)snprintf(text, sizeof(text), "%sstore = %s\n",
		    least_without, uris[i][0]);
		c = good(text);
		ok(is(c->store, uris[i][1]), "store %s", uris[i][0]);
		cs_server_conf_free(&c);
	}
}

/* Behind LEAST CA, whose lines are 8: line 9 is the first of these. */
static const struct {
	const char *text, *want;
} wrong[] = {
    {"lissten = x\n", ":9: no such option 'lissten'; did you mean listen?"},
    {"\nca { certt = x }\n", ":10: no such option 'certt'; did you mean cert?"},
    {"limits { bodi = 1 }\n", ":9: no such option 'bodi'; did you mean body?"},
    {"body = 64k\n", ":9: no such option 'body' here: it belongs into limits"},
    {"lifetime = 24h\nlifetime = 1h\n", ":10: lifetime is set twice"},
    {"lifetime = \"${HOME}\"\n", ":9: ${...}"},
    {"trust-domain = other.example\n", ":9: trust-domain is set twice"},
    {"authority = \"no uri\"\n", ":9: authority: "},
    {"listen = {}\nadmin = \"\"\n", ":10: admin: it is empty"},
    {"listen = nowhere\n", ":9: listen: "},
    {"listen = {a:1, a:1, a:1, a:1, a:1, a:1, a:1, a:1, a:1}\n",
	":9: listen: expected at most 8, found 9"},
    {"listen = 127.0.0.1:65536\n", ":9: listen: "},
    {"admin = a\nadmin-mode = 660\n", ":10: admin-mode: expected four octal"},
    {"admin = a\nadmin-mode = 0666\n", ":10: admin-mode: expected four octal"},
    {"admin = a\nadmin-mode = 08\n", ":10: admin-mode: expected four octal"},
    {"admin-mode = 0660\n", ":9: admin-mode: admin is missing"},
    {"admin-group = ops\n", ":9: admin-group: admin is missing"},
    {"clients = may\n", ":9: clients: client-ca is missing"},
    {"clients = some\n", ":9: clients: expected none, may or must, found "},
    {"client-ca = x\nclients = none\n", ":9: client-ca: clients = none"},
    {"tls12 = maybe\n", ":9: tls12: expected yes or no, found \"maybe\""},
    {"crl-url = ftp://x\n", ":9: crl-url: expected a URL"},
    {"crl-url = https://x/\n", ":9: crl-url: expected a URL"},
    {"crl-url = \"https://x y\"\n", ":9: crl-url: expected a URL"},
    {"crl-life = 1h\n", ":9: crl-life: a list is good for 3600s"},
    {"crl-every = 13h\n", ":9: crl-every: a list is good for 86400s"},
    {"lifetime = 1d\nlog = file\n", ":10: log: expected stderr or syslog"},
    {"lifetime = 5\n", ":9: lifetime: expected a duration"},
    {"lifetime = 5s\n", ":9: lifetime: expected at least 60s"},
    {"lifetime = 366d\n", ":9: lifetime: expected at most"},
    {"approval = none\n", ":9: approval: expected full or digest"},
    {"fronts = 64\n", ":9: fronts: expected 0 to 63, found \"64\""},
    {"fronts = 010\n", ":9: fronts: expected 0 to 63"},
    {"workers = -1\n", ":9: workers: expected 0 to 256"},
    {"workers = four\n", ":9: workers: expected 0 to 256"},
    {"environment = {LD_PRELOAD}\n", ":9: environment: expected the name of"},
    {"environment = {\"A=B\"}\n", ":9: environment: expected the name of"},
    {"environment = {A,A,A,A,A,A,A,A,A}\n", ":9: environment: expected at mo"},
    {"ca { cert = x }\n", ":9: it has no key"},
    {"ca { key = x }\n", ":9: it has no cert"},
    {"ca { cert = a key = b }\n", ":9: a second ca { } that signs, beside "
	"the one in line 8"},
    {"ca { cert = a key = b retired = on }\n", ":9: retired: expected yes"},
    {"ca { cert = a key = b retired = yes }\nca { cert = a key = b retired = "
     "yes }\nca { cert = a key = b retired = yes }\nca { cert = a key = b "
     "retired = yes }\n", ":12: more than 4 ca blocks"},
    {"wit { }\n", ":9: it has no key"},
    {"wit { key = a }\nwit { key = b }\n", ":10: a second wit { }"},
    {"wit { key = a retired = yes }\n", ":9: every wit { } is retired"},
    {"limits { body = 1 }\n", ":9: body: expected 1024 to 786432 bytes"},
    {"limits { body = 1G }\n", ":9: body: expected 1024 to 786432 bytes"},
    {"limits { headers = 65k }\n", ":9: headers: expected 1024 to 65536"},
    {"limits { connections = 0 }\n", ":9: connections: expected 1 to 100000"},
    {"limits { queue = 0 }\n", ":9: queue: expected 1 to 65536"},
    {"limits { signatures = 0 }\n", ":9: signatures: expected 1 to 100000"},
    {"limits { burst = 0 }\n", ":9: burst: expected 1 to 100000"},
    {"limits {\npending-life = 1s }\n", ":10: pending-life: expected at lea"},
    {"limits { }\nlimits { }\n", ":10: limits is set twice"},
};

static void
wrong_values(void)
{
	char text[2048];
	cs_server_conf *c = NULL;
	cs_err e;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		e = (cs_err){0};
		(void)snprintf(text, sizeof(text), "%s%s", LEAST CA,
		    wrong[i].text);
		rc = parse(text, &c, &e);
		if (!ok(rc == CS_EFORMAT && c == NULL &&
			strncmp(e.text, FILE_NAME, strlen(FILE_NAME)) == 0 &&
			strncmp(e.text + strlen(FILE_NAME), wrong[i].want,
			    strlen(wrong[i].want)) == 0,
			"refused: %zu %.40s", i, wrong[i].want))
			printf("# %d %s\n", rc, e.text);
		cs_server_conf_free(&c);
	}
}

/* Each line of LEAST left out, then each trust domain that is none. */
static void
missing(void)
{
	static const char *const names[] = {"trust-domain", "tls-cert",
	    "tls-key", "owners", "policy", "store", "state"};
	char text[512], want[128];
	const char *from, *to;
	cs_server_conf *c = NULL;
	cs_err e;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		e = (cs_err){0};
		from = strstr(LEAST, names[i]);
		to = strchr(from, '\n') + 1;
		(void)snprintf(text, sizeof(text), "%.*s%s%s",
		    (int)(from - LEAST), LEAST, to, CA);
		(void)snprintf(want, sizeof(want), FILE_NAME ": %s is missing",
		    names[i]);
		ok(parse(text, &c, &e) == CS_EFORMAT && is(e.text, want),
		    "%s", want);
	}
	e = (cs_err){0};
	ok(parse(LEAST, &c, &e) == CS_EFORMAT &&
	    is(e.text, FILE_NAME ": there is no ca { }"), "no CA");
	ok(parse("", &c, NULL) == CS_EFORMAT, "an empty file");
}

static void
domains(void)
{
	static const char *const bad[] = {"\"Corp.example\"", "\"a b\"",
	    "\"a/b\"", "127.0.0.1", "\"a:1\""};
	const char *rest = strchr(LEAST, '\n');
	char text[512];
	cs_server_conf *c = NULL;
	cs_err e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = (cs_err){0};
		(void)snprintf(text, sizeof(text), "trust-domain = %s%s%s",
		    bad[i], rest, CA);
		ok(parse(text, &c, &e) == CS_EFORMAT && strncmp(e.text,
		    FILE_NAME ":1: trust-domain: ", 35) == 0,
		    "no trust domain: %s", bad[i]);
	}
}

static void
blame(void)
{
	cs_server_conf *c = good(LEAST CA "wit { key = a }\n"
	    "ca { cert = c\nkey = k\nretired = yes }\n");
	cs_err e = {0};

	(void)cs_fail(&e, CS_EIO, "test", "words");
	ok(cs_server_conf_blame(c, NULL, 0, "tls-key", &e) == CS_EIO &&
	    is(e.text, FILE_NAME ":3: tls-key: words"), "a value's line");
	(void)cs_fail(&e, CS_EIO, "test", "words");
	ok(cs_server_conf_blame(c, "ca", 1, "key", &e) == CS_EIO &&
	    is(e.text, FILE_NAME ":11: key: words"), "a block's value's line");
	(void)cs_fail(&e, CS_EIO, "test", "words");
	ok(cs_server_conf_blame(c, "ca", 0, "retired", &e) == CS_EIO &&
	    is(e.text, FILE_NAME ":8: retired: words"), "else the block's");
	cs_server_conf_free(&c);
}

#define HOOK_LEAST \
	"trust-domain = corp.example\n" \
	"tls-cert = tls.pem\n" \
	"tls-key = tls.key\n" \
	"owners = owners.d\n" \
	"policy = policy.conf\n" \
	"store = store.db\n"
#define HOOK "webhook one { kind = enriching secret-file = s }\n"

/* Another CA asks: nothing here signs. */
static const struct {
	const char *text, *want;
} wrong_hooks[] = {
    {HOOK, ": client-ca is missing"},
    {"client-ca = x clients = may\n" HOOK, ":7: clients: a webhook is called"},
    {"client-ca = x\n" HOOK HOOK, ":9: "},
    {"client-ca = x\n" HOOK CA, ":9: where there is a webhook { } nothing "},
    {"client-ca = x\n" HOOK "wit { key = k }\n", ":9: where there is a web"},
    {"client-ca = x\n" HOOK "state = s\n", ":9: state: where there is a web"},
    {"client-ca = x\n" HOOK "admin = s\n", ":9: admin: where there is a web"},
    {"client-ca = x\nwebhook one { secret-file = s }\n", ":8: it has no kind"},
    {"client-ca = x\nwebhook one { kind = scep secret-file = s }\n",
	":8: kind: expected enriching or authorizing, found \"scep\""},
    {"client-ca = x\nwebhook one { kind = enriching }\n",
	":8: secret-file or client-name is missing"},
    {"client-ca = x\nwebhook \"a b\" { kind = enriching secret-file = s }\n",
	":8: expected 1 to 128 letters, digits"},
    {"client-ca = x\nwebhook a { kind = enriching client-name = \"*.b\" }\n",
	":8: client-name: expected a DNS name"},
    {"client-ca = x\nwebhook { kind = enriching client-name = b }\n", ":8: "},
};

static void
webhooks(void)
{
	cs_server_conf *c = good(HOOK_LEAST "client-ca = ca.pem\n" HOOK
	    "webhook \"2_b.c\" { kind = authorizing client-name = ca.example }"
	    "\n");
	char text[1024];
	cs_err e;
	size_t i;

	ok(c->n_webhook == 2 && c->n_ca == 0 && c->state == NULL &&
	    c->clients == CS_CLIENTS_MUST, "webhooks");
	ok(is(c->webhook[0].id, "one") &&
	    c->webhook[0].kind == CS_HOOK_ENRICHING &&
	    is(c->webhook[0].secret_file, "/etc/cs/s") &&
	    c->webhook[0].client_name == NULL, "the first");
	ok(is(c->webhook[1].id, "2_b.c") &&
	    c->webhook[1].kind == CS_HOOK_AUTHORIZING &&
	    is(c->webhook[1].client_name, "ca.example") &&
	    c->webhook[1].secret_file == NULL, "and the second");
	cs_server_conf_free(&c);
	for (i = 0; i < sizeof(wrong_hooks) / sizeof(wrong_hooks[0]); i++) {
		e = (cs_err){0};
		(void)snprintf(text, sizeof(text), "%s%s", HOOK_LEAST,
		    wrong_hooks[i].text);
		if (!ok(parse(text, &c, &e) == CS_EFORMAT && c == NULL &&
			strncmp(e.text, FILE_NAME, strlen(FILE_NAME)) == 0 &&
			strncmp(e.text + strlen(FILE_NAME),
			    wrong_hooks[i].want, strlen(wrong_hooks[i].want)) ==
			    0, "refused: webhook %zu %.40s", i,
			wrong_hooks[i].want))
			printf("# %s\n", e.text);
		cs_server_conf_free(&c);
	}
}

/* Whatever is cut off, whatever is flipped: refused or taken, never worse. */
static void
every_octet(void)
{
	size_t i, n = sizeof(whole) - 1;
	char text[sizeof(whole)];
	cs_server_conf *c = NULL;
	int taken = 0;

	for (i = 0; i < n; i++) {
		if (cs_server_conf_parse(cs_span_of(whole, i), FILE_NAME, &c,
			NULL) == CS_OK)
			taken++;
		cs_server_conf_free(&c);
		memcpy(text, whole, sizeof(text));
		text[i] = (char)(text[i] ^ 1);
		(void)!cs_server_conf_parse(cs_span_of(text, n), FILE_NAME, &c,
		    NULL);
		cs_server_conf_free(&c);
	}
	ok(taken < 80, "few beginnings are a configuration: %d", taken);
}

int
main(void)
{
	least();
	all();
	store_uris();
	wrong_values();
	missing();
	domains();
	blame();
	webhooks();
	every_octet();
	return done_testing();
}
