/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypt/ossl.h"
#include "crypt/pubkey.h"
#include "crypt/rawsig.h"
#include "fmt/reason.h"
#include "p11/p11.h"
#include "signer/plain.h"
#include "signer/signer.h"

/* The module of "pkcs11:" owner keys. */

#define SPKI_MAX 1024
#define SIG_MAX 1024

static const char where[] = "signer/pkcs11";

struct token_key {
	cs_p11 *p11;
	cs_buf *spki; /* NULL until somebody asks */
	bool pss;
};

/* "P-256" as far as it shows: a hidden key has no name before a login. */
static void
name_key(const cs_p11_info *i, char out[16])
{
	static const char *const curves[] = {
		[CS_P11_EC_P256] = "P-256",
		[CS_P11_EC_P384] = "P-384",
		[CS_P11_ED25519] = "Ed25519",
	};

	out[0] = '\0';
	if (i->kind == CS_P11_RSA)
		(void)snprintf(out, 16, "RSA-%u", i->bits);
	else if (i->kind != CS_P11_NONE)
		(void)snprintf(out, 16, "%s", curves[i->kind]);
}

static void
describe(const cs_p11_info *i, cs_signer_info *out)
{
	(void)snprintf(out->uri, sizeof(out->uri), "%s", i->uri);
	(void)snprintf(out->where, sizeof(out->where),
	    "token \"%s\" (%s, serial %s)", i->token, i->model, i->serial);
	name_key(i, out->key);
	out->login_needed = i->login_needed;
	out->is_software = i->is_software;
}

static void
token_close(void *h)
{
	struct token_key *k = h;

	if (k == NULL)
		return;
	cs_p11_close(&k->p11);
	cs_buf_free(&k->spki);
	free(k);
}

/* What can be told before anybody is asked for a PIN. */
static int
check_scheme(const struct token_key *k, cs_err *e)
{
	const cs_p11_info *i = cs_p11_describe(k->p11);
	char name[16];

	if (!k->pss || i->kind == CS_P11_NONE || i->kind == CS_P11_RSA)
		return CS_OK;
	name_key(i, name);
	return cs_fail(e, CS_EUSAGE, where,
	    "RSASSA-PSS needs an RSA key, found %s", name);
}

static int
token_open(const char *uri, const cs_signer_env *env, void **h,
    cs_signer_info *info, cs_err *e)
{
	const cs_p11_env p11_env = {env->ui, env->allow_last_try};
	struct token_key *k;
	int rc;

	*h = NULL;
	if (env->verify)
		return cs_fail(e, CS_EUSAGE, where, "a key in a token has no "
		    "signed word for the PIN, and --verify-required asks for "
		    "one");
	if ((rc = cs_ossl_start(e)) != CS_OK)
		return rc;
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return cs_nomem(e, where);
	k->pss = env->pss;
	if ((rc = cs_p11_open(uri, &p11_env, &k->p11, e)) == CS_OK &&
	    (rc = check_scheme(k, e)) == CS_OK) {
		describe(cs_p11_describe(k->p11), info);
		*h = k;
		k = NULL; /* transferred */
	}
	token_close(k);
	return rc;
}

static int
put_spki(const cs_p11_public *p, cs_buf *out, cs_err *e)
{
	switch (p->kind) {
	case CS_P11_EC_P256:
		return cs_spki_put_ec(out, CS_KEY_P256, cs_buf_span(p->point),
		    e);
	case CS_P11_EC_P384:
		return cs_spki_put_ec(out, CS_KEY_P384, cs_buf_span(p->point),
		    e);
	case CS_P11_RSA:
		return cs_spki_put_rsa(out, cs_buf_span(p->modulus), e);
	case CS_P11_ED25519:
		return cs_spki_put_ed25519(out, cs_buf_span(p->point), e);
	case CS_P11_NONE:
		break;
	}
	return CS_BAD(e, CS_R_UNSUPPORTED, where,
	    "expected a P-256, P-384, RSA or Ed25519 key");
}

