/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issued.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "fmt/der.h"
#include "issue/bundle.h"
#include "issue/crl.h"
#include "issue/leaf.h"
#include "issue/wit.h"
#include "verify/bound.h"

#define ROOM (256 * 1024)

static cs_err err;

static void
must(int r)
{
	if (r == CS_OK)
		return;
	printf("Bail out! %s\n", err.text);
	exit(99);
}

static cs_buf *
room(void)
{
	cs_buf *b = cs_buf_new(ROOM);

	if (b == NULL)
		abort();
	return b;
}

cs_buf *
issued_read(const char *path)
{
	const char *src = getenv("SRCDIR");
	cs_buf *b = NULL;
	char at[2048];

	(void)snprintf(at, sizeof(at), "%s/tests/vectors/%s",
	    src == NULL ? "." : src, path);
	must(cs_file_read(at, ROOM, &b, &err));
	return b;
}

struct issued_key
issued_key_new(const char *kind)
{
	struct issued_key k = {.der = room()};

	must(cs_privkey_generate(kind, &k.key, &err));
	must(cs_privkey_spki(k.key, k.der, &err));
	must(cs_spki_parse(cs_buf_span(k.der), &k.spki, &err));
	k.alg = cs_alg_for_key(k.spki.kind, CS_USE_PKCS10);
	return k;
}

void
issued_key_free(struct issued_key *k)
{
	cs_privkey_free(&k->key);
	cs_buf_free(&k->der);
}

/* Takes the body; gives Certificate or CertificateList. */
static cs_buf *
sign(struct issued_key *k, cs_buf *body)
{
	cs_buf *sig = room(), *out = room();

	must(cs_privkey_sign(k->key, k->alg, cs_buf_span(body), sig, &err));
	must(cs_signed_put(cs_buf_span(body), k->alg->sig_alg,
	    cs_buf_span(sig), out, &err));
	cs_buf_free(&sig);
	cs_buf_free(&body);
	return out;
}

struct issued_ca
issued_ca_of(struct issued_key key, const char *name,
    const char *trust_domain, int64_t from, int64_t until)
{
	struct issued_ca c = {.key = key};
	static const uint8_t serial[ISSUED_SERIAL] = {1, 2, 3};
	cs_authority_new a = {.trust_domain = cs_span_str(trust_domain),
	    .name = cs_span_str(name), .key = c.key.spki,
	    .serial = cs_span_of(serial, sizeof(serial)), .not_before = from,
	    .not_after = until};
	cs_buf *body = room(), *cert;

	must(cs_ca_body_put(&a, c.key.alg, body, &err));
	cert = sign(&c.key, body);
	must(cs_authority_parse(cs_buf_span(cert), &c.its, &err));
	cs_buf_free(&cert);
	return c;
}

struct issued_ca
issued_ca_new(const char *kind, const char *name, const char *trust_domain,
    int64_t from, int64_t until)
{
	return issued_ca_of(issued_key_new(kind), name, trust_domain, from,
	    until);
}

void
issued_ca_free(struct issued_ca *c)
{
	cs_authority_free(&c->its);
	issued_key_free(&c->key);
}

static void
bind(const cs_verdict *v, bool digest, cs_bindings **out)
{
	cs_buf *b = room();

	must(cs_verdict_bindings(v, digest, b, &err));
	must(cs_bindings_parse(cs_buf_span(b), 0, out, &err));
	cs_buf_free(&b);
}

struct issued
issued_new(void)
{
	cs_buf *message = issued_read("verdict/approved.pem"), *owners;
	cs_verify_in in = {.message = cs_buf_span(message), .now = NOON,
	    .authority = cs_span_str("https://corp.example")};
	struct issued w = {.message = NULL};
	cs_anchors *anchors = NULL;
	cs_verdict *v = NULL;

	owners = issued_read("verdict/owners");
	must(cs_anchors_parse("owners", cs_buf_span(owners), &anchors, &err));
	in.anchors = anchors;
	must(cs_verify(&in, &v, &err));
	if (cs_verdict_state(v) != CS_APPROVED)
		must(CS_EREFUSED);
	bind(v, false, &w.full);
	bind(v, true, &w.digest);
	must(cs_message_parse(in.message, &w.message, &err));
	cs_verdict_free(&v);
	cs_anchors_free(&anchors);
	cs_buf_free(&owners);
	cs_buf_free(&message);
	return w;
}

void
issued_free(struct issued *w)
{
	cs_bindings_free(&w->full);
	cs_bindings_free(&w->digest);
	cs_message_free(&w->message);
}

static const cs_bindings *
bindings_of(const struct issued *w, const struct issued_how *how)
{
	return how->digest ? w->digest : w->full;
}

