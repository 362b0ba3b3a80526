/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_PROCESS_H
#define CS_NET_PROCESS_H

#include <sys/types.h>

#include "base/buf.h"

/* Processes of a daemon: the same program again, by fork and exec, so that a
 * child shares neither memory nor its layout with its siblings. */

/* Starts /proc/self/exe with argv; `fds` become descriptors 3, 4, ... of the
 * child and every other one is closed; environment: LANG=C and PATH alone,
 * and what env_keep (NULL-ended "NAME=VALUE") says. `err` becomes its standard
 * error, and the other two are /dev/null; NULL: all three are ours. The child
 * dies with us. */
typedef struct cs_spawn {
	char *const *argv;
	const int *fds;
	size_t n_fds;
	const int *err;
	const char *const *env_keep;
} cs_spawn;
CS_USE int cs_process_spawn(const cs_spawn *s, pid_t *out, cs_err *e);

/* First thing in every process: not dumpable, no core, no new privileges;
 * standard descriptors open. */
CS_USE int cs_process_harden(cs_err *e);
/* To this user (name or number) and his groups, or the group that is named;
 * as root only, otherwise it has to be ourselves (CS_EREFUSED). NULL: who we
 * are. Without any capability, root as well, and cannot be undone. */
CS_USE int cs_process_become(const char *user, const char *group, cs_err *e);
/* What `fn` finds as that user, in a process of its own: its result and words.
 * Only root is ever another; then what fn changes in memory is lost. */
CS_USE int cs_process_as(const char *user, const char *group,
    int (*fn)(void *arg, cs_err *e), void *arg, cs_err *e);
/* Of a name, or of a number: *gid is (gid_t)-1 when that has no entry. */
CS_USE int cs_process_uid(const char *user, uid_t *uid, gid_t *gid,
    cs_err *e);

#endif
