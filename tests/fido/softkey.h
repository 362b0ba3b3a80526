/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FIDO_SOFTKEY_H
#define CS_TESTS_FIDO_SOFTKEY_H

#include <openssl/evp.h>
#include <sys/types.h>

#include "tests/fido/cbor.h"

/*
 * A FIDO security key in software, for tests: see usage() in options.c. One
 * thread, one struct softkey that everything hangs from.
 */

#define HASH_LEN 32
#define ID_LEN 64
#define REPORT_LEN 64
#define MAX_MESSAGE 7609 /* CTAP 2.1, 11.2.4: what 128 continuations hold */
#define MAX_CLIENTS 16
#define MAX_RESIDENT 8
#define MAX_PIN_TRIES 8
#define MAX_PIN_ROW 3 /* wrong ones in a row: then it wants to be replugged */

enum { ES256 = -7, EDDSA = -8, ECDH_ES = -25 };

enum { /* CTAP 2.1, 8.2 */
	CTAP_OK = 0,
	CTAP_INVALID_COMMAND = 0x01,
	CTAP_INVALID_PARAMETER = 0x02,
	CTAP_INVALID_LENGTH = 0x03,
	CTAP_INVALID_CBOR = 0x12,
	CTAP_MISSING_PARAMETER = 0x14,
	CTAP_CREDENTIAL_EXCLUDED = 0x19,
	CTAP_UNSUPPORTED_ALGORITHM = 0x26,
	CTAP_OPERATION_DENIED = 0x27,
	CTAP_KEY_STORE_FULL = 0x28,
	CTAP_UNSUPPORTED_OPTION = 0x2b,
	CTAP_INVALID_OPTION = 0x2c,
	CTAP_KEEPALIVE_CANCEL = 0x2d,
	CTAP_NO_CREDENTIALS = 0x2e,
	CTAP_USER_ACTION_TIMEOUT = 0x2f,
	CTAP_NOT_ALLOWED = 0x30,
	CTAP_PIN_INVALID = 0x31,
	CTAP_PIN_BLOCKED = 0x32,
	CTAP_PIN_AUTH_INVALID = 0x33,
	CTAP_PIN_AUTH_BLOCKED = 0x34,
	CTAP_PIN_NOT_SET = 0x35,
	CTAP_PUAT_REQUIRED = 0x36,
	CTAP_PIN_POLICY_VIOLATION = 0x37,
	CTAP_UV_BLOCKED = 0x3c,
	CTAP_UV_INVALID = 0x3f,
	CTAP_OTHER = 0x7f,
	CTAP_SILENCE = 0x100 /* ours: no answer at all */
};

enum { /* authenticatorData's flags, WebAuthn 6.1 */
	FLAG_UP = 0x01,
	FLAG_UV = 0x04,
	FLAG_BE = 0x08,
	FLAG_BS = 0x10,
	FLAG_AT = 0x40,
	FLAG_ED = 0x80
};

enum touch { TOUCH_AUTO, TOUCH_LATE, TOUCH_NEVER, TOUCH_DENY };
enum uv { UV_NONE, UV_OK, UV_FAIL };

struct options {
	const char *socket, *log, *state, *seed, *pin;
	const char *attestation_key, *attestation_certs;
	enum touch touch;
	int touch_ms, give_up_ms;
	enum uv uv;
	bool u2f, ctap20, no_attestation, cred_protect;
	int protocols; /* 1, 2, or 21: both, the second first */
	uint8_t aaguid[16];
	const char *fault;
	bool fault_probe; /* of requests that want no touch, and only of them */
};

struct resident {
	uint8_t id[ID_LEN];
	uint8_t rp[HASH_LEN];
	uint8_t user[256]; /* as it came, CBOR */
	size_t n_user;
};

/* What outlives the power: in the file of --state. */
struct store {
	uint8_t master[HASH_LEN]; /* every private key comes from it */
	uint32_t counter;
	bool pin_set;
	uint8_t pin[16]; /* the left half of its hash */
	int tries;
	struct resident resident[MAX_RESIDENT];
	size_t n_resident;
};

