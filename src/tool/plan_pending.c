/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "tool/pending.h"
#include "tool/plan.h"

static void
put_string(cs_command *c, const char *name, const char *value)
{
	if (value != NULL)
		cs_command_option(c, name, value);
}

static void
put_duration(cs_command *c, const char *name, int64_t value)
{
	char text[24];

	cs_duration_put(value, text);
	if (value != 0)
		cs_command_option(c, name, text);
}

static void
put_count(cs_command *c, const char *name, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)value);
	if (value != 0)
		cs_command_option(c, name, text);
}

/* What the owner types is what was typed here. */
static void
put_options(cs_command *c, const struct cs_sign_opts *o)
{
	put_string(c, "key", o->key);
	put_string(c, "owner", o->owner);
	put_string(c, "authority", o->authority);
	put_string(c, "purpose", o->purpose);
	put_duration(c, "for", o->window);
	put_duration(c, "max-lifetime", o->max_lifetime);
	put_count(c, "uses", o->uses);
}

int
cs_plan_pending(const cs_plan *p, cs_out *out, cs_err *e)
{
	cs_command *c = cs_command_new("sign");
	const char *path = p->req->path;
	int r;

	if (c == NULL)
		return cs_nomem(e, "sign");
	put_options(c, p->o);
	/* what came on standard input is gone: a word to fill in */
	r = cs_pending_save(p->req->code, p->req->csr->der,
	    strcmp(path, "-") == 0 ? "REQUEST" : path, c, out, e);
	cs_command_free(&c);
	return r;
}
