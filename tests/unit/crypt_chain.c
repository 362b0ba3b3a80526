/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/chain.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "fmt/oid.h"
#include "fmt/ownersan.h"
#include "fmt/reason.h"
#include "tests/unit/tap.h"

#define NOW 1800000000
#define DAY 86400
#define OURS CS_OID_ARC ".6.1"
#define MAIL "email:*@corp.example"

/* One certificate, as OpenSSL's configuration would say it; NULL: without. */
struct plan {
	const char *subject, *issuer;
	const char *bc, *usage, *eku, *san, *more;
};

static const struct plan root = {"Root", "Root", "critical,CA:TRUE",
    "critical,keyCertSign,cRLSign", NULL, NULL, NULL};
static const struct plan middle = {"Middle", "Root", "critical,CA:TRUE",
    "critical,keyCertSign,cRLSign", NULL, NULL, NULL};
static const struct plan alice = {"Alice", "Middle", NULL,
    "critical,digitalSignature", OURS, "email:Alice@Corp.Example", NULL};

static void
extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *v;
	X509V3_CTX ctx;

	if (value == NULL)
		return;
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	if ((v = X509V3_EXT_conf_nid(NULL, &ctx, nid, value)) != NULL)
		(void)X509_add_ext(x, v, -1);
	X509_EXTENSION_free(v);
}

static void
extend_bindings(X509 *x)
{
	cs_span body = cs_oid(CS_OID_PE_OWNER_BINDINGS);
	ASN1_OBJECT *o = NULL;
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext = NULL;
	uint8_t der[32] = {6, (uint8_t)body.n};
	const unsigned char *p = der;

	memcpy(der + 2, body.p, body.n);
	o = d2i_ASN1_OBJECT(NULL, &p, (long)body.n + 2);
	(void)ASN1_OCTET_STRING_set(v, (const unsigned char *)"0", 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, o, 0, v);
	(void)X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(v);
	ASN1_OBJECT_free(o);
}

static void
set_name(X509_NAME *n, const char *cn)
{
	(void)X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
	    (const unsigned char *)cn, -1, -1, 0);
}

