/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_AGENTOWNER_H
#define CS_TESTS_AGENTOWNER_H

#include "crypt/hash.h"
#include "crypt/privkey.h"
#include "fmt/approval.h"
#include "tests/unit/agentfake.h"

/* An owner whose one key, "alice@laptop", an agent has. What the token of a
 * security key would sign is put together here. */

#define OWNER_NOW 1790000000
#define OWNER_APPLICATION "ssh:"

struct owner {
	struct fake_agent agent;
	cs_privkey *key, *signs; /* `signs` NULL: the same */
	cs_spki pub;
	cs_buf *spki, *blob, *list, *tbs;
	const char *type;
	uint8_t hash[CS_SHA256_LEN];
	bool is_sk;
	uint8_t flags, said; /* signed, and told when not 0 */
	const char *sig_type; /* NULL: the right one */
	cs_span raw;     /* instead of any answer to "sign" */
	bool other_data;
	bool under_grant;
	/* the ui */
	int touch, touched;
	char notice[512], asked[256];
};

/* `kind` as cs_privkey_generate() has it, `type` as OpenSSH calls it. */
bool owner_new(struct owner *o, const char *kind, const char *type);
void owner_free(struct owner *o);
/* The approval to sign names the key with this hash, and `under_grant` where
 * that is set. */
void owner_asks(struct owner *o, const uint8_t hash[CS_SHA256_LEN]);

#endif
