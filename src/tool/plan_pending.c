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

static void
put_flag(cs_command *c, const char *name, bool set)
{
	if (set)
		cs_command_option(c, name, NULL);
}

/* What the owner types is what was typed here. */
static void
put_options(cs_command *c, const struct cs_sign_opts *o)
{
	size_t i;

	put_string(c, "key", o->key);
	for (i = 0; i < o->certificates.n; i++)
		cs_command_option(c, "certificate", o->certificates.v[i]);
	put_string(c, "owner", o->owner);
	put_string(c, "authority", o->authority);
	put_string(c, "purpose", o->purpose);
	put_string(c, "bind", o->bind);
	put_string(c, "holder", o->holder);
	put_string(c, "under", o->under);
	put_string(c, "nonce", o->nonce);
	put_duration(c, "for", o->window);
	put_duration(c, "renewable", o->renewable);
	put_duration(c, "max-lifetime", o->max_lifetime);
	put_count(c, "uses", o->uses);
	put_string(c, "submit", o->submit.url);
	put_string(c, "server-ca", o->submit.ca);
	put_string(c, "client-cert", o->submit.cert);
	put_string(c, "client-key", o->submit.key);
	put_flag(c, "cosign", o->cosign);
	put_flag(c, "deny", o->deny);
	put_flag(c, "each", o->each);
	put_flag(c, "verify-required", o->access.verify);
	put_flag(c, "pss", o->access.pss);
}

/* what came on standard input is gone: a word to fill in */
static const char *
name_of(const cs_reqfile *r)
{
	return strcmp(r->path, "-") == 0 ? "REQUEST" : r->path;
}

static void
save(const cs_plan *p, cs_command *c, cs_out *out)
{
	const cs_reqfile *r = p->req[0];
	size_t i;

	if (!p->list) {
		cs_pending_save(r->code, r->csr->der, name_of(r), c, out);
		return;
	}
	cs_out_list(out, "requests", NULL);
	for (i = 0; i < p->n; i++) {
		r = p->req[i];
		cs_out_object(out, NULL, NULL);
		cs_pending_save(r->code, r->csr->der, name_of(r), c, out);
		cs_out_close(out);
	}
	cs_out_close(out);
}

int
cs_plan_pending(const cs_plan *p, cs_out *out, cs_err *e)
{
	cs_command *c = cs_command_new("sign");
	int r;

	if (c == NULL)
		return cs_nomem(e, "sign");
	put_options(c, p->o);
	cs_out_on_failure(out, CS_OUT_ADVICE);
	if (p->n != 0)
		save(p, c, out);
	r = cs_pending_command(c, out, e);
	cs_command_free(&c);
	return r;
}
