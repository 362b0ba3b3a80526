/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_SIGNER_H
#define CS_SIGNER_SIGNER_H

#include "base/ui.h"
#include "crypt/hash.h"
#include "fmt/approval.h"

/*
 * Owner keys. A back end takes the whole OwnerApprovalTBS and gives a whole
 * OwnerApproval. "file:PATH" is built in; every other scheme is a module in
 * one fixed directory.
 */

/* Of the kernel's resource manager, where env.tcti names no other. */
#define CS_TPM_DEVICE "/dev/tpmrm0"

typedef struct cs_signer_env {
	const char *module_dir;
	const char *key_dir; /* of the key files of fido2:NAME; NULL: none */
	const char *agent_socket; /* SSH_AUTH_SOCK; NULL: not set */
	const char *tcti; /* how to reach the TPM; NULL: CS_TPM_DEVICE */
	const cs_ui *ui;
	int64_t deadline_ms; /* of cs_time_mono_ms(), for what waits without the
			      * ui; 0: none, but for ever waits nobody */
	bool allow_last_try;
	bool pss; /* RSASSA-PSS; CS_EUSAGE for a key that is not RSA */
	bool verify; /* prove who the owner is, by PIN or fingerprint, even
		      * where the key does not demand it; CS_EUSAGE for a key
		      * that can prove nothing of the kind */
} cs_signer_env;

/* What can be said of a key before it signs; strings unescaped. */
typedef struct cs_signer_info {
	char uri[1024];
	char where[128];   /* token "ci" (SoftHSM v2, serial ...), or file PATH */
	char key[16];      /* "P-256" */
	bool login_needed;
	bool is_software;
	bool is_tpm;       /* proves a device and a PIN, never presence */
} cs_signer_info;

/* What a key is to sign, once. Borrows. */
typedef struct cs_to_sign {
	cs_span tbs;
	int64_t now;   /* becomes signingTime */
	cs_span certs; /* to carry along, one behind the other, the key's own
			* among them; absent: none */
} cs_to_sign;

typedef struct cs_signer cs_signer;

/* Resolves the URI to one key. Errors as p11.h and privkey.h; an unknown
 * scheme is CS_EUSAGE, a missing module CS_EDEVICE and names the package. */
CS_USE int cs_signer_open(const char *uri, const cs_signer_env *env,
    cs_signer **out, cs_err *e);
void cs_signer_close(cs_signer **s);
const cs_signer_info *cs_signer_describe(const cs_signer *s);
/* Appends the SubjectPublicKeyInfo. May ask for a PIN where a token hides it. */
CS_USE int cs_signer_spki(cs_signer *s, cs_buf *out, cs_err *e);
/* Appends the certificates of this key that stand beside it, DER, one behind
 * the other. CS_EUSAGE where keys have none beside them, CS_EDEVICE where this
 * one has none. */
CS_USE int cs_signer_certs(cs_signer *s, cs_buf *out, cs_err *e);
/* Appends OpenSSH's encoding of the public key; CS_EUSAGE where keys have
 * none. */
CS_USE int cs_signer_sshkey(cs_signer *s, cs_buf *out, cs_err *e);
/* Appends OwnerApproval. */
CS_USE int cs_signer_sign(cs_signer *s, const cs_to_sign *what, cs_buf *out,
    cs_err *e);
/* Every usable key of a scheme ("pkcs11:"), without logging in. */
CS_USE int cs_signer_list(const char *uri, const cs_signer_env *env,
    int (*each)(void *arg, const cs_signer_info *info, cs_err *e), void *arg,
    cs_err *e);

