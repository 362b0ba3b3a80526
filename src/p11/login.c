/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "p11/key.h"

#define WHERE "p11 login"

void
cs_p11_token_name(const cs_p11 *k, char out[160])
{
	(void)snprintf(out, 160, "token \"%s\" (%s, serial %s)", k->info.token,
	    k->info.model, k->info.serial);
}

static void
notice(const cs_p11 *k, const char *text)
{
	if (k->env.ui != NULL && k->env.ui->notice != NULL)
		k->env.ui->notice(k->env.ui->arg, text);
}

static int
refuse_last_try(const char *name, cs_err *e)
{
	return cs_fail(e, CS_EAUTH, WHERE, "last try: one more wrong PIN locks "
	    "%s; use --allow-last-try, or reset the counter with the vendor's "
	    "tool", name);
}

int
cs_p11_may_login(cs_p11 *k, CK_TOKEN_INFO *now, cs_err *e)
{
	char name[160];
	CK_RV rv;

	memset(now, 0, sizeof(*now));
	cs_p11_token_name(k, name);
	if ((rv = k->f->C_GetTokenInfo(k->slot, now)) != CKR_OK)
		return cs_ck_fail(e, "C_GetTokenInfo", rv);
	if (!cs_p11_token_is_same(now, &k->token))
		return cs_fail(e, CS_EDEVICE, WHERE,
		    "%s is no longer in its slot", name);
	if ((now->flags & CKF_USER_PIN_INITIALIZED) == 0)
		return cs_fail(e, CS_EAUTH, WHERE, "%s has no user PIN yet",
		    name);
	if ((now->flags & CKF_USER_PIN_LOCKED) != 0)
		return cs_fail(e, CS_EAUTH, WHERE, "the PIN of %s is locked; "
		    "unlock it with the vendor's tool", name);
	if ((now->flags & CKF_USER_PIN_FINAL_TRY) != 0 &&
	    !k->env.allow_last_try)
		return refuse_last_try(name, e);
	return CS_OK;
}

static int
ask_person(cs_p11 *k, const CK_TOKEN_INFO *now, bool again, cs_buf **pin,
    cs_err *e)
{
	bool last = (now->flags & CKF_USER_PIN_FINAL_TRY) != 0;
	struct cs_pin_ask ask = {.tries_left = last ? 1 : -1,
	    .last_try = last, .again = again};
	char name[160], what[480];
	int r;

	if (k->env.ui == NULL || k->env.ui->pin == NULL)
		return cs_fail(e, CS_ENEEDED, WHERE,
		    "a PIN is needed and nobody can be asked");
	cs_p11_token_name(k, name);
	/* The token chose the label: no more of it than a line has room for. */
	(void)snprintf(what, sizeof(what), "PIN for %s%s%.40s%s", name,
	    k->info.label[0] ? ", key \"" : "", k->info.label,
	    k->info.label[0] ? "\"" : "");
	ask.what = what;
	if (!last && (now->flags & CKF_USER_PIN_COUNT_LOW) != 0)
		notice(k, "a wrong PIN was entered at this token since the "
		    "last right one");
	if ((r = k->env.ui->pin(k->env.ui->arg, &ask, pin, e)) != CS_OK)
		cs_buf_free(pin);
	return r;
}

/* An empty PIN is never tried: some modules take it for the reader's own
 * keypad, or for a login that another process has. */
static int
get_pin(cs_p11 *k, const CK_TOKEN_INFO *now, bool again, cs_buf **pin,
    cs_err *e)
{
	cs_span source = cs_p11_uri_get(&k->uri, CS_P11_A_PIN_SOURCE), v;
	int r;

	*pin = NULL;
	if (source.p != NULL)
		r = cs_p11_pin_read(source, pin, e);
	else
		r = ask_person(k, now, again, pin, e);
	if (r != CS_OK)
		return r;
	v = cs_buf_span(*pin);
	if (v.n > 0 && memchr(v.p, 0, v.n) == NULL)
		return CS_OK;
	cs_buf_free(pin);
	return cs_fail(e, CS_EAUTH, WHERE, "no PIN was entered");
}

/* What the token tells of the tries that are left. */
static const char *
tries_left(cs_p11 *k)
{
	CK_TOKEN_INFO now = {0};

	if (k->f->C_GetTokenInfo(k->slot, &now) != CKR_OK)
		return "an unknown number of tries left";
	if ((now.flags & CKF_USER_PIN_LOCKED) != 0)
		return "no tries left (locked)";
	if ((now.flags & CKF_USER_PIN_FINAL_TRY) != 0)
		return "1 try left";
	if ((now.flags & CKF_USER_PIN_COUNT_LOW) != 0)
		return "fewer tries left (not told how many)";
	return "an unknown number of tries left";
}

