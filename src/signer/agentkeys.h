/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_AGENTKEYS_H
#define CS_SIGNER_AGENTKEYS_H

#include "crypt/hash.h"
#include "fmt/sshkey.h"

/* The keys that an ssh-agent has, and the one that is meant. Pure: an answer of
 * the agent in, objects out. */

/* What stands behind "ssh-agent:". */
typedef struct cs_agent_uri { /* borrows */
	cs_span socket;  /* absent: the usual one */
	const char *key; /* a fingerprint or a comment; empty: the only key */
} cs_agent_uri;

/* `uri` is whole. CS_EUSAGE. */
CS_USE int cs_agent_uri_parse(const char *uri, cs_agent_uri *out, cs_err *e);
/* Writes it with a fingerprint for the key; out[n]. Empty when it does not
 * fit. */
void cs_agent_uri_put(cs_span socket, const uint8_t hash[CS_SHA256_LEN],
    char *out, size_t n);

typedef struct cs_agent_key { /* spans borrow from the answer */
	cs_span blob;
	cs_span comment;
	uint8_t ssh_hash[CS_SHA256_LEN]; /* of the blob */
	cs_sshkey ssh;   /* unless it has a flaw */
	cs_buf *spki;    /* likewise */
	char name[16];   /* "P-256" */
	char flaw[256];  /* why it signs no approvals; empty: it can */
} cs_agent_key;

typedef struct cs_agent_keys {
	cs_buf *answer;
	size_t n;
	cs_agent_key *keys;
} cs_agent_keys;

/* Takes the answer, whatever it returns. One key twice is one key. Errors as
 * agentmsg.h has them. */
CS_USE int cs_agent_keys_read(cs_buf **answer, cs_agent_keys *out, cs_err *e);
void cs_agent_keys_clear(cs_agent_keys *k);
/* Is this the key, or among the keys, that are named? What begins as a
 * fingerprint is no comment. */
bool cs_agent_key_matches(const cs_agent_key *k, const char *named);
/* Lends the one usable key that is meant. None or several are CS_EDEVICE, with
 * a list. */
CS_USE int cs_agent_keys_pick(const cs_agent_keys *k, const cs_agent_uri *u,
    const cs_agent_key **out, cs_err *e);

#endif
