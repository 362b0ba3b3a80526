/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "p11/entry.h"
#include "p11/key.h"
#include "p11/p11.h"

#define WHERE "p11 survey"
#define TOKENS_MAX 256
#define FOUND_MAX 4096

struct survey {
	const cs_p11_survey *o;
	const cs_p11_env *env;
	cs_p11_uri uri;
	cs_p11_modules modules;
	size_t n_tokens, n_found;
	cs_p11_token tokens[TOKENS_MAX];
	cs_p11_found *found[FOUND_MAX];
	size_t n_logins;     /* that succeeded */
	cs_err login_failed; /* the first */
};

/* What concerns one token or module does not end the survey; no memory, no
 * time and a person's Ctrl-C do. */
static bool
is_final(int cls)
{
	return cls == CS_EBUG || cls == CS_ETIMEOUT || cls == CS_EINTR;
}

static void
tell(void *arg, const cs_err *why)
{
	const struct survey *v = arg;

	v->o->trouble(v->o->arg, why);
}

static int
add_token(void *arg, CK_FUNCTION_LIST *f, CK_SLOT_ID slot,
    const CK_TOKEN_INFO *t, cs_err *e)
{
	struct survey *v = arg;
	cs_err why = {0};

	(void)e;
	if (v->n_tokens == TOKENS_MAX) {
		(void)cs_fail(&why, CS_EDEVICE, WHERE, "more than %d tokens; "
		    "name one by token= or serial=", TOKENS_MAX);
		tell(v, &why);
		return CS_OK;
	}
	v->tokens[v->n_tokens++] = (cs_p11_token){.f = f, .slot = slot,
	    .info = *t};
	return CS_OK;
}

/* So that the questions come in the same order each time: slots do not. */
static int
by_label(const void *a, const void *b)
{
	const CK_TOKEN_INFO *x = &((const cs_p11_token *)a)->info;
	const CK_TOKEN_INFO *y = &((const cs_p11_token *)b)->info;
	char p[33], q[33];
	int r;

	cs_ck_field(p, x->label, sizeof(x->label));
	cs_ck_field(q, y->label, sizeof(y->label));
	if ((r = strcmp(p, q)) != 0)
		return r;
	cs_ck_field(p, x->serialNumber, sizeof(x->serialNumber));
	cs_ck_field(q, y->serialNumber, sizeof(y->serialNumber));
	return strcmp(p, q);
}

static void
count(const struct survey *v)
{
	size_t i;

	*v->o->n_tokens = v->n_tokens;
	*v->o->n_closed = 0;
	for (i = 0; i < v->n_tokens; i++)
		*v->o->n_closed += cs_p11_token_wants_login(&v->tokens[i]);
}

/* One PIN is for one token: tried on the others it would use up their tries. */
static int
check_one_pin(const struct survey *v, cs_err *e)
{
	if (!v->o->login || *v->o->n_closed <= 1 || (!v->o->one_pin &&
	    v->uri.attr[CS_P11_A_PIN_SOURCE] == NULL))
		return CS_OK;
	return cs_fail(e, CS_EDEVICE, WHERE, "%zu tokens want a login and "
	    "there is one PIN; nothing was tried. Name one by token= or "
	    "serial=", *v->o->n_closed);
}

/* Borrows all that `v` and `s` have. */
static int
authenticate(const struct survey *v, const cs_p11_token *t,
    const cs_ck_session *s, cs_err *e)
{
	cs_p11 k = {.env = *v->env, .uri = v->uri, .f = t->f, .slot = t->slot,
	    .token = t->info, .session = *s};

	cs_p11_info_fill(&k.uri, &t->info, NULL, &k.info);
	return cs_p11_authenticate(&k, s, CKU_USER, e);
}

/* What the token did names it already; what a person did, does not. */
static void
name_token(const cs_p11_token *t, cs_err *why)
{
	char label[33];

	if (strstr(why->text, "token \"") != NULL)
		return;
	cs_ck_field(label, t->info.label, sizeof(t->info.label));
	(void)cs_wrap(why, "token \"%s\"", label);
}

/* Without the login the token still shows what it shows to everybody. */
static int
login(struct survey *v, const cs_p11_token *t, const cs_ck_session *s,
    bool *logged_in, cs_err *e)
{
	cs_err why = {0};
	int r;

	if (!v->o->login || !cs_p11_token_wants_login(t))
		return CS_OK;
	if ((r = authenticate(v, t, s, &why)) == CS_OK) {
		v->n_logins++;
		*logged_in = true;
		return CS_OK;
	}
	if (is_final(r)) {
		*e = why;
		return r;
	}
	name_token(t, &why);
	tell(v, &why);
	if (v->login_failed.cls == CS_OK)
		v->login_failed = why;
	return CS_OK;
}

static int
add_found(struct survey *v, const cs_ck_session *s, const cs_p11_token *t,
    const cs_p11_seen *seen, bool logged_in, cs_err *e)
{
	int r;

	if (v->n_found == FOUND_MAX)
		return cs_fail(e, CS_EDEVICE, WHERE, "more than %d keys; name "
		    "the token by token= or serial=", FOUND_MAX);
	r = cs_p11_found_new(s, &v->uri, t, seen, logged_in,
	    &v->found[v->n_found], e);
	if (r == CS_OK)
		v->n_found++;
	return r;
}

