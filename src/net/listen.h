/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_NET_LISTEN_H
#define CS_NET_LISTEN_H

#include <sys/types.h>

#include "base/buf.h"

/* Sockets to listen on, non-blocking and close-on-exec. */

/* "unix:PATH", "HOST:PORT", "[V6]:PORT", "*:PORT". With reuse_port each call
 * gives one more socket of the same port (the kernel spreads connections);
 * port 0 is whichever is free: cs_listen_name() tells. A unix socket gets
 * `mode` and replaces one that nobody listens on (connect refused), never
 * anything else, while its directory is locked (flock) where it can be: a lock
 * of somebody else's is waited for a second, and then passed over. */
typedef struct cs_listen_env {
	bool reuse_port;
	mode_t mode;
	int backlog;    /* 0: 1024 */
} cs_listen_env;
CS_USE int cs_listen(const char *address, const cs_listen_env *env, int *out,
    cs_err *e);
/* Whether `address` is of that form, without a socket: for --check. */
CS_USE int cs_listen_check(const char *address, cs_err *e);
/* The address as text, with the port that it got. */
CS_USE int cs_listen_name(int fd, cs_buf *out, cs_err *e);
/* systemd's sockets: how many there are from descriptor 3 on, for this process
 * (LISTEN_PID, LISTEN_FDS), which is passed in. Each is checked to be a
 * listening stream socket and made close-on-exec and non-blocking. */
CS_USE int cs_listen_passed(const char *pid, const char *fds, size_t *n,
    cs_err *e);

/* Who was at the other end of a unix socket when it connected: SO_PEERCRED.
 * CS_EIO for another kind of socket. */
typedef struct cs_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
} cs_peer;
CS_USE int cs_peer_of(int fd, cs_peer *out, cs_err *e);
/* Whether it was in this group, too (SO_PEERGROUPS): his own or one of the
 * others. False when that cannot be told. */
bool cs_peer_is_in(int fd, gid_t group);

#endif
