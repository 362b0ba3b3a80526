/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/scheme.h"
#include "fmt/pem.h"
#include "issue/wit.h"
#include "server/holdkeys.h"

#define CERT_FILE_MAX (64 * 1024)

int
cs_held_look(const char *uri, cs_err *e)
{
	struct stat st;
	cs_scheme s;
	int ret;

	if ((ret = cs_scheme_split(uri, &s, e)) != CS_OK ||
	    strcmp(s.name, "file") != 0)
		return ret;
	if (stat(s.rest, &st) != 0)
		return cs_fail(e, CS_EIO, "keyholder", "%s: %s", s.rest,
		    strerror(errno));
	if ((st.st_mode & 077) != 0)
		return cs_fail(e, CS_EREFUSED, "keyholder", "%s: mode %04o: "
		    "expected 0600, so that nobody else reads it", s.rest,
		    (unsigned)st.st_mode & 07777);
	return CS_OK;
}

int
cs_held_open(const char *uri, const cs_keys_env *env, cs_held *h, cs_err *e)
{
	int ret;

	h->uri = uri;
	h->spki_der = cs_buf_new(1024);
	if (h->spki_der == NULL)
		return cs_nomem(e, "keyholder");
	if ((ret = cs_held_look(uri, e)) != CS_OK ||
	    (ret = cs_key_open(uri, env, &h->key, e)) != CS_OK ||
	    (ret = cs_key_spki(h->key, h->spki_der, e)) != CS_OK ||
	    (ret = cs_spki_parse(cs_buf_span(h->spki_der), &h->spki, e)) !=
	    CS_OK)
		return ret;
	h->alg = cs_alg_for_key(h->spki.kind, CS_USE_PKCS10);
	if (h->alg == NULL)
		return cs_fail(e, CS_EFORMAT, "keyholder",
		    "a key of this kind signs nothing here");
	return cs_pubkey_new(&h->spki, &h->pub, e);
}

int
cs_held_ca(const cs_conf_ca *conf, cs_span trust_domain,
    const cs_keys_env *env, cs_held *h, cs_err *e)
{
	cs_buf *text = NULL, *der = NULL;
	int ret;

	h->retired = conf->retired;
	if ((ret = cs_file_read(conf->cert, CERT_FILE_MAX, &text, e)) ==
	    CS_OK)
		ret = cs_pem_one(cs_buf_span(text), CS_PEM_CERTIFICATE, false,
		    &der, e);
	if (ret == CS_OK)
		ret = cs_authority_parse(cs_buf_span(der), &h->cert, e);
	if (ret == CS_OK && !conf->retired)
		ret = cs_authority_try(h->cert, trust_domain, e);
	if (ret == CS_OK)
		ret = cs_held_open(conf->key, env, h, e);
	if (ret == CS_OK && !cs_span_eq(h->spki.der, h->cert->key.der))
		ret = cs_fail(e, CS_EFORMAT, "keyholder",
		    "%s is not the certificate of its key", conf->cert);
	cs_buf_free(&text);
	cs_buf_free(&der);
	return ret == CS_OK ? CS_OK : cs_wrap(e, "the CA of %s", conf->cert);
}

int
cs_held_wit(const cs_conf_wit *conf, const cs_keys_env *env, cs_held *h,
    cs_err *e)
{
	int ret;

	h->retired = conf->retired;
	ret = cs_held_open(conf->key, env, h, e);
	if (ret == CS_OK && h->spki.kind != CS_KEY_P256)
		ret = cs_fail(e, CS_EFORMAT, "keyholder",
		    "a key for WITs is a P-256 one (ES256)");
	if (ret == CS_OK)
		ret = cs_jwk_thumbprint(&h->spki, h->kid, e);
	return ret == CS_OK ? CS_OK : cs_wrap(e, "a key for WITs");
}

void
cs_held_close(cs_held *h)
{
	cs_key_close(&h->key);
	cs_pubkey_free(&h->pub);
	cs_authority_free(&h->cert);
	cs_crl_free(&h->last);
	cs_buf_free(&h->spki_der);
	memset(h, 0, sizeof(*h));
}

bool
cs_held_is_token(const cs_held *h)
{
	static const char scheme[] = "pkcs11:";

	return h->uri != NULL &&
	    strncmp(h->uri, scheme, sizeof(scheme) - 1) == 0;
}

int
cs_held_reopen(cs_held *h, const cs_keys_env *env, cs_err *e)
{
	cs_buf *spki = cs_buf_new(1024);
	int ret;

	cs_key_close(&h->key);
	if (spki == NULL)
		return cs_nomem(e, "keyholder");
	if ((ret = cs_key_open(h->uri, env, &h->key, e)) == CS_OK &&
	    (ret = cs_key_spki(h->key, spki, e)) == CS_OK &&
	    !cs_span_eq(cs_buf_span(spki), h->spki.der))
		ret = cs_fail(e, CS_EDEVICE, "keyholder",
		    "the token came back with another key");
	if (ret != CS_OK)
		cs_key_close(&h->key);
	cs_buf_free(&spki);
	return ret;
}

/* An allocation that fails within OpenSSL can spoil what it signs next: an RSA
 * signature that is wrong can tell the key. */
int
cs_held_sign(cs_held *h, cs_span bytes, cs_buf *out, cs_err *e)
{
	size_t before = cs_buf_len(out);
	cs_span sig;
	int ret;

	if (h->key == NULL)
		return cs_fail(e, CS_EDEVICE, "keyholder",
		    "the token of this key is gone");
	if ((ret = cs_key_sign(h->key, h->alg, bytes, out, e)) != CS_OK)
		return ret;
	sig = cs_span_cut(cs_buf_span(out), before, cs_buf_len(out) - before);
	if (cs_pubkey_verify(h->pub, h->alg, bytes, sig, NULL) == CS_OK)
		return CS_OK;
	cs_buf_truncate(out, before);
	return cs_fail(e, CS_EBUG, "keyholder",
	    "a signature of ours does not verify: it was thrown away");
}