static int
look_at_keys(struct survey *v, cs_p11_token *t, const cs_ck_session *s,
    bool logged_in, cs_err *e)
{
	cs_p11_scan *scan = calloc(1, sizeof(*scan));
	size_t i;
	int r;

	if (scan == NULL)
		return cs_nomem(e, WHERE);
	scan->tokens[scan->n_tokens++] = *t;
	r = cs_p11_scan_session(s, &v->uri, 0, scan, e);
	for (i = 0; r == CS_OK && i < scan->n_seen; i++)
		r = add_found(v, s, t, &scan->seen[i], logged_in, e);
	if (r == CS_OK && !logged_in &&
	    cs_p11_token_is_closed(&scan->tokens[0]))
		r = add_found(v, s, t, NULL, false, e);
	cs_p11_scan_free(&scan);
	return r;
}

/* A token that went away half way has answered nothing to be believed. */
static int
look_again(struct survey *v, const cs_p11_token *t, size_t from, cs_err *e)
{
	CK_TOKEN_INFO now = {0};
	CK_RV rv = t->f->C_GetTokenInfo(t->slot, &now);

	if (rv != CKR_OK)
		return cs_ck_fail(e, "C_GetTokenInfo", rv);
	if (!cs_p11_token_is_same(&now, &t->info))
		return cs_fail(e, CS_EDEVICE, WHERE, "it is no longer in its "
		    "slot");
	for (; from < v->n_found; from++)
		cs_p11_found_pin(v->found[from], &now);
	return CS_OK;
}

static int
look_at_token(struct survey *v, cs_p11_token *t, cs_err *e)
{
	cs_ck_session s = {0};
	size_t from = v->n_found;
	bool logged_in = false;
	int r;

	if ((r = cs_ck_session_open(t->f, t->slot, &s, e)) == CS_OK &&
	    (r = login(v, t, &s, &logged_in, e)) == CS_OK &&
	    (r = look_at_keys(v, t, &s, logged_in, e)) == CS_OK)
		r = look_again(v, t, from, e);
	if (logged_in)
		(void)t->f->C_Logout(s.h);
	cs_ck_session_close(&s);
	while (r != CS_OK && v->n_found > from)
		cs_p11_found_free(&v->found[--v->n_found]);
	return r;
}

static int
look_at_all(struct survey *v, cs_err *e)
{
	cs_err why = {0};
	size_t i;
	int r;

	for (i = 0; i < v->n_tokens; i++) {
		cs_p11_token *t = &v->tokens[i];

		if ((r = look_at_token(v, t, &why)) == CS_OK)
			continue;
		if (is_final(r)) {
			*e = why;
			return r;
		}
		name_token(t, &why);
		tell(v, &why);
	}
	return CS_OK;
}

static int
by_uri(const void *a, const void *b)
{
	const cs_p11_entry *x = &(*(cs_p11_found *const *)a)->entry;
	const cs_p11_entry *y = &(*(cs_p11_found *const *)b)->entry;
	int r = x->is_token - y->is_token;

	if (r == 0)
		r = strcmp(x->info.uri, y->info.uri);
	if (r == 0)
		r = strcmp(x->info.token, y->info.token);
	if (r == 0)
		r = strcmp(x->info.serial, y->info.serial);
	return r != 0 ? r : strcmp(x->info.label, y->info.label);
}

static int
give_all(struct survey *v, cs_err *e)
{
	size_t i;
	int r;

	if ((r = cs_p11_found_name(v->found, v->n_found, &v->modules,
	    &v->uri, e)) != CS_OK)
		return r;
	qsort(v->found, v->n_found, sizeof(v->found[0]), by_uri);
	for (i = 0; r == CS_OK && i < v->n_found; i++)
		r = v->o->each(v->o->arg, &v->found[i]->entry, e);
	if (r != CS_OK || v->n_logins > 0 || v->login_failed.cls == CS_OK)
		return r;
	*e = v->login_failed;
	return e->cls;
}

/* --module: as if the URI had said it. */
static int
set_module(struct survey *v, cs_err *e)
{
	cs_buf **path = &v->uri.attr[CS_P11_A_MODULE_PATH];

	if (v->o->module == NULL)
		return CS_OK;
	if (*path != NULL || v->uri.attr[CS_P11_A_MODULE_NAME] != NULL)
		return cs_fail(e, CS_EUSAGE, WHERE,
		    "the URI names a module, too");
	if (v->o->module[0] != '/')
		return cs_fail(e, CS_EUSAGE, WHERE,
		    "a module is named by an absolute path, found %s",
		    v->o->module);
	if ((*path = cs_buf_dup(cs_span_str(v->o->module))) == NULL)
		return cs_nomem(e, WHERE);
	return CS_OK;
}

static int
run(struct survey *v, cs_err *e)
{
	const cs_p11_trouble trouble = {tell, v};
	int r;

	if ((r = cs_p11_uri_parse(v->o->uri, &v->uri, e)) != CS_OK ||
	    (r = set_module(v, e)) != CS_OK ||
	    (r = cs_p11_modules_load(&v->uri, &trouble, &v->modules, e)) !=
	    CS_OK ||
	    (r = cs_p11_modules_each(&v->modules, &v->uri, &trouble, add_token,
	    v, e)) != CS_OK)
		return r;
	qsort(v->tokens, v->n_tokens, sizeof(v->tokens[0]), by_label);
	count(v);
	if ((r = check_one_pin(v, e)) != CS_OK ||
	    (r = look_at_all(v, e)) != CS_OK)
		return r;
	return give_all(v, e);
}

int
cs_p11_look(const cs_p11_survey *s, const cs_p11_env *env, cs_err *e)
{
	struct survey *v = calloc(1, sizeof(*v));
	int r;

	if (v == NULL)
		return cs_nomem(e, WHERE);
	v->o = s;
	v->env = env;
	r = run(v, e);
	while (v->n_found > 0)
		cs_p11_found_free(&v->found[--v->n_found]);
	cs_p11_modules_unload(&v->modules);
	cs_p11_uri_clear(&v->uri);
	free(v);
	return r;
}
