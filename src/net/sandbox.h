/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_SANDBOX_H
#define CS_NET_SANDBOX_H

#include "base/buf.h"

/* What a process may still do, after it has opened what it needs. Landlock
 * (as far as the kernel has it) for paths, seccomp-bpf for system calls. A call
 * that is not allowed ends the process (SIGSYS). */
enum cs_sandbox_may { /* bits: sets of system calls beside the base set */
	CS_MAY_ACCEPT = 1 << 0,  /* accept connections, socket options */
	CS_MAY_CONNECT = 1 << 1, /* make sockets and connect them */
	CS_MAY_READ = 1 << 2,    /* open files for reading */
	CS_MAY_WRITE = 1 << 3,   /* and for writing, with locks, renames */
	CS_MAY_THREADS = 1 << 4,
	CS_MAY_LOAD = 1 << 5,    /* executable mappings: modules by dlopen */
	CS_MAY_PROCESS = 1 << 6  /* fork and exec (what a PKCS#11 module may) */
};

typedef struct cs_sandbox_path {
	const char *path; /* a file, or a directory and what is below */
	bool may_write;   /* read otherwise */
	bool may_miss;    /* it need not exist */
} cs_sandbox_path;

typedef struct cs_sandbox {
	unsigned may;
	const cs_sandbox_path *paths;
	size_t n_paths;
	bool log_only;    /* for those who look for a missing call */
} cs_sandbox;

/* What was had of it, for a log: "landlock 4, seccomp". No Landlock in the
 * kernel is no failure; no seccomp is one. */
CS_USE int cs_sandbox_enter(const cs_sandbox *s, char *had, size_t had_len,
    cs_err *e);

#endif