static int
login_failed(cs_p11 *k, CK_RV rv, cs_err *e)
{
	char name[160];

	cs_p11_token_name(k, name);
	switch (rv) {
	case CKR_PIN_INCORRECT:
	case CKR_PIN_INVALID:
	case CKR_PIN_LEN_RANGE:
		return cs_fail(e, CS_EAUTH, WHERE,
		    "wrong PIN, %s on %s. Not retrying.", tries_left(k), name);
	case CKR_PIN_LOCKED:
		return cs_fail(e, CS_EAUTH, WHERE, "the PIN of %s is locked; "
		    "unlock it with the vendor's tool", name);
	case CKR_PIN_EXPIRED:
		return cs_fail(e, CS_EAUTH, WHERE, "the PIN of %s has expired; "
		    "set a new one with the vendor's tool", name);
	case CKR_FUNCTION_CANCELED:
	case CKR_FUNCTION_REJECTED:
		return cs_fail(e, CS_EAUTH, WHERE,
		    "no PIN was entered on the reader of %s", name);
	case CKR_USER_ALREADY_LOGGED_IN:
	case CKR_USER_ANOTHER_ALREADY_LOGGED_IN:
		return cs_fail(e, CS_EAUTH, WHERE, "%s keeps a login that is "
		    "not ours; the PIN was not checked", name);
	default:
		(void)cs_ck_fail(e, "C_Login", rv);
		return cs_wrap(e, "%s", name);
	}
}

/* A login that we did not make proves nothing about whoever is here now: it is
 * ended, and the PIN has to be checked. Neither costs a try. */
static CK_RV
login_once(cs_p11 *k, const cs_ck_session *s, CK_USER_TYPE user, cs_span pin)
{
	CK_UTF8CHAR *p = (CK_UTF8CHAR *)(uintptr_t)pin.p;
	CK_RV rv = k->f->C_Login(s->h, user, p, pin.n);

	if (rv != CKR_USER_ALREADY_LOGGED_IN || user != CKU_USER)
		return rv;
	if ((rv = k->f->C_Logout(s->h)) != CKR_OK)
		return CKR_USER_ALREADY_LOGGED_IN;
	return k->f->C_Login(s->h, user, p, pin.n);
}

int
cs_p11_authenticate(cs_p11 *k, const cs_ck_session *s, CK_USER_TYPE user,
    cs_err *e)
{
	CK_TOKEN_INFO now;
	cs_buf *pin = NULL;
	char name[160], text[256];
	CK_RV rv;
	int r;

	if ((r = cs_p11_may_login(k, &now, e)) != CS_OK)
		return r;
	if ((now.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0) {
		cs_p11_token_name(k, name);
		(void)snprintf(text, sizeof(text),
		    "enter the PIN for %s on the reader", name);
		notice(k, text);
	} else if ((r = get_pin(k, &now, user != CKU_USER, &pin, e)) != CS_OK) {
		return r;
	}
	rv = login_once(k, s, user, cs_buf_span(pin));
	cs_buf_free(&pin);
	return rv == CKR_OK ? CS_OK : login_failed(k, rv, e);
}

int
cs_p11_enter(cs_p11 *k, cs_err *e)
{
	int r;

	if (k->session.f == NULL &&
	    (r = cs_ck_session_open(k->f, k->slot, &k->session, e)) != CS_OK)
		return r;
	if (k->logged_in || !k->info.login_needed)
		return CS_OK;
	if ((r = cs_p11_authenticate(k, &k->session, CKU_USER, e)) != CS_OK)
		return r;
	k->logged_in = true;
	k->looked = false;
	return CS_OK;
}

int
cs_p11_login(cs_p11 *k, cs_err *e)
{
	cs_p11_seen ignored;
	int r;

	if ((r = cs_p11_enter(k, e)) != CS_OK || !k->logged_in || k->looked)
		return r;
	return cs_p11_private(k, &k->session, &ignored, e);
}

void
cs_p11_logout(cs_p11 *k)
{
	if (k->logged_in)
		(void)k->f->C_Logout(k->session.h);
	k->logged_in = false;
	cs_ck_session_close(&k->session);
}