/* Appends the DER; `issuer` NULL: self-signed. Gives the certificate. */
static X509 *
make(const struct plan *p, EVP_PKEY *key, X509 *issuer, EVP_PKEY *by,
    const EVP_MD *md, cs_buf *out)
{
	static int serial;
	X509 *x = X509_new();
	unsigned char *der = NULL;
	int n;

	(void)X509_set_version(x, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
	set_name(X509_get_subject_name(x), p->subject);
	set_name(X509_get_issuer_name(x), p->issuer);
	(void)ASN1_TIME_set(X509_getm_notBefore(x), NOW - DAY);
	(void)ASN1_TIME_set(X509_getm_notAfter(x), NOW + DAY);
	(void)X509_set_pubkey(x, key);
	extend(x, issuer, NID_subject_key_identifier, "hash");
	extend(x, issuer == NULL ? x : issuer, NID_authority_key_identifier,
	    "keyid:always");
	extend(x, issuer, NID_basic_constraints, p->bc);
	extend(x, issuer, NID_key_usage, p->usage);
	extend(x, issuer, NID_ext_key_usage, p->eku);
	extend(x, issuer, NID_subject_alt_name, p->san);
	if (p->more != NULL)
		extend_bindings(x);
	(void)X509_sign(x, by, md);
	n = i2d_X509(x, &der);
	(void)!cs_buf_put(out, cs_span_of(der, n < 0 ? 0 : (size_t)n));
	OPENSSL_free(der);
	return x;
}

static struct world {
	EVP_PKEY *root_key, *middle_key, *key;
	X509 *root, *middle;
	cs_buf *root_der, *middle_der;
	cs_ca *ca;
	uint8_t hash[CS_SHA256_LEN];
} w;

static void
start(void)
{
	cs_err e = {0};
	unsigned char *der = NULL;
	int n;

	w.root_key = EVP_EC_gen("P-256");
	w.middle_key = EVP_EC_gen("P-256");
	w.key = EVP_EC_gen("P-256");
	w.root_der = cs_buf_new(4096);
	w.middle_der = cs_buf_new(4096);
	w.root = make(&root, w.root_key, NULL, w.root_key, EVP_sha256(),
	    w.root_der);
	w.middle = make(&middle, w.middle_key, w.root, w.root_key,
	    EVP_sha256(), w.middle_der);
	ok(cs_ca_new(cs_buf_span(w.root_der), &w.ca, &e) == CS_OK,
	    "a CA is an anchor: %s", e.text);
	n = i2d_PUBKEY(w.key, &der);
	ok(n > 0 && cs_sha256(cs_span_of(der, (size_t)n), w.hash, &e) == CS_OK,
	    "the key's hash");
	OPENSSL_free(der);
}

static void
finish(void)
{
	EVP_PKEY_free(w.root_key);
	EVP_PKEY_free(w.middle_key);
	EVP_PKEY_free(w.key);
	X509_free(w.root);
	X509_free(w.middle);
	cs_buf_free(&w.root_der);
	cs_buf_free(&w.middle_der);
	cs_ca_free(&w.ca);
}

/* Everything that a verifier asks of these certificates. */
static int
ask(cs_span certs, const cs_ca *ca, const char *san, int64_t now, cs_buf *owner,
    cs_err *e)
{
	cs_span eku = cs_oid(CS_OID_KP_OWNER_APPROVAL);
	cs_chain *c = NULL;
	int r;

	cs_err_clear(e);
	if ((r = cs_chain_read(certs, cs_span_of(w.hash, sizeof(w.hash)), &c,
	    e)) == CS_OK &&
	    (r = cs_chain_path(c, ca, eku, now, e)) == CS_OK &&
	    (r = cs_chain_profile(c, eku, e)) == CS_OK)
		r = cs_chain_owner(c, cs_span_str(san), owner, e);
	cs_chain_free(&c);
	return r;
}

static cs_buf *
bundle(const struct plan *leaf, const struct plan *mid)
{
	cs_buf *b = cs_buf_new(16384), *m = cs_buf_new(4096);
	X509 *x, *above = w.middle;

	if (mid != NULL)
		above = make(mid, w.middle_key, w.root, w.root_key,
		    EVP_sha256(), m);
	x = make(leaf, w.key, above, w.middle_key, EVP_sha256(), b);
	(void)!cs_buf_put(b, cs_buf_span(mid == NULL ? w.middle_der : m));
	X509_free(x);
	if (mid != NULL)
		X509_free(above);
	cs_buf_free(&m);
	return b;
}

static const struct {
	const char *name;
	struct plan leaf;
	const char *san;
	int detail; /* enum cs_reason; 0: fine */
	const char *text; /* part of the words, or the owner */
} leaves[] = {
	{"by email", {"Alice", "Middle", NULL, "digitalSignature", OURS,
	    "email:Alice@Corp.Example", NULL}, MAIL, 0,
	    "mailto:alice@corp.example"},
	{"by URI", {"Alice", "Middle", "CA:FALSE", "digitalSignature", OURS,
	    "URI:https://corp.example/people/alice,email:a@b.example", NULL},
	    "uri:https://corp.example/people", 0,
	    "https://corp.example/people/alice"},
	{"another domain", {"Alice", "Middle", NULL, "digitalSignature", OURS,
	    "email:alice@corp.example.org", NULL}, MAIL, CS_R_WRONG_OWNER,
	    "alice@corp.example.org"},
	{"another segment", {"Alice", "Middle", NULL, "digitalSignature", OURS,
	    "URI:https://corp.example/peoples", NULL},
	    "uri:https://corp.example/people", CS_R_WRONG_OWNER, "peoples"},
	{"a CA", {"Alice", "Middle", "critical,CA:TRUE",
	    "digitalSignature,keyCertSign", OURS, "email:a@corp.example", NULL},
	    MAIL, CS_R_PATH_INVALID, "CA=false"},
	{"no usage", {"Alice", "Middle", NULL, NULL, OURS,
	    "email:a@corp.example", NULL}, MAIL, CS_R_PATH_INVALID,
	    "digitalSignature"},
	{"another usage", {"Alice", "Middle", NULL, "keyAgreement", OURS,
	    "email:a@corp.example", NULL}, MAIL, CS_R_PATH_INVALID,
	    "digitalSignature"},
	{"no purpose", {"Alice", "Middle", NULL, "digitalSignature", NULL,
	    "email:a@corp.example", NULL}, MAIL, CS_R_PATH_INVALID, "none"},
	{"any purpose", {"Alice", "Middle", NULL, "digitalSignature",
	    "anyExtendedKeyUsage,clientAuth", "email:a@corp.example", NULL},
	    MAIL, CS_R_PATH_INVALID, "others"},
	{"two addresses", {"Alice", "Middle", NULL, "digitalSignature", OURS,
	    "email:a@corp.example,email:b@corp.example", NULL}, MAIL,
	    CS_R_PATH_INVALID, "several"},
	{"no address", {"Alice", "Middle", NULL, "digitalSignature", OURS,
	    "DNS:corp.example", NULL}, MAIL, CS_R_PATH_INVALID, "none"},
	{"no names", {"Alice", "Middle", NULL, "digitalSignature", OURS, NULL,
	    NULL}, MAIL, CS_R_PATH_INVALID, "none"},
	{"a strange address", {"Alice", "Middle", NULL, "digitalSignature",
	    OURS, "email:a%b@corp.example", NULL}, MAIL, CS_R_PATH_INVALID,
	    "mailto:"},
	{"an agent's name too", {"Alice", "Middle", NULL, "digitalSignature",
	    OURS, "email:a@corp.example,URI:Wimse://corp.example/a", NULL},
	    MAIL, CS_R_PATH_INVALID, "wimse:"},
	{"an agent's name in capitals", {"Alice", "Middle", NULL,
	    "digitalSignature", OURS,
	    "email:a@corp.example,URI:SPIFFE://corp.example/a", NULL},
	    MAIL, CS_R_PATH_INVALID, "spiffe:"},
	{"an agent's name", {"Alice", "Middle", NULL, "digitalSignature", OURS,
	    "URI:spiffe://corp.example/a", NULL}, "uri:spiffe://corp.example",
	    CS_R_PATH_INVALID, "spiffe:"},
	{"owner bindings", {"Alice", "Middle", NULL, "digitalSignature", OURS,
	    "email:a@corp.example", "x"}, MAIL, CS_R_PATH_INVALID,
	    "ownerBindings"},
	{"another issuer", {"Alice", "Other", NULL, "digitalSignature", OURS,
	    "email:a@corp.example", NULL}, MAIL, CS_R_PATH_INVALID, "issuer"},
};

static void
test_leaves(void)
{
	cs_buf *owner = cs_buf_new(600), *b;
	cs_err e = {0};
	size_t i;
	int r;

	for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		b = bundle(&leaves[i].leaf, NULL);
		cs_buf_reset(owner);
		r = ask(cs_buf_span(b), w.ca, leaves[i].san, NOW, owner, &e);
		if (leaves[i].detail == 0)
			ok(r == CS_OK && cs_span_is(cs_buf_span(owner),
			    leaves[i].text), "%s: %s", leaves[i].name, e.text);
		else
			ok(r == CS_EREFUSED && e.detail == leaves[i].detail &&
			    strstr(e.text, leaves[i].text) != NULL, "%s: %s",
			    leaves[i].name, e.text);
		cs_buf_free(&b);
	}
	cs_buf_free(&owner);
}

