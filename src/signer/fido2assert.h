/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_FIDO2ASSERT_H
#define CS_SIGNER_FIDO2ASSERT_H

#include "signer/fido2look.h"

typedef struct cs_fido_wish { /* borrows */
	const cs_fido_file *file;
	const uint8_t *client_data_hash; /* CS_SHA256_LEN octets */
	bool verify;
	char *device; /* of 128; filled when it is found */
	/* Takes what one credential signed, unchecked: CS_OK when it is the one
	 * that is wanted. The first that is ends it. */
	int (*take)(void *arg, cs_span auth, cs_span sig, cs_err *e);
	void *arg;
} cs_fido_wish;

/* Finds, silently, the device that holds the key, and has it touched. Errors as
 * cs_fido_do() has them; CS_EDEVICE that names the devices that were asked when
 * none of them holds it. */
CS_USE int cs_fido_assert(const cs_fido_wish *w, const cs_signer_env *env,
    cs_err *e);
/* Which device holds it, silently; none: *out stays empty. */
cs_fido_locate cs_fido_where;

#endif
