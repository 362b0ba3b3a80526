/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_ROLE_H
#define CS_SERVER_ROLE_H

#include "net/frame.h"
#include "server/conf.h"

/* A child of countersign-server: what the master gave it. Each role is one
 * function that ends when it is told to or its master is gone; what it returns
 * is the process's exit status (0, or the negated class). */
enum cs_role {
	CS_ROLE_FRONT,
	CS_ROLE_ADMIN,
	CS_ROLE_ISSUER,
	CS_ROLE_KEYHOLDER,
	CS_ROLE_WEBHOOK /* alone: no other is beside it */
};
#define CS_ROLES 5

/* A child says ALIVE so often, and is killed when it was silent for so long;
 * until it is READY it has longer (a token that is slow). */
#define CS_ALIVE_EVERY_MS 2000
#define CS_ALIVE_LIMIT_MS 20000
#define CS_READY_LIMIT_MS 60000

#define CS_FRONTS_MAX 63 /* beside the admin's */

/* What a front cannot open any more when it has become its user, in the names
 * that the configuration has for it: the master does, as it was started. */
enum cs_child_file {
	CS_FILE_TLS_CERT,
	CS_FILE_TLS_KEY,
	CS_FILE_CLIENT_CA
};
#define CS_CHILD_FILES 3

typedef struct cs_child {
	enum cs_role role;
	cs_channel *control;
	cs_server_conf *conf;
	const char *module_dir; /* conf's, or where they are installed */
	int listen[8];          /* front, admin */
	size_t n_listen;
	int peer_fd;            /* front, admin: to the issuer. Keyholder: to the
				 * issuer. -1: none yet */
	int front_fd[1 + CS_FRONTS_MAX]; /* issuer: to each front; [0] is the
				 * admin's, -1: there is none */
	size_t n_fronts;        /* [0] counts, always: 1 and the fronts */
	int keyholder_fd;       /* issuer */
	int file_fd[CS_CHILD_FILES]; /* front: to be read from the start; -1:
				 * the configuration has none, or it was read */
} cs_child;

/* Reads what the master says on the descriptor, up to GO. Takes the descriptor;
 * borrows `module_dir`. CS_EIO: it is no channel, or the master went. */
CS_USE int cs_child_begin(enum cs_role role, int fd, const char *module_dir,
    cs_child **out, cs_err *e);
/* Closes the descriptors that nobody took: who takes one sets -1 there. */
void cs_child_free(cs_child **c);

/* Reads a file that the master has opened, of at most `cap` octets, and closes
 * it. *out is NULL when there is none; the key is in a secret buf. */
CS_USE int cs_child_read(cs_child *c, enum cs_child_file file, size_t cap,
    cs_buf **out, cs_err *e);

int cs_front_run(cs_child *c);
int cs_admin_run(cs_child *c);
int cs_issuer_run(cs_child *c);
int cs_keyholder_run(cs_child *c);
int cs_hook_run(cs_child *c);

/* What the master may say behind GO. */
typedef struct cs_order {
	uint32_t type;          /* CS_MSG_CHANNEL, CS_MSG_RELOAD, CS_MSG_STOP,
				 * CS_MSG_FILE */
	enum cs_role peer;      /* CHANNEL: who is at its other end. The
				 * channel to that peer before this one ends by
				 * itself, as the peer has ended; fronts are
				 * told apart by their channels alone */
	enum cs_child_file file; /* FILE: which */
	int fd;                 /* CHANNEL, FILE; the caller's from now on */
	cs_server_conf *conf;   /* RELOAD; gives */
} cs_order;
/* CS_EFORMAT: the frame is none of these. */
CS_USE int cs_order_get(cs_frame *f, cs_order *out, cs_err *e);
/* Keeps a FILE for the RELOAD that follows it, for cs_child_read(). */
void cs_child_keep(cs_child *c, cs_order *o);

/* "tls-cert", as the configuration has it. */
const char *cs_child_file_name(enum cs_child_file file);

/* To the master. `had` is what cs_sandbox_enter() said. */
CS_USE int cs_say_ready(cs_channel *control, const char *had, cs_err *e);
/* `why` NULL: all of it was taken anew. */
CS_USE int cs_say_reloaded(cs_channel *control, const char *why, cs_err *e);
CS_USE int cs_say_alive(cs_channel *control, cs_err *e);
/* A line for the log, by the master; text may hold bytes from outside. `level`
 * is one of enum countersign_log_level. */
void cs_say(cs_channel *control, int level, const char *fmt, ...)
    CS_PRINTF(3, 4);

/* "front", "admin", "issuer", "keyholder", "webhook" */
const char *cs_role_name(enum cs_role r);
CS_USE int cs_role_parse(cs_span name, enum cs_role *out, cs_err *e);

#endif