/* A key as a survey shows it, usable or not; strings unescaped. */
enum cs_signer_login {
	CS_LOGIN_NONE = 0,
	CS_LOGIN_PIN,
	CS_LOGIN_EACH, /* a PIN for each signature, beside that of the login */
	CS_LOGIN_PASSPHRASE
};
enum cs_signer_pin { /* what the token tells of its PIN */
	CS_PIN_NONE = 0, /* no login, or the token does not tell */
	CS_PIN_OK,
	CS_PIN_LOW,      /* a wrong one was entered */
	CS_PIN_LAST,     /* one try is left */
	CS_PIN_LOCKED,
	CS_PIN_UNSET,
	CS_PIN_EXPIRED,
	CS_PIN_REPLUG    /* blocked until the device is plugged in again */
};
enum cs_signer_proof { /* whether its signatures prove it, by a signed flag */
	CS_PROVES_NEVER = 0,
	CS_PROVES_ASKED, /* when it is asked for */
	CS_PROVES_MADE,  /* as the key was made, which nobody tells before */
	CS_PROVES_ALWAYS
};
typedef struct cs_signer_entry {
	cs_signer_info info; /* no URI when none names it alone; no key when its
			      * kind is not known */
	char token[33], serial[17], model[17], manufacturer[33];
	char label[256];
	cs_span id;
	bool has_hash;
	uint8_t hash[CS_SHA256_LEN]; /* of the public key */
	char ssh_type[48];           /* OpenSSH's word; empty: no such key */
	uint8_t ssh_hash[CS_SHA256_LEN]; /* of its OpenSSH encoding */
	char rp_id[256]; /* a security key's, or its application; else empty */
	enum cs_signer_proof touch, verification;
	enum cs_signer_login login;
	enum cs_signer_pin pin;
	bool pin_pad;        /* the PIN is typed on the reader */
	bool is_token;       /* a token that shows no key before a login */
	bool is_hidden;      /* the private key shows after a login only */
	bool is_attestable;  /* an attestation could tell of touch and PIN */
	char flaw[256];      /* why it cannot sign; empty: it can, as far as
			      * is known */
} cs_signer_entry;

typedef struct cs_signer_survey {
	const char *uri;    /* which keys, as in cs_signer_list() */
	const char *module; /* this PKCS#11 module only; NULL: none is named */
	bool login;         /* once on each token that wants it */
	bool one_pin;       /* env's ui has one PIN and asks nobody */
	size_t *n_tokens;   /* gives how many tokens there are */
	size_t *n_closed;   /* and how many of them want a login */
	void *arg;
	int (*each)(void *arg, const cs_signer_entry *k, cs_err *e);
	void (*trouble)(void *arg, const cs_err *why);
} cs_signer_survey;

/* Every key of a scheme, first the keys and then the tokens that show none, in
 * the order of their URIs. What is broken is told to `trouble`, before the
 * first key, and left out. Errors as p11.h has them. */
CS_USE int cs_signer_look(const cs_signer_survey *s, const cs_signer_env *env,
    cs_err *e);
/* Is there a back end of this scheme ("fido2")? Its module may still be one
 * that does not load. */
bool cs_signer_has(const char *scheme, const cs_signer_env *env);

/* A new key on a device. */
typedef struct cs_enroll { /* borrows */
	const char *rp_id;
	const char *user;      /* whose key it is, shown by the device */
	const char *device;    /* its path; NULL: the only one there is */
	enum cs_key_kind kind; /* P-256 or Ed25519 */
	bool resident;
	bool verify;           /* with PIN or fingerprint, now and later */
	uint8_t client_data_hash[CS_SHA256_LEN];
} cs_enroll;

/* What the device said of it; nothing is checked yet. Text is unescaped. */
typedef struct cs_enrolled {
	char where[128];    /* "YubiKey 5C" (/dev/hidraw3) */
	char format[33];    /* of the attestation: "packed" */
	cs_buf *authdata;   /* for fmt/authdata.h, of a credential */
	cs_buf *statement;  /* for fmt/attstmt.h; NULL when format is "none" */
} cs_enrolled;

