/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_FIDO2DEV_H
#define CS_SIGNER_FIDO2DEV_H

#include "signer/signer.h"

/* Security keys: which are plugged in (fido2dev.c), and one call into libfido2
 * that waits for a person (fido2ask.c). libfido2's types are opaque here. */

#define CS_FIDO_KEYS_MAX 16
/* What needs no person is answered within this time, or never. */
#define CS_FIDO_SILENT_MS 3000

typedef struct cs_fido_key {
	char path[64];  /* /dev/hidraw3 */
	char name[128]; /* "YubiKey 5C" (/dev/hidraw3), unescaped */
} cs_fido_key;

typedef struct cs_fido_keys {
	size_t n;
	cs_fido_key key[CS_FIDO_KEYS_MAX];
} cs_fido_keys;

/* Those that can be used; there may be none. */
CS_USE int cs_fido_find(cs_fido_keys *out, cs_err *e);
/* CS_EDEVICE: none is there, or this process may not use those that are, with
 * what to do about it. */
int cs_fido_nothing(cs_err *e);

enum cs_fido_proof { /* of who the owner is */
	CS_FIDO_NO_PROOF = 0,
	CS_FIDO_BUILT_IN, /* a fingerprint, or a PIN typed on the device */
	CS_FIDO_PIN
};

/* An open device and what is asked of it. */
typedef struct cs_fido_job cs_fido_job;
struct cs_fido_job {
	cs_fido_key key;
	struct fido_dev *dev;
	struct fido_assert *assert; /* owns; of fido2assert.c */
	struct fido_cred *cred;     /* owns; of fido2enroll.c */
	enum cs_fido_proof proof;
	cs_buf *pin;                /* owns; a secret, for CS_FIDO_PIN */
	/* Calls libfido2, in a thread of its own: its answer. */
	int (*call)(cs_fido_job *j);
	int answer;
	int fd[2]; /* one octet when there is an answer */
	int stop; /* atomic: the one that waits has given up */
};

/* Gives *out, for cs_fido_close(). CS_EDEVICE when it does not answer, or
 * another process uses it. */
CS_USE int cs_fido_open(const cs_fido_key *k, cs_fido_job **out, cs_err *e);
void cs_fido_close(cs_fido_job **j);
/* Has the device answer j->call, whatever it takes: a touch, and a fingerprint
 * or PIN where `verify` says so or the device does. CS_OK: libfido2 said yes.
 * CS_EAUTH, CS_EDEVICE, CS_EREFUSED (declined at the device), CS_EUSAGE (it can
 * verify nobody), CS_ENEEDED, CS_ETIMEOUT, CS_EINTR. A device that does not let
 * go is left behind: *j is NULL then. */
CS_USE int cs_fido_do(cs_fido_job **j, const cs_signer_env *env, bool verify,
    bool enrol, cs_err *e);
/* Waits for no person, but a moment for the device: libfido2's answer. */
int cs_fido_now(cs_fido_job *j);
/* Says what an answer that is not FIDO_OK means. */
int cs_fido_fail(cs_fido_job *j, int answer, cs_err *e);

/* fido2enroll.c: ops.enroll */
CS_USE int cs_fido_enroll(const cs_enroll *what, const cs_signer_env *env,
    cs_enrolled *out, cs_err *e);

#endif
