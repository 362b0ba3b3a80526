/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_HOOKP_H
#define CS_SERVER_HOOKP_H

#include "net/tls.h"
#include "server/hook.h"
#include "server/host.h"
#include "server/role.h"

/* Of the process that answers webhooks: what it reads at its start and when it
 * is told to, and where else it may look. */
typedef struct cs_hook_files {
	cs_hook_gate *gate;
	cs_tls *tls;
	cs_tls *before;         /* connections may still have it */
	cs_server_conf *newer;  /* gives: what gate borrows from since */
} cs_hook_files;

CS_USE int cs_hook_files_open(cs_hook_files *f, cs_child *child, cs_err *e);
/* All of it, or nothing. Takes the configuration when it is CS_OK. */
CS_USE int cs_hook_files_reload(cs_hook_files *f, cs_child *child,
    cs_server_conf **conf, cs_err *e);
void cs_hook_files_close(cs_hook_files *f);

CS_USE int cs_hook_sandbox(const cs_server_conf *conf, char *had,
    size_t had_len, cs_err *e);

#endif
