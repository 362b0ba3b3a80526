/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_P11_MODULE_H
#define CS_P11_MODULE_H

#include "p11/ck.h"
#include "p11/kit.h"
#include "p11/uri.h"

/* The PKCS#11 modules of one URI, loaded and initialized: module-path= only
 * that one, otherwise those that p11-kit has configured. */

typedef struct cs_p11_modules {
	CK_FUNCTION_LIST **list; /* ends with NULL; NULL: none loaded */
	char *path;              /* of the only one, or NULL */
	bool finalize;           /* the only one, at the end */
	cs_p11_kit kit;          /* of the others */
} cs_p11_modules;

/* Told of each module and slot that is broken and passed over. */
typedef struct cs_p11_trouble {
	void (*tell)(void *arg, const cs_err *why);
	void *arg;
} cs_p11_trouble;

/* CS_EDEVICE when there is none to load. With `trouble` (NULL: none is told),
 * also of a module that p11-kit calls critical. */
CS_USE int cs_p11_modules_load(const cs_p11_uri *u,
    const cs_p11_trouble *trouble, cs_p11_modules *out, cs_err *e);
void cs_p11_modules_unload(cs_p11_modules *m);

/* The module's name as p11-kit has it, and its file's; free(), or NULL. */
char *cs_p11_modules_name(const cs_p11_modules *m, CK_FUNCTION_LIST *f);
char *cs_p11_modules_file(const cs_p11_modules *m, CK_FUNCTION_LIST *f);

/* Calls `each` for every slot with an initialized token that the URI's token,
 * slot and library attributes match. A broken module or slot is passed over,
 * unless it is the one that module-path= names and `trouble` is NULL. */
CS_USE int cs_p11_modules_each(const cs_p11_modules *m, const cs_p11_uri *u,
    const cs_p11_trouble *trouble, int (*each)(void *arg, CK_FUNCTION_LIST *f,
    CK_SLOT_ID slot, const CK_TOKEN_INFO *t, cs_err *e), void *arg, cs_err *e);

#endif
