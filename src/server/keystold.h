/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_KEYSTOLD_H
#define CS_SERVER_KEYSTOLD_H

#include "issue/authority.h"
#include "net/frame.h"
#include "server/conf.h"

/* What keys the keyholder has. */
typedef struct cs_keys_told {
	cs_authority *ca[CS_CONF_CAS_MAX]; /* [0] signs */
	size_t n_ca;
	cs_spki wit[CS_CONF_CAS_MAX]; /* [0] signs; borrow from own */
	size_t n_wit;
	cs_buf *own[CS_CONF_CAS_MAX];
} cs_keys_told;
/* Of its KEYS_ARE. CS_EFORMAT. */
CS_USE int cs_keys_told_get(const cs_frame *f, cs_keys_told *out, cs_err *e);
void cs_keys_told_clear(cs_keys_told *k);

#endif
