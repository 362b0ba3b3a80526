/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "masterchild.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/msg.h"


static bool
asked(const cs_child *c, const char *what)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s-%s", c->module_dir, what,
	    cs_role_name(c->role));
	return access(path, F_OK) == 0;
}

/* Whoever sends a message is answered; an answer is told to the master. Who has
 * gone is not listened to any more. */
static void
hear_peer(cs_child *c, cs_channel **peer)
{
	cs_frame *f = NULL;
	bool end = false;

	if (cs_channel_try(*peer, &f, &end, NULL) != CS_OK || end) {
		cs_channel_free(peer);
		return;
	}
	if (f == NULL)
		return;
	if (f->type == CS_MSG_LOOKUP) {
		f->type = CS_MSG_GIVEN;
		(void)!cs_channel_send(*peer, f, 0, NULL);
	} else if (f->type == CS_MSG_GIVEN) {
		cs_say(c->control, 2, "was answered");
	}
	cs_frame_free(&f);
}

static void
ask_peer(cs_channel *peer)
{
	cs_frame f = {.type = CS_MSG_LOOKUP, .fd = -1};

	if (peer != NULL)
		(void)!cs_channel_send(peer, &f, 0, NULL);
}

/* What would pass for the words of others. */
static void
shout(cs_child *c)
{
	static const char words[] = "once\n"
	    "2026-01-01T00:00:00Z error master: \x1b[2Jforged\r\n\n\xff";

	cs_say(c->control, 99, "twice\n%s", "<0>issuer: forged, too");
	(void)!write(2, words, sizeof(words) - 1);
}

/* Waits until all of it is taken, and has said so: nothing of it is lost on the
 * way to the master. */
static void
flood(cs_child *c)
{
	char text[1024];
	size_t i;

	for (i = 0; i < FLOOD_WRITTEN; i++)
		if (write(2, "flood\n", 6) != 6)
			exit(9);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (i = 0; i < FLOOD_SAID; i++)
		cs_say(c->control, 2, "flood %s", text);
}

struct peers {
	cs_channel *c[16];
	size_t n;
};

static void
add_peer(struct peers *p, int *fd)
{
	if (*fd >= 0 && p->n < 16 &&
	    cs_channel_new(*fd, &p->c[p->n], NULL) == CS_OK)
		p->n++;
	*fd = -1;
}

static void
say_certificate(cs_child *c)
{
	cs_buf *b = NULL;

	if (cs_child_read(c, CS_FILE_TLS_CERT, 1024, &b, NULL) == CS_OK &&
	    b != NULL)
		cs_say(c->control, 2, "has certificate %s", cs_buf_cstr(b));
	cs_buf_free(&b);
}

/* True: it was told to end. */
static bool
hear_master(cs_child *c, struct peers *p)
{
	cs_frame *f = NULL;
	cs_order o = {.fd = -1};
	bool end = false;

	if (cs_channel_try(c->control, &f, &end, NULL) != CS_OK || end)
		exit(9);
	if (f == NULL)
		return false;
	if (cs_order_get(f, &o, NULL) != CS_OK)
		exit(3);
	cs_frame_free(&f);
	if (o.type == CS_MSG_CHANNEL) {
		cs_say(c->control, 2, "joined to %s", cs_role_name(o.peer));
		add_peer(p, &o.fd);
		if (c->role == CS_ROLE_FRONT)
			ask_peer(p->c[p->n - 1]);
	} else if (o.type == CS_MSG_FILE) {
		cs_child_keep(c, &o);
	} else if (o.type == CS_MSG_RELOAD) {
		cs_say(c->control, 2, "reloads %d", (int)o.conf->workers);
		say_certificate(c);
		(void)!cs_say_reloaded(c->control, asked(c, "refuse") ?
		    "it does not like that" : NULL, NULL);
	}
	cs_server_conf_free(&o.conf);
	return o.type == CS_MSG_STOP;
}

static void
wait_for_words(cs_child *c, struct peers *p)
{
	struct pollfd fds[17] = {{.fd = cs_channel_fd(c->control),
	    .events = POLLIN}};
	size_t i;

	for (i = 0; i < p->n; i++)
		fds[i + 1] = (struct pollfd){.fd = p->c[i] == NULL ? -1 :
		    cs_channel_fd(p->c[i]), .events = POLLIN};
	(void)poll(fds, (nfds_t)p->n + 1, 100);
	for (i = 0; i < p->n; i++)
		if (fds[i + 1].revents != 0)
			hear_peer(c, &p->c[i]);
}

int
master_child(enum cs_role role)
{
	struct peers p = {0};
	cs_child *c = NULL;
	cs_err e = {0};
	size_t i;

	if (cs_child_begin(role, 3, NULL, &c, &e) != CS_OK)
		return -e.cls;
	if (asked(c, "die")) {
		(void)!write(2, "last words", 10);
		cs_child_free(&c);
		return -CS_EDEVICE;
	}
	cs_say(c->control, 2, "pid %ld, sockets %zu, fronts %zu, variable %s",
	    (long)getpid(), c->n_listen, c->n_fronts - 1,
	    getenv("SOME") == NULL ? "none" : getenv("SOME"));
	add_peer(&p, &c->peer_fd);
	for (i = 0; i < 64; i++)
		add_peer(&p, &c->front_fd[i]);
	add_peer(&p, &c->keyholder_fd);
	(void)!cs_say_ready(c->control, "nothing", NULL);
	cs_say(c->control, 2, "has %d worker", (int)c->conf->workers);
	say_certificate(c);
	if (asked(c, "shout"))
		shout(c);
	if (asked(c, "flood"))
		flood(c);
	if (role == CS_ROLE_FRONT)
		ask_peer(p.c[0]);
	for (;;) {
		wait_for_words(c, &p);
		(void)!cs_say_alive(c->control, NULL);
		if (hear_master(c, &p) && !asked(c, "stay"))
			break;
	}
	for (i = 0; i < p.n; i++)
		cs_channel_free(&p.c[i]);
	cs_child_free(&c);
	return 0;
}
