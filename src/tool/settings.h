/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_SETTINGS_H
#define CS_TOOL_SETTINGS_H

#include "base/buf.h"

/* A person's own defaults, $XDG_CONFIG_HOME/countersign/config or
 * ~/.config/countersign/config: convenience, never permission. Nothing in it
 * can answer a question or relax a check. */
typedef struct cs_settings { /* NULL or 0: not set */
	char *owner, *key, *authority;
	char *pinentry;  /* absolute path */
	int64_t timeout; /* seconds */
} cs_settings;

#define CS_TIMEOUT_DEFAULT 60
#define CS_TIMEOUT_MAX 3600

/* Reads the file; one that is not there leaves *s empty. CS_EFORMAT with
 * FILE:LINE for anything that is not one of the five, CS_EIO when others could
 * have written it. */
CS_USE int cs_settings_load(cs_settings *s, cs_err *e);
/* The same from bytes, for tests. */
CS_USE int cs_settings_parse(const char *name, cs_span in, cs_settings *s,
    cs_err *e);
void cs_settings_clear(cs_settings *s);

/* The path of a file or folder beside it: "keys" holds the key files. Gives,
 * for free(); NULL when there is no home to look in. */
char *cs_config_path(const char *name);

#endif
