/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/sockets.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/listen.h"

static const char where[] = "server/sockets";

#define FIRST_PASSED 3

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* Is the n-th of these names, with colons between them, "admin"? */
static bool
is_admin(const char *names, size_t n)
{
	for (; names != NULL && n > 0; n--)
		if ((names = strchr(names, ':')) != NULL)
			names++;
	return names != NULL && strcspn(names, ":") == 5 &&
	    strncmp(names, "admin", 5) == 0;
}

static int
take_passed(cs_sockets *s, const cs_sockets_env *env, size_t n, cs_err *e)
{
	size_t i;
	int fd;

	for (i = 0; i < n; i++) {
		fd = FIRST_PASSED + (int)i;
		if (is_admin(env->names, i)) {
			if (s->admin >= 0)
				return cs_fail(e, CS_EUSAGE, where,
				    "two sockets called admin were passed");
			s->admin = fd;
		} else if (s->n_listen == CS_CONF_LISTEN_MAX) {
			return cs_fail(e, CS_EUSAGE, where, "more than %d "
			    "sockets were passed", CS_CONF_LISTEN_MAX);
		} else {
			s->tls[0][s->n_listen++] = fd;
		}
	}
	return CS_OK;
}

/* Of one user's servers each could have a share of one port, and of what comes
 * to it: another one has to be seen before. */
static int
look_for_others(const char *address, cs_err *e)
{
	cs_listen_env alone = {.mode = 0};
	int fd = -1, rc = cs_listen(address, &alone, &fd, e);

	close_fd(&fd);
	return rc;
}

/* One address, on a socket for each front: the kernel spreads what comes. */
static int
open_address(cs_sockets *s, const char *address, size_t at, cs_err *e)
{
	cs_listen_env env = {.reuse_port = true, .mode = 0666};
	cs_buf *name = cs_buf_new(256);
	const char *here = address;
	size_t i;
	int rc = name == NULL ? cs_nomem(e, where) :
	    look_for_others(address, e);

	for (i = 0; rc == CS_OK && i < s->n_fronts; i++) {
		rc = cs_listen(here, &env, &s->tls[i][at], e);
		/* Port 0: the others have the port that the first one got. */
		if (rc == CS_OK && i == 0 &&
		    (rc = cs_listen_name(s->tls[0][at], name, e)) == CS_OK)
			here = cs_buf_cstr(name);
	}
	cs_buf_free(&name);
	return rc == CS_OK ? CS_OK : cs_wrap(e, "%s", address);
}

/* A unix socket is one for all of them. */
static int
open_unix(cs_sockets *s, const char *address, size_t at, cs_err *e)
{
	cs_listen_env env = {.mode = 0666};
	int rc = cs_listen(address, &env, &s->tls[0][at], e);

	return rc == CS_OK ? CS_OK : cs_wrap(e, "%s", address);
}

static int
open_tls(cs_sockets *s, const cs_server_conf *conf, cs_err *e)
{
	const char *address;
	size_t i;
	int rc = CS_OK;

	for (i = 0; rc == CS_OK && i < conf->n_listen; i++) {
		address = conf->listen[i];
		s->n_listen = i + 1;
		rc = strncmp(address, "unix:", 5) == 0 ?
		    open_unix(s, address, i, e) :
		    open_address(s, address, i, e);
	}
	return rc;
}

static int
give_to_group(const char *path, const char *group, cs_err *e)
{
	struct group room, *found = NULL;
	char text[16384];

	if (group == NULL)
		return CS_OK;
	if (getgrnam_r(group, &room, text, sizeof(text), &found) != 0 ||
	    found == NULL)
		return cs_fail(e, CS_EUSAGE, where,
		    "admin-group: there is no group %s", group);
	if (lchown(path, (uid_t)-1, found->gr_gid) != 0)
		return cs_fail(e, CS_EIO, where, "%s: cannot give it to the "
		    "group %s: %s", path, group, strerror(errno));
	return CS_OK;
}

static int
open_admin(cs_sockets *s, const cs_server_conf *conf, cs_err *e)
{
	/* Nobody but ourselves, until it has its group. */
	cs_listen_env env = {.mode = conf->admin_group == NULL ?
		(mode_t)conf->admin_mode : 0600};
	cs_buf *address = NULL;
	int rc;

	if (conf->admin == NULL)
		return CS_OK;
	if ((address = cs_buf_new(strlen(conf->admin) + 8)) == NULL ||
	    cs_buf_printf(address, "unix:%s", conf->admin) != CS_OK)
		rc = cs_nomem(e, where);
	else if ((rc = cs_listen(cs_buf_cstr(address), &env, &s->admin, e)) ==
		CS_OK)
		rc = give_to_group(conf->admin, conf->admin_group, e);
	cs_buf_free(&address);
	if (rc == CS_OK && conf->admin_group != NULL &&
	    chmod(conf->admin, (mode_t)conf->admin_mode) != 0)
		rc = cs_fail(e, CS_EIO, where, "%s: %s", conf->admin,
		    strerror(errno));
	return rc;
}

static cs_sockets *
new_sockets(size_t n_fronts)
{
	cs_sockets *s = calloc(1, sizeof(*s));
	size_t i, k;

	if (s == NULL)
		return NULL;
	for (i = 0; i < CS_FRONTS_MAX; i++)
		for (k = 0; k < CS_CONF_LISTEN_MAX; k++)
			s->tls[i][k] = -1;
	s->admin = -1;
	s->n_fronts = n_fronts;
	return s;
}

int
cs_sockets_open(const cs_server_conf *conf, const cs_sockets_env *env,
    size_t n_fronts, cs_sockets **out, cs_err *e)
{
	cs_sockets *s = new_sockets(n_fronts);
	size_t passed = 0;
	int rc;

	*out = NULL;
	if (s == NULL)
		return cs_nomem(e, where);
	if (env->fds != NULL)
		rc = cs_listen_passed(env->pid, env->fds, &passed, e);
	else
		rc = CS_OK;
	if (rc == CS_OK && passed != 0)
		rc = take_passed(s, env, passed, e);
	if (rc == CS_OK && s->n_listen == 0)
		rc = open_tls(s, conf, e);
	if (rc == CS_OK && s->admin < 0)
		rc = open_admin(s, conf, e);
	if (rc == CS_OK) {
		*out = s;
		s = NULL; /* transferred */
	}
	cs_sockets_free(&s);
	return rc;
}

int
cs_sockets_of(const cs_sockets *s, size_t front, size_t i)
{
	return s->tls[s->tls[front][i] < 0 ? 0 : front][i];
}

void
cs_sockets_free(cs_sockets **sp)
{
	cs_sockets *s;
	size_t i, k;

	if (sp == NULL || (s = *sp) == NULL)
		return;
	for (i = 0; i < CS_FRONTS_MAX; i++)
		for (k = 0; k < CS_CONF_LISTEN_MAX; k++)
			close_fd(&s->tls[i][k]);
	close_fd(&s->admin);
	free(s);
	*sp = NULL;
}