static const struct {
	const char *name;
	struct plan middle;
	bool good;
} middles[] = {
	{"for any purpose", {"Middle", "Root", "critical,CA:TRUE",
	    "keyCertSign", "anyExtendedKeyUsage", NULL, NULL}, true},
	{"for ours", {"Middle", "Root", "critical,CA:TRUE", "keyCertSign",
	    "clientAuth," OURS, NULL, NULL}, true},
	{"for others", {"Middle", "Root", "critical,CA:TRUE", "keyCertSign",
	    "clientAuth,serverAuth", NULL, NULL}, false},
	{"no CA", {"Middle", "Root", "critical,CA:FALSE", "keyCertSign", NULL,
	    NULL, NULL}, false},
	{"may not sign certificates", {"Middle", "Root", "critical,CA:TRUE",
	    "cRLSign", NULL, NULL, NULL}, false},
};

static void
test_middles(void)
{
	cs_buf *owner = cs_buf_new(600), *b;
	cs_err e = {0};
	size_t i;
	int r;

	for (i = 0; i < sizeof(middles) / sizeof(middles[0]); i++) {
		b = bundle(&alice, &middles[i].middle);
		cs_buf_reset(owner);
		r = ask(cs_buf_span(b), w.ca, MAIL, NOW, owner, &e);
		ok(middles[i].good ? r == CS_OK : r == CS_EREFUSED &&
		    e.detail == CS_R_PATH_INVALID, "intermediate %s: %s",
		    middles[i].name, e.text);
		cs_buf_free(&b);
	}
	cs_buf_free(&owner);
}

