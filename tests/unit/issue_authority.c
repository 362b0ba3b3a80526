/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "crypt/privkey.h"
#include "fmt/cert.h"
#include "fmt/reason.h"
#include "issue/authority.h"
#include "issue/leaf.h"
#include "tap.h"
#include "vec.h"

#define START INT64_C(1795262400)
#define SERIAL "\x11\x22\x33\x44\x55\x66\x77\x88\x11\x22\x33\x44\x55\x66\x77\x88"

static enum vec_answer
probe(cs_span in)
{
	enum vec_answer answer;
	cs_authority *a = NULL;
	cs_err e = {0};

	if (cs_authority_parse(in, &a, &e) != CS_OK)
		return a == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE && e.text[0] != '\0' ? VEC_REFUSED :
		    VEC_BROKEN;
	answer = cs_span_eq(a->der, in) && a->name.n > 2 && a->key_id.n > 0 &&
	    a->key.kind != CS_KEY_NONE && a->not_before <= a->not_after ?
	    VEC_ACCEPTED : VEC_BROKEN;
	cs_authority_free(&a);
	return answer;
}

static void
test_vectors(const struct vec *v, size_t n)
{
	cs_authority *a;
	cs_err e;
	size_t i;
	int want;

	for (i = 0; i < n; i++) {
		want = vec_reason(v[i].name);
		if (want == CS_R_NONE) {
			ok(probe(cs_buf_span(v[i].der)) == VEC_ACCEPTED, "%s",
			    v[i].name);
			continue;
		}
		a = NULL;
		e = (cs_err){0};
		if (!ok(cs_authority_parse(cs_buf_span(v[i].der), &a, &e) ==
		    CS_EFORMAT && a == NULL && e.detail == want, "%s",
		    v[i].name))
			printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
		cs_authority_free(&a);
	}
	ok(n > 20, "%zu vectors", n);
}

/* A key, and what certificates of it begin with. */
struct made {
	cs_privkey *key;
	cs_buf *spki, *body, *cert;
	cs_authority_new new;
	const cs_alg *alg;
};

static bool
made_open(struct made *m, const char *kind)
{
	*m = (struct made){.spki = cs_buf_new(1024), .body = cs_buf_new(8192),
	    .cert = cs_buf_new(8192)};
	m->new = (cs_authority_new){.trust_domain =
	    cs_span_str("corp.example"), .name = cs_span_str("corp.example CA"),
	    .serial = cs_span_of(SERIAL, 16), .not_before = START,
	    .not_after = START + 86400};
	if (cs_privkey_generate(kind, &m->key, NULL) != CS_OK ||
	    cs_privkey_spki(m->key, m->spki, NULL) != CS_OK ||
	    cs_spki_parse(cs_buf_span(m->spki), &m->new.key, NULL) != CS_OK)
		return false;
	m->alg = cs_alg_for_key(m->new.key.kind, CS_USE_PKCS10);
	return m->alg != NULL;
}

static void
made_close(struct made *m)
{
	cs_privkey_free(&m->key);
	cs_buf_free(&m->spki);
	cs_buf_free(&m->body);
	cs_buf_free(&m->cert);
}

static X509 *
sign(struct made *m, const struct made *by)
{
	cs_buf *sig = cs_buf_new(1024);
	const unsigned char *p;
	X509 *x = NULL;

	cs_buf_reset(m->cert);
	if (cs_privkey_sign(by->key, by->alg, cs_buf_span(m->body), sig,
	    NULL) == CS_OK && cs_signed_put(cs_buf_span(m->body),
	    by->alg->sig_alg, cs_buf_span(sig), m->cert, NULL) == CS_OK) {
		p = cs_buf_span(m->cert).p;
		x = d2i_X509(NULL, &p, (long)cs_buf_len(m->cert));
	}
	cs_buf_free(&sig);
	return x;
}

