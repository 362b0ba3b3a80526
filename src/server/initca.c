/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "crypt/hash.h"
#include "crypt/privkey.h"
#include "fmt/cert.h"
#include "fmt/pem.h"
#include "issue/authority.h"
#include "issue/leaf.h"
#include "keys/keys.h"
#include "server/holdkeys.h"
#include "server/initp.h"
#include "server/pinfile.h"

static const char where[] = "server/init";

#define DAY INT64_C(86400)
#define CA_LIFE (3650 * DAY)
#define TLS_LIFE (825 * DAY)
#define BACKDATED 300
#define SPKI_MAX 1024

/* The CA's key, whichever it is: one that was made here, or one by its URI. */
struct ca {
	const cs_init *i;
	const char *dir;
	cs_privkey *made;
	cs_key *opened;
	cs_pinfile pin;
	cs_buf *spki_der;
	cs_spki spki;
	cs_authority *cert;
};

static int
public_half(struct ca *ca, cs_err *e)
{
	int rc;

	if ((ca->spki_der = cs_buf_new(SPKI_MAX)) == NULL)
		return cs_nomem(e, where);
	rc = ca->made != NULL ? cs_privkey_spki(ca->made, ca->spki_der, e) :
	    cs_key_spki(ca->opened, ca->spki_der, e);
	return rc != CS_OK ? rc :
	    cs_spki_parse(cs_buf_span(ca->spki_der), &ca->spki, e);
}

static int
sign(struct ca *ca, const cs_alg *alg, cs_span body, cs_buf *out, cs_err *e)
{
	return ca->made != NULL ? cs_privkey_sign(ca->made, alg, body, out, e) :
	    cs_key_sign(ca->opened, alg, body, out, e);
}

static int
write_key(const char *dir, const char *name, const cs_privkey *k, cs_err *e)
{
	cs_buf *pem = NULL;
	int rc;

	if ((rc = cs_privkey_write(k, &pem, e)) == CS_OK)
		rc = cs_init_write(dir, name, cs_buf_span(pem), e);
	cs_buf_free(&pem);
	return rc;
}

/* Who signed it stands behind it, if that is given. */
static int
write_cert(const char *dir, const char *name, cs_span der, cs_span above,
    cs_err *e)
{
	cs_buf *pem = cs_buf_new(cs_pem_max(der.n) + cs_pem_max(above.n));
	int rc = pem == NULL ? cs_nomem(e, where) :
	    cs_pem_put(pem, CS_PEM_CERTIFICATE, der, e);

	if (rc == CS_OK && above.n != 0)
		rc = cs_pem_put(pem, CS_PEM_CERTIFICATE, above, e);
	if (rc == CS_OK)
		rc = cs_init_write(dir, name, cs_buf_span(pem), e);
	cs_buf_free(&pem);
	return rc;
}

/* A body, as the CA signs it, whole. Gives. */
static int
finish(struct ca *ca, cs_span body, cs_buf **out, cs_err *e)
{
	const cs_alg *alg = cs_alg_for_key(ca->spki.kind, CS_USE_PKCS10);
	cs_buf *sig = cs_buf_new(1024), *der = cs_buf_new(CS_CERT_MAX);
	int rc;

	*out = NULL;
	if (sig == NULL || der == NULL)
		rc = cs_nomem(e, where);
	else if ((rc = sign(ca, alg, body, sig, e)) == CS_OK &&
	    (rc = cs_signed_put(body, alg->sig_alg, cs_buf_span(sig), der,
		 e)) == CS_OK) {
		*out = der;
		der = NULL; /* transferred */
	}
	cs_buf_free(&der);
	cs_buf_free(&sig);
	return rc;
}

static int
new_serial(uint8_t serial[CS_SERIAL_LEN], cs_err *e)
{
	int rc = cs_random(serial, CS_SERIAL_LEN, e);

	serial[0] &= 0x7f; /* positive, and as long as it is */
	serial[0] |= 0x01;
	return rc;
}

static int
self_signed(struct ca *ca, cs_err *e)
{
	uint8_t serial[CS_SERIAL_LEN];
	char name[65] = "";
	cs_authority_new a = {.trust_domain =
		cs_span_str(ca->i->trust_domain), .key = ca->spki,
	    .serial = cs_span_of(serial, sizeof(serial)),
	    .not_before = ca->i->now - BACKDATED,
	    .not_after = ca->i->now + CA_LIFE};
	cs_buf *body = cs_buf_new(CS_CERT_MAX), *der = NULL;
	int rc;

	(void)snprintf(name, sizeof(name), "Agents of %s",
	    ca->i->trust_domain);
	a.name = cs_span_str(name);
	if (body == NULL)
		rc = cs_nomem(e, where);
	else if ((rc = new_serial(serial, e)) == CS_OK &&
	    (rc = cs_ca_body_put(&a, cs_alg_for_key(ca->spki.kind,
		 CS_USE_PKCS10), body, e)) == CS_OK &&
	    (rc = finish(ca, cs_buf_span(body), &der, e)) == CS_OK &&
	    (rc = cs_authority_parse(cs_buf_span(der), &ca->cert, e)) == CS_OK)
		rc = write_cert(ca->dir, "ca.pem", ca->cert->der,
		    (cs_span){0}, e);
	cs_buf_free(&body);
	cs_buf_free(&der);
	return rc;
}

static int
new_ca(struct ca *ca, cs_err *e)
{
	int rc;

	if ((rc = cs_privkey_generate("p256", &ca->made, e)) != CS_OK ||
	    (rc = write_key(ca->dir, "ca.key", ca->made, e)) != CS_OK ||
	    (rc = public_half(ca, e)) != CS_OK)
		return rc;
	return self_signed(ca, e);
}

