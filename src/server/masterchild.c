/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "net/process.h"
#include "server/masterp.h"
#include "server/msg.h"

#define SEND_MS 500 /* a child that does not read is killed */
#define ENV_MAX (CS_CONF_ENV_MAX + 1)

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

bool
cs_slot_lives(const cs_slot *s)
{
	return s->state == CS_SLOT_STARTING || s->state == CS_SLOT_UP ||
	    s->state == CS_SLOT_STOPPING;
}

static int
tell(cs_slot *s, const cs_frame *f, cs_err *e)
{
	return cs_channel_send(s->control, f, cs_time_mono_ms() + SEND_MS, e);
}

static int
tell_conf(cs_slot *s, uint32_t type, const cs_server_conf *c, cs_err *e)
{
	cs_frame f = {.type = type, .n = 2, .fd = -1};

	f.part[0] = cs_span_str(c->file);
	f.part[1] = cs_span_str(c->text);
	return tell(s, &f, e);
}

static int
tell_socket(cs_slot *s, const char *name, int fd, cs_err *e)
{
	cs_frame f = {.type = CS_MSG_LISTEN, .n = 1, .fd = fd};

	f.part[0] = cs_span_str(name);
	return tell(s, &f, e);
}

static bool
serves_tls(const cs_slot *s)
{
	return s->role == CS_ROLE_FRONT || s->role == CS_ROLE_WEBHOOK;
}

static int
tell_sockets(cs_slot *s, cs_err *e)
{
	const cs_sockets *all = s->m->sockets;
	size_t i;
	int rc = CS_OK;

	if (s->role == CS_ROLE_ADMIN && all->admin >= 0)
		return tell_socket(s, "admin", all->admin, e);
	if (!serves_tls(s))
		return CS_OK;
	for (i = 0; rc == CS_OK && i < all->n_listen; i++)
		rc = tell_socket(s, "tls", cs_sockets_of(all, s->front, i), e);
	return rc;
}

/* Each front has its own, to read from the start. */
static int
tell_files(cs_slot *s, const cs_server_conf *c, cs_err *e)
{
	cs_frame f = {.type = CS_MSG_FILE, .n = 1};
	int fds[CS_CHILD_FILES], rc;
	size_t i;

	if (!serves_tls(s))
		return CS_OK;
	if ((rc = cs_files_open(c, fds, e)) != CS_OK)
		return rc;
	for (i = 0; rc == CS_OK && i < CS_CHILD_FILES; i++) {
		f.part[0] = cs_span_str(cs_child_file_name(
		    (enum cs_child_file)i));
		f.fd = fds[i];
		if (f.fd >= 0)
			rc = tell(s, &f, e);
	}
	cs_files_close(fds);
	return rc;
}

static int
tell_channel(cs_slot *s, enum cs_role peer, int fd, cs_err *e)
{
	cs_frame f = {.type = CS_MSG_CHANNEL, .n = 1, .fd = fd};

	f.part[0] = cs_span_str(cs_role_name(peer));
	return tell(s, &f, e);
}

/* Everybody speaks with the issuer, and nobody with another. */
static bool
are_peers(const cs_slot *a, const cs_slot *b)
{
	return (a->role == CS_ROLE_ISSUER) != (b->role == CS_ROLE_ISSUER);
}

/* It does not listen, and has only itself to blame; or it ended just now, and
 * has said why. */
static void
give_up(cs_slot *peer)
{
	if (peer->watch != NULL)
		cs_slot_listen(peer);
	cs_slot_kill(peer);
}

/* One channel between a child that starts and one that lives. */
static int
join(cs_slot *s, cs_slot *peer, cs_err *e)
{
	int ends[2] = {-1, -1}, rc;

	if ((rc = cs_channel_pair(ends, e)) == CS_OK &&
	    tell_channel(peer, s->role, ends[1], NULL) != CS_OK)
		give_up(peer);
	else if (rc == CS_OK)
		rc = tell_channel(s, peer->role, ends[0], e);
	close_fd(&ends[0]);
	close_fd(&ends[1]);
	return rc;
}

static int
join_all(cs_slot *s, cs_err *e)
{
	cs_master *m = s->m;
	cs_slot *peer;
	size_t i;
	int rc = CS_OK;

	for (i = 0; rc == CS_OK && i < m->n_slots; i++) {
		peer = &m->slots[i];
		if (are_peers(s, peer) && (peer->state == CS_SLOT_UP ||
					      peer->state == CS_SLOT_STARTING))
			rc = join(s, peer, e);
	}
	return rc;
}

static int
tell_all(cs_slot *s, cs_err *e)
{
	cs_frame go = {.type = CS_MSG_GO, .fd = -1};
	int rc;

	if ((rc = tell_conf(s, CS_MSG_CONFIG, s->m->base, e)) != CS_OK ||
	    (rc = tell_sockets(s, e)) != CS_OK ||
	    (rc = tell_files(s, s->m->base, e)) != CS_OK ||
	    (rc = join_all(s, e)) != CS_OK)
		return rc;
	return tell(s, &go, e);
}

