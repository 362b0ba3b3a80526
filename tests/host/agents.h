/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_AGENTS_H
#define CS_TESTS_AGENTS_H

#include "crypt/privkey.h"
#include "fmt/csr.h"

/* Agents of corp.example, and their owner, with P-256 keys of their own; and
 * what they sign. */

#define AGENTS_OWNER "mailto:alice@corp.example"
#define AGENTS_AUTHORITY "https://corp.example"

struct agent {
	cs_privkey *key;
	cs_buf *spki;
	char id[64]; /* an owner has none */
};

/* A new key; *a is for agent_clear() in any case. */
CS_USE int agent_new(struct agent *a, cs_err *e);
void agent_clear(struct agent *a);
/* A base request; `purpose` may be NULL. Gives. */
CS_USE int agent_request(const struct agent *a, const char *purpose,
    cs_csr **out, cs_err *e);
/* The owner approves one credential of each kind, for requests with this
 * agent's key, or for `base` alone unless that is NULL; from `from` seconds
 * from now, for two hours. Gives. */
CS_USE int agent_approve(const struct agent *owner, const struct agent *a,
    const cs_csr *base, int64_t from, cs_buf **out, cs_err *e);
/* The composite request, DER. Gives. */
CS_USE int agent_compose(const struct agent *a, const cs_csr *base,
    const cs_buf *approval, cs_buf **out, cs_err *e);
/* The owner's line of an owners file, for agents below `prefix`. */
CS_USE int agent_owner_write(const struct agent *owner, const char *prefix,
    const char *path, cs_err *e);

#endif
