/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_P11_SCAN_H
#define CS_P11_SCAN_H

#include "p11/module.h"
#include "p11/p11.h"

/* What a URI matches, as far as it is visible in the sessions at hand. */

#define CS_P11_TOKENS_MAX 64

typedef struct cs_p11_token {
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
	CK_TOKEN_INFO info;
	size_t n_keys;  /* keys seen here that match */
	bool shows;     /* keys are visible, whether they match or not */
} cs_p11_token;

/* A key: its private key object, or the public key or certificate of one that
 * hides behind a login. */
typedef struct cs_p11_seen {
	size_t token;
	CK_OBJECT_CLASS cls;
	CK_OBJECT_HANDLE object;
	uint8_t id[CS_P11_ID_MAX];
	size_t n_id;
	char label[CS_P11_LABEL_MAX + 1];
	enum cs_p11_kind kind;
	unsigned bits;
	bool always_authenticate;
	/* Of the one public key object where the URI is of an identifier
	 * alone: what cs_p11_public_read() would find. Mostly NONE. */
	cs_p11_public pub;
} cs_p11_seen;

typedef struct cs_p11_scan {
	size_t n_tokens, n_seen, room;
	cs_p11_token tokens[CS_P11_TOKENS_MAX];
	cs_p11_seen *seen;
} cs_p11_scan;
void cs_p11_scan_free(cs_p11_scan **s); /* takes; *s == NULL is fine */

/* Everything that matches, without logging in. Gives *out. */
CS_USE int cs_p11_scan_tokens(const cs_p11_modules *m, const cs_p11_uri *u,
    cs_p11_scan **out, cs_err *e);
/* Adds the private keys that match in one session, on tokens[token]. */
CS_USE int cs_p11_scan_private(const cs_ck_session *s, const cs_p11_uri *u,
    size_t token, cs_p11_scan *scan, cs_err *e);

/* Adds all that matches in one session, on tokens[token]. */
CS_USE int cs_p11_scan_session(const cs_ck_session *s, const cs_p11_uri *u,
    size_t token, cs_p11_scan *scan, cs_err *e);

bool cs_p11_token_wants_login(const cs_p11_token *t);
/* By label and serial number. */
bool cs_p11_token_is_same(const CK_TOKEN_INFO *a, const CK_TOKEN_INFO *b);
/* Shows no key before a login: it may hold any. */
bool cs_p11_token_is_closed(const cs_p11_token *t);
/* Fills *out; `seen` may be NULL when only the token is known. */
void cs_p11_info_fill(const cs_p11_uri *u, const CK_TOKEN_INFO *t,
    const cs_p11_seen *seen, cs_p11_info *out);

/* Picks the one token, and on it the one key (*seen NULL when it will only
 * show after a login); CS_EDEVICE that lists the candidates otherwise. */
CS_USE int cs_p11_pick(const cs_p11_uri *u, const cs_p11_scan *scan,
    const cs_p11_token **token, const cs_p11_seen **seen, cs_err *e);
/* CS_EDEVICE that lists what matches after the login. */
int cs_p11_ambiguous(const cs_p11_uri *u, const cs_p11_scan *scan, cs_err *e);

#endif
