/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_CONFP_H
#define CS_SERVER_CONFP_H

#include "conf/conf.h"
#include "server/conf.h"

/* Of server/conf.c and its other half, for nobody else. */

#define CS_SERVER_CONF_MAX (256 * 1024)

/* Makes the path in *io absolute, from the directory of `file`, unless it is or
 * *io is NULL. With a scheme ("file:") that stands before it, it may stand
 * before it in *io, too; of another scheme *io is left as it is. */
CS_USE int cs_server_conf_absolute(const char *file, const char *scheme,
    char **io, cs_err *e);
/* What holds between values; sets the authority that was left out. */
CS_USE int cs_server_conf_check(const cs_conf_block *root, cs_server_conf *c,
    cs_err *e);

#endif
