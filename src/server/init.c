/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fmt/names.h"
#include "server/conf.h"
#include "server/initp.h"
#include "store/store.h"

static const char where[] = "server/init";

static int
io_fail(cs_err *e, const char *path)
{
	return cs_fail(e, CS_EIO, where, "%s: %s", path, strerror(errno));
}

static int
check_domain(const cs_init *i, cs_err *e)
{
	cs_buf *b = cs_buf_new(strlen(i->trust_domain) + 16);
	int rc;

	if (b == NULL ||
	    cs_buf_printf(b, "spiffe://%s/x", i->trust_domain) != CS_OK)
		rc = cs_nomem(e, where);
	else if (strchr(i->trust_domain, '/') != NULL)
		rc = cs_fail(e, CS_EUSAGE, where, "--trust-domain: expected a "
		    "trust domain, found %s", i->trust_domain);
	else if ((rc = cs_agent_id_check(cs_buf_span(b), NULL, e)) != CS_OK)
		rc = e == NULL ? CS_EUSAGE : (e->cls = CS_EUSAGE,
		    cs_wrap(e, "--trust-domain"));
	cs_buf_free(&b);
	return rc;
}

static bool
is_empty(DIR *d)
{
	const struct dirent *at;

	while ((at = readdir(d)) != NULL)
		if (strcmp(at->d_name, ".") != 0 &&
		    strcmp(at->d_name, "..") != 0)
			return false;
	return true;
}

/* Nothing is ever written over. */
static int
check_place(const char *dir, cs_err *e)
{
	DIR *d = opendir(dir);
	bool empty;

	if (d == NULL)
		return errno == ENOENT ? CS_OK : io_fail(e, dir);
	empty = is_empty(d);
	(void)closedir(d);
	if (!empty)
		return cs_fail(e, CS_EREFUSED, where, "%s is not empty: an "
		    "instance is made in a directory of its own", dir);
	return CS_OK;
}

