/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_FIDO2LOOK_H
#define CS_SIGNER_FIDO2LOOK_H

#include "signer/fido2file.h"
#include "signer/signer.h"

/* Which key files there are: ops.list and ops.look. */

/* What the key file says of its key. */
void cs_fido_describe(const cs_fido_file *f, const char *uri,
    cs_signer_info *out);
/* "fido2:" is every key file of env's folder, more of a URI is that one. What
 * is no key file is left out of the list. */
CS_USE int cs_fido_list(const char *uri, const cs_signer_env *env,
    int (*each)(void *arg, const cs_signer_info *info, cs_err *e), void *arg,
    cs_err *e);
/* Where a key is now. */
typedef struct cs_fido_seen {
	char device[128]; /* empty: not plugged in */
	enum cs_signer_pin pin; /* of the device */
} cs_fido_seen;
typedef int cs_fido_locate(const cs_fido_file *f, cs_fido_seen *out,
    cs_err *e);

/* The same; what is no key file is told. `locate` may be NULL: nobody looks.
 * *n gets how many key files there are. */
CS_USE int cs_fido_look(const cs_signer_survey *s, const cs_signer_env *env,
    cs_fido_locate *locate, size_t *n, cs_err *e);

#endif
