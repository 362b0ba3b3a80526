/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_STORE_PENDING_H
#define CS_STORE_PENDING_H

#include "store/store.h"

/* Requests that wait for their owner. A request is known by its digest; the
 * same one again is the same row. */
#define CS_PENDING_MESSAGE_MAX (512 * 1024)
#define CS_PENDING_EVIDENCE_MAX (256 * 1024)
#define CS_PENDING_CLIENT_MAX 256

enum cs_pending_state { CS_PENDING_NONE = 0, CS_PENDING_WAITS, CS_PENDING_READY };

typedef struct cs_pending { /* borrows, as input and in a callback */
	cs_span request_digest; /* 32 octets */
	cs_span agent_id, owner; /* whom it asks */
	cs_span client;         /* who sent it, CS_PENDING_CLIENT_MAX at most;
				 * absent: as the empty name. Not found again */
	cs_span message;        /* the request, with the approvals that came,
				 * as the verifier takes it */
	cs_span evidence;       /* absent: none */
	int64_t created, expires; /* it is there until before `expires` */
	enum cs_pending_state state;
} cs_pending;

typedef struct cs_pending_limits { /* 0: none */
	int64_t all, octets;    /* of all: rows, and messages and evidence */
	int64_t per_client;     /* rows of one client, and of */
	int64_t per_agent;      /* one identifier by one client */
} cs_pending_limits;

/* Keeps one that waits. CS_OK also when it was there (and then nothing
 * changes). At a limit of its client the client's oldest that waits makes room;
 * at one of all, the oldest of whoever has most, if that is more than this
 * client would have, and else of this one. Where nothing makes room it is
 * CS_EREFUSED (detail CS_R_EXHAUSTED). What has expired does not count; what
 * its owner has approved counts, and stays. */
CS_USE int cs_pending_keep(cs_store *s, const cs_pending *p,
    const cs_pending_limits *limits, int64_t deadline_ms, cs_err *e);
/* Approvals came: another message and state in place of those of `old`, until
 * at least `expires`. *changed is false when its message is another one than
 * old's by now, or none. */
CS_USE int cs_pending_change(cs_store *s, const cs_pending *old,
    cs_span message, enum cs_pending_state state, int64_t expires,
    int64_t deadline_ms, bool *changed, cs_err *e);
/* The row, if it has not expired: state NONE when there is none. Gives *own,
 * which the spans of *out borrow from. */
CS_USE int cs_pending_find(cs_store *s, cs_span request_digest, int64_t now,
    int64_t deadline_ms, cs_pending *out, cs_buf **own, cs_err *e);
/* Deletes what has expired. */
CS_USE int cs_pending_sweep(cs_store *s, int64_t now, int64_t deadline_ms,
    int64_t *swept, cs_err *e);
/* How many there are. */
CS_USE int cs_pending_count(cs_store *s, int64_t now, int64_t deadline_ms,
    int64_t *count, cs_err *e);

#endif
