/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "storebed.h"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"

extern char **environ;

int64_t
storebed_ms(int64_t ms)
{
	return cs_time_mono_ms() + ms;
}

bool
storebed_dir(struct storebed *b)
{
	memset(b, 0, sizeof(*b));
	(void)snprintf(b->dir, sizeof(b->dir), "store-XXXXXX");
	if (mkdtemp(b->dir) == NULL)
		return false;
	storebed_beside(b, "store.db", b);
	return true;
}

void
storebed_beside(const struct storebed *b, const char *name,
    struct storebed *out)
{
	if (out != b)
		*out = *b;
	out->s = NULL;
	(void)snprintf(out->path, sizeof(out->path), "%.15s/%.24s", out->dir,
	    name);
	(void)snprintf(out->uri, sizeof(out->uri), "sqlite:%.48s", out->path);
}

int
storebed_open_at(struct storebed *b, int64_t now, enum cs_db_mode mode,
    cs_err *e)
{
	const cs_store_env env = {
		.module_dir = ".libs",
		.authority = cs_span_str(STOREBED_AUTHORITY),
		.now = now,
		.mode = mode,
	};

	cs_store_close(&b->s);
	return cs_store_open(b->uri, &env, &b->s, e);
}

int
storebed_open(struct storebed *b, enum cs_db_mode mode, cs_err *e)
{
	return storebed_open_at(b, STOREBED_NOW, mode, e);
}

bool
storebed_make(struct storebed *b, cs_err *e)
{
	if (storebed_dir(b) && storebed_open(b, CS_DB_CREATE, e) == CS_OK)
		return true;
	printf("# %s\n", e->text);
	return false;
}

void
storebed_remove(struct storebed *b)
{
	struct dirent *entry;
	char path[320];
	DIR *d;

	cs_store_close(&b->s);
	if ((d = opendir(b->dir)) == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", b->dir,
		    entry->d_name);
		(void)unlink(path);
	}
	(void)closedir(d);
	(void)rmdir(b->dir);
}

bool
storebed_sql(const char *path, const char *sql)
{
	char *const argv[] = {(char *)"sqlite3", (char *)"-bail",
	    (char *)path, (char *)sql, NULL};
	pid_t pid;
	int status;

	return posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) == 0 &&
	    waitpid(pid, &status, 0) == pid && status == 0;
}

/* What is not true overflows, for sqlite3 has no other way to fail. */
bool
storebed_is(const char *path, const char *expression)
{
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "SELECT CASE WHEN (%s) THEN 'yes'"
	    " ELSE abs(-9223372036854775807 - 1) END", expression);
	return storebed_sql(path, sql);
}