/* One touch makes the key. `scheme` is "fido2:". Fills *out, for
 * cs_enrolled_clear(). CS_EUSAGE where keys of this scheme are made
 * elsewhere. */
CS_USE int cs_signer_enroll(const char *scheme, const cs_enroll *what,
    const cs_signer_env *env, cs_enrolled *out, cs_err *e);
void cs_enrolled_clear(cs_enrolled *x);

/* A new key that this host makes, in a TPM. */
typedef struct cs_to_make { /* borrows */
	enum cs_key_kind kind; /* P-256, P-384, RSA (2048 bits) */
	uint32_t parent;       /* a persistent handle; 0: the owner hierarchy's
				* storage key */
	bool no_pin;           /* no auth value, and nobody is asked for one */
	bool force;            /* replace a file that is there */
} cs_to_make;

typedef struct cs_made {
	cs_signer_info info;
	cs_buf *spki;
	bool no_pin; /* who has the device can use it */
} cs_made;

/* `uri` says where its file is to be. Fills *out, for cs_made_clear(). CS_EUSAGE
 * where keys of this scheme are made elsewhere. */
CS_USE int cs_signer_make(const char *uri, const cs_to_make *what,
    const cs_signer_env *env, cs_made *out, cs_err *e);
void cs_made_clear(cs_made *m);

/* What a device is to prove of its key: attest/tpm.h has the other side. */
typedef struct cs_to_respond { /* borrows */
	cs_span certs;     /* as for the offer */
	cs_span challenge; /* TPMChallenge */
} cs_to_respond;

/* Appends TPMKeyOffer. `certs`: of the endorsement key and what leads up from
 * it, DER, one behind the other; absent: those that the TPM holds. CS_EUSAGE
 * where keys have no such thing. */
CS_USE int cs_signer_offer(cs_signer *s, cs_span certs, cs_buf *out,
    cs_err *e);
/* Appends TPMEvidence; asks for the key's PIN. CS_EREFUSED: the challenge is
 * not for this offer, or not for this TPM. */
CS_USE int cs_signer_respond(cs_signer *s, const cs_to_respond *what,
    cs_buf *out, cs_err *e);

/* Internal ABI of a module: its symbol "countersign_signer" is this struct;
 * `abi` must be this build's CS_SIGNER_ABI, `uri` is whole. */
#define CS_SIGNER_ABI "countersign-signer " PACKAGE_VERSION
struct cs_signer_ops {
	const char *abi;
	const char *scheme;
	int (*open)(const char *uri, const cs_signer_env *env, void **h,
	    cs_signer_info *info, cs_err *e);
	int (*spki)(void *h, cs_buf *out, cs_err *e);
	int (*certs)(void *h, cs_buf *out, cs_err *e); /* NULL: never any */
	int (*sign)(void *h, const cs_to_sign *what, cs_buf *out, cs_err *e);
	int (*list)(const char *uri, const cs_signer_env *env,
	    int (*each)(void *arg, const cs_signer_info *info, cs_err *e),
	    void *arg, cs_err *e); /* NULL: nothing to list */
	void (*close)(void *h);
	int (*look)(const cs_signer_survey *s, const cs_signer_env *env,
	    cs_err *e); /* NULL: nothing to list */
	int (*enroll)(const cs_enroll *what, const cs_signer_env *env,
	    cs_enrolled *out, cs_err *e); /* NULL: keys are made elsewhere */
	int (*sshkey)(void *h, cs_buf *out, cs_err *e); /* NULL: never any */
	int (*make)(const char *uri, const cs_to_make *what,
	    const cs_signer_env *env, cs_made *out,
	    cs_err *e); /* NULL: keys are made elsewhere */
	int (*offer)(void *h, cs_span certs, cs_buf *out,
	    cs_err *e); /* NULL: no evidence; and so respond */
	int (*respond)(void *h, const cs_to_respond *what, cs_buf *out,
	    cs_err *e);
};

#endif