static int
read_spki(struct token_key *k, cs_err *e)
{
	cs_p11_public p = {0};
	cs_buf *b = NULL;
	int rc;

	if (k->spki != NULL)
		return CS_OK;
	if ((rc = cs_p11_public_key(k->p11, &p, e)) != CS_OK)
		return rc;
	if ((b = cs_buf_new(SPKI_MAX)) == NULL)
		rc = cs_nomem(e, where);
	else if ((rc = put_spki(&p, b, e)) == CS_OK) {
		k->spki = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	cs_p11_public_clear(&p);
	return rc;
}

static int
token_spki(void *h, cs_buf *out, cs_err *e)
{
	struct token_key *k = h;
	int rc;

	if ((rc = read_spki(k, e)) != CS_OK)
		return rc;
	if (cs_buf_put(out, cs_buf_span(k->spki)) != CS_OK)
		return cs_fail(e, CS_EBUG, where, "no room for a public key");
	return CS_OK;
}

static enum cs_p11_mech
mechanism(const cs_alg *alg)
{
	if (alg->key == CS_KEY_ED25519)
		return CS_P11_EDDSA;
	if (alg->key == CS_KEY_RSA)
		return alg->salt != 0 ? CS_P11_RSA_PSS : CS_P11_RSA_PKCS;
	return CS_P11_ECDSA;
}

static int
raw_sign(void *arg, const cs_alg *alg, cs_span bytes, cs_buf *sig, cs_err *e)
{
	struct token_key *k = arg;
	cs_buf *in = NULL, *raw = cs_buf_new(SIG_MAX);
	int rc;

	if (raw == NULL)
		return cs_nomem(e, where);
	if ((rc = cs_rawsig_input(alg, bytes, &in, e)) == CS_OK &&
	    (rc = cs_p11_sign(k->p11, mechanism(alg), cs_buf_span(in), raw,
	    e)) == CS_OK)
		rc = cs_rawsig_output(alg, cs_buf_span(raw), sig, e);
	cs_buf_free(&raw);
	cs_buf_free(&in);
	return rc;
}

static int
token_certs(void *h, cs_buf *out, cs_err *e)
{
	struct token_key *k = h;

	return cs_p11_certs(k->p11, out, e);
}

static int
token_sign(void *h, const cs_to_sign *what, cs_buf *out, cs_err *e)
{
	struct token_key *k = h;
	cs_plain p = {.what = what,
	    .pss = k->pss,
	    .sign = raw_sign,
	    .arg = k};
	int rc;

	if ((rc = read_spki(k, e)) != CS_OK)
		return rc;
	p.spki = cs_buf_span(k->spki);
	return cs_plain_sign(&p, out, e);
}

struct list_arg {
	int (*each)(void *arg, const cs_signer_info *info, cs_err *e);
	void *arg;
};

static int
list_one(void *arg, const cs_p11_info *i, cs_err *e)
{
	const struct list_arg *a = arg;
	cs_signer_info info = {0};

	describe(i, &info);
	return a->each(a->arg, &info, e);
}

static int
token_list(const char *uri, const cs_signer_env *env,
    int (*each)(void *arg, const cs_signer_info *info, cs_err *e), void *arg,
    cs_err *e)
{
	struct list_arg a = {each, arg};

	(void)env;
	return cs_p11_list(uri, list_one, &a, e);
}

/* What signing would ask of the public key, in the same order. */
static int
check_spki(cs_span der, cs_signer_entry *k, cs_err *e)
{
	const cs_alg *alg;
	cs_pubkey *pub = NULL;
	cs_spki spki;
	int rc;

	if ((rc = cs_spki_parse(der, &spki, e)) != CS_OK ||
	    (rc = cs_key_hash(&spki, k->hash, e)) != CS_OK)
		return rc;
	k->has_hash = true;
	cs_spki_name(&spki, k->info.key);
	if ((rc = cs_alg_choose(&spki, CS_USE_CMS, false, &alg, e)) == CS_OK)
		rc = cs_pubkey_new(&spki, &pub, e);
	cs_pubkey_free(&pub);
	return rc;
}

static int
judge(const cs_p11_public *p, cs_signer_entry *k, cs_err *e)
{
	cs_buf *b = NULL;
	cs_err why = {0};
	int rc;

	if (p->kind == CS_P11_NONE)
		return CS_OK;
	if ((b = cs_buf_new(SPKI_MAX)) == NULL)
		return cs_nomem(e, where);
	if ((rc = put_spki(p, b, &why)) == CS_OK)
		rc = check_spki(cs_buf_span(b), k, &why);
	cs_buf_free(&b);
	if (rc == CS_EBUG)
		*e = why;
	else if (rc != CS_OK && k->flaw[0] == '\0')
		(void)snprintf(k->flaw, sizeof(k->flaw), "%.255s", why.text);
	return rc == CS_EBUG ? rc : CS_OK;
}

/* The names under which OpenSC and Yubico show a PIV card: its keys can be
 * attested, which is for an enrolment to check. Nothing is granted for it. */
static bool
is_piv(const cs_p11_info *i)
{
	return strcmp(i->manufacturer, "piv_II") == 0 ||
	    strncmp(i->manufacturer, "Yubico", 6) == 0;
}

static void
fill_entry(const cs_p11_entry *p, cs_signer_entry *k)
{
	static const enum cs_signer_pin pins[] = {
		[CS_P11_PIN_NONE] = CS_PIN_NONE,
		[CS_P11_PIN_OK] = CS_PIN_OK,
		[CS_P11_PIN_LOW] = CS_PIN_LOW,
		[CS_P11_PIN_LAST] = CS_PIN_LAST,
		[CS_P11_PIN_LOCKED] = CS_PIN_LOCKED,
		[CS_P11_PIN_UNSET] = CS_PIN_UNSET,
		[CS_P11_PIN_EXPIRED] = CS_PIN_EXPIRED,
	};
	const cs_p11_info *i = &p->info;

	describe(i, &k->info);
	memcpy(k->token, i->token, sizeof(k->token));
	memcpy(k->serial, i->serial, sizeof(k->serial));
	memcpy(k->model, i->model, sizeof(k->model));
	memcpy(k->manufacturer, i->manufacturer, sizeof(k->manufacturer));
	memcpy(k->label, i->label, sizeof(k->label));
	memcpy(k->flaw, p->flaw, sizeof(k->flaw));
	k->id = p->id;
	if (i->always_authenticate)
		k->login = CS_LOGIN_EACH;
	else if (i->login_needed)
		k->login = CS_LOGIN_PIN;
	k->pin = pins[p->pin];
	k->pin_pad = i->protected_path;
	k->is_token = p->is_token;
	k->is_hidden = p->is_hidden;
	k->is_attestable = is_piv(i);
}

static int
look_one(void *arg, const cs_p11_entry *p, cs_err *e)
{
	const cs_signer_survey *s = arg;
	cs_signer_entry k = {0};
	int rc;

	fill_entry(p, &k);
	if ((rc = judge(&p->pub, &k, e)) != CS_OK)
		return rc;
	return s->each(s->arg, &k, e);
}

static void
look_trouble(void *arg, const cs_err *why)
{
	const cs_signer_survey *s = arg;

	s->trouble(s->arg, why);
}

static int
token_look(const cs_signer_survey *s, const cs_signer_env *env, cs_err *e)
{
	const cs_p11_env p11_env = {env->ui, env->allow_last_try};
	const cs_p11_survey v = {.uri = s->uri, .module = s->module,
	    .login = s->login, .one_pin = s->one_pin,
	    .n_tokens = s->n_tokens, .n_closed = s->n_closed,
	    .arg = (void *)(uintptr_t)s, .each = look_one,
	    .trouble = look_trouble};
	int rc;

	if ((rc = cs_ossl_start(e)) != CS_OK)
		return rc;
	return cs_p11_look(&v, &p11_env, e);
}

extern const struct cs_signer_ops countersign_signer;
const struct cs_signer_ops countersign_signer = {
	.abi = CS_SIGNER_ABI,
	.scheme = "pkcs11",
	.open = token_open,
	.spki = token_spki,
	.certs = token_certs,
	.sign = token_sign,
	.list = token_list,
	.look = token_look,
	.close = token_close,
};
