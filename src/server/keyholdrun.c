/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <countersign/verifier.h>

#include "base/time.h"
#include "net/process.h"
#include "net/sandbox.h"
#include "server/keyholder.h"
#include "server/msg.h"
#include "server/pinfile.h"
#include "server/role.h"

/*
 * The keyholder as a process: one thread, the master's channel and the
 * issuer's. It asks nobody, and has no socket but these two.
 */

static const char where[] = "server/keyholder";

#define ANSWER_MS 2000 /* an issuer that does not read is as good as gone */

struct run {
	cs_child *child;
	cs_pinfile pin;
	cs_keyholder *keyholder;
	cs_channel *issuer; /* NULL: there is none now */
	int64_t next_alive;
};

static bool
has_token(const cs_server_conf *c)
{
	static const char scheme[] = "pkcs11:";
	size_t i, n = sizeof(scheme) - 1;

	for (i = 0; i < c->n_ca; i++)
		if (strncmp(c->ca[i].key, scheme, n) == 0)
			return true;
	for (i = 0; i < c->n_wit; i++)
		if (strncmp(c->wit[i].key, scheme, n) == 0)
			return true;
	return false;
}

/* Keys of files are in memory by now: its own directory is all that is left. A
 * token's module has files, sockets and threads that only it knows of. */
static int
enter_sandbox(const cs_server_conf *c, char *had, size_t had_len, cs_err *e)
{
	bool token = has_token(c);
	const cs_sandbox_path path = {.path = token ? "/" : c->state,
	    .may_write = true};
	const cs_sandbox s = {.may = CS_MAY_READ | CS_MAY_WRITE |
	    (token ? CS_MAY_CONNECT | CS_MAY_THREADS | CS_MAY_LOAD |
	    CS_MAY_PROCESS : 0), .paths = &path, .n_paths = 1};

	return cs_sandbox_enter(&s, had, had_len, e);
}

/* Takes the descriptor. */
static int
take_issuer(struct run *r, int fd, cs_err *e)
{
	int rc;

	cs_channel_free(&r->issuer);
	if ((rc = cs_channel_new(fd, &r->issuer, e)) == CS_OK)
		cs_channel_long(r->issuer, CS_LONG_IN | CS_LONG_OUT);
	return rc;
}

/* A module makes threads of its own, and a sandbox is entered with one alone:
 * a token's comes after it. */
static int
start(struct run *r, char *had, size_t had_len, cs_err *e)
{
	const cs_server_conf *c = r->child->conf;
	const cs_keys_env env = {.module_dir = r->child->module_dir,
	    .ui = &r->pin.ui};
	bool token = has_token(c);
	int fd = r->child->peer_fd, rc = CS_OK;

	cs_pinfile_set(&r->pin, c->pin_file);
	if (!token)
		rc = cs_keyholder_new(c, &env, &r->keyholder, e);
	if (rc != CS_OK ||
	    (rc = cs_process_become(c->keyholder_user, c->group, e)) != CS_OK ||
	    (rc = enter_sandbox(c, had, had_len, e)) != CS_OK)
		return rc;
	if (token && (rc = cs_keyholder_new(c, &env, &r->keyholder, e)) !=
	    CS_OK)
		return rc;
	r->child->peer_fd = -1;
	return fd < 0 ? CS_OK : take_issuer(r, fd, e);
}

static int
take_reload(struct run *r, const cs_server_conf *c, cs_err *e)
{
	return cs_say_reloaded(r->child->control,
	    c->limits.signatures == r->child->conf->limits.signatures ? NULL :
	    "limits { signatures }: from the next start on", e);
}

static int
take_order(struct run *r, cs_frame *f, bool *stop, cs_err *e)
{
	cs_order o = {.fd = -1};
	int rc;

	if ((rc = cs_order_get(f, &o, e)) != CS_OK)
		return rc;
	if (o.type == CS_MSG_CHANNEL)
		return take_issuer(r, o.fd, e);
	*stop = o.type == CS_MSG_STOP;
	if (!*stop)
		rc = take_reload(r, o.conf, e);
	cs_server_conf_free(&o.conf);
	return rc;
}

static int
hear_master(struct run *r, bool *stop, cs_err *e)
{
	cs_frame *f = NULL;
	bool end = false;
	int rc = cs_channel_try(r->child->control, &f, &end, e);

	if (rc == CS_OK && f != NULL)
		rc = take_order(r, f, stop, e);
	if (end)
		*stop = true;
	cs_frame_free(&f);
	return rc;
}

/* An issuer whose frames are none, or who takes no answer, is left: the master
 * gives another one. */
static void
hear_issuer(struct run *r)
{
	cs_frame *ask = NULL, answer;
	cs_err e = {0};
	bool end = false;
	int rc = cs_channel_try(r->issuer, &ask, &end, &e);

	if (rc == CS_OK && ask != NULL) {
		cs_keyholder_answer(r->keyholder, ask, cs_time_now(),
		    cs_time_mono_ms(), &answer);
		rc = cs_channel_send(r->issuer, &answer, cs_time_mono_ms() +
		    ANSWER_MS, &e);
	}
	cs_frame_free(&ask);
	if (rc != CS_OK)
		cs_say(r->child->control, COUNTERSIGN_LOG_WARNING,
		    "the issuer's channel ends: %s", e.text);
	if (rc != CS_OK || end)
		cs_channel_free(&r->issuer);
}

/* A master who does not hear it is gone. */
static bool
say_alive(struct run *r)
{
	int64_t now = cs_time_mono_ms();

	if (now < r->next_alive)
		return true;
	r->next_alive = now + CS_ALIVE_EVERY_MS;
	return cs_say_alive(r->child->control, NULL) == CS_OK;
}

static int
serve_once(struct run *r, bool *stop, cs_err *e)
{
	struct pollfd p[2] = {
		{.fd = cs_channel_fd(r->child->control), .events = POLLIN},
		{.fd = r->issuer == NULL ? -1 : cs_channel_fd(r->issuer),
		    .events = POLLIN},
	};
	int n;

	if (!say_alive(r)) {
		*stop = true;
		return CS_OK;
	}
	n = poll(p, 2, CS_ALIVE_EVERY_MS);
	if (n < 0 && errno != EINTR)
		return cs_fail(e, CS_EIO, where, "poll: %s", strerror(errno));
	if (n <= 0)
		return CS_OK;
	if (p[1].revents != 0)
		hear_issuer(r);
	return p[0].revents == 0 ? CS_OK : hear_master(r, stop, e);
}

int
cs_keyholder_run(cs_child *c)
{
	struct run r = {.child = c};
	char had[128] = "";
	bool stop = false;
	cs_err e = {0};
	int rc;

	if ((rc = start(&r, had, sizeof(had), &e)) == CS_OK)
		rc = cs_say_ready(c->control, had, &e);
	while (rc == CS_OK && !stop)
		rc = serve_once(&r, &stop, &e);
	if (rc != CS_OK)
		cs_say(c->control, COUNTERSIGN_LOG_ERROR, "keyholder: %s",
		    e.text);
	cs_channel_free(&r.issuer);
	cs_keyholder_free(&r.keyholder);
	return -rc;
}
