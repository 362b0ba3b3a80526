/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_ROLE_H
#define CS_SERVER_ROLE_H

#include "net/frame.h"
#include "server/conf.h"

/* A child of countersign-server: what the master gave it. Each role is one
 * function that ends when it is told to or its master is gone; what it returns
 * is the process's exit status (0, or the negated class). */
enum cs_role {
	CS_ROLE_FRONT,
	CS_ROLE_ADMIN,
	CS_ROLE_ISSUER,
	CS_ROLE_KEYHOLDER
};

typedef struct cs_child {
	enum cs_role role;
	cs_channel *control;
	cs_server_conf *conf;
	int listen[8];          /* front, admin */
	size_t n_listen;
	int peer_fd;            /* front, admin: to the issuer. Keyholder: to the
				 * issuer. -1: none yet */
	int front_fd[64];       /* issuer: to each front; [0] is the admin's */
	size_t n_fronts;
	int keyholder_fd;       /* issuer */
} cs_child;

int cs_front_run(cs_child *c);
int cs_admin_run(cs_child *c);
int cs_issuer_run(cs_child *c);
int cs_keyholder_run(cs_child *c);

/* A line for the log, by the master; text may hold bytes from outside. */
void cs_say(cs_channel *control, int level, const char *fmt, ...)
    CS_PRINTF(3, 4);

#endif
