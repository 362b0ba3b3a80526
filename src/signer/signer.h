/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_SIGNER_H
#define CS_SIGNER_SIGNER_H

#include "base/ui.h"
#include "fmt/approval.h"

/*
 * Owner keys. A back end takes the whole OwnerApprovalTBS and gives a whole
 * OwnerApproval. "file:PATH" is built in; every other scheme is a module in
 * one fixed directory.
 */

typedef struct cs_signer_env {
	const char *module_dir;
	const cs_ui *ui;
	bool allow_last_try;
	bool pss; /* RSASSA-PSS; CS_EUSAGE for a key that is not RSA */
} cs_signer_env;

/* What can be said of a key before it signs; strings unescaped. */
typedef struct cs_signer_info {
	char uri[1024];
	char where[128];   /* token "ci" (SoftHSM v2, serial ...), or file PATH */
	char key[16];      /* "P-256" */
	bool login_needed;
	bool is_software;
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
/* Appends OwnerApproval. */
CS_USE int cs_signer_sign(cs_signer *s, const cs_to_sign *what, cs_buf *out,
    cs_err *e);
/* Every usable key of a scheme ("pkcs11:"), without logging in. */
CS_USE int cs_signer_list(const char *uri, const cs_signer_env *env,
    int (*each)(void *arg, const cs_signer_info *info, cs_err *e), void *arg,
    cs_err *e);

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
};

#endif