/* What is there, is not there, or is there too often. */
static void
test_bundles(void)
{
	cs_buf *b = bundle(&alice, NULL), *owner = cs_buf_new(4096), *other;
	cs_span all = cs_buf_span(b);
	size_t mid = cs_buf_len(w.middle_der), n = all.n - mid, i;
	unsigned bad = 0;
	cs_ca *ca = NULL;
	cs_err e = {0};

	ok(ask(all, w.ca, MAIL, NOW - 2 * DAY, owner, &e) == CS_EREFUSED &&
	    e.detail == CS_R_PATH_INVALID, "before it is valid: %s", e.text);
	ok(ask(all, w.ca, MAIL, NOW + 2 * DAY, owner, &e) == CS_EREFUSED &&
	    e.detail == CS_R_PATH_INVALID, "after it was valid: %s", e.text);
	ok(ask(cs_span_cut(all, 0, n), w.ca, MAIL, NOW, owner, &e) ==
	    CS_EREFUSED && e.detail == CS_R_PATH_INVALID,
	    "without the intermediate: %s", e.text);
	ok(ask(cs_span_cut(all, n, mid), w.ca, MAIL, NOW, owner, &e) ==
	    CS_EREFUSED && e.detail == CS_R_UNKNOWN_OWNER_KEY,
	    "without the leaf: %s", e.text);
	ok(ask((cs_span){0}, w.ca, MAIL, NOW, owner, &e) == CS_EREFUSED &&
	    e.detail == CS_R_UNKNOWN_OWNER_KEY, "without any: %s", e.text);
	ok(cs_ca_new(cs_buf_span(w.middle_der), &ca, &e) == CS_OK &&
	    ask(all, ca, MAIL, NOW, owner, &e) == CS_OK,
	    "an intermediate as the anchor: %s", e.text);
	cs_ca_free(&ca);
	ok(cs_ca_new(cs_span_cut(all, 0, n), &ca, &e) == CS_EFORMAT &&
	    ca == NULL, "no CA is no anchor: %s", e.text);
	other = bundle(&alice, NULL);
	(void)!cs_buf_put(other, cs_span_cut(all, 0, n));
	ok(ask(cs_buf_span(other), w.ca, MAIL, NOW, owner, &e) ==
	    CS_EREFUSED && e.detail == CS_R_PATH_INVALID,
	    "two leaves of one key: %s", e.text);
	cs_buf_free(&other);
	other = cs_buf_new(all.n * (CS_CHAIN_CERTS_MAX + 1));
	(void)!cs_buf_put(other, all);
	(void)!cs_buf_put(other, cs_span_cut(all, 0, n));
	cs_buf_reset(owner);
	ok(ask(cs_buf_span(other), w.ca, MAIL, NOW, owner, &e) == CS_OK,
	    "one leaf twice: %s", e.text);
	for (i = 0; i < CS_CHAIN_CERTS_MAX; i++)
		(void)!cs_buf_put(other, cs_buf_span(w.middle_der));
	ok(ask(cs_buf_span(other), w.ca, MAIL, NOW, owner, &e) == CS_EREFUSED &&
	    e.detail == CS_R_PATH_INVALID, "too many: %s", e.text);
	cs_buf_free(&other);
	for (i = 1; i < all.n; i++) {
		cs_buf_reset(owner);
		bad += i != n && ask(cs_span_cut(all, 0, i), w.ca, MAIL, NOW,
		    owner, &e) != CS_EREFUSED;
	}
	ok(bad == 0, "cut anywhere");
	other = cs_buf_dup(all);
	for (bad = 0, i = 0; i < n; i++) {
		uint8_t *p = (uint8_t *)(uintptr_t)cs_buf_span(other).p;

		p[i] ^= 1;
		cs_buf_reset(owner);
		bad += ask(cs_buf_span(other), w.ca, MAIL, NOW, owner, &e) !=
		    CS_EREFUSED;
		p[i] ^= 1;
	}
	ok(bad == 0, "a bit of the leaf flipped anywhere");
	cs_buf_free(&other);
	cs_buf_free(&owner);
	cs_buf_free(&b);
}