/* A pinUvAuthToken and the key agreement that it is handed out by. */
struct agreement {
	EVP_PKEY *key;
	uint8_t token[HASH_LEN];
	int permissions;   /* of the token; 0: there is none */
	int wrong_in_a_row;
};

struct message {
	uint32_t channel;
	int command, sequence;
	size_t n, have;
	bool active;
	uint8_t b[MAX_MESSAGE];
};

/* What getNextAssertion goes on with. */
struct pending {
	uint8_t client_data_hash[HASH_LEN];
	size_t which[MAX_RESIDENT], n, at;
	uint8_t flags;
};

struct softkey {
	struct options opt;
	struct store store;
	struct agreement agree;
	struct pending pending;
	EVP_PKEY *attestation_key;
	struct out certs; /* an array of byte strings, the leaf first */
	struct span leaf;
	int listener, signals;
	int client[MAX_CLIENTS];
	size_t n_clients;
	struct message in;
	uint32_t busy, last_channel; /* the channel that waits for a touch */
	bool cancelled, touched, u2f_asked;
	int64_t u2f_since;
};

/* options.c */
void options_parse(struct options *o, int argc, char **argv);
bool has_fault(const struct softkey *k, const char *name, bool up);

/* log.c */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* store.c */
void store_load(struct softkey *k);
void store_save(const struct softkey *k);
void store_reset(struct softkey *k);
uint32_t store_count(struct softkey *k);

/* credential.c: an id tells its own algorithm and is bound to its RP; from it
 * and the master comes the private key. */
struct credential {
	uint8_t id[ID_LEN];
	int alg;
	int protect; /* credProtect: 1 to 3 */
};
void credential_new(const struct softkey *k, const uint8_t *rp, int alg,
    int protect, struct credential *out);
bool credential_known(const struct softkey *k, const uint8_t *rp,
    struct span id, struct credential *out);
EVP_PKEY *credential_key(const struct softkey *k, const struct credential *c);

/* sign.c */
void sha256(const void *p, size_t n, uint8_t *out);
void hmac(const uint8_t *key, const void *p, size_t n, uint8_t *out);
void put_cose(struct out *o, EVP_PKEY *key, int alg);
size_t point_of(EVP_PKEY *key, uint8_t *out, size_t n);
/* Appends the signature over both, as fmt has it. */
void sign(struct out *o, EVP_PKEY *key, int alg, struct span a, struct span b);

/* attestation.c */
void attestation_load(struct softkey *k);
void put_attestation(struct softkey *k, struct out *o, EVP_PKEY *own, int alg,
    struct span authdata, struct span hash);

/* make.c, assertion.c, pin.c, ctap.c: each gives a status and appends what
 * stands behind it. */
int make_credential(struct softkey *k, struct span in, struct out *o);
int get_assertion(struct softkey *k, struct span in, struct out *o);
int get_next_assertion(struct softkey *k, struct out *o);
int client_pin(struct softkey *k, struct span in, struct out *o);
int ctap(struct softkey *k, struct span in, struct out *o);
/* pin.c: whether a request proves who the user is, by pinUvAuthParam (key
 * `param`) or the option uv. CTAP_OK and *uv, or what is wrong. */
struct uv_ask {
	int param, options, permission;
	struct span hash;
};
int user_verified(struct softkey *k, struct span in, const struct uv_ask *ask,
    bool *uv);
int pin_set(struct softkey *k, const char *pin);
void agreement_new(struct softkey *k);

/* u2f.c */
void u2f(struct softkey *k, struct span in, struct out *o);

/* touch.c */
int touch(struct softkey *k);
bool touch_u2f(struct softkey *k);
int64_t now_ms(void);

/* hid.c */
void hid_listen(struct softkey *k);
void hid_serve(struct softkey *k) __attribute__((noreturn));
/* One round of waiting, at most so long; k->in.active and whole: a message. */
bool hid_round(struct softkey *k, int ms);
void hid_send(struct softkey *k, uint32_t channel, int command,
    const void *p, size_t n);
void hid_keepalive(struct softkey *k);

#endif
