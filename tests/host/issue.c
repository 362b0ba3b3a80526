/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

/*
 * usage: issue DIR CA-KEY MESSAGE OWNERS AUTHORITY [digest|SECONDS]
 * What an identity server would answer to MESSAGE, if the owners of OWNERS
 * approved it, and what its relying parties need: a CA of a new key of the kind
 * CA-KEY, a server's certificate, the credential as a certificate and as a
 * token, one more that has ended, the list that says so, the bundle, what EST
 * hands out; and the CA's key. Times are now and an hour, or SECONDS
 * from a minute ago for the credentials.
 */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "crypt/privkey.h"
#include "fmt/cert.h"
#include "fmt/pem.h"
#include "issue/authority.h"
#include "issue/bundle.h"
#include "issue/crl.h"
#include "issue/leaf.h"
#include "issue/wit.h"
#include "verify/bound.h"

#define ROOM (256 * 1024)
#define LIFE 3600 /* what the owners approve */
#define URL "http://crl.corp.example/crl"

static cs_err err;

static void
must(int r)
{
	if (r == CS_OK)
		return;
	fprintf(stderr, "issue: %s\n", err.text);
	exit(1);
}

static cs_buf *
room(void)
{
	cs_buf *b = cs_buf_new(ROOM);

	if (b == NULL)
		abort();
	return b;
}

static void
save(const char *dir, const char *name, cs_span in)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	must(cs_file_write(path, in, 0600, true, &err));
}

static void
save_pem(const char *dir, const char *name, const char *label, cs_span der)
{
	cs_buf *b = room();

	must(cs_pem_put(b, label, der, &err));
	save(dir, name, cs_buf_span(b));
	cs_buf_free(&b);
}

struct key {
	cs_privkey *key;
	cs_buf *der;
	cs_spki spki;
	const cs_alg *alg;
};

static struct key
key_new(const char *kind)
{
	struct key k = {.der = room()};

	must(cs_privkey_generate(kind, &k.key, &err));
	must(cs_privkey_spki(k.key, k.der, &err));
	must(cs_spki_parse(cs_buf_span(k.der), &k.spki, &err));
	k.alg = cs_alg_for_key(k.spki.kind, CS_USE_PKCS10);
	return k;
}

static void
key_free(struct key *k)
{
	cs_privkey_free(&k->key);
	cs_buf_free(&k->der);
}

/* Signs a body; gives Certificate or CertificateList. */
static cs_buf *
sign(struct key *k, const cs_buf *body)
{
	cs_buf *sig = room(), *out = room();

	must(cs_privkey_sign(k->key, k->alg, cs_buf_span(body), sig, &err));
	must(cs_signed_put(cs_buf_span(body), k->alg->sig_alg,
	    cs_buf_span(sig), out, &err));
	cs_buf_free(&sig);
	return out;
}

/* All of one run. */
struct world {
	const char *dir;
	struct key ca_key, wit_key;
	cs_authority *ca;
	cs_message *message;
	cs_bindings *bindings;
	enum cs_carrier carriers[CS_BINDINGS_MAX];
	uint8_t serial[2][16];
	int64_t now, life;
};

static void
new_serial(uint8_t out[16])
{
	must(cs_random(out, 16, &err));
	out[0] = (uint8_t)((out[0] & 0x3f) + 1);
}

static void
make_ca(struct world *w)
{
	uint8_t serial[16];
	cs_authority_new a = {.trust_domain = cs_span_str("corp.example"),
	    .name = cs_span_str("corp.example CA"), .key = w->ca_key.spki,
	    .serial = cs_span_of(serial, 16), .not_before = w->now - 60,
	    .not_after = w->now + 86400};
	cs_buf *body = room(), *cert;

	new_serial(serial);
	must(cs_ca_body_put(&a, w->ca_key.alg, body, &err));
	cert = sign(&w->ca_key, body);
	must(cs_authority_parse(cs_buf_span(cert), &w->ca, &err));
	save_pem(w->dir, "ca.pem", CS_PEM_CERTIFICATE, cs_buf_span(cert));
	cs_buf_free(&body);
	cs_buf_free(&cert);
}

/* With it a script makes what a server would not. */
static void
save_key(struct world *w)
{
	cs_buf *pem = NULL;

	must(cs_privkey_write(w->ca_key.key, &pem, &err));
	save(w->dir, "ca.key", cs_buf_span(pem));
	cs_buf_free(&pem);
}

static void
make_server(struct world *w)
{
	static const char *const hosts[] = {"id.corp.example", "127.0.0.1"};
	struct key k = key_new("p256");
	uint8_t serial[16];
	cs_authority_new a = {.name = cs_span_str("id.corp.example"),
	    .key = k.spki, .serial = cs_span_of(serial, 16),
	    .not_before = w->now - 60, .not_after = w->now + 3600};
	cs_buf *body = room(), *cert;

	new_serial(serial);
	must(cs_tls_body_put(&a, w->ca->name, w->ca->key_id, hosts, 2,
	    w->ca_key.alg, body, &err));
	cert = sign(&w->ca_key, body);
	save_pem(w->dir, "tls.pem", CS_PEM_CERTIFICATE, cs_buf_span(cert));
	cs_buf_free(&body);
	cs_buf_free(&cert);
	key_free(&k);
}

