/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "conf/conf.h"

#define SETTINGS_MAX (64 * 1024)

static const cs_conf_word words[] = {
    {"owner", CS_CONF_VALUE, NULL},
    {"key", CS_CONF_VALUE, NULL},
    {"authority", CS_CONF_VALUE, NULL},
    {"pinentry", CS_CONF_VALUE, NULL},
    {"timeout", CS_CONF_VALUE, NULL},
    {NULL, 0, NULL}};

static int
take(const cs_conf_block *b, cs_settings *s, cs_err *e)
{
	int rc;

	if ((rc = cs_conf_string(b, "owner", &s->owner, e)) != CS_OK ||
	    (rc = cs_conf_string(b, "key", &s->key, e)) != CS_OK ||
	    (rc = cs_conf_string(b, "authority", &s->authority, e)) != CS_OK ||
	    (rc = cs_conf_path(b, "pinentry", &s->pinentry, e)) != CS_OK)
		return rc;
	return cs_conf_number(b, "timeout", 1, CS_TIMEOUT_MAX, &s->timeout, e);
}

int
cs_settings_parse(const char *name, cs_span in, cs_settings *s, cs_err *e)
{
	cs_conf *file = NULL;
	int rc;

	memset(s, 0, sizeof(*s));
	rc = cs_conf_parse(name, in, SETTINGS_MAX, words, &file, e);
	if (rc == CS_OK)
		rc = take(cs_conf_root(file), s, e);
	if (rc != CS_OK)
		cs_settings_clear(s);
	cs_conf_free(&file);
	return rc;
}

/* A relative XDG_CONFIG_HOME is to be ignored (XDG Base Directory
 * Specification). */
char *
cs_config_path(const char *name)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path = NULL;
	int n = -1;

	if (xdg != NULL && xdg[0] == '/')
		n = asprintf(&path, "%s/countersign/%s", xdg, name);
	else if (home != NULL && home[0] == '/')
		n = asprintf(&path, "%s/.config/countersign/%s", home, name);
	return n < 0 ? NULL : path;
}

int
cs_settings_load(cs_settings *s, cs_err *e)
{
	char *path = cs_config_path("config");
	cs_buf *b = NULL;
	int rc = CS_OK;

	memset(s, 0, sizeof(*s));
	if (path == NULL || !cs_file_exists(path))
		goto out;
	rc = cs_file_read_trusted(path, geteuid(), SETTINGS_MAX, &b, e);
	if (rc == CS_OK)
		rc = cs_settings_parse(path, cs_buf_span(b), s, e);
out:
	cs_buf_free(&b);
	free(path);
	return rc;
}

void
cs_settings_clear(cs_settings *s)
{
	free(s->owner);
	free(s->key);
	free(s->authority);
	free(s->pinentry);
	memset(s, 0, sizeof(*s));
}
