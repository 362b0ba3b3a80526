/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "p11/key.h"

#define WHERE "p11 pin-source"
#define FILE_MAX 4096

/* "file:PATH", "file:///PATH", "file://localhost/PATH", or a path. */
static int
path_of(const char *source, const char **path, cs_err *e)
{
	const char *s = source;

	*path = s;
	if (strncmp(s, "file:", 5) == 0) {
		s += 5;
		if (strncmp(s, "//localhost/", 12) == 0)
			s += 11;
		else if (strncmp(s, "///", 3) == 0)
			s += 2;
		else if (strncmp(s, "//", 2) == 0)
			return cs_fail(e, CS_EUSAGE, WHERE,
			    "pin-source=: a file of another host");
		*path = s;
	}
	if (**path == 0 || **path == '|')
		return cs_fail(e, CS_EUSAGE, WHERE,
		    "pin-source= must name a file");
	return CS_OK;
}

static int
check_file(int fd, const char *path, cs_err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cs_fail(e, CS_EIO, WHERE, "%s: %s", path,
		    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cs_fail(e, CS_EIO, WHERE,
		    "PIN file %s: not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return cs_fail(e, CS_EAUTH, WHERE,
		    "PIN file %s: belongs to uid %lu, expected %lu or root",
		    path, (unsigned long)st.st_uid, (unsigned long)geteuid());
	if ((st.st_mode & 077) != 0)
		return cs_fail(e, CS_EAUTH, WHERE,
		    "PIN file %s: mode %04o lets others in, expected 0600",
		    path, (unsigned)st.st_mode & 07777);
	return CS_OK;
}

/* The first line, without its end. */
static int
first_line(cs_span all, const char *path, cs_buf **pin, cs_err *e)
{
	const uint8_t *end = all.n == 0 ? NULL : memchr(all.p, '\n', all.n);
	size_t n = end == NULL ? all.n : (size_t)(end - all.p);

	if (n > 0 && all.p[n - 1] == '\r')
		n--;
	if (n == 0)
		return cs_fail(e, CS_EAUTH, WHERE,
		    "PIN file %s: its first line is empty", path);
	if ((*pin = cs_secret_new(n)) == NULL)
		return cs_nomem(e, WHERE);
	return cs_buf_put(*pin, cs_span_of(all.p, n));
}

int
cs_p11_pin_read(cs_span source, cs_buf **pin, cs_err *e)
{
	cs_buf *name = cs_buf_dup(source), *all = NULL;
	const char *path;
	int fd = -1, r;

	*pin = NULL;
	if (name == NULL)
		return cs_nomem(e, WHERE);
	if ((r = path_of(cs_buf_cstr(name), &path, e)) != CS_OK)
		goto out;
	/* O_NONBLOCK: a FIFO must not hold us. */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
	    O_NONBLOCK)) < 0) {
		r = cs_fail(e, CS_EIO, WHERE, "PIN file %s: %s", path,
		    strerror(errno));
		goto out;
	}
	if ((r = check_file(fd, path, e)) != CS_OK ||
	    (r = cs_fd_read_all(fd, FILE_MAX, true, &all, e)) != CS_OK)
		goto out;
	r = first_line(cs_buf_span(all), path, pin, e);
out:
	if (fd >= 0)
		(void)close(fd);
	cs_buf_free(&all);
	cs_buf_free(&name);
	return r;
}
