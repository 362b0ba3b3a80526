/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_MASTER_H
#define CS_SERVER_MASTER_H

#include "server/log.h"
#include "server/role.h"
#include "server/sockets.h"

/*
 * The process that holds the others: starts them, joins them by channels, hands
 * them sockets, starts anew who dies, writes what they say, and ends them. It
 * has no key, no store, and reads nothing that came from outside but lines of
 * log.
 */
typedef struct cs_master_env { /* borrows, for the run */
	const char *file;       /* the configuration, to be read again */
	const cs_server_conf *conf;
	unsigned roles;         /* 1 << enum cs_role: what this program has */
	char *const *environ;   /* of it children get what the configuration
				 * lists, the keyholder alone */
	const char *notify;     /* NOTIFY_SOCKET; NULL: none */
	const char *watchdog;   /* WATCHDOG_USEC; NULL: none */
	cs_sockets_env passed;
	cs_log *log;
	int64_t drain_ms;       /* until fronts are ended; 0: 7 s */
} cs_master_env;

/* Runs until SIGTERM or SIGINT (CS_OK), or until it makes no sense to go on. */
CS_USE int cs_master_run(const cs_master_env *env, cs_err *e);

#endif
