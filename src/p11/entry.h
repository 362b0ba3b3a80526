/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_P11_ENTRY_H
#define CS_P11_ENTRY_H

#include "p11/scan.h"

/* What a survey keeps of a key until all of them are known. */

typedef struct cs_p11_found {
	cs_p11_entry entry; /* its id lends from `seen` */
	cs_p11_seen seen;   /* of a key */
	cs_p11_token token;
} cs_p11_found;

/* Gives *out. `seen` NULL: the token itself, which shows no key. `logged_in`:
 * the session sees all that there is. */
CS_USE int cs_p11_found_new(const cs_ck_session *s, const cs_p11_uri *u,
    const cs_p11_token *t, const cs_p11_seen *seen, bool logged_in,
    cs_p11_found **out, cs_err *e);
void cs_p11_found_free(cs_p11_found **f);
/* As the token tells it now. */
void cs_p11_found_pin(cs_p11_found *f, const CK_TOKEN_INFO *now);

/* Gives each that shares its URI with another one the module's name in it;
 * where that does not help, takes the URI away. */
CS_USE int cs_p11_found_name(cs_p11_found *const *all, size_t n,
    const cs_p11_modules *m, const cs_p11_uri *u, cs_err *e);

#endif
