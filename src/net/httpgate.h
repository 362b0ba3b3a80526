/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_HTTPGATE_H
#define CS_NET_HTTPGATE_H

#include "base/buf.h"

/*
 * What of a connection libevent's evhttp gets to see: requests of HTTP/1.1 (and
 * 1.0) in the one form that nobody reads in two ways. evhttp takes lines that
 * end in LF alone, folded ones, names before blanks, values cut by a NUL, a
 * length beside chunks and the first of two lengths: whoever stands before us
 * may read those otherwise, and then requests are smuggled (RFC 9112 11.2).
 *
 * Octets go in as they come, in pieces of any length; nothing is kept of them
 * but a word. The first octet that is wrong ends it.
 */
#define CS_GATE_FIELDS 100 /* header fields */
#define CS_GATE_AHEAD 16   /* whole requests that nobody has taken */

typedef struct cs_gate {
	size_t max_headers, max_body;
	int status;        /* 0: fine; else why nothing more is taken */
	const char *why;   /* static */
	uint64_t begun;    /* requests of which something came */
	uint64_t whole;    /* and those that are complete */
	uint64_t taken;    /* and those that were taken */
	uint64_t end[CS_GATE_AHEAD]; /* where the whole ones end */
	bool expects;      /* one of them said "100-continue" */

	/* its own */
	uint64_t at;       /* octets so far */
	unsigned state, field, seen;
	size_t head, fields, word_n;
	uint64_t body, left;
	bool http10, chunked, is_head;
	char word[24];
} cs_gate;

void cs_gate_init(cs_gate *g, size_t max_headers, size_t max_body);
/* False: not HTTP, or too much of it; status and why tell, now and at every
 * later call. Requests that were whole before stay so. */
bool cs_gate_pass(cs_gate *g, cs_span in);
/* Takes the oldest whole request: *end is where it ended, counted from the
 * connection's first octet. False: there is none. */
bool cs_gate_take(cs_gate *g, uint64_t *end);
/* Is a request begun that is not whole? */
bool cs_gate_midway(const cs_gate *g);

#endif
