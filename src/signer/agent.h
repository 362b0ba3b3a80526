/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SIGNER_AGENT_H
#define CS_SIGNER_AGENT_H

#include "base/buf.h"

/* A connection to an ssh-agent. Every call ends at its deadline, of
 * cs_time_mono_ms(), with CS_ETIMEOUT; an agent that is not there, goes away or
 * misbehaves is CS_EDEVICE. */

typedef struct cs_agent cs_agent;

/* Borrows `path`. */
CS_USE int cs_agent_open(const char *path, int64_t deadline_ms,
    cs_agent **out, cs_err *e);
void cs_agent_close(cs_agent **a); /* takes; NULL and *a == NULL are fine */
/* Readable when the agent has answered, or is gone. */
int cs_agent_fd(const cs_agent *a);
/* One message with its length in front. */
CS_USE int cs_agent_send(cs_agent *a, cs_span message, int64_t deadline_ms,
    cs_err *e);
/* Gives one message without it. An agent that says more than was asked is
 * refused. */
CS_USE int cs_agent_receive(cs_agent *a, int64_t deadline_ms, cs_buf **out,
    cs_err *e);

#endif
