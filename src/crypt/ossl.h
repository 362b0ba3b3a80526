/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CRYPT_OSSL_H
#define CS_CRYPT_OSSL_H

#include "base/err.h"

/* Before anything else of OpenSSL, once: its configuration file, which
 * OPENSSL_CONF may name, is not read. It can load code into a process that
 * holds a PIN, and change what verifies. A module has its own copy of this
 * room, and begins it when it is opened. A process that is not ours is not
 * begun with this: its default context stays its own (crypt/osslp.h). */
CS_USE int cs_ossl_start(cs_err *e);

/* OpenSSL's failures as ours; for this room only. Each call empties OpenSSL's
 * queue of errors and puts the reasons behind `what`. */

/* CS_EBUG whatever OpenSSL says. */
int cs_ossl_fail(cs_err *e, const char *where, const char *what);
/* `cls` and `detail` when the input is to blame: OpenSSL gave a reason and it
 * was not the lack of memory. CS_EBUG otherwise. */
int cs_ossl_blame(cs_err *e, int cls, int detail, const char *where,
    const char *what);
/* The same where OpenSSL refuses without a word, as it does of a signature
 * that is merely wrong. */
int cs_ossl_refuse(cs_err *e, int cls, int detail, const char *where,
    const char *what);

#endif