static char *
join(const char *dir, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

int
cs_init_write(const char *dir, const char *name, cs_span data, cs_err *e)
{
	char *path = join(dir, name);
	int rc = path == NULL ? cs_nomem(e, where) :
	    cs_file_write(path, data, 0600, false, e);

	free(path);
	return rc;
}

static int
make_directory(const char *dir, const char *name, cs_err *e)
{
	char *path = join(dir, name);
	int rc = CS_OK;

	if (path == NULL)
		return cs_nomem(e, where);
	if (mkdir(path, 0700) != 0)
		rc = io_fail(e, path);
	free(path);
	return rc;
}

static int
make_store(const cs_init *i, const char *dir, cs_err *e)
{
	cs_store_env env = {.module_dir = i->module_dir, .now = i->now,
	    .mode = CS_DB_CREATE};
	char *uri = NULL, *authority = NULL;
	cs_store *s = NULL;
	int rc;

	if (asprintf(&uri, "sqlite:%s/store/store.db", dir) < 0)
		return cs_nomem(e, where);
	if (asprintf(&authority, "https://%s", i->trust_domain) < 0) {
		rc = cs_nomem(e, where);
	} else {
		env.authority = cs_span_str(authority);
		rc = cs_store_open(uri, &env, &s, e);
		cs_store_close(&s);
	}
	free(authority);
	free(uri);
	return rc;
}

static int
make_text(const cs_init *i, const char *dir, const char *name,
    int (*text)(const cs_init *i, cs_buf *out, cs_err *e), cs_err *e)
{
	cs_buf *b = cs_buf_new(CS_INIT_FILE_MAX);
	int rc = b == NULL ? cs_nomem(e, where) : text(i, b, e);

	if (rc == CS_OK)
		rc = cs_init_write(dir, name, cs_buf_span(b), e);
	cs_buf_free(&b);
	return rc;
}

/* Signals that would leave keys behind in a directory that nobody looks for.
 * They are held until it is whole or swept, and end us then. Not those that are
 * ignored, as by nohup(1). */
struct held {
	sigset_t set, before;
};

static const int ends[] = {SIGHUP, SIGINT, SIGTERM};
#define ENDS (sizeof(ends) / sizeof(ends[0]))

static void
hold(struct held *h)
{
	struct sigaction a;
	size_t k;

	(void)sigemptyset(&h->set);
	for (k = 0; k < ENDS; k++)
		if (sigaction(ends[k], NULL, &a) == 0 &&
		    a.sa_handler != SIG_IGN)
			(void)sigaddset(&h->set, ends[k]);
	(void)sigprocmask(SIG_BLOCK, &h->set, &h->before);
}

static int
go_on(const struct held *h, cs_err *e)
{
	sigset_t came;
	size_t k;

	(void)sigemptyset(&came);
	(void)sigpending(&came);
	for (k = 0; k < ENDS; k++)
		if (sigismember(&h->set, ends[k]) == 1 &&
		    sigismember(&came, ends[k]) == 1)
			return cs_fail(e, CS_EREFUSED, where,
			    "told to end before it was made");
	return CS_OK;
}

/* The issuer's sandbox has the directories of the policy and of the store, and
 * what is below them: no key is. */
static int
make_directories(const cs_init *i, const char *dir, cs_err *e)
{
	int rc;

	(void)i;
	if ((rc = make_directory(dir, "owners.d", e)) != CS_OK ||
	    (rc = make_directory(dir, "keyholder", e)) != CS_OK ||
	    (rc = make_directory(dir, "policy", e)) != CS_OK)
		return rc;
	return make_directory(dir, "store", e);
}

static int
make_texts(const cs_init *i, const char *dir, cs_err *e)
{
	int rc = make_text(i, dir, "policy/policy.conf", cs_init_policy, e);

	return rc != CS_OK ? rc :
	    make_text(i, dir, "server.conf", cs_init_conf, e);
}

/* What fill() may have made. */
static void
sweep(const char *dir)
{
	static const char *const names[] = {"ca.key", "ca.pem", "tls.key",
	    "tls.pem", "wit.key", "policy/policy.conf", "server.conf",
	    "store/store.db", "store/store.db-wal", "store/store.db-shm"};
	static const char *const dirs[] = {"owners.d", "keyholder", "policy",
	    "store"};
	int fd = open(dir, O_DIRECTORY | O_CLOEXEC);
	size_t i;

	for (i = 0; fd >= 0 && i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(fd, names[i], 0);
	for (i = 0; fd >= 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		(void)unlinkat(fd, dirs[i], AT_REMOVEDIR);
	if (fd >= 0)
		(void)close(fd);
	(void)rmdir(dir);
}

/* Would the server take it? */
static int
look_at(const cs_init *i, const char *dir, cs_err *e)
{
	char *file = join(dir, "server.conf");
	cs_server_conf *c = NULL;
	int rc = file == NULL ? cs_nomem(e, where) :
	    cs_server_conf_read(file, &c, e);

	(void)i;
	cs_server_conf_free(&c);
	free(file);
	return rc;
}

static int
fill(const cs_init *i, const char *dir, const struct held *h, cs_err *e)
{
	static int (*const steps[])(const cs_init *i, const char *dir,
	    cs_err *e) = {make_directories, cs_init_keys, make_texts,
	    make_store, cs_init_give, look_at};
	int rc = go_on(h, e);
	size_t k;

	for (k = 0; rc == CS_OK && k < sizeof(steps) / sizeof(steps[0]); k++)
		if ((rc = steps[k](i, dir, e)) == CS_OK)
			rc = go_on(h, e);
	return rc;
}

/* In `dir`, a name beside its own, and then in its place. */
static int
make_beside(const cs_init *i, char *dir, const struct held *h, cs_err *e)
{
	int rc;

	if (mkdtemp(dir) == NULL)
		return io_fail(e, i->dir);
	if ((rc = fill(i, dir, h, e)) == CS_OK && rename(dir, i->dir) != 0)
		rc = errno == ENOTEMPTY || errno == EEXIST ?
		    check_place(i->dir, e) : io_fail(e, i->dir);
	if (rc != CS_OK)
		sweep(dir);
	return rc;
}

int
cs_init_make(const cs_init *i, cs_buf *said, cs_err *e)
{
	size_t n = strlen(i->dir);
	struct held h;
	char *dir = NULL;
	int rc;

	while (n > 1 && i->dir[n - 1] == '/')
		n--;
	if ((rc = check_domain(i, e)) != CS_OK ||
	    (rc = check_place(i->dir, e)) != CS_OK)
		return rc;
	if (asprintf(&dir, "%.*s.XXXXXX", (int)n, i->dir) < 0)
		return cs_nomem(e, where);
	hold(&h);
	rc = make_beside(i, dir, &h, e);
	(void)sigprocmask(SIG_SETMASK, &h.before, NULL);
	free(dir);
	return rc != CS_OK ? rc : cs_init_next(i, said, e);
}
