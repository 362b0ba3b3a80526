/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "p11/p11.h"

#include <stdlib.h>
#include <string.h>

#include "p11/key.h"

#define WHERE "p11 key"

static int
copy_public(const cs_p11_public *in, cs_p11_public *out, cs_err *e)
{
	memset(out, 0, sizeof(*out));
	if ((in->point != NULL &&
	    (out->point = cs_buf_dup(cs_buf_span(in->point))) == NULL) ||
	    (in->modulus != NULL &&
	    (out->modulus = cs_buf_dup(cs_buf_span(in->modulus))) == NULL)) {
		cs_p11_public_clear(out);
		return cs_nomem(e, WHERE);
	}
	out->kind = in->kind;
	return CS_OK;
}

/* Takes over what was seen of the key; the second sight, after a login, knows
 * more than the first. */
static int
remember(cs_p11 *k, const cs_p11_seen *seen, cs_err *e)
{
	cs_p11_info_fill(&k->uri, &k->token, seen, &k->info);
	k->info.slot_id = k->slot;
	if (seen == NULL)
		return CS_OK;
	cs_buf_free(&k->id);
	if (seen->n_id > 0 &&
	    (k->id = cs_buf_dup(cs_span_of(seen->id, seen->n_id))) == NULL)
		return cs_nomem(e, WHERE);
	k->resolved = true;
	if (seen->pub.kind == CS_P11_NONE)
		return CS_OK;
	cs_p11_public_clear(&k->pub);
	return copy_public(&seen->pub, &k->pub, e);
}

static bool
is_resolved_key(const cs_p11 *k, const cs_p11_seen *seen)
{
	if (!k->resolved)
		return true;
	if (k->id != NULL)
		return cs_span_eq(cs_buf_span(k->id),
		    cs_span_of(seen->id, seen->n_id));
	return seen->n_id == 0 && strcmp(seen->label, k->info.label) == 0;
}

int
cs_p11_private(cs_p11 *k, const cs_ck_session *s, cs_p11_seen *out, cs_err *e)
{
	cs_p11_scan *scan = calloc(1, sizeof(*scan));
	int r;

	if (scan == NULL)
		return cs_nomem(e, WHERE);
	scan->tokens[scan->n_tokens++] = (cs_p11_token){.f = k->f,
	    .slot = k->slot, .info = k->token};
	if ((r = cs_p11_scan_private(s, &k->uri, 0, scan, e)) != CS_OK)
		goto out;
	if (scan->n_seen > 1)
		r = cs_p11_ambiguous(&k->uri, scan, e);
	else if (scan->n_seen == 0 || !is_resolved_key(k, &scan->seen[0]))
		r = cs_fail(e, CS_EDEVICE, WHERE, "no private key on token "
		    "\"%s\" matches %.200s%s", k->info.token,
		    cs_buf_cstr(k->uri.text), k->resolved ?
		    ", although a public object does" : "");
	else
		*out = scan->seen[0];
	if (r == CS_OK && k->logged_in && !k->looked &&
	    (r = remember(k, out, e)) == CS_OK)
		k->looked = true;
out:
	cs_p11_scan_free(&scan);
	return r;
}

static int
resolve(cs_p11 *k, cs_err *e)
{
	cs_p11_scan *scan = NULL;
	const cs_p11_token *token;
	const cs_p11_seen *seen;
	int r;

	if ((r = cs_p11_scan_tokens(&k->modules, &k->uri, &scan, e)) != CS_OK)
		return r;
	if ((r = cs_p11_pick(&k->uri, scan, &token, &seen, e)) != CS_OK)
		goto out;
	k->f = token->f;
	k->slot = token->slot;
	k->token = token->info;
	k->module = cs_p11_modules_file(&k->modules, k->f);
	if ((r = remember(k, seen, e)) == CS_OK && seen == NULL)
		r = cs_p11_login(k, e);
out:
	cs_p11_scan_free(&scan);
	return r;
}

static void
notice_slot_id(const cs_p11 *k)
{
	const cs_ui *ui = k->env.ui;

	if (k->uri.attr[CS_P11_A_SLOT_ID] != NULL && ui != NULL &&
	    ui->notice != NULL)
		ui->notice(ui->arg, "slot-id= is a number that changes when "
		    "tokens come and go; name the key by token= or serial=");
}

