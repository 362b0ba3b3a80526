/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/masterp.h"
#include "server/places.h"

static const char where[] = "server/master";

/* Nobody waits for a fifo's other end. */
static int
open_one(const char *path, bool secret, int *out, cs_err *e)
{
	struct stat st;

	*out = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*out < 0 || fstat(*out, &st) != 0)
		return cs_fail(e, CS_EIO, where, "%s: %s", path,
		    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cs_fail(e, CS_EIO, where, "%s is no file", path);
	if (secret && (st.st_mode & 077) != 0)
		return cs_fail(e, CS_EREFUSED, where, "%s: mode %04o: expected "
		    "0600, so that nobody else reads it", path,
		    (unsigned)st.st_mode & 07777);
	return CS_OK;
}

int
cs_files_open(const cs_server_conf *c, int fds[CS_CHILD_FILES], cs_err *e)
{
	const char *const paths[CS_CHILD_FILES] = {
	    [CS_FILE_TLS_CERT] = c->tls_cert,
	    [CS_FILE_TLS_KEY] = c->tls_key,
	    [CS_FILE_CLIENT_CA] = c->client_ca};
	size_t i;
	int rc = CS_OK;

	for (i = 0; i < CS_CHILD_FILES; i++)
		fds[i] = -1;
	for (i = 0; rc == CS_OK && i < CS_CHILD_FILES; i++) {
		if (paths[i] == NULL)
			continue;
		rc = open_one(paths[i], i == CS_FILE_TLS_KEY, &fds[i], e);
		if (rc != CS_OK)
			rc = cs_server_conf_blame(c, NULL, 0,
			    cs_child_file_name((enum cs_child_file)i), e);
	}
	if (rc != CS_OK)
		cs_files_close(fds);
	return rc;
}

void
cs_files_close(int fds[CS_CHILD_FILES])
{
	size_t i;

	for (i = 0; i < CS_CHILD_FILES; i++) {
		if (fds[i] >= 0)
			(void)close(fds[i]);
		fds[i] = -1;
	}
}

int
cs_files_look(const cs_server_conf *c, cs_err *e)
{
	int fds[CS_CHILD_FILES], rc;

	if ((rc = cs_files_open(c, fds, e)) != CS_OK)
		return rc;
	cs_files_close(fds);
	return cs_places_check(c, e);
}

int
cs_state_lock(const cs_server_conf *c, int *fd, cs_err *e)
{
	int rc = CS_OK;

	*fd = -1;
	if (c->state == NULL) /* what signs nothing has none */
		return CS_OK;
	*fd = open(c->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		rc = cs_fail(e, CS_EIO, where, "%s: %s", c->state,
		    strerror(errno));
	else if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
		rc = cs_fail(e, errno == EWOULDBLOCK ? CS_EREFUSED : CS_EIO,
		    where, "%s: %s", c->state, errno == EWOULDBLOCK ?
		    "another server has it" : strerror(errno));
	if (rc == CS_OK)
		return CS_OK;
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	return cs_server_conf_blame(c, NULL, 0, "state", e);
}
