/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_SERVER_MASTERP_H
#define CS_SERVER_MASTERP_H

#include <sys/types.h>

#include "net/loop.h"
#include "server/flow.h"
#include "server/master.h"

/* Of server/master*.c, for nobody else. */

#define CS_SLOTS_MAX (3 + CS_FRONTS_MAX)

enum cs_slot_state {
	CS_SLOT_DOWN = 0, /* to be started at again_ms */
	CS_SLOT_STARTING, /* until it says READY */
	CS_SLOT_UP,
	CS_SLOT_STOPPING, /* was told to end */
	CS_SLOT_GONE      /* has ended, as it was told */
};

struct cs_master;

typedef struct cs_slot { /* where a child is, and then another in its place */
	struct cs_master *m;
	enum cs_role role;
	size_t front;           /* which, of the fronts */
	char name[32];          /* "front 3" */
	enum cs_slot_state state;
	bool reloading;         /* it has not said RELOADED yet */
	bool behind;            /* there is something newer for it to reload */
	pid_t pid;
	cs_channel *control;
	cs_watch *watch;
	int err;                /* what it writes to its standard error; -1 */
	cs_watch *err_watch;
	char line[512];         /* of that, until it has an end */
	size_t line_len;
	cs_flow flow;           /* of its lines, and of those before it */
	int64_t since_ms, heard_ms; /* start, last word */
	int64_t again_ms, pause_ms;
	int64_t deaths[3];      /* when it died last; the oldest first */
	size_t n_deaths;
} cs_slot;

typedef struct cs_master {
	const cs_master_env *env;
	/* What processes start with, and what they are told to reload, which
	 * are the same unless something is to wait for a restart of all. */
	const cs_server_conf *base, *conf;
	cs_server_conf *own[2]; /* what a SIGHUP read: conf, base; NULL: it is
				 * env's, or base is conf */
	int lock;               /* of the state */
	cs_sockets *sockets;
	cs_loop *loop;
	cs_watch *watches[5];
	size_t n_watches;
	cs_slot slots[CS_SLOTS_MAX];
	size_t n_slots;
	bool served;            /* all were up once */
	bool reloading;
	bool bad_reload;
	bool reload_again;      /* it was asked for when it could not be */
	char notice[128];       /* for the manager; "": it knows */
	int64_t reload_ms;
	int64_t stop_ms;        /* when it was told to end; 0: it was not */
	int64_t watchdog_ms, next_watchdog_ms;
	int rc;                 /* of the run, with its words */
	cs_err e;
} cs_master;

/* masterchild.c */

/* Starts the child of a slot and gives it what it needs, and its peers their
 * ends of new channels. */
CS_USE int cs_slot_start(cs_slot *s, cs_err *e);
/* SIGKILL: what cannot be spoken with. cs_slot_reap() finds it dead. */
void cs_slot_kill(cs_slot *s);
/* Tells it to end. */
void cs_slot_stop(cs_slot *s);
/* What it was told by a CONFIG or RELOAD frame. */
CS_USE int cs_slot_reload(cs_slot *s, cs_err *e);
/* Has it died? Then it is DOWN or GONE, and *status is waitpid(2)'s. */
bool cs_slot_reap(cs_slot *s, int *status);
bool cs_slot_lives(const cs_slot *s);

/* masterfiles.c: what fronts are given open, as the configuration names it.
 * Descriptors are -1 where it names none, and after a failure. */
CS_USE int cs_files_open(const cs_server_conf *c, int fds[CS_CHILD_FILES],
    cs_err *e);
void cs_files_close(int fds[CS_CHILD_FILES]);
/* Could they be opened, and is all in its place (places.h)? */
CS_USE int cs_files_look(const cs_server_conf *c, cs_err *e);

/* Two servers of one state would undo each other's lists: gives a descriptor
 * that keeps others out until it is closed. CS_EREFUSED: there is one. */
CS_USE int cs_state_lock(const cs_server_conf *c, int *fd, cs_err *e);

/* masterreload.c: what a SIGHUP asks for. */
void cs_master_reload(cs_master *m);

/* masterwords.c: reads all that a child has said. */
void cs_slot_listen(void *slot);

/* masterlog.c: a line of a child's, unless there were too many. */
void cs_slot_log(cs_slot *s, int level, cs_span text);
/* Says how many were dropped, once that is over, or the child is. */
void cs_slot_log_look(cs_slot *s, int64_t now_ms);
void cs_slot_log_end(cs_slot *s);

#define CS_SLOT_REST_MS 2 /* of who wrote: to be woken costs more than to read,
			   * and who never ends takes a share and no more */

/* mastererr.c */

/* Takes the end that is read of what a child has as its standard error. */
CS_USE int cs_slot_err(cs_slot *s, int fd, cs_err *e);
/* Its last words there. */
void cs_slot_err_end(cs_slot *s);

/* master.c */
void cs_master_say(cs_master *m, int level, const char *fmt, ...)
    CS_PRINTF(3, 4);
/* Ends the run: children are killed, and cs_master_run() returns `rc`. */
void cs_master_give_up(cs_master *m, int rc, const cs_err *e);
/* Tells systemd, soon. */
void cs_master_notify(cs_master *m, const char *state);
/* A child's state has changed. */
void cs_master_look(cs_master *m);
void cs_master_reloaded(cs_master *m);

#endif