static cs_span
agent_of(const struct issued *w, const struct issued_how *how)
{
	return how->agent != NULL ? cs_span_str(how->agent) :
	    w->message->csr->agent_id;
}

static int64_t
time_of(int64_t asked, int64_t otherwise)
{
	return asked != 0 ? asked : otherwise;
}

static cs_span
serial_of(uint8_t out[ISSUED_SERIAL], uint8_t last)
{
	memset(out, 7, ISSUED_SERIAL);
	out[ISSUED_SERIAL - 1] = last;
	return cs_span_of(out, ISSUED_SERIAL);
}

/* The same body, with the list at its end the other way round. */
static cs_buf *
turn(cs_buf *body)
{
	cs_span all = cs_buf_span(body), in = all, seq, box = {0}, list = {0};
	cs_span each[16];
	size_t n = 0;
	cs_buf *out = room();

	must(cs_der_get(&in, CS_DER_SEQ, &seq, &err));
	while (seq.n != 0)
		must(cs_der_any(&seq, NULL, &box, NULL, &err));
	must(cs_der_get(&box, CS_DER_SEQ, &list, &err));
	must(cs_buf_put(out, cs_span_cut(all, 0, all.n - list.n)));
	for (; list.n != 0 && n < 16; n++)
		must(cs_der_whole(&list, CS_DER_SEQ, &each[n], &err));
	while (n-- > 0)
		must(cs_buf_put(out, each[n]));
	cs_buf_free(&body);
	return out;
}

cs_buf *
issued_cert(const struct issued *w, struct issued_ca *ca,
    const struct issued_how *how)
{
	struct issued_key *by = how->signer != NULL ? how->signer : &ca->key;
	const cs_bindings *b = bindings_of(w, how);
	uint8_t serial[ISSUED_SERIAL];
	cs_leaf l = {.serial = serial_of(serial, how->serial),
	    .sig_alg = by->alg->sig_alg, .issuer = ca->its->name,
	    .not_before = time_of(how->not_before, NOON - 60),
	    .not_after = time_of(how->not_after, NOON + 600),
	    .key = w->message->csr->key, .agent_id = agent_of(w, how),
	    .authority_key_id = ca->its->key_id,
	    .policies = cs_leaf_policies(b), .bindings = b->der};
	cs_buf *body = room();

	must(cs_leaf_put(&l, body, &err));
	return sign(by, how->turned ? turn(body) : body);
}

cs_buf *
issued_token(const struct issued *w, struct issued_key *k,
    const struct issued_how *how)
{
	struct issued_key *by = how->signer != NULL ? how->signer : k;
	uint8_t jti[ISSUED_SERIAL];
	char kid[44];
	cs_wit t = {.sub = agent_of(w, how),
	    .iat = time_of(how->not_before, NOON - 60),
	    .exp = time_of(how->not_after, NOON + 600),
	    .jti = serial_of(jti, how->serial), .key = w->message->csr->key,
	    .bindings = bindings_of(w, how), .carriers = {CS_CARRIER_CMS}};
	cs_buf *input = room(), *sig = room(), *token = room();

	must(cs_jwk_thumbprint(&k->spki, kid, &err));
	t.kid = cs_span_str(kid);
	must(cs_wit_put(&t, input, &err));
	must(cs_privkey_sign(by->key, by->alg, cs_buf_span(input), sig,
	    &err));
	must(cs_wit_finish(cs_buf_span(input), cs_buf_span(sig), token, &err));
	cs_buf_free(&input);
	cs_buf_free(&sig);
	return token;
}

cs_buf *
issued_list(struct issued_ca *ca, uint8_t ended, int64_t from, int64_t until,
    struct issued_key *signer)
{
	struct issued_key *by = signer != NULL ? signer : &ca->key;
	uint8_t one[ISSUED_SERIAL], two[ISSUED_SERIAL];
	cs_crl_entry at[] = {{serial_of(one, ended), from},
	    {serial_of(two, 255), from}};
	cs_crl l = {.sig_alg = by->alg->sig_alg, .issuer = ca->its->name,
	    .authority_key_id = ca->its->key_id, .this_update = from,
	    .next_update = until, .number = from, .n = 2, .at = at};
	cs_buf *body = room();

	must(cs_crl_put(&l, body, &err));
	return sign(by, body);
}

cs_buf *
issued_bundle(struct issued_ca *const *cas, size_t n,
    const struct issued_key *wit)
{
	cs_bundle b = {.sequence = 1, .n_certs = n};
	cs_buf *out = room();
	size_t i;

	for (i = 0; i < n; i++)
		b.certs[i] = cas[i]->its->der;
	if (wit != NULL)
		b.keys[b.n_keys++] = wit->spki;
	must(cs_bundle_put(&b, out, &err));
	return out;
}
