/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_AGENTMSG_H
#define CS_SIGNER_AGENTMSG_H

#include "fmt/sshkey.h"

/* The messages of ssh-agent (draft-miller-ssh-agent, "SSH Agent Protocol"). They
 * are read without the length that stands in front, and written with it. What
 * comes in is hostile. */

#define CS_AGENT_MESSAGE_MAX (256 * 1024)
#define CS_AGENT_KEYS_MAX 1024

/* Appends "list your keys", or "sign this with that key", RSA with SHA-512. */
CS_USE int cs_agentmsg_put_list(cs_buf *out, cs_err *e);
CS_USE int cs_agentmsg_put_sign(const cs_sshkey *key, cs_span data,
    cs_buf *out, cs_err *e);

/* The length in front of a message, 1 to CS_AGENT_MESSAGE_MAX, or
 * CS_EDEVICE. */
CS_USE int cs_agentmsg_length(cs_span head, size_t *out, cs_err *e);

typedef int cs_agentmsg_each(void *arg, cs_span blob, cs_span comment,
    cs_err *e);

/* The answers. The list is read to its end before the first key is handed out.
 * CS_EDEVICE for what is no such answer; CS_EREFUSED: the agent says that it
 * does not. */
CS_USE int cs_agentmsg_keys(cs_span msg, cs_agentmsg_each *each, void *arg,
    cs_err *e);
CS_USE int cs_agentmsg_signature(cs_span msg, cs_span *out, cs_err *e);

#endif
