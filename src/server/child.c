/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/role.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "server/msg.h"

static const char where[] = "server/child";

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static int
not_of_shape(const cs_frame *f, cs_err *e)
{
	return cs_fail(e, CS_EFORMAT, where, "the master said %u in %zu parts, "
	    "%s a descriptor", f->type, f->n, f->fd < 0 ? "without" : "with");
}

static int
take_conf(const cs_frame *f, cs_server_conf **conf, cs_err *e)
{
	cs_server_conf *c = NULL;
	cs_buf *name = NULL;
	int rc;

	if (f->n != 2 || f->fd >= 0 ||
	    memchr(f->part[0].p, '\0', f->part[0].n) != NULL)
		return not_of_shape(f, e);
	if ((name = cs_buf_dup(f->part[0])) == NULL)
		return cs_nomem(e, where);
	rc = cs_server_conf_parse(f->part[1], cs_buf_cstr(name), &c, e);
	if (rc == CS_OK) {
		cs_server_conf_free(conf);
		*conf = c;
		c = NULL; /* transferred */
	}
	cs_buf_free(&name);
	return rc;
}

static int
take_listen(cs_child *c, cs_frame *f, cs_err *e)
{
	const char *name = c->role == CS_ROLE_ADMIN ? "admin" : "tls";
	bool serves = c->role == CS_ROLE_ADMIN || c->role == CS_ROLE_FRONT ||
	    c->role == CS_ROLE_WEBHOOK;

	if (f->n != 1 || f->fd < 0 || !serves ||
	    !cs_span_is(f->part[0], name) ||
	    c->n_listen == sizeof(c->listen) / sizeof(c->listen[0]))
		return not_of_shape(f, e);
	c->listen[c->n_listen++] = f->fd;
	f->fd = -1; /* transferred */
	return CS_OK;
}

static const char *const file_names[CS_CHILD_FILES] = {
    [CS_FILE_TLS_CERT] = "tls-cert",
    [CS_FILE_TLS_KEY] = "tls-key",
    [CS_FILE_CLIENT_CA] = "client-ca",
};

const char *
cs_child_file_name(enum cs_child_file file)
{
	return file_names[file];
}

static int
get_file(cs_frame *f, cs_order *out, cs_err *e)
{
	size_t i;

	for (i = 0; f->n == 1 && f->fd >= 0 && i < CS_CHILD_FILES; i++)
		if (cs_span_is(f->part[0], file_names[i])) {
			out->file = (enum cs_child_file)i;
			out->fd = f->fd;
			f->fd = -1; /* transferred */
			return CS_OK;
		}
	return not_of_shape(f, e);
}

static int
take_file(cs_child *c, cs_frame *f, cs_err *e)
{
	cs_order o = {.fd = -1};
	int rc = c->role == CS_ROLE_FRONT ||
	    c->role == CS_ROLE_WEBHOOK ? get_file(f, &o, e) :
	    not_of_shape(f, e);

	if (rc == CS_OK)
		cs_child_keep(c, &o);
	return rc;
}

void
cs_child_keep(cs_child *c, cs_order *o)
{
	close_fd(&c->file_fd[o->file]);
	c->file_fd[o->file] = o->fd;
	o->fd = -1; /* transferred */
}

int
cs_child_read(cs_child *c, enum cs_child_file file, size_t cap, cs_buf **out,
    cs_err *e)
{
	int rc;

	*out = NULL;
	if (c->file_fd[file] < 0)
		return CS_OK;
	rc = cs_fd_read_all(c->file_fd[file], cap, file == CS_FILE_TLS_KEY,
	    out, e);
	close_fd(&c->file_fd[file]);
	return rc == CS_OK ? CS_OK : cs_wrap(e, "%s", file_names[file]);
}

static int
take_slot(int *slot, int *fd)
{
	close_fd(slot);
	*slot = *fd;
	*fd = -1; /* transferred */
	return CS_OK;
}

static int
take_channel(cs_child *c, cs_frame *f, cs_err *e)
{
	cs_order o = {.fd = -1};
	int rc;

	if ((rc = cs_order_get(f, &o, e)) != CS_OK)
		return rc;
	if (c->role != CS_ROLE_ISSUER && o.peer == CS_ROLE_ISSUER)
		return take_slot(&c->peer_fd, &o.fd);
	if (c->role == CS_ROLE_ISSUER && o.peer == CS_ROLE_KEYHOLDER)
		return take_slot(&c->keyholder_fd, &o.fd);
	if (c->role == CS_ROLE_ISSUER && o.peer == CS_ROLE_ADMIN)
		return take_slot(&c->front_fd[0], &o.fd);
	if (c->role == CS_ROLE_ISSUER && o.peer == CS_ROLE_FRONT &&
	    c->n_fronts <= CS_FRONTS_MAX)
		return take_slot(&c->front_fd[c->n_fronts++], &o.fd);
	close_fd(&o.fd);
	return cs_fail(e, CS_EFORMAT, where, "a channel to the %s is not for "
	    "the %s", cs_role_name(o.peer), cs_role_name(c->role));
}

