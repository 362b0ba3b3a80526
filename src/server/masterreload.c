/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include <countersign/verifier.h>

#include "base/time.h"
#include "server/masterp.h"

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
same_listen(const cs_server_conf *a, const cs_server_conf *b)
{
	size_t i;

	if (a->n_listen != b->n_listen)
		return false;
	for (i = 0; i < a->n_listen; i++)
		if (!same(a->listen[i], b->listen[i]))
			return false;
	return true;
}

static bool
same_environment(const cs_server_conf *a, const cs_server_conf *b)
{
	size_t i;

	if (a->n_env != b->n_env)
		return false;
	for (i = 0; i < a->n_env; i++)
		if (!same(a->env[i], b->env[i]))
			return false;
	return true;
}

static bool
same_keys(const cs_server_conf *a, const cs_server_conf *b)
{
	size_t i;

	if (a->n_ca != b->n_ca || a->n_wit != b->n_wit ||
	    !same(a->pin_file, b->pin_file))
		return false;
	for (i = 0; i < a->n_ca; i++)
		if (!same(a->ca[i].cert, b->ca[i].cert) ||
		    !same(a->ca[i].key, b->ca[i].key) ||
		    a->ca[i].retired != b->ca[i].retired)
			return false;
	for (i = 0; i < a->n_wit; i++)
		if (!same(a->wit[i].key, b->wit[i].key) ||
		    a->wit[i].retired != b->wit[i].retired)
			return false;
	return true;
}

/* What processes have from their start: to change that is to start anew. True:
 * something was. */
static bool
say_kept(cs_master *m, const cs_server_conf *a, const cs_server_conf *b)
{
	const struct {
		const char *name;
		bool same;
	} all[] = {
		{"trust-domain", same(a->trust_domain, b->trust_domain)},
		{"authority", same(a->authority, b->authority)},
		{"listen", same_listen(a, b)},
		{"admin", same(a->admin, b->admin)},
		{"admin-mode", a->admin_mode == b->admin_mode},
		{"admin-group", same(a->admin_group, b->admin_group)},
		/* their content is read anew, where it was */
		{"owners", same(a->owners, b->owners)},
		{"policy", same(a->policy, b->policy)},
		{"store", same(a->store, b->store)},
		{"ca, wit or pin-file", same_keys(a, b)},
		{"environment", same_environment(a, b)},
		{"lifetime", a->lifetime == b->lifetime},
		{"approval", a->digest_only == b->digest_only},
		{"crl-url", same(a->crl_url, b->crl_url)},
		{"crl-life", a->crl_life == b->crl_life},
		{"crl-every", a->crl_every == b->crl_every},
		{"state", same(a->state, b->state)},
		{"modules", same(a->modules, b->modules)},
		{"user", same(a->user, b->user)},
		{"keyholder-user", same(a->keyholder_user, b->keyholder_user)},
		{"group", same(a->group, b->group)},
		{"fronts", a->fronts == b->fronts},
		{"workers", a->workers == b->workers},
		{"log", same(a->log, b->log)},
	};
	bool kept = false;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].same)
			continue;
		kept = true;
		cs_master_say(m, COUNTERSIGN_LOG_WARNING, "%s is another: that "
		    "takes a restart", all[i].name);
	}
	return kept;
}

static void
say_to_manager(cs_master *m)
{
	char text[80] = "";

	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)cs_time_mono_ms() * 1000);
	cs_master_notify(m, text);
}

/* A process that starts anew beside others that did not has to have the keys,
 * the store and the names that they have: it starts with what they started
 * with. Takes the new one. */
static void
take(cs_master *m, cs_server_conf *c)
{
	bool kept = say_kept(m, m->base, c);

	if (kept && m->base == m->conf) {
		m->own[1] = m->own[0];
		m->own[0] = NULL;
	} else if (!kept) {
		cs_server_conf_free(&m->own[1]);
	}
	cs_server_conf_free(&m->own[0]);
	m->own[0] = c;
	m->conf = c;
	if (!kept)
		m->base = c;
}

/* Children are given the new text. */
static void
tell_all(cs_master *m)
{
	cs_err e = {0};
	cs_slot *s;
	size_t i;

	for (i = 0; i < m->n_slots; i++) {
		s = &m->slots[i];
		if (s->state == CS_SLOT_STARTING)
			s->behind = true;
		if (s->state != CS_SLOT_UP)
			continue;
		if (cs_slot_reload(s, &e) == CS_OK) {
			s->reloading = true;
			continue;
		}
		cs_master_say(m, COUNTERSIGN_LOG_ERROR, "%s: %s", s->name,
		    e.text);
		cs_slot_kill(s);
	}
}

/* Those who answer webhooks do not become a server, nor the reverse. */
static int
check_program(const cs_master *m, const cs_server_conf *c, cs_err *e)
{
	if ((c->n_webhook == 0) == (m->base->n_webhook == 0))
		return CS_OK;
	return cs_fail(e, CS_EUSAGE, "server/master", c->n_webhook == 0 ?
	    "%s: there is no webhook { } any more" :
	    "%s: it has a webhook { } now", c->file);
}

void
cs_master_reload(cs_master *m)
{
	cs_server_conf *c = NULL;
	cs_err e = {0};

	say_to_manager(m);
	m->reloading = true;
	m->bad_reload = false;
	m->reload_ms = cs_time_mono_ms();
	if (cs_server_conf_read(m->env->file, &c, &e) != CS_OK ||
	    check_program(m, c, &e) != CS_OK ||
	    cs_files_look(c, &e) != CS_OK) {
		cs_server_conf_free(&c);
		m->bad_reload = true;
		cs_master_say(m, COUNTERSIGN_LOG_ERROR, "%s; the one before "
		    "stays", e.text);
	} else {
		take(m, c);
		tell_all(m);
	}
	cs_master_reloaded(m);
}