static void
approve(struct world *w, cs_span message, const char *owners,
    const char *authority, bool digest)
{
	cs_verify_in in = {.message = message,
	    .authority = cs_span_str(authority), .now = w->now};
	cs_anchors *anchors = NULL;
	cs_verdict *v = NULL;
	cs_buf *b = room();
	size_t i;

	must(cs_anchors_load(owners, geteuid(), &anchors, &err));
	in.anchors = anchors;
	must(cs_verify(&in, &v, &err));
	if (cs_verdict_state(v) != CS_APPROVED) {
		err = *cs_verdict_error(v);
		must(CS_EREFUSED);
	}
	must(cs_verdict_bindings(v, digest, b, &err));
	must(cs_bindings_parse(cs_buf_span(b), 0, &w->bindings, &err));
	for (i = 0; i < w->bindings->n; i++)
		w->carriers[i] = CS_CARRIER_CMS;
	must(cs_message_parse(message, &w->message, &err));
	save(w->dir, "bindings.der", cs_buf_span(b));
	cs_verdict_free(&v);
	cs_anchors_free(&anchors);
	cs_buf_free(&b);
}

static void
make_leaf(struct world *w, const char *name, uint8_t serial[16])
{
	cs_leaf l = {.serial = cs_span_of(serial, 16),
	    .sig_alg = w->ca_key.alg->sig_alg, .issuer = w->ca->name,
	    .not_before = w->now - 60, .not_after = w->now - 60 + w->life,
	    .key = w->message->csr->key, .agent_id = w->message->csr->agent_id,
	    .authority_key_id = w->ca->key_id, .crl_url = cs_span_str(URL),
	    .policies = cs_leaf_policies(w->bindings),
	    .bindings = w->bindings->der};
	cs_buf *body = room(), *cert, *p7 = room();
	cs_span one;

	new_serial(serial);
	must(cs_leaf_put(&l, body, &err));
	cert = sign(&w->ca_key, body);
	one = cs_buf_span(cert);
	save_pem(w->dir, name, CS_PEM_CERTIFICATE, one);
	must(cs_certs_only_put(&one, 1, p7, &err));
	save(w->dir, "certs.p7", cs_buf_span(p7));
	cs_buf_free(&body);
	cs_buf_free(&cert);
	cs_buf_free(&p7);
}

static void
make_list(struct world *w)
{
	cs_crl_entry ended = {cs_span_of(w->serial[1], 16), w->now};
	cs_crl l = {.sig_alg = w->ca_key.alg->sig_alg, .issuer = w->ca->name,
	    .authority_key_id = w->ca->key_id, .this_update = w->now - 60,
	    .next_update = w->now + 3600, .number = w->now, .n = 1,
	    .at = &ended};
	cs_buf *body = room(), *crl;

	must(cs_crl_put(&l, body, &err));
	crl = sign(&w->ca_key, body);
	save(w->dir, "crl.der", cs_buf_span(crl));
	save_pem(w->dir, "crl.pem", CS_PEM_CRL, cs_buf_span(crl));
	cs_buf_free(&body);
	cs_buf_free(&crl);
}

static void
make_token(struct world *w)
{
	char kid[44];
	cs_wit t = {.sub = w->message->csr->agent_id, .iat = w->now - 60,
	    .exp = w->now - 60 + w->life, .jti = cs_span_of(w->serial[0], 16),
	    .key = w->message->csr->key, .bindings = w->bindings};
	cs_buf *input = room(), *sig = room(), *token = room();

	memcpy(t.carriers, w->carriers, sizeof(t.carriers));
	must(cs_jwk_thumbprint(&w->wit_key.spki, kid, &err));
	t.kid = cs_span_str(kid);
	must(cs_wit_put(&t, input, &err));
	must(cs_privkey_sign(w->wit_key.key, w->wit_key.alg,
	    cs_buf_span(input), sig, &err));
	must(cs_wit_finish(cs_buf_span(input), cs_buf_span(sig), token, &err));
	save(w->dir, "wit.jwt", cs_buf_span(token));
	cs_buf_free(&input);
	cs_buf_free(&sig);
	cs_buf_free(&token);
}

static void
make_bundle(struct world *w)
{
	cs_bundle b = {.sequence = w->now, .refresh = 300, .n_certs = 1,
	    .certs = {w->ca->der}, .n_keys = 1, .keys = {w->wit_key.spki}};
	cs_buf *json = room(), *attrs = room();

	must(cs_bundle_put(&b, json, &err));
	save(w->dir, "bundle.json", cs_buf_span(json));
	must(cs_csrattrs_put(attrs, &err));
	save(w->dir, "csrattrs.der", cs_buf_span(attrs));
	cs_buf_free(&json);
	cs_buf_free(&attrs);
}

int
main(int argc, char **argv)
{
	struct world w = {.now = cs_time_now()};
	cs_buf *message = NULL;
	bool digest;

	if (argc != 6 && argc != 7)
		return 2;
	w.dir = argv[1];
	digest = argc == 7 && strcmp(argv[6], "digest") == 0;
	w.life = argc == 7 && !digest ? atoi(argv[6]) : LIFE;
	w.ca_key = key_new(argv[2]);
	w.wit_key = key_new("p256");
	must(cs_file_read(argv[3], ROOM, &message, &err));
	approve(&w, cs_buf_span(message), argv[4], argv[5], digest);
	make_ca(&w);
	save_key(&w);
	make_server(&w);
	make_leaf(&w, "ended.pem", w.serial[1]);
	make_leaf(&w, "leaf.pem", w.serial[0]);
	make_list(&w);
	make_token(&w);
	make_bundle(&w);
	cs_authority_free(&w.ca);
	cs_bindings_free(&w.bindings);
	cs_message_free(&w.message);
	cs_buf_free(&message);
	key_free(&w.ca_key);
	key_free(&w.wit_key);
	return 0;
}