/* A list of the CA with this certificate on it, or with none. */
static void
put_crl(const char *issuer, EVP_PKEY *by, X509 *ca, X509 *revoked,
    const EVP_MD *md, int days, BIO *pem)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *one = X509_REVOKED_new();
	X509_EXTENSION *v;
	ASN1_TIME *t = ASN1_TIME_new();
	X509_NAME *n = X509_NAME_new();
	X509V3_CTX ctx;

	(void)X509_CRL_set_version(crl, 1);
	set_name(n, issuer);
	(void)X509_CRL_set_issuer_name(crl, n);
	(void)X509_CRL_set1_lastUpdate(crl, ASN1_TIME_set(t, NOW - DAY));
	if (days != 0)
		(void)X509_CRL_set1_nextUpdate(crl,
		    ASN1_TIME_set(t, NOW + days * DAY));
	X509V3_set_ctx(&ctx, ca, NULL, NULL, crl, 0);
	v = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier,
	    "keyid:always");
	(void)X509_CRL_add_ext(crl, v, -1);
	X509_EXTENSION_free(v);
	if (revoked != NULL) {
		(void)X509_REVOKED_set_serialNumber(one,
		    X509_get_serialNumber(revoked));
		(void)X509_REVOKED_set_revocationDate(one,
		    ASN1_TIME_set(t, NOW - DAY));
		(void)X509_CRL_add0_revoked(crl, one);
		one = NULL; /* transferred */
	}
	(void)X509_CRL_sign(crl, by, md);
	(void)PEM_write_bio_X509_CRL(pem, crl);
	X509_REVOKED_free(one);
	X509_CRL_free(crl);
	X509_NAME_free(n);
	ASN1_TIME_free(t);
}

static const struct {
	const char *name;
	bool root_list, middle_list;
	int days;
	bool revoked, sha1;
	const char *text; /* NULL: fine; "" and what follows: at load */
	bool loads;
} lists[] = {
	{"of both CAs", true, true, 1, false, false, NULL, true},
	{"of the root alone", true, false, 1, false, false, "CRL", true},
	{"of the intermediate alone", false, true, 1, false, false, "CRL",
	    true},
	{"that are old", true, true, -1, false, false, "expired", true},
	{"with the intermediate", true, true, 1, true, false, "revoked",
	    true},
	{"without a next one", true, true, 0, false, false, "nextUpdate",
	    false},
	{"with SHA-1", true, true, 1, false, true, "SHA-256", false},
	{"none", false, false, 1, false, false, "none", false},
};

