/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "fmt/pem.h"

struct cs_command {
	FILE *f;
	char *text;
	size_t n;
};

cs_command *
cs_command_new(const char *verb)
{
	cs_command *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	if ((c->f = open_memstream(&c->text, &c->n)) == NULL) {
		free(c);
		return NULL;
	}
	(void)fprintf(c->f, "countersign %s", verb);
	return c;
}

void
cs_command_free(cs_command **cp)
{
	cs_command *c;

	if (cp == NULL || (c = *cp) == NULL)
		return;
	(void)fclose(c->f);
	free(c->text);
	free(c);
	*cp = NULL;
}

void
cs_command_word(cs_command *c, const char *word)
{
	const char *safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			   "0123456789@%_+=:,./-";
	const char *p;

	if (*word != '\0' && word[strspn(word, safe)] == '\0') {
		(void)fprintf(c->f, " %s", word);
		return;
	}
	(void)fputs(" '", c->f);
	/* No backslash: it is doubled where the line is shown, and what stands
	 * behind it would then no longer be within quotes. */
	for (p = word; *p != '\0'; p++)
		if (*p == '\'')
			(void)fputs("'\"'\"'", c->f);
		else
			(void)fputc(*p, c->f);
	(void)fputc('\'', c->f);
}

void
cs_command_option(cs_command *c, const char *name, const char *value)
{
	(void)fprintf(c->f, " --%s", name);
	if (value != NULL)
		cs_command_word(c, value);
}

static int
check_dir(const char *path, cs_err *e)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return cs_fail(e, CS_EIO, "pending", "%s: %m", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077) != 0)
		return cs_fail(e, CS_EREFUSED, "pending",
		    "%s is not a directory of yours alone (mode 0700)", path);
	return CS_OK;
}

/* Gives the file's path. */
static int
make_path(const char *code, char **path, cs_err *e)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	char *dir = NULL;
	int rc;

	if (xdg == NULL || xdg[0] != '/')
		return cs_fail(e, CS_EIO, "pending",
		    "XDG_RUNTIME_DIR is not set");
	if ((rc = check_dir(xdg, e)) != CS_OK)
		return rc;
	if (asprintf(&dir, "%s/countersign", xdg) < 0)
		return cs_nomem(e, "pending");
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		rc = cs_fail(e, CS_EIO, "pending", "%s: %m", dir);
	else if ((rc = check_dir(dir, e)) == CS_OK &&
	    asprintf(path, "%s/%s.req", dir, code) < 0)
		rc = cs_nomem(e, "pending");
	free(dir);
	return rc;
}

static int
save(const char *code, cs_span der, char **path, cs_err *e)
{
	cs_buf *pem = cs_buf_new(cs_pem_max(der.n));
	int rc;

	if (pem == NULL)
		return cs_nomem(e, "pending");
	if ((rc = cs_pem_put(pem, CS_PEM_REQUEST, der, e)) == CS_OK &&
	    (rc = make_path(code, path, e)) == CS_OK)
		rc = cs_file_write(*path, cs_buf_span(pem), 0600, true, e);
	cs_buf_free(&pem);
	return rc;
}

void
cs_pending_save(const char *code, cs_span request_der, const char *from,
    cs_command *c, cs_out *out)
{
	cs_err why = {0};
	char *path = NULL;

	cs_out_str(out, "code", NULL, code);
	if (save(code, request_der, &path, &why) == CS_OK) {
		cs_out_str(out, "saved", "request saved", path);
		cs_command_word(c, path);
	} else {
		cs_out_null(out, "saved");
		cs_out_str(out, "not_saved", "request not saved", why.text);
		cs_command_word(c, from);
	}
	free(path);
}

int
cs_pending_command(cs_command *c, cs_out *out, cs_err *e)
{
	if (fflush(c->f) != 0)
		return cs_nomem(e, "pending");
	cs_out_str(out, "command", "for the owner", c->text);
	return CS_OK;
}
