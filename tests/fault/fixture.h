/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_FIXTURE_H
#define CS_TESTS_FIXTURE_H

#include "crypt/privkey.h"
#include "fmt/tbs.h"
#include "tests/fault/authority.h"

/* One owner, one agent, and what passes between them; made once. */

#define FIXTURE_NOW 1790000000
#define FIXTURE_AUTHORITY "https://corp.example"
#define FIXTURE_WORD "open sesame"

struct fixture {
	cs_privkey *owner, *agent;
	bool pss;
	cs_buf *owner_spki, *agent_spki;
	cs_buf *request;   /* DER */
	cs_buf *forged_request;
	cs_buf *tbs, *approval;
	cs_buf *message;   /* PEM bundle of both */
	cs_buf *forged_message;
	cs_buf *owners;    /* owners file that knows the owner */
	cs_buf *fido_owners; /* and the same key in a security key */
	cs_buf *fido_message;
	cs_buf *forged_fido_message;
	cs_buf *openssh;   /* an approval by sshsig */
	cs_buf *pem, *encrypted_pem; /* the owner's key */
	struct authority ca;
	cs_buf *ca_owners;  /* one that knows the CA alone */
	cs_buf *ca_message; /* the approval brings its certificates */
	cs_buf *forged_ca_message;
};

/* `kind` as of cs_privkey_generate(), or "rsa2048-pss". */
bool fixture_make(struct fixture *f, const char *kind);
void fixture_free(struct fixture *f);

#endif