static void
test_list(size_t i, cs_span certs)
{
	const EVP_MD *md = lists[i].sha1 ? EVP_sha1() : EVP_sha256();
	BIO *pem = BIO_new(BIO_s_mem());
	cs_buf *owner = cs_buf_new(600);
	cs_ca *ca = NULL;
	cs_err e = {0};
	char *p = NULL;
	long n;
	int r;

	if (lists[i].root_list)
		put_crl("Root", w.root_key, w.root,
		    lists[i].revoked ? w.middle : NULL, md, lists[i].days,
		    pem);
	if (lists[i].middle_list)
		put_crl("Middle", w.middle_key, w.middle, NULL, md,
		    lists[i].days, pem);
	n = BIO_get_mem_data(pem, &p);
	r = cs_ca_new(cs_buf_span(w.root_der), &ca, &e);
	if (r == CS_OK)
		r = cs_ca_add_crls(ca, cs_span_of(p == NULL ? "" : p,
		    (size_t)n), &e);
	if (!lists[i].loads)
		ok(r == CS_EFORMAT && strstr(e.text, lists[i].text) != NULL,
		    "lists %s: %s", lists[i].name, e.text);
	else if (r == CS_OK) {
		r = ask(certs, ca, MAIL, NOW, owner, &e);
		ok(lists[i].text == NULL ? r == CS_OK : r == CS_EREFUSED &&
		    e.detail == CS_R_PATH_INVALID &&
		    strstr(e.text, lists[i].text) != NULL, "lists %s: %s",
		    lists[i].name, e.text);
	} else
		ok(false, "lists %s: %s", lists[i].name, e.text);
	cs_ca_free(&ca);
	cs_buf_free(&owner);
	BIO_free(pem);
}

static void
test_lists(void)
{
	cs_buf *b = bundle(&alice, NULL);
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		test_list(i, cs_buf_span(b));
	cs_buf_free(&b);
}

static void
test_patterns(void)
{
	static const char *const good[] = {"email:*@corp.example",
	    "uri:https://corp.example/people", "uri:urn:uuid:0"};
	static const char *const bad[] = {"", "email:", "email:*@",
	    "email:*@Corp.example", "email:alice@corp.example",
	    "email:*@*.example", "uri:", "uri:https", "uri:https://a.example/",
	    "uri:mailto:a@b.example", "uri:wimse://a.example/b", "dns:a",
	    "uri:https://a.example/b/..", "uri:https://a.example/%2E/b"};
	static const char *const below[] = {"", "/alice", "/a..", "/..a",
	    "/...", "/%2e%2e%2e", "/%2ea", "/a?b=/../c", "/%2f.."};
	static const char *const beside[] = {"x", "/..", "/../people/a",
	    "/a/./b", "/.", "/%2e%2E/admin", "/.%2e", "/a/%2E?x", "/../"};
	char name[256];
	cs_err e = {0};
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(cs_owner_san_check(cs_span_str(good[i]), &e) == CS_OK,
		    "owner-san \"%s\"", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(cs_owner_san_check(cs_span_str(bad[i]), &e) == CS_EFORMAT,
		    "owner-san \"%s\" is refused: %s", bad[i], e.text);
	for (i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", good[1] + 4,
		    below[i]);
		ok(cs_owner_san_match(cs_span_str(good[1]),
		    cs_span_str(name)), "%s is below", name);
	}
	for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", good[1] + 4,
		    beside[i]);
		ok(!cs_owner_san_match(cs_span_str(good[1]),
		    cs_span_str(name)), "%s is not below", name);
	}
}

int
main(void)
{
	start();
	test_leaves();
	test_middles();
	test_bundles();
	test_lists();
	test_patterns();
	finish();
	return done_testing();
}