static bool
verifies(X509 *leaf, X509 *ca, const char *host, const char *ip)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *p;
	bool good;

	(void)X509_STORE_add_cert(store, ca);
	(void)X509_STORE_CTX_init(ctx, store, leaf, NULL);
	p = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(p, START + 60);
	(void)X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_X509_STRICT |
	    X509_V_FLAG_CHECK_SS_SIGNATURE);
	if (host != NULL)
		(void)X509_VERIFY_PARAM_set1_host(p, host, 0);
	if (ip != NULL)
		(void)X509_VERIFY_PARAM_set1_ip_asc(p, ip);
	good = X509_verify_cert(ctx) == 1;
	if (!good)
		printf("# %s\n", X509_verify_cert_error_string(
		    X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return good;
}

static bool
names_domain(const struct made *m, const char *uri)
{
	cs_cert *c = NULL;
	bool good;

	good = cs_cert_parse(cs_buf_span(m->cert), &c, NULL) == CS_OK &&
	    c->n_names == 1 && c->n_uris == 1 && c->path_len == 0 &&
	    cs_span_is(c->uris[0], uri) &&
	    c->key_usage == (CS_KU_KEY_CERT_SIGN | CS_KU_CRL_SIGN);
	cs_cert_free(&c);
	return good;
}

static void
test_tls(const struct made *ca, X509 *x, const cs_authority *a)
{
	static const char *const hosts[] = {"id.corp.example", "127.0.0.1",
	    "::1"};
	static const char *const bad[] = {"", ".", "a..b", "-a", "a-", "A",
	    "a b", "a.", "*.corp.example", "a_b"};
	struct made tls;
	X509 *y;
	size_t i;

	if (!made_open(&tls, "p256"))
		return;
	tls.new.name = cs_span_str("id.corp.example");
	ok(cs_tls_body_put(&tls.new, a->name, a->key_id, hosts, 3, ca->alg,
	    tls.body, NULL) == CS_OK, "a server's");
	ok((y = sign(&tls, ca)) != NULL && verifies(y, x, "id.corp.example",
	    NULL) && verifies(y, x, NULL, "127.0.0.1") &&
	    verifies(y, x, NULL, "::1"), "which verifies");
	ok(!verifies(y, x, "corp.example", NULL), "and for no other host");
	ok(X509_check_purpose(y, X509_PURPOSE_SSL_SERVER, 0) == 1 &&
	    X509_check_purpose(y, X509_PURPOSE_SSL_CLIENT, 0) == 0,
	    "as a server alone");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(cs_tls_body_put(&tls.new, a->name, a->key_id, &bad[i], 1,
		    ca->alg, tls.body, NULL) == CS_EUSAGE, "no host: \"%s\"",
		    bad[i]);
	ok(cs_tls_body_put(&tls.new, a->name, a->key_id, hosts, 0, ca->alg,
	    tls.body, NULL) == CS_EUSAGE, "no host at all");
	X509_free(y);
	made_close(&tls);
}

static void
test_ca(const char *kind)
{
	cs_authority *a = NULL;
	uint8_t id[CS_KEY_ID_LEN];
	struct made ca;
	X509 *x = NULL;

	if (!made_open(&ca, kind))
		return;
	ok(cs_ca_body_put(&ca.new, ca.alg, ca.body, NULL) == CS_OK &&
	    (x = sign(&ca, &ca)) != NULL, "%s", kind);
	ok(cs_authority_parse(cs_buf_span(ca.cert), &a, NULL) == CS_OK &&
	    cs_key_id(&ca.new.key, id, NULL) == CS_OK &&
	    cs_span_eq(a->key_id, cs_span_of(id, sizeof(id))) &&
	    a->not_before == START && a->not_after == START + 86400 &&
	    cs_span_eq(a->key.der, ca.new.key.der), "is a CA's");
	ok(names_domain(&ca, "spiffe://corp.example"), "of a trust domain");
	ok(a != NULL && cs_authority_try(a, cs_span_str("corp.example"),
	    NULL) == CS_OK, "what it issues there holds");
	ok(x != NULL && verifies(x, x, NULL, NULL), "and verifies itself");
	if (a != NULL)
		test_tls(&ca, x, a);
	cs_authority_free(&a);
	X509_free(x);
	made_close(&ca);
}

static void
test_new(void)
{
	cs_authority_new a;
	struct made ca;
	cs_err e = {0};

	if (!made_open(&ca, "p256"))
		return;
	a = ca.new;
	a.serial.n = 15;
	ok(cs_ca_body_put(&a, ca.alg, ca.body, &e) == CS_EUSAGE, "serial");
	a = ca.new;
	a.name.n = 0;
	ok(cs_ca_body_put(&a, ca.alg, ca.body, &e) == CS_EUSAGE, "no name");
	a = ca.new;
	a.not_after = a.not_before;
	ok(cs_ca_body_put(&a, ca.alg, ca.body, &e) == CS_EUSAGE, "times");
	a = ca.new;
	a.trust_domain = cs_span_str("Corp Example");
	ok(cs_ca_body_put(&a, ca.alg, ca.body, &e) == CS_EFORMAT, "domain");
	made_close(&ca);
	if (!made_open(&ca, "ed25519"))
		return;
	ok(cs_ca_body_put(&ca.new, ca.alg, ca.body, &e) == CS_EUSAGE,
	    "no Ed25519");
	made_close(&ca);
	if (!made_open(&ca, "rsa2048"))
		return;
	ok(cs_ca_body_put(&ca.new, ca.alg, ca.body, &e) == CS_EFORMAT &&
	    e.detail == CS_R_UNSUPPORTED, "no short key");
	made_close(&ca);
}

int
main(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("authority", v);
	cs_span good = vec_find(v, n, "good");

	if (!vec_has_arc())
		return 0;
	test_vectors(v, n);
	test_ca("p256");
	test_ca("p384");
	test_new();
	ok(vec_prefixes(good, probe) == 0, "prefixes");
	ok(vec_trailing(good, probe) == 0, "trailing");
	ok(vec_flips(good, probe) == 0, "flips");
	ok(vec_trees(good, probe) == 0, "trees");
	vec_free(v, n);
	return done_testing();
}
