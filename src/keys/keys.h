/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_KEYS_KEYS_H
#define CS_KEYS_KEYS_H

#include "base/ui.h"
#include "crypt/alg.h"

/*
 * Keys of ours by URI, for what OpenSSL or our own writers sign as ourselves:
 * the agent's key (later the CA's and the device's). A file ("file:PATH" or a
 * plain path) is built in; "pkcs11:" is a module (libp11, p11/).
 */

typedef struct cs_keys_env {
	const char *module_dir;
	const cs_ui *ui;
	bool allow_last_try;
} cs_keys_env;

typedef struct cs_key cs_key;

CS_USE int cs_key_open(const char *uri, const cs_keys_env *env, cs_key **out,
    cs_err *e);
void cs_key_close(cs_key **k);
/* Appends the SubjectPublicKeyInfo. */
CS_USE int cs_key_spki(cs_key *k, cs_buf *out, cs_err *e);
/* Appends the signature over `bytes`; ECDSA as DER. */
CS_USE int cs_key_sign(cs_key *k, const cs_alg *alg, cs_span bytes,
    cs_buf *out, cs_err *e);

/* Internal ABI of a keys module: its symbol "countersign_keys" is this struct;
 * `abi` must be this build's CS_KEYS_ABI, `uri` is whole. */
#define CS_KEYS_ABI "countersign-keys " PACKAGE_VERSION
struct cs_key_ops {
	const char *abi;
	const char *scheme;
	int (*open)(const char *uri, const cs_keys_env *env, void **h,
	    cs_err *e);
	int (*spki)(void *h, cs_buf *out, cs_err *e);
	int (*sign)(void *h, const cs_alg *alg, cs_span bytes, cs_buf *out,
	    cs_err *e);
	void (*close)(void *h);
};

#endif
