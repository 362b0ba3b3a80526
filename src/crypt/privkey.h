/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_PRIVKEY_H
#define CS_CRYPT_PRIVKEY_H

#include "base/ui.h"
#include "crypt/alg.h"

/* Private keys in files, PEM: PKCS#8, encrypted PKCS#8, and OpenSSL's older
 * forms. */

#define CS_KEYFILE_MAX (64 * 1024)

typedef struct cs_privkey cs_privkey;

/* Reads the one private key of a PEM text (other blocks are passed over). An
 * encrypted one asks `ui` once with `what` ("passphrase for FILE"). CS_EAUTH
 * wrong passphrase, CS_EFORMAT no key or broken, CS_R_UNSUPPORTED a kind that
 * the table has not. */
CS_USE int cs_privkey_read(cs_span pem, const cs_ui *ui, const char *what,
    cs_privkey **out, cs_err *e);
/* The same from a file. CS_EDEVICE when it is not there, CS_EREFUSED when others
 * may write it; tells the person when others may read it. */
CS_USE int cs_privkey_load(const char *path, const cs_ui *ui, cs_privkey **out,
    cs_err *e);
/* kind: "p256", "p384", "ed25519", "rsa3072" (rsa2048, rsa4096). */
CS_USE int cs_privkey_generate(const char *kind, cs_privkey **out, cs_err *e);
void cs_privkey_free(cs_privkey **k);
/* Unencrypted PKCS#8 PEM into a secret buf. Gives. */
CS_USE int cs_privkey_write(const cs_privkey *k, cs_buf **out, cs_err *e);
/* Appends the SubjectPublicKeyInfo. */
CS_USE int cs_privkey_spki(const cs_privkey *k, cs_buf *out, cs_err *e);
/* For who signs often: keeps what each signature begins with (EC; of another
 * kind nothing). From then on one thread at a time signs with it. */
CS_USE int cs_privkey_ready(cs_privkey *k, cs_err *e);
/* Appends the signature over `bytes`; ECDSA as DER. */
CS_USE int cs_privkey_sign(cs_privkey *k, const cs_alg *alg, cs_span bytes,
    cs_buf *out, cs_err *e);

#endif
