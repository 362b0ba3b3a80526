/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/past.h"

#include <stdlib.h>

#include "tool/auditlog.h"
#include "tool/pastserver.h"
#include "tool/storeverb.h"

/* Which of the two it is, and nothing else. */

struct cs_past {
	cs_store *store;
	cs_server *server;
	const char *name; /* as it was given */
};

static int
open_server(const cs_tool *t, const char *socket, cs_past *p, cs_err *e)
{
	const cs_server_env env = {.module_dir = t->module_dir,
	    .socket = socket};

	return cs_server_open(&env, &p->server, e);
}

int
cs_past_open(const cs_tool *t, const struct cs_past_opts *o,
    enum cs_db_mode mode, int64_t now, cs_past **out, cs_err *e)
{
	cs_past *p = NULL;
	int r;

	*out = NULL;
	if (o->store != NULL && o->server != NULL)
		return cs_fail(e, CS_EUSAGE, "tool",
		    "--server does not go with --store");
	if (o->store == NULL && o->server == NULL)
		return cs_fail(e, CS_EUSAGE, "tool",
		    "--store or --server is missing");
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return cs_nomem(e, "tool");
	p->name = o->server != NULL ? o->server : o->store;
	r = o->server != NULL ? open_server(t, o->server, p, e) :
	    cs_store_verb_open(t, o->store, NULL, mode, now, &p->store, e);
	if (r == CS_OK) {
		*out = p;
		p = NULL; /* transferred */
	}
	cs_past_close(&p);
	return r;
}

void
cs_past_close(cs_past **p)
{
	if (p == NULL || *p == NULL)
		return;
	cs_store_close(&(*p)->store);
	cs_server_close(&(*p)->server);
	free(*p);
	*p = NULL;
}

void
cs_past_put(const cs_past *p, bool label, cs_out *out)
{
	const char *key = p->server != NULL ? "server" : "store";

	cs_out_str(out, key, label ? key : NULL, p->name);
}

cs_store *
cs_past_store(const cs_past *p)
{
	return p->store;
}

int
cs_past_look(cs_past *p, int64_t now, cs_store_info *out, cs_err *e)
{
	return p->server != NULL ? cs_pastserver_look(p->server, out, e) :
	    cs_store_look(p->store, now, cs_store_verb_deadline(), out, e);
}

int
cs_past_claims(cs_past *p, const cs_claim_ask *ask, cs_claim_fn *each,
    void *arg, cs_err *e)
{
	return p->server != NULL ?
	    cs_pastserver_claims(p->server, ask, each, arg, e) :
	    cs_claims(p->store, ask, cs_store_verb_deadline(), each, arg, e);
}

int
cs_past_revocations(cs_past *p, cs_revocation_fn *each, void *arg, cs_err *e)
{
	return p->server != NULL ?
	    cs_pastserver_revocations(p->server, each, arg, e) :
	    cs_revocations(p->store, cs_store_verb_deadline(), each, arg, e);
}

int
cs_past_denials(cs_past *p, cs_denial_fn *each, void *arg, cs_err *e)
{
	return p->server != NULL ?
	    cs_pastserver_denials(p->server, each, arg, e) :
	    cs_denials(p->store, cs_store_verb_deadline(), each, arg, e);
}

int
cs_past_walk(cs_past *p, int64_t from, int64_t to, cs_audit_row_fn *each,
    void *arg, cs_err *e)
{
	return p->server != NULL ?
	    cs_pastserver_walk(p->server, from, to, each, arg, e) :
	    cs_audit_walk(p->store, from, to, cs_auditlog_deadline(), each,
	    arg, e);
}

int
cs_past_revoke(cs_past *p, cs_revocation *r, int64_t *ended, cs_buf **own,
    cs_err *e)
{
	*own = NULL;
	return p->server != NULL ?
	    cs_pastserver_revoke(p->server, r, ended, own, e) :
	    cs_revoke(p->store, r, cs_store_verb_deadline(), ended, e);
}

int
cs_past_lift(cs_past *p, cs_revocation *r, cs_buf **own, cs_err *e)
{
	*own = NULL;
	return p->server != NULL ?
	    cs_pastserver_lift(p->server, r, own, e) :
	    cs_revoke_lift(p->store, r, r->time, cs_store_verb_deadline(), e);
}
