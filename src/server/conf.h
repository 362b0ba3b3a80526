/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_CONF_H
#define CS_SERVER_CONF_H

#include "base/buf.h"

/* countersign-server.conf(5). Every process reads the same bytes again. Paths
 * are absolute when read: relative ones are taken from the file's directory. */
#define CS_CONF_CAS_MAX 4
#define CS_CONF_LISTEN_MAX 8
#define CS_CONF_ENV_MAX 8
#define CS_CONF_WEBHOOKS_MAX 16

enum cs_conf_clients { CS_CLIENTS_NONE = 0, CS_CLIENTS_MAY, CS_CLIENTS_MUST };

typedef struct cs_conf_ca {
	char *cert;         /* PEM file */
	char *key;          /* file: or pkcs11: URI */
	bool retired;       /* in bundles, signs CRLs, no certificates */
} cs_conf_ca;

typedef struct cs_conf_wit { /* keys for WITs, P-256 */
	char *key;
	bool retired;
} cs_conf_wit;

enum cs_conf_hook { CS_HOOK_NONE = 0, CS_HOOK_ENRICHING, CS_HOOK_AUTHORIZING };

typedef struct cs_conf_webhook { /* another CA that asks */
	char *id;
	enum cs_conf_hook kind;
	char *secret_file;  /* NULL: calls are not signed */
	char *client_name;  /* DNS name in its certificate; NULL: any */
} cs_conf_webhook;

typedef struct cs_conf_limits {
	int64_t body, headers;        /* octets */
	int64_t connections, per_address;
	int64_t per_second, burst;    /* requests, of an address and of a
				       * client certificate */
	int64_t queue;                /* requests that wait; 503 beyond */
	int64_t pending;              /* kept requests, all; of one client, */
	int64_t pending_per_client;   /* and of these for one identifier; */
	int64_t pending_per_agent;    /* and */
	int64_t pending_octets;       /* how long all are together */
	int64_t pending_life;         /* seconds */
	int64_t signatures;           /* a second, of the CA's keys; burst 2x */
} cs_conf_limits;

typedef struct cs_server_conf {
	char *text;             /* as read; the children's input */
	char *file;
	char *trust_domain, *authority; /* default https://TRUST-DOMAIN */
	char *listen[CS_CONF_LISTEN_MAX];
	size_t n_listen;
	char *admin;            /* unix socket; NULL: none */
	int64_t admin_mode;     /* 0600.. octal text "0660" */
	char *admin_group;      /* who may besides root and ourselves; NULL */
	char *tls_cert, *tls_key, *client_ca;
	enum cs_conf_clients clients;
	bool tls12;
	char *owners, *policy, *store;
	char *modules;          /* plugins and engines; NULL: as installed */
	cs_conf_ca ca[CS_CONF_CAS_MAX];
	size_t n_ca;            /* exactly one is not retired */
	cs_conf_wit wit[CS_CONF_CAS_MAX];
	size_t n_wit;           /* none: no WITs */
	cs_conf_webhook webhook[CS_CONF_WEBHOOKS_MAX];
	size_t n_webhook;       /* some: for --webhook, and no CA, no WIT key,
				 * no state */
	char *pin_file;         /* for pkcs11: keys; NULL */
	char *env[CS_CONF_ENV_MAX]; /* names of variables of the environment
				 * that the keyholder is given, for modules */
	size_t n_env;
	char *crl_url;          /* in certificates; NULL: none */
	int64_t crl_life, crl_every; /* seconds: nextUpdate, how often */
	int64_t lifetime;       /* cap of a credential, seconds (24h) */
	bool digest_only;       /* approval = "digest" */
	char *state;            /* the keyholder's own directory */
	char *user, *keyholder_user, *group; /* NULL: as started */
	int64_t fronts;         /* processes; 0: one a core */
	int64_t workers;        /* threads of the issuer; 0: 4 a core, 8..64 */
	cs_conf_limits limits;
	char *log;              /* "stderr" or "syslog" */
	struct cs_conf *read;   /* for cs_server_conf_blame() */
} cs_server_conf;

/* Reads and checks; an unknown option is named with file:line and the nearest
 * known one. */
CS_USE int cs_server_conf_read(const char *file, cs_server_conf **out,
    cs_err *e);
/* The same from bytes that were read by the parent: `file` names them. */
CS_USE int cs_server_conf_parse(cs_span text, const char *file,
    cs_server_conf **out, cs_err *e);
void cs_server_conf_free(cs_server_conf **c);
/* Puts "FILE:LINE: NAME: " before what is wrong with a value: of the file, or
 * of the n-th of these blocks, from 0. Returns e->cls. */
int cs_server_conf_blame(const cs_server_conf *c, const char *block, size_t n,
    const char *name, cs_err *e);

#endif
