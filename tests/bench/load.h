/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_LOAD_H
#define CS_TESTS_LOAD_H

#include "tests/bench/loadconn.h"

/* Clients that ask together. */

#define LOAD_CLIENTS_MAX 256
#define LOAD_STATUS_MAX 600
#define LOAD_KEPT 16 /* answers */

struct load { /* borrows */
	struct target to;
	const char *path;
	const cs_span *body; /* of each request; NULL: GET */
	size_t n;            /* requests, of all clients together */
	int64_t clients;
	int64_t rate;        /* a second, at these times; 0: one after another */
	bool fresh;          /* a connection for each request */
	const char *const *pids; /* whose CPU time */
	size_t n_pids;
};

struct kept { /* every so many-th answer */
	size_t request;
	cs_buf *body;
};

struct loaded {
	size_t status[LOAD_STATUS_MAX];
	size_t connections;
	double seconds;
	double *us;          /* each request's */
	double cpu_us[8];    /* of each of the pids, for one request */
	struct kept kept[LOAD_KEPT];
};

/* Runs it. *out is for loaded_clear() in any case. An answer of any status is
 * one; CS_EIO when there was none. */
CS_USE int load_run(const struct load *l, struct loaded *out, cs_err *e);
void loaded_clear(struct loaded *d);

#endif
