/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_SANDBOX_H
#define CS_NET_SANDBOX_H

#include "base/buf.h"

/*
 * What a process may still do, after it has opened what it needs. Landlock
 * (as far as the kernel has it) for paths, TCP ports and signals, seccomp-bpf
 * for system calls. A call that is not allowed ends the process (SIGSYS), but
 * for those that the C library makes of its own accord and does without: to
 * open a file for reading and to map memory for execution fail with EACCES.
 */
enum cs_sandbox_may { /* bits: sets of system calls beside the base set */
	CS_MAY_ACCEPT = 1 << 0,  /* accept connections, socket options */
	CS_MAY_CONNECT = 1 << 1, /* make sockets and connect them; for names
				  * READ and /etc, too */
	CS_MAY_READ = 1 << 2,    /* open files for reading */
	CS_MAY_WRITE = 1 << 3,   /* and for writing, with locks, renames */
	CS_MAY_THREADS = 1 << 4, /* they end by returning: pthread_exit()
				  * would load a library */
	CS_MAY_LOAD = 1 << 5,    /* executable mappings: modules by dlopen,
				  * which READ has to let be opened */
	CS_MAY_PROCESS = 1 << 6  /* fork and exec (what a PKCS#11 module may);
				  * a program that is started needs READ, LOAD
				  * and its paths, and stays in the sandbox */
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
	bool log_only;    /* for those who look for a missing call: it is in the
			   * kernel's log; paths are kept to all the same */
} cs_sandbox;

/* To be called while there is one thread: others would stay outside (CS_EBUG).
 * Tells what was had of it, for a log: "landlock 4, seccomp". No Landlock in the
 * kernel is no failure; no seccomp is one. */
CS_USE int cs_sandbox_enter(const cs_sandbox *s, char *had, size_t had_len,
    cs_err *e);

#endif