int
cs_p11_open(const char *uri, const cs_p11_env *env, cs_p11 **out, cs_err *e)
{
	cs_p11 *k = NULL;
	int r;

	*out = NULL;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return cs_nomem(e, WHERE);
	k->env = *env;
	if ((r = cs_p11_uri_parse(uri, &k->uri, e)) != CS_OK)
		goto out;
	notice_slot_id(k);
	if ((r = cs_p11_modules_load(&k->uri, NULL, &k->modules, e)) != CS_OK ||
	    (r = resolve(k, e)) != CS_OK)
		goto out;
	*out = k;
	k = NULL; /* transferred */
out:
	cs_p11_close(&k);
	return r;
}

void
cs_p11_close(cs_p11 **kp)
{
	cs_p11 *k = *kp;

	if (k == NULL)
		return;
	cs_p11_logout(k);
	cs_p11_modules_unload(&k->modules);
	cs_p11_public_clear(&k->pub);
	cs_buf_free(&k->id);
	cs_p11_uri_clear(&k->uri);
	free(k->module);
	free(k);
	*kp = NULL;
}

const cs_p11_info *
cs_p11_describe(const cs_p11 *k)
{
	return &k->info;
}

const char *
cs_p11_module(const cs_p11 *k)
{
	return k->module;
}

cs_span
cs_p11_id(const cs_p11 *k)
{
	return cs_buf_span(k->id);
}

static int
read_public(cs_p11 *k, cs_err *e)
{
	cs_ck_session s = {0};
	int r = cs_ck_session_open(k->f, k->slot, &s, e);

	if (r == CS_OK)
		r = cs_p11_public_read(&s, cs_buf_span(k->id),
		    cs_span_str(k->info.label), &k->pub, e);
	cs_ck_session_close(&s);
	if (r != CS_OK)
		cs_p11_public_clear(&k->pub);
	return r;
}

int
cs_p11_public_key(cs_p11 *k, cs_p11_public *out, cs_err *e)
{
	int r = CS_OK;

	memset(out, 0, sizeof(*out));
	if (k->pub.kind == CS_P11_NONE)
		r = read_public(k, e);
	if (r == CS_OK && k->pub.kind == CS_P11_NONE && !k->logged_in &&
	    k->info.login_needed && (r = cs_p11_login(k, e)) == CS_OK)
		r = read_public(k, e);
	if (r != CS_OK)
		return r;
	if (k->pub.kind == CS_P11_NONE)
		return cs_fail(e, CS_EDEVICE, WHERE, "token \"%s\" shows no "
		    "public half of the key that is supported (P-256, P-384, "
		    "RSA, Ed25519)", k->info.token);
	return copy_public(&k->pub, out, e);
}

static int
read_certs(cs_p11 *k, cs_buf *out, cs_err *e)
{
	cs_ck_session s = {0};
	int r = cs_ck_session_open(k->f, k->slot, &s, e);

	if (r == CS_OK)
		r = cs_p11_public_certs(&s, cs_buf_span(k->id),
		    cs_span_str(k->info.label), out, e);
	cs_ck_session_close(&s);
	return r;
}

int
cs_p11_certs(cs_p11 *k, cs_buf *out, cs_err *e)
{
	size_t before = cs_buf_len(out);
	int r = read_certs(k, out, e);

	if (r == CS_OK && cs_buf_len(out) == before && !k->logged_in &&
	    k->info.login_needed && (r = cs_p11_login(k, e)) == CS_OK)
		r = read_certs(k, out, e);
	if (r == CS_OK && cs_buf_len(out) == before)
		return cs_fail(e, CS_EDEVICE, WHERE, "token \"%s\" has no "
		    "certificate of the key's identifier", k->info.token);
	return r;
}

int
cs_p11_list(const char *uri, int (*each)(void *arg, const cs_p11_info *info,
    cs_err *e), void *arg, cs_err *e)
{
	cs_p11_modules modules = {0};
	cs_p11_scan *scan = NULL;
	cs_p11_uri u;
	size_t i;
	int r;

	if ((r = cs_p11_uri_parse(uri, &u, e)) != CS_OK ||
	    (r = cs_p11_modules_load(&u, NULL, &modules, e)) != CS_OK ||
	    (r = cs_p11_scan_tokens(&modules, &u, &scan, e)) != CS_OK)
		goto out;
	for (i = 0; i < scan->n_seen && r == CS_OK; i++) {
		cs_p11_info info;

		cs_p11_info_fill(&u, &scan->tokens[scan->seen[i].token].info,
		    &scan->seen[i], &info);
		r = each(arg, &info, e);
	}
out:
	cs_p11_scan_free(&scan);
	cs_p11_modules_unload(&modules);
	cs_p11_uri_clear(&u);
	return r;
}
