/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_SOCKETS_H
#define CS_SERVER_SOCKETS_H

#include "server/conf.h"
#include "server/role.h"

/* What a server listens on, held by the master: a front that dies takes no
 * connection with it that it had not accepted. */
typedef struct cs_sockets {
	size_t n_fronts, n_listen;
	int tls[CS_FRONTS_MAX][CS_CONF_LISTEN_MAX]; /* by front; -1: it shares
						     * the first one's */
	int admin;      /* -1: none */
} cs_sockets;

typedef struct cs_sockets_env { /* what systemd passed; NULL: nothing */
	const char *pid, *fds, *names; /* LISTEN_PID, LISTEN_FDS,
					* LISTEN_FDNAMES */
} cs_sockets_env;

/* Those that were passed in place of the configured ones: one that is called
 * "admin" is the admin socket, the others are for TLS. Gives *out. */
CS_USE int cs_sockets_open(const cs_server_conf *conf,
    const cs_sockets_env *env, size_t n_fronts, cs_sockets **out, cs_err *e);
/* The TLS socket `i` of a front. */
int cs_sockets_of(const cs_sockets *s, size_t front, size_t i);
void cs_sockets_free(cs_sockets **s);

#endif
