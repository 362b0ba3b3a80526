/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "holdbed.h"

#include <stdio.h>
#include <string.h>

#include "base/enc.h"
#include "server/msg.h"

#define ROOM (CS_CRL_MAX + 4096)
#define DAY (24 * BED_HOUR)

static const uint8_t serial[CS_SERIAL_LEN] = {0x11, 0x22, 0x33};

bool
bed_key(const char *kind, bed_ca *out)
{
	*out = (bed_ca){.spki_der = cs_buf_new(1024)};
	return cs_privkey_generate(kind, &out->key, NULL) == CS_OK &&
	    cs_privkey_spki(out->key, out->spki_der, NULL) == CS_OK &&
	    cs_spki_parse(cs_buf_span(out->spki_der), &out->spki, NULL) ==
	    CS_OK && (out->spki.kind != CS_KEY_P256 ||
	    cs_jwk_thumbprint(&out->spki, out->kid, NULL) == CS_OK);
}

static bool
set_url(bed_ca *c)
{
	cs_buf *hex = cs_buf_new(80);
	bool good = cs_hex_put(hex, c->cert->key_id) == CS_OK;

	(void)snprintf(c->url, sizeof(c->url), "%s/%s", BED_URL,
	    cs_buf_cstr(hex));
	cs_buf_free(&hex);
	return good;
}

bool
bed_ca_make(const char *kind, const char *name, bed_ca *out)
{
	cs_authority_new a = {.trust_domain = cs_span_str("corp.example"),
	    .name = cs_span_str(name),
	    .serial = cs_span_of(serial, sizeof(serial)),
	    .not_before = BED_NOW - (int64_t)30 * DAY,
	    .not_after = BED_NOW + (int64_t)335 * DAY};
	cs_buf *body = cs_buf_new(4096), *sig = cs_buf_new(1024);
	const cs_alg *alg;
	cs_err e = {0};
	bool good;

	if ((good = bed_key(kind, out))) {
		a.key = out->spki;
		alg = cs_alg_for_key(out->spki.kind, CS_USE_PKCS10);
		out->der = cs_buf_new(8192);
		good = cs_ca_body_put(&a, alg, body, &e) == CS_OK &&
		    cs_privkey_sign(out->key, alg, cs_buf_span(body), sig,
		    &e) == CS_OK &&
		    cs_signed_put(cs_buf_span(body), alg->sig_alg,
		    cs_buf_span(sig), out->der, &e) == CS_OK &&
		    cs_authority_parse(cs_buf_span(out->der), &out->cert,
		    &e) == CS_OK && set_url(out);
	}
	if (!good)
		printf("# %s: %s\n", name, e.text);
	cs_buf_free(&body);
	cs_buf_free(&sig);
	return good;
}

void
bed_ca_close(bed_ca *c)
{
	cs_authority_free(&c->cert);
	cs_privkey_free(&c->key);
	cs_buf_free(&c->spki_der);
	cs_buf_free(&c->der);
}

bool
bed_open(bed *b)
{
	cs_span body;

	memset(b, 0, sizeof(*b));
	b->n = vec_load("leaf", b->v);
	body = vec_find(b->v, b->n, "good-digest");
	return cs_leaf_parse(body, &b->from, NULL) == CS_OK &&
	    cs_bindings_parse(b->from->bindings, 0, &b->bindings, NULL) ==
	    CS_OK;
}

void
bed_close(bed *b)
{
	cs_bindings_free(&b->bindings);
	cs_leaf_free(&b->from);
	vec_free(b->v, b->n);
}

void
bed_fill(bed *b, const bed_ca *ca, const bed_ca *wit, int64_t now)
{
	size_t i;

	b->leaf = *b->from;
	b->leaf.sig_alg = cs_alg_for_key(ca->spki.kind,
	    CS_USE_PKCS10)->sig_alg;
	b->leaf.issuer = ca->cert->name;
	b->leaf.authority_key_id = ca->cert->key_id;
	b->leaf.crl_url = cs_span_str(ca->url);
	b->leaf.not_before = now - 60;
	b->leaf.not_after = now - 60 + BED_HOUR;
	b->wit = (cs_wit){.kid = cs_span_str(wit->kid),
	    .sub = b->from->agent_id, .iat = now - 60,
	    .exp = now - 60 + BED_HOUR, .jti = b->from->serial,
	    .key = b->from->key, .bindings = b->bindings};
	for (i = 0; i < CS_BINDINGS_MAX; i++)
		b->wit.carriers[i] = CS_CARRIER_SSHSIG;
	b->at[0] = (cs_crl_entry){.serial = b->from->serial,
	    .revoked = now - 30};
	b->crl = (cs_crl){.sig_alg = b->leaf.sig_alg, .issuer = ca->cert->name,
	    .authority_key_id = ca->cert->key_id, .this_update = now,
	    .next_update = now + BED_CRL_LIFE, .number = 7, .n = 1,
	    .at = b->at};
}

static cs_buf *
made(cs_buf *out, int ret, const cs_err *e)
{
	if (ret == CS_OK)
		return out;
	printf("# %s\n", e->text);
	cs_buf_free(&out);
	return NULL;
}

cs_buf *
bed_cert_body(const bed *b)
{
	cs_buf *out = cs_buf_new(ROOM);
	cs_err e = {0};

	return made(out, cs_leaf_put(&b->leaf, out, &e), &e);
}

cs_buf *
bed_wit_input(const bed *b)
{
	cs_buf *out = cs_buf_new(ROOM);
	cs_err e = {0};

	return made(out, cs_wit_put(&b->wit, out, &e), &e);
}

cs_buf *
bed_crl_body(const bed *b)
{
	cs_buf *out = cs_buf_new(ROOM);
	cs_err e = {0};

	return made(out, cs_crl_put(&b->crl, out, &e), &e);
}

bool
bed_last_is(cs_keyholder *k, const bed_ca *of, bool there)
{
	cs_span key_id = of->cert->key_id;
	cs_frame ask = {.type = CS_MSG_LAST_CRL, .id = 7, .n = 1,
	    .part = {key_id}, .fd = -1}, f;
	cs_crl *c = NULL;
	bool good;

	cs_keyholder_answer(k, &ask, BED_NOW, 0, &f);
	if (f.type != CS_MSG_LAST_CRL_IS || f.n != 1 || f.id != 7)
		return false;
	if (f.part[0].n == 0)
		return !there;
	good = there && cs_crl_parse(f.part[0], true, &c, NULL) == CS_OK &&
	    cs_span_eq(c->authority_key_id, key_id) && c->number > 0;
	cs_crl_free(&c);
	return good;
}
