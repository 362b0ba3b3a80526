/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
is_name(const char *s)
{
	return s[0] != '\0' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s);
}

static int
check(int fd, const char *path, cs_err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return cs_fail(e, CS_EDEVICE, "module", "%s: %s", path,
		    strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cs_fail(e, CS_EREFUSED, "module",
		    "%s: not a regular file", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return cs_fail(e, CS_EREFUSED, "module", "%s: expected owner "
		    "root or uid %lu, found uid %lu", path,
		    (unsigned long)geteuid(), (unsigned long)st.st_uid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return cs_fail(e, CS_EREFUSED, "module", "%s: mode %04o lets "
		    "group or others write to it", path,
		    (unsigned int)st.st_mode & 07777);
	return CS_OK;
}

static int
load(int fd, const char *path, void **handle, cs_err *e)
{
	char fd_path[32];

	(void)snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", fd);
	*handle = dlopen(fd_path, RTLD_NOW | RTLD_LOCAL);
	if (*handle == NULL)
		return cs_fail(e, CS_EDEVICE, "module", "%s: %s", path,
		    dlerror());
	return CS_OK;
}

static int
open_module(const char *path, const char *hint, int *fd, cs_err *e)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*fd >= 0)
		return CS_OK;
	if (errno == ENOENT && hint != NULL)
		return cs_fail(e, CS_EDEVICE, "module",
		    "%s: not there, is %s installed?", path, hint);
	return cs_fail(e, CS_EDEVICE, "module", "%s: %s", path,
	    strerror(errno));
}

int
cs_module_load(const char *dir, const char *prefix, const char *name,
    const char *symbol, const char *hint, void **sym, cs_err *e)
{
	void *handle = NULL;
	char *path = NULL;
	int fd = -1, r;

	*sym = NULL;
	if (!is_name(name))
		return cs_fail(e, CS_EDEVICE, "module",
		    "\"%s\" cannot be the name of a %s module", name, prefix);
	if (asprintf(&path, "%s/%s-%s.so", dir, prefix, name) < 0)
		return cs_nomem(e, "module");
	if ((r = open_module(path, hint, &fd, e)) != CS_OK ||
	    (r = check(fd, path, e)) != CS_OK ||
	    (r = load(fd, path, &handle, e)) != CS_OK)
		goto out;
	/* The loader knows the module by its descriptor's number, and would
	 * take the next module under that number for the same one. */
	fd = -1; /* transferred to the process, as the module is */
	if ((*sym = dlsym(handle, symbol)) == NULL)
		r = cs_fail(e, CS_EDEVICE, "module", "%s: has no %s", path,
		    symbol);
out:
	if (fd >= 0)
		(void)close(fd);
	free(path);
	return r;
}

bool
cs_module_is_there(const char *dir, const char *prefix, const char *name)
{
	char *path = NULL;
	bool there;

	if (!is_name(name) ||
	    asprintf(&path, "%s/%s-%s.so", dir, prefix, name) < 0)
		return false;
	there = access(path, F_OK) == 0;
	free(path);
	return there;
}
