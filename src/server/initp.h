/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_INITP_H
#define CS_SERVER_INITP_H

#include "server/init.h"

/* Of server/init*.c, for nobody else. */

#define CS_INIT_FILE_MAX (64 * 1024)

/* initca.c: keys and certificates, into `dir` as ca.pem, ca.key (unless there
 * is a CA), tls.pem, tls.key, wit.key. */
CS_USE int cs_init_keys(const cs_init *i, const char *dir, cs_err *e);
/* inittext.c: appends the configuration; a policy; what to do next. */
CS_USE int cs_init_conf(const cs_init *i, cs_buf *out, cs_err *e);
CS_USE int cs_init_policy(const cs_init *i, cs_buf *out, cs_err *e);
CS_USE int cs_init_next(const cs_init *i, cs_buf *out, cs_err *e);
/* initgive.c: files and directories to the users that are named; and the name
 * of the group that these share. */
CS_USE int cs_init_give(const cs_init *i, const char *dir, cs_err *e);
CS_USE int cs_init_group(const cs_init *i, cs_buf *out, cs_err *e);
/* init.c: DIR/NAME, mode 0600. */
CS_USE int cs_init_write(const char *dir, const char *name, cs_span data,
    cs_err *e);

#endif
