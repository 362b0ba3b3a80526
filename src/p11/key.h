/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_P11_KEY_H
#define CS_P11_KEY_H

#include "p11/public.h"
#include "p11/scan.h"

/* The object behind p11.h. One session stays open from the first use to the
 * end: it carries the login. */

struct cs_p11 {
	cs_p11_env env;
	cs_p11_uri uri;
	cs_p11_modules modules;
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
	CK_TOKEN_INFO token;
	char *module;          /* file name, NULL for a remote module */
	cs_ck_session session; /* the login's */
	bool logged_in;
	bool looked;           /* at the private key, since the login */
	bool resolved;         /* info, id are those of one key */
	cs_p11_info info;
	cs_buf *id;            /* NULL when the key has none */
	cs_p11_public pub;
};

/* What a person is told of the token: token "ci" (SoftHSM v2, serial 12). */
void cs_p11_token_name(const cs_p11 *k, char out[160]);

/* Reads the token's flags again. CS_EDEVICE when another token is in the slot,
 * CS_EAUTH when a PIN may not be tried (locked, last try). */
CS_USE int cs_p11_may_login(cs_p11 *k, CK_TOKEN_INFO *now, cs_err *e);
/* CKU_USER, or CKU_CONTEXT_SPECIFIC for the operation that `s` has begun. Asks
 * for the PIN; one attempt. */
CS_USE int cs_p11_authenticate(cs_p11 *k, const cs_ck_session *s,
    CK_USER_TYPE user, cs_err *e);
/* The PIN of a pin-source= value: "file:PATH" or a path; its first line. Gives
 * a secret buf, not empty. */
CS_USE int cs_p11_pin_read(cs_span source, cs_buf **pin, cs_err *e);

/* Opens the login's session, and logs in where the token wants it; the private
 * key is yet to be looked at. */
CS_USE int cs_p11_enter(cs_p11 *k, cs_err *e);
/* The private key in this session, which is logged in. Exactly one matches the
 * URI, and it is the one that was resolved. Behind a login the first look
 * completes the description. */
CS_USE int cs_p11_private(cs_p11 *k, const cs_ck_session *s,
    cs_p11_seen *out, cs_err *e);

#endif
