/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_HOST_H
#define CS_SERVER_HOST_H

#include <countersign/verifier.h>

#include "server/conf.h"
#include "store/store.h"

/* The verifier plugin, as its host has it, and the store beside it. */
typedef struct cs_host {
	const countersign_verifier *plugin;
	countersign_instance *instance;
	cs_store *store;
} cs_host;

/* Loads verifier-owner.so from `module_dir`, opens it and the store. The plugin
 * logs by `log`, from any thread. */
CS_USE int cs_host_open(const cs_server_conf *conf, const char *module_dir,
    int64_t now, void (*log)(void *arg, int level, const char *text),
    void *log_arg, cs_host *out, cs_err *e);
void cs_host_close(cs_host *h);
/* Owners and policy anew: both, or neither. */
CS_USE int cs_host_reload(const cs_host *h, cs_err *e);

#endif