static int
read_cert(struct ca *ca, cs_err *e)
{
	cs_buf *pem = NULL, *der = NULL;
	int rc;

	if ((rc = cs_file_read(ca->i->ca_cert, CS_CERT_MAX, &pem, e)) ==
		CS_OK &&
	    (rc = cs_pem_one(cs_buf_span(pem), CS_PEM_CERTIFICATE, false, &der,
		 e)) == CS_OK)
		rc = cs_authority_parse(cs_buf_span(der), &ca->cert, e);
	if (rc == CS_OK)
		rc = cs_authority_try(ca->cert,
		    cs_span_str(ca->i->trust_domain), e);
	cs_buf_free(&der);
	cs_buf_free(&pem);
	return rc == CS_OK ? CS_OK : cs_wrap(e, "%s", ca->i->ca_cert);
}

static int
given_ca(struct ca *ca, cs_err *e)
{
	cs_keys_env env = {.module_dir = ca->i->module_dir,
	    .ui = &ca->pin.ui};
	int rc;

	cs_pinfile_set(&ca->pin, ca->i->pin_file);
	if ((rc = read_cert(ca, e)) != CS_OK ||
	    (rc = cs_held_look(ca->i->ca_key, e)) != CS_OK ||
	    (rc = cs_key_open(ca->i->ca_key, &env, &ca->opened, e)) != CS_OK ||
	    (rc = public_half(ca, e)) != CS_OK)
		return rc;
	if (!cs_span_eq(ca->spki.der, ca->cert->key.der))
		return cs_fail(e, CS_EREFUSED, where, "%s is not the "
		    "certificate of %s: they have different keys",
		    ca->i->ca_cert, ca->i->ca_key);
	return write_cert(ca->dir, "ca.pem", ca->cert->der, (cs_span){0}, e);
}

/* A CA that was given may be below another, which clients trust alone. */
static int
write_tls(struct ca *ca, cs_span der, cs_err *e)
{
	cs_span above = {0};

	if (ca->made == NULL)
		above = ca->cert->der;
	return write_cert(ca->dir, "tls.pem", der, above, e);
}

static int
tls_cert(struct ca *ca, const cs_spki *key, cs_err *e)
{
	static const char *const here[] = {"localhost", "127.0.0.1"};
	const cs_opt_list *l = &ca->i->hosts;
	uint8_t serial[CS_SERIAL_LEN];
	cs_authority_new a = {.trust_domain =
		cs_span_str(ca->i->trust_domain), .key = *key,
	    .serial = cs_span_of(serial, sizeof(serial)),
	    .not_before = ca->i->now - BACKDATED,
	    .not_after = ca->i->now + TLS_LIFE};
	cs_buf *body = cs_buf_new(CS_CERT_MAX), *der = NULL;
	char name[65] = "";
	int rc;

	(void)snprintf(name, sizeof(name), "Identity server of %s",
	    ca->i->trust_domain);
	a.name = cs_span_str(name);
	if (a.not_before < ca->cert->not_before)
		a.not_before = ca->cert->not_before;
	if (a.not_after > ca->cert->not_after)
		a.not_after = ca->cert->not_after;
	if (body == NULL)
		rc = cs_nomem(e, where);
	else if ((rc = new_serial(serial, e)) == CS_OK &&
	    (rc = cs_tls_body_put(&a, ca->cert->name, ca->cert->key_id,
		 l->n == 0 ? here : l->v, l->n == 0 ? 2 : l->n,
		 cs_alg_for_key(ca->spki.kind, CS_USE_PKCS10), body, e)) ==
		CS_OK &&
	    (rc = finish(ca, cs_buf_span(body), &der, e)) == CS_OK)
		rc = write_tls(ca, cs_buf_span(der), e);
	cs_buf_free(&body);
	cs_buf_free(&der);
	return rc;
}

static int
tls(struct ca *ca, cs_err *e)
{
	cs_privkey *k = NULL;
	cs_buf *der = cs_buf_new(SPKI_MAX);
	cs_spki spki = {0};
	int rc;

	if (der == NULL)
		rc = cs_nomem(e, where);
	else if ((rc = cs_privkey_generate("p256", &k, e)) == CS_OK &&
	    (rc = write_key(ca->dir, "tls.key", k, e)) == CS_OK &&
	    (rc = cs_privkey_spki(k, der, e)) == CS_OK &&
	    (rc = cs_spki_parse(cs_buf_span(der), &spki, e)) == CS_OK)
		rc = tls_cert(ca, &spki, e);
	cs_buf_free(&der);
	cs_privkey_free(&k);
	return rc;
}

static int
wit(const char *dir, cs_err *e)
{
	cs_privkey *k = NULL;
	int rc;

	if ((rc = cs_privkey_generate("p256", &k, e)) == CS_OK)
		rc = write_key(dir, "wit.key", k, e);
	cs_privkey_free(&k);
	return rc;
}

int
cs_init_keys(const cs_init *i, const char *dir, cs_err *e)
{
	struct ca ca = {.i = i, .dir = dir};
	int rc;

	rc = i->ca_key == NULL ? new_ca(&ca, e) : given_ca(&ca, e);
	if (rc == CS_OK && (rc = tls(&ca, e)) == CS_OK)
		rc = wit(dir, e);
	cs_authority_free(&ca.cert);
	cs_buf_free(&ca.spki_der);
	cs_key_close(&ca.opened);
	cs_privkey_free(&ca.made);
	return rc;
}
