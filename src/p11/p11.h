/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_P11_P11_H
#define CS_P11_P11_H

#include "base/ui.h"

/*
 * One private key on a PKCS#11 token, named by an RFC 7512 URI. p11-kit finds
 * the modules where the URI does not name one; C_Sign signs, one fresh session
 * a signature. Every length and string that a token gives is hostile input.
 * Knows no format: public keys come as the token's own parts.
 */

typedef struct cs_p11_env {
	const cs_ui *ui;
	bool allow_last_try; /* log in though CKF_USER_PIN_FINAL_TRY is set */
} cs_p11_env;

enum cs_p11_kind {
	CS_P11_NONE = 0,
	CS_P11_EC_P256,
	CS_P11_EC_P384,
	CS_P11_RSA,
	CS_P11_ED25519
};

/* One key as a list shows it; strings are the token's, trimmed, unescaped. */
typedef struct cs_p11_info {
	char uri[1024];    /* copy-paste, with module-path= when the caller's URI
			    * had it */
	char token[33];    /* CKA label */
	char serial[17];
	char model[17];
	char manufacturer[33];
	char label[256];   /* the object's */
	unsigned long slot_id; /* good while the module stays loaded */
	enum cs_p11_kind kind; /* NONE: not seen before login, or unsupported */
	unsigned bits;         /* of the key; 0 when kind is NONE */
	bool login_needed;
	bool protected_path; /* the PIN is typed on the reader */
	bool always_authenticate;
	bool is_software;    /* a SoftHSM token */
} cs_p11_info;

/* Raw parts of the public key: EC and Ed25519 a point, RSA a modulus. */
typedef struct cs_p11_public {
	enum cs_p11_kind kind;
	cs_buf *point;
	cs_buf *modulus; /* big-endian, e = 65537 checked */
} cs_p11_public;
void cs_p11_public_clear(cs_p11_public *p);

typedef struct cs_p11 cs_p11;

/* Resolves a URI to exactly one key, without logging in as long as the public
 * objects tell which. CS_EUSAGE the URI is bad (unknown or repeated
 * attributes, pin-value, not a private key); CS_EDEVICE none, or several: the
 * text names at most 8 candidates as quoted URIs, nothing was tried. */
CS_USE int cs_p11_open(const char *uri, const cs_p11_env *env, cs_p11 **out,
    cs_err *e);
void cs_p11_close(cs_p11 **k); /* logs out, closes, unloads */
const cs_p11_info *cs_p11_describe(const cs_p11 *k);
/* The module's file name, for a library that loads it itself; NULL when it has
 * none. Lends. */
const char *cs_p11_module(const cs_p11 *k);
/* CKA_ID of the key, for the same. Lends; absent when it has none. */
cs_span cs_p11_id(const cs_p11 *k);
/* Logs in where the token wants it, once, and looks at the private key: the
 * description is complete then. Another library of this process that loads the
 * same module shares the login: a PIN never passes through that library.
 * cs_p11_sign() does it by itself. */
CS_USE int cs_p11_login(cs_p11 *k, cs_err *e);
/* Ends the login and the session; the next use begins a new one. */
void cs_p11_logout(cs_p11 *k);
/* The public key, from the public key object, the certificate, or the private
 * key's own attributes; logs in when nothing is visible before. */
CS_USE int cs_p11_public_key(cs_p11 *k, cs_p11_public *out, cs_err *e);

/* Appends the certificates that have the key's identifier (its label, where it
 * has none), as the token gives them, one behind the other; logs in where none
 * shows before. None: CS_EDEVICE. */
CS_USE int cs_p11_certs(cs_p11 *k, cs_buf *out, cs_err *e);

enum cs_p11_mech {
	CS_P11_ECDSA,    /* in: the hash; out: r || s */
	CS_P11_RSA_PKCS, /* in: DigestInfo; out: the block */
	CS_P11_RSA_PSS,  /* in: a SHA-2 hash; out: the block. MGF1 with the
			  * same hash, a salt as long as it */
	CS_P11_EDDSA     /* in: the message; out: 64 bytes */
};
/* Logs in (PIN through the ui), C_Sign, appends. One attempt. CS_EAUTH tells
 * the tries left. */
CS_USE int cs_p11_sign(cs_p11 *k, enum cs_p11_mech mech, cs_span in,
    cs_buf *out, cs_err *e);

/* Calls `each` for every key (private key, or public key or certificate where
 * the private one is hidden) that matches; "pkcs11:" matches all. No login. */
CS_USE int cs_p11_list(const char *uri, int (*each)(void *arg,
    const cs_p11_info *info, cs_err *e), void *arg, cs_err *e);

/* What a token tells of its PIN. */
enum cs_p11_pin {
	CS_P11_PIN_NONE = 0, /* no login */
	CS_P11_PIN_OK,
	CS_P11_PIN_LOW,      /* a wrong one was entered since the last right */
	CS_P11_PIN_LAST,     /* one try is left */
	CS_P11_PIN_LOCKED,
	CS_P11_PIN_UNSET,    /* the token has none yet */
	CS_P11_PIN_EXPIRED   /* a new one must be set first */
};

/* A key in a survey, or a token that shows none before a login. */
typedef struct cs_p11_entry {
	cs_p11_info info; /* the URI is empty when none names it alone */
	cs_span id;          /* CKA_ID; absent when it has none */
	cs_p11_public pub;   /* kind NONE when the token does not show it */
	enum cs_p11_pin pin;
	bool is_token;
	bool is_hidden;      /* the private key itself was not seen */
	char flaw[256];      /* why it would not sign, as far as is known; may
			      * hold the token's words; empty: nothing */
} cs_p11_entry;

typedef struct cs_p11_survey {
	const char *uri;    /* narrows; "pkcs11:" is all */
	const char *module; /* as module-path= in the URI; NULL: none */
	bool login;         /* once on each token that wants it */
	bool one_pin;       /* the ui has one PIN and does not ask a person */
	size_t *n_tokens;   /* gives how many there are */
	size_t *n_closed;   /* and how many of them want a login */
	void *arg;
	int (*each)(void *arg, const cs_p11_entry *k, cs_err *e);
	/* A module, slot or token that is passed over, or a login that
	 * failed. */
	void (*trouble)(void *arg, const cs_err *why);
} cs_p11_survey;

/* Every key on every token, usable or not, then the tokens that show none, each
 * in the order of the URIs. What is broken is told before the first key.
 * CS_EUSAGE the URI is bad; CS_EDEVICE no module, or several tokens for one PIN,
 * before any was tried. With `login` and none that succeeded: after the last
 * key, the first login's error. CS_ETIMEOUT and CS_EINTR end it at once. */
CS_USE int cs_p11_look(const cs_p11_survey *s, const cs_p11_env *env,
    cs_err *e);

#endif
