/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_HOLDKEYS_H
#define CS_SERVER_HOLDKEYS_H

#include "crypt/pubkey.h"
#include "server/keyholder.h"

/* The keys of a keyholder, within server/ alone. */
typedef struct cs_held {
	const char *uri;        /* borrows */
	cs_key *key;            /* NULL: its token is gone */
	cs_pubkey *pub;         /* what verifies before anything leaves */
	const cs_alg *alg;
	cs_buf *spki_der;
	cs_spki spki;
	bool retired;
	cs_authority *cert;     /* of a CA */
	cs_crl *last;           /* its last list; NULL: none yet */
	char kid[44];           /* of a WIT key */
} cs_held;

/* A key in a file that others may read is no secret: CS_EREFUSED. Whoever opens
 * a key by its URI asks this before. */
CS_USE int cs_held_look(const char *uri, cs_err *e);
/* Opens the key and its public half. */
CS_USE int cs_held_open(const char *uri, const cs_keys_env *env, cs_held *h,
    cs_err *e);
/* A CA's: its certificate belongs to the key, and lets it issue there unless it
 * has retired. */
CS_USE int cs_held_ca(const cs_conf_ca *conf, cs_span trust_domain,
    const cs_keys_env *env, cs_held *h, cs_err *e);
CS_USE int cs_held_wit(const cs_conf_wit *conf, const cs_keys_env *env,
    cs_held *h, cs_err *e);
void cs_held_close(cs_held *h);
/* Of a token: in a module that others of a keyholder may share, so that all are
 * closed before one is opened again; as the same key, CS_EDEVICE. */
bool cs_held_is_token(const cs_held *h);
CS_USE int cs_held_reopen(cs_held *h, const cs_keys_env *env, cs_err *e);
/* Appends a signature that has been verified. CS_EDEVICE: the token. */
CS_USE int cs_held_sign(cs_held *h, cs_span bytes, cs_buf *out, cs_err *e);

/* The last list of a CA, in `dir`: read and verified by cs_list_load (none:
 * h->last stays NULL), written by cs_list_keep before its signature leaves. */
CS_USE int cs_list_load(const char *dir, cs_held *h, cs_err *e);
CS_USE int cs_list_keep(const char *dir, cs_held *h, cs_span body,
    cs_span sig, cs_err *e);

#endif