static int
take(cs_child *c, cs_frame *f, bool *go, cs_err *e)
{
	switch (f->type) {
	case CS_MSG_CONFIG:
		return take_conf(f, &c->conf, e);
	case CS_MSG_LISTEN:
		return take_listen(c, f, e);
	case CS_MSG_CHANNEL:
		return take_channel(c, f, e);
	case CS_MSG_FILE:
		return take_file(c, f, e);
	case CS_MSG_GO:
		*go = c->conf != NULL && f->n == 0 && f->fd < 0;
		if (*go)
			return CS_OK;
		break;
	default:
		break;
	}
	return not_of_shape(f, e);
}

static int
listen_to_master(cs_child *c, cs_err *e)
{
	cs_frame *f = NULL;
	bool go = false, end = false;
	int rc = CS_OK;

	while (rc == CS_OK && !go) {
		rc = cs_channel_receive(c->control, 0, &f, &end, e);
		if (rc == CS_OK && (end || f == NULL))
			rc = cs_fail(e, CS_EIO, where,
			    "the master went before it said GO");
		else if (rc == CS_OK)
			rc = take(c, f, &go, e);
		cs_frame_free(&f);
	}
	return rc;
}

static cs_child *
new_child(enum cs_role role)
{
	cs_child *c = calloc(1, sizeof(*c));
	size_t i;

	if (c == NULL)
		return NULL;
	c->role = role;
	c->peer_fd = c->keyholder_fd = -1;
	for (i = 0; i < sizeof(c->listen) / sizeof(c->listen[0]); i++)
		c->listen[i] = -1;
	for (i = 0; i < sizeof(c->front_fd) / sizeof(c->front_fd[0]); i++)
		c->front_fd[i] = -1;
	for (i = 0; i < CS_CHILD_FILES; i++)
		c->file_fd[i] = -1;
	c->n_fronts = 1;
	return c;
}

int
cs_child_begin(enum cs_role role, int fd, const char *module_dir,
    cs_child **out, cs_err *e)
{
	cs_child *c = new_child(role);
	int rc;

	*out = NULL;
	if (c == NULL) {
		close_fd(&fd);
		return cs_nomem(e, where);
	}
	if ((rc = cs_channel_new(fd, &c->control, e)) == CS_OK)
		rc = listen_to_master(c, e);
	if (rc == CS_OK) {
		c->module_dir = c->conf->modules == NULL ? module_dir :
		    c->conf->modules;
		*out = c;
		c = NULL; /* transferred */
	}
	cs_child_free(&c);
	return rc;
}

void
cs_child_free(cs_child **cp)
{
	cs_child *c;
	size_t i;

	if (cp == NULL || (c = *cp) == NULL)
		return;
	for (i = 0; i < sizeof(c->listen) / sizeof(c->listen[0]); i++)
		close_fd(&c->listen[i]);
	for (i = 0; i < sizeof(c->front_fd) / sizeof(c->front_fd[0]); i++)
		close_fd(&c->front_fd[i]);
	for (i = 0; i < CS_CHILD_FILES; i++)
		close_fd(&c->file_fd[i]);
	close_fd(&c->peer_fd);
	close_fd(&c->keyholder_fd);
	cs_channel_free(&c->control);
	cs_server_conf_free(&c->conf);
	free(c);
	*cp = NULL;
}

int
cs_order_get(cs_frame *f, cs_order *out, cs_err *e)
{
	int rc;

	*out = (cs_order){.type = f->type, .fd = -1};
	if (f->type == CS_MSG_FILE)
		return get_file(f, out, e);
	if (f->type == CS_MSG_RELOAD)
		return take_conf(f, &out->conf, e);
	if (f->type == CS_MSG_STOP && f->n == 0 && f->fd < 0)
		return CS_OK;
	if (f->type != CS_MSG_CHANNEL || f->n != 1 || f->fd < 0)
		return not_of_shape(f, e);
	if ((rc = cs_role_parse(f->part[0], &out->peer, e)) != CS_OK)
		return rc;
	out->fd = f->fd;
	f->fd = -1; /* transferred */
	return CS_OK;
}
