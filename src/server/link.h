/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_LINK_H
#define CS_SERVER_LINK_H

#include "server/issuer.h"
#include "server/keystold.h"

/* The issuer's end of the keyholder: questions of many threads over one channel,
 * whose answers are paired by their ids. */
typedef struct cs_link cs_link;

CS_USE int cs_link_new(cs_link **out, cs_err *e);
/* Another channel from now on; takes the descriptor. Whoever waits for an
 * answer over the one before hears that it went. */
CS_USE int cs_link_set(cs_link *l, int fd, cs_err *e);
/* For how many milliseconds there is no channel, or one that has ended; 0: there
 * is one. */
int64_t cs_link_away(cs_link *l);
/* For cs_issuer_env. CS_ETIMEOUT when the keyholder goes, says nothing, or has no
 * token now: nothing was signed, as far as anybody knows. CS_EBUG when it
 * refuses. */
cs_sign_ops cs_link_signer(cs_link *l);
void cs_link_free(cs_link **l);

/* What keys the keyholder has. */
CS_USE int cs_link_keys(cs_link *l, int64_t deadline_ms, cs_keys_told *out,
    cs_err *e);

#endif