/* The variables that the configuration lists, for the keyholder: modules of
 * tokens are told by them where to look. */
static void
choose_environment(const cs_slot *s, const char *out[ENV_MAX])
{
	const cs_server_conf *c = s->m->base;
	char *const *at;
	size_t i, n = 0, len;

	for (i = 0; s->role == CS_ROLE_KEYHOLDER && i < c->n_env; i++) {
		len = strlen(c->env[i]);
		for (at = s->m->env->environ; at != NULL && *at != NULL; at++)
			if (strncmp(*at, c->env[i], len) == 0 &&
			    (*at)[len] == '=' && n < ENV_MAX - 1)
				out[n++] = *at;
	}
	out[n] = NULL;
}

static int
spawn(cs_slot *s, int fd, int err, cs_err *e)
{
	char program[] = "countersign-server", option[] = "--role", role[24];
	char *argv[] = {program, option, role, NULL};
	const char *keep[ENV_MAX];
	cs_spawn spawn = {.argv = argv, .fds = &fd, .n_fds = 1, .err = &err,
	    .env_keep = keep};

	(void)snprintf(role, sizeof(role), "%s", cs_role_name(s->role));
	choose_environment(s, keep);
	return cs_process_spawn(&spawn, &s->pid, e);
}

/* With a pipe for what it writes where nobody asks it to. */
static int
spawn_heard(cs_slot *s, int fd, cs_err *e)
{
	int ends[2] = {-1, -1}, rc;

	cs_slot_err_end(s);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return cs_fail(e, CS_EIO, "server/master", "pipe: %s",
		    strerror(errno));
	if ((rc = cs_slot_err(s, ends[0], e)) == CS_OK)
		rc = spawn(s, fd, ends[1], e);
	close_fd(&ends[1]);
	return rc;
}

static void
let_go(cs_slot *s)
{
	cs_slot_err_end(s);
	cs_slot_log_end(s);
	cs_watch_free(&s->watch);
	cs_channel_free(&s->control);
	s->reloading = false;
}

int
cs_slot_start(cs_slot *s, cs_err *e)
{
	int ends[2] = {-1, -1}, rc;

	s->since_ms = s->heard_ms = cs_time_mono_ms();
	s->behind = s->m->base != s->m->conf;
	if ((rc = cs_channel_pair(ends, e)) == CS_OK)
		rc = spawn_heard(s, ends[1], e);
	close_fd(&ends[1]);
	if (rc != CS_OK) {
		close_fd(&ends[0]);
		return cs_wrap(e, "%s", s->name);
	}
	s->state = CS_SLOT_STARTING;
	if ((rc = cs_channel_new(ends[0], &s->control, e)) == CS_OK &&
	    (rc = cs_loop_readable(s->m->loop, cs_channel_fd(s->control),
		 cs_slot_listen, s, &s->watch, e)) == CS_OK)
		rc = tell_all(s, e);
	if (rc == CS_OK)
		return CS_OK;
	cs_slot_kill(s);
	return cs_wrap(e, "%s", s->name);
}

void
cs_slot_kill(cs_slot *s)
{
	cs_watch_free(&s->watch); /* what it still says is of no use */
	/* 0 and -1 would be others, too. */
	if (cs_slot_lives(s) && s->pid > 0)
		(void)kill(s->pid, SIGKILL);
}

void
cs_slot_stop(cs_slot *s)
{
	cs_frame stop = {.type = CS_MSG_STOP, .fd = -1};

	if (!cs_slot_lives(s)) {
		s->state = CS_SLOT_GONE;
		return;
	}
	if (s->state == CS_SLOT_STOPPING)
		return;
	s->state = CS_SLOT_STOPPING;
	if (s->control == NULL || tell(s, &stop, NULL) != CS_OK)
		cs_slot_kill(s);
}

int
cs_slot_reload(cs_slot *s, cs_err *e)
{
	const cs_server_conf *c = s->m->conf;
	int rc = tell_files(s, c, e);

	s->behind = false;
	return rc != CS_OK ? rc : tell_conf(s, CS_MSG_RELOAD, c, e);
}

bool
cs_slot_reap(cs_slot *s, int *status)
{
	pid_t got;

	if (!cs_slot_lives(s))
		return false;
	*status = 0;
	got = s->pid <= 0 ? -1 : waitpid(s->pid, status, WNOHANG);
	if (got == 0 || (got < 0 && errno == EINTR))
		return false;
	/* Its last words are there before it is. */
	if (s->watch != NULL)
		cs_slot_listen(s);
	let_go(s);
	s->state = s->state == CS_SLOT_STOPPING ? CS_SLOT_GONE : CS_SLOT_DOWN;
	s->pid = 0;
	return true;
}
