/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_INIT_H
#define CS_SERVER_INIT_H

#include "base/opt.h"

/* `countersign-server init`: a working instance in a directory of its own. */
typedef struct cs_init { /* borrows */
	const char *dir;        /* is not there yet, or empty */
	const char *trust_domain;
	const char *module_dir;
	const char *ca_key, *ca_cert; /* a CA that there is; both or neither */
	const char *pin_file;   /* for ca_key; NULL */
	cs_opt_list hosts;      /* names in the TLS certificate */
	cs_opt_list listen;     /* addresses */
	int64_t lifetime;       /* of credentials at most; seconds */
	const char *user, *keyholder_user; /* who the processes become, and
				 * have what they need; NULL: who starts them */
	int64_t now;
} cs_init;

/* All of it or nothing: it is made beside the directory and then takes its
 * name. Appends to `said` what to do next. CS_EUSAGE: words that are off;
 * CS_EREFUSED: the directory has something in it, or another user than root
 * names users. */
CS_USE int cs_init_make(const cs_init *i, cs_buf *said, cs_err *e);

#endif
