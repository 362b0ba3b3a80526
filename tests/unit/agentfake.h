/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_AGENTFAKE_H
#define CS_TESTS_AGENTFAKE_H

#include <pthread.h>

#include "base/buf.h"

/* An ssh-agent that a test can have say anything: a socket, and a thread that
 * answers one message a connection. */

struct fake_agent {
	cs_span list; /* its whole answer, length included; empty: silence */
	/* Appends its whole answer to "sign"; nothing: silence. */
	void (*sign)(void *arg, cs_span blob, cs_span data, uint32_t flags,
	    cs_buf *out);
	void *arg;
	bool hangs_up; /* as soon as it has answered, or instead */
	char dir[64], path[96];
	int fd, stop[2];
	pthread_t thread;
};

/* Fill in the answers first; change them only between two questions. */
bool fake_agent_start(struct fake_agent *a);
void fake_agent_stop(struct fake_agent *a);

/* Appends a message with its length in front. */
void fake_put_message(cs_buf *out, uint8_t type, cs_span body);

#endif
