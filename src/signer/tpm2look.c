/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "signer/tpm2look.h"

#include <stdio.h>
#include <string.h>

#include "crypt/ossl.h"
#include "crypt/pubkey.h"
#include "signer/tpm2nv.h"
#include "signer/tpm2uri.h"

static const char where[] = "signer/tpm2";
static const char scheme[] = "tpm2:";

int
cs_tpm2_key_describe(const cs_tpm2_key *k, cs_signer_info *out, cs_err *e)
{
	cs_spki spki;
	int rc;

	if ((rc = cs_spki_parse(cs_buf_span(k->spki), &spki, e)) != CS_OK)
		return rc;
	(void)snprintf(out->uri, sizeof(out->uri), "%s", k->uri);
	(void)snprintf(out->where, sizeof(out->where), "%s", k->where);
	cs_spki_name(&spki, out->key);
	out->login_needed = !k->no_pin;
	out->is_tpm = true;
	return CS_OK;
}

/* One key, or what is wrong with it; `flaw` is why it cannot sign. */
struct walk;
typedef int with_key(const struct walk *w, const cs_tpm2_key *k,
    const cs_err *flaw, cs_err *e);

struct walk {
	const cs_signer_env *env;
	cs_tpm2 *t; /* NULL: of a file */
	cs_tpm2_tries tries; /* max 0: not known */
	with_key *each;
	void *arg;
};

static int
walk_key(const struct walk *w, const cs_tpm2_key *k, cs_err *e)
{
	cs_err flaw = {0};

	if (cs_tpm2_key_check(k, w->env, &flaw) == CS_EBUG) {
		*e = flaw;
		return CS_EBUG;
	}
	return w->each(w, k, &flaw, e);
}

/* Storage keys are no keys to sign with, and neither are those of a kind that
 * approvals do not have. */
static int
walk_handle(const struct walk *w, uint32_t handle, cs_err *e)
{
	cs_tpm2_key k = {.handle = handle};
	int rc;

	(void)snprintf(k.uri, sizeof(k.uri), "%shandle=0x%08x", scheme, handle);
	(void)snprintf(k.where, sizeof(k.where), "TPM key 0x%08x", handle);
	rc = cs_tpm2_key_read(&k, w->t, e);
	if (rc == CS_OK && (k.pub.attributes & CS_TPMA_SIGN) != 0)
		rc = walk_key(w, &k, e);
	else if (rc == CS_EFORMAT)
		rc = CS_OK;
	cs_tpm2_key_clear(&k);
	return rc;
}

static int
walk_tpm(struct walk *w, cs_err *e)
{
	cs_tpm2_handles h;
	size_t i;
	int rc;

	if ((rc = cs_tpm2_in_use(w->t, CS_TPM2_FIRST, CS_TPM2_LAST, &h, e)) ==
	    CS_OK && h.n > 0)
		rc = cs_tpm2_tries_read(w->t, &w->tries, e);
	for (i = 0; rc == CS_OK && i < h.n; i++)
		rc = walk_handle(w, h.v[i], e);
	return rc;
}

static int
walk_uri(const struct walk *w, const char *uri, cs_err *e)
{
	cs_tpm2_key k;
	int rc;

	if ((rc = cs_tpm2_key_fetch(uri, w->env, &k, e)) == CS_OK)
		rc = walk_key(w, &k, e);
	cs_tpm2_key_clear(&k);
	return rc;
}

static int
walk(struct walk *w, const char *uri, cs_err *e)
{
	int rc;

	if ((rc = cs_ossl_start(e)) != CS_OK)
		return rc;
	if (strcmp(uri, scheme) != 0)
		return walk_uri(w, uri, e);
	if ((rc = cs_tpm2_open(w->env, &w->t, e)) == CS_OK)
		rc = walk_tpm(w, e);
	cs_tpm2_close(&w->t);
	return rc;
}

struct listing {
	int (*each)(void *arg, const cs_signer_info *info, cs_err *e);
	void *arg;
};

static int
list_one(const struct walk *w, const cs_tpm2_key *k, const cs_err *flaw,
    cs_err *e)
{
	const struct listing *l = w->arg;
	cs_signer_info info = {0};
	int rc;

	if (flaw->cls != CS_OK)
		return CS_OK;
	if ((rc = cs_tpm2_key_describe(k, &info, e)) != CS_OK)
		return rc;
	return l->each(l->arg, &info, e);
}

int
cs_tpm2_keys_list(const char *uri, const cs_signer_env *env,
    int (*each)(void *arg, const cs_signer_info *info, cs_err *e), void *arg,
    cs_err *e)
{
	struct listing l = {each, arg};
	struct walk w = {.env = env, .each = list_one, .arg = &l};

	return walk(&w, uri, e);
}

/* Of all keys that count wrong PINs: a right one forgets none. */
static enum cs_signer_pin
pin_state(const struct walk *w, const cs_tpm2_key *k)
{
	const cs_tpm2_tries *n = &w->tries;

	if (k->no_pin || (k->pub.attributes & CS_TPMA_NO_DA) != 0 ||
	    n->max == 0)
		return CS_PIN_NONE;
	if (n->failed >= n->max)
		return CS_PIN_LOCKED;
	if (n->max - n->failed == 1)
		return CS_PIN_LAST;
	return n->failed == 0 ? CS_PIN_OK : CS_PIN_NONE;
}

static int
look_one(const struct walk *w, const cs_tpm2_key *k, const cs_err *flaw,
    cs_err *e)
{
	const cs_signer_survey *s = w->arg;
	cs_signer_entry n = {.login = k->no_pin ? CS_LOGIN_NONE :
	    CS_LOGIN_PIN};
	cs_spki spki;
	int rc;

	if ((rc = cs_tpm2_key_describe(k, &n.info, e)) != CS_OK ||
	    (rc = cs_spki_parse(cs_buf_span(k->spki), &spki, e)) != CS_OK ||
	    (rc = cs_key_hash(&spki, n.hash, e)) != CS_OK)
		return rc;
	n.has_hash = true;
	n.pin = pin_state(w, k);
	if (flaw->cls != CS_OK)
		(void)snprintf(n.flaw, sizeof(n.flaw), "%.255s", flaw->text);
	return s->each(s->arg, &n, e);
}

int
cs_tpm2_keys_look(const cs_signer_survey *s, const cs_signer_env *env,
    cs_err *e)
{
	struct walk w = {.env = env, .each = look_one,
	    .arg = (void *)(uintptr_t)s};
	cs_err why = {0};
	int rc;

	if (s->module != NULL)
		return cs_fail(e, CS_EUSAGE, where,
		    "a PKCS#11 module knows no keys of a TPM");
	if ((rc = walk(&w, s->uri, e)) == CS_OK && w.tries.max != 0 &&
	    w.tries.failed >= w.tries.max) {
		(void)cs_tpm2_lockout(&w.tries, &why);
		s->trouble(s->arg, &why);
	}
	return rc;
}
