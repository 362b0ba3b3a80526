/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/ca.h"

#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "fmt/reason.h"
#include "tests/unit/certs.h"
#include "tests/unit/tap.h"

/* Revocation lists: which load, and what they decide. */

static struct world w;

/* A list of the CA with this certificate on it, or with none. */
static void
put_crl(const char *issuer, EVP_PKEY *by, X509 *ca, X509 *revoked,
    const EVP_MD *md, int days, int nid, const char *value, BIO *pem)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *one = X509_REVOKED_new();
	X509_EXTENSION *v;
	ASN1_TIME *t = ASN1_TIME_new();
	X509_NAME *n = X509_NAME_new();
	X509V3_CTX ctx;

	(void)X509_CRL_set_version(crl, 1);
	cert_name(n, issuer);
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
	if (value != NULL) {
		v = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
		(void)X509_CRL_add_ext(crl, v, -1);
		X509_EXTENSION_free(v);
	}
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
test_current(size_t i, const cs_ca *ca)
{
	size_t all = (size_t)lists[i].root_list + lists[i].middle_list;
	size_t stale = 0, later = 0;
	bool own = false, own_later = true;

	cs_ca_current(ca, NOW, &own, &stale);
	cs_ca_current(ca, NOW + 2 * DAY, &own_later, &later);
	ok(own == (lists[i].root_list && lists[i].days > 0) &&
	    stale == (lists[i].days > 0 ? 0 : all), "lists %s: %zu are stale",
	    lists[i].name, stale);
	ok(!own_later && later == all, "lists %s: all are, later",
	    lists[i].name);
}

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
		    0, NULL, pem);
	if (lists[i].middle_list)
		put_crl("Middle", w.middle_key, w.middle, NULL, md,
		    lists[i].days, 0, NULL, pem);
	n = BIO_get_mem_data(pem, &p);
	r = cs_ca_new(cs_buf_span(w.root_der), &ca, &e);
	if (r == CS_OK)
		r = cs_ca_add_crls(ca, cs_span_of(p == NULL ? "" : p,
		    (size_t)n), &e);
	if (!lists[i].loads)
		ok(r == CS_EFORMAT && strstr(e.text, lists[i].text) != NULL,
		    "lists %s: %s", lists[i].name, e.text);
	else if (r == CS_OK) {
		r = cert_ask(&w, certs, ca, MAIL, NOW, owner, &e);
		ok(lists[i].text == NULL ? r == CS_OK : r == CS_EREFUSED &&
		    e.detail == CS_R_PATH_INVALID &&
		    strstr(e.text, lists[i].text) != NULL, "lists %s: %s",
		    lists[i].name, e.text);
		test_current(i, ca);
	} else
		ok(false, "lists %s: %s", lists[i].name, e.text);
	cs_ca_free(&ca);
	cs_buf_free(&owner);
	BIO_free(pem);
}

static void
test_lists(void)
{
	cs_buf *b = cert_bundle(&w, &plan_alice, NULL);
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		test_list(i, cs_buf_span(b));
	cs_buf_free(&b);
}

/* Lists of other than everything. The one of the intermediate decides on the
 * leaf, the root's on the intermediate; that of the root about itself never
 * matters. */
static const struct {
	const char *name;
	bool root; /* whose list is so, or the intermediate's */
	int nid;
	const char *value;
	bool loads;
	const char *text; /* NULL: fine */
} scopes[] = {
	{"a delta", false, NID_delta_crl, "critical,DER:02:01:01", false,
	    "delta"},
	{"indirect", false, NID_issuing_distribution_point,
	    "critical,indirectCRL:TRUE", false, "indirect"},
	{"of some reasons", false, NID_issuing_distribution_point,
	    "critical,onlysomereasons:keyCompromise", false, "reasons"},
	{"of attributes", false, NID_issuing_distribution_point,
	    "critical,onlyAA:TRUE", false, "one CA"},
	{"of users, the intermediate's", false, NID_issuing_distribution_point,
	    "critical,onlyuser:TRUE", true, NULL},
	{"of CAs, the intermediate's", false, NID_issuing_distribution_point,
	    "critical,onlyCA:TRUE", true, "scope"},
	{"of CAs, the root's", true, NID_issuing_distribution_point,
	    "critical,onlyCA:TRUE", true, NULL},
	{"of users, the root's", true, NID_issuing_distribution_point,
	    "critical,onlyuser:TRUE", true, "scope"},
	{"of a point, the intermediate's", false,
	    NID_issuing_distribution_point,
	    "critical,fullname:URI:http://corp.example/a.crl", true, "scope"},
	{"with what nobody knows", false, NID_issuer_alt_name,
	    "critical,email:a@corp.example", true, "critical"},
};

static void
test_scope(size_t i, cs_span certs)
{
	BIO *pem = BIO_new(BIO_s_mem());
	cs_buf *owner = cs_buf_new(600);
	cs_ca *ca = NULL;
	cs_err e = {0};
	char *p = NULL;
	long n;
	int r;

	put_crl("Root", w.root_key, w.root, NULL, EVP_sha256(), 1,
	    scopes[i].nid, scopes[i].root ? scopes[i].value : NULL, pem);
	put_crl("Middle", w.middle_key, w.middle, NULL, EVP_sha256(), 1,
	    scopes[i].nid, scopes[i].root ? NULL : scopes[i].value, pem);
	n = BIO_get_mem_data(pem, &p);
	r = cs_ca_new(cs_buf_span(w.root_der), &ca, &e);
	if (r == CS_OK)
		r = cs_ca_add_crls(ca, cs_span_of(p, (size_t)n), &e);
	if (scopes[i].loads && r == CS_OK)
		r = cert_ask(&w, certs, ca, MAIL, NOW, owner, &e);
	ok(scopes[i].text == NULL ? r == CS_OK : strstr(e.text,
	    scopes[i].text) != NULL && r == (scopes[i].loads ? CS_EREFUSED :
	    CS_EFORMAT), "lists %s: %d %s", scopes[i].name, r, e.text);
	cs_ca_free(&ca);
	cs_buf_free(&owner);
	BIO_free(pem);
}

static void
test_scopes(void)
{
	cs_buf *b = cert_bundle(&w, &plan_alice, NULL);
	size_t i;

	for (i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++)
		test_scope(i, cs_buf_span(b));
	cs_buf_free(&b);
}

/* What a list of the anchor says of the anchor itself never matters. */
static void
test_anchor_scope(void)
{
	static const struct plan direct = {"Alice", "Root", NULL,
	    "critical,digitalSignature", OURS, "email:alice@corp.example",
	    NULL};
	BIO *pem = BIO_new(BIO_s_mem());
	cs_buf *owner = cs_buf_new(600), *b = cs_buf_new(4096);
	X509 *x = cert_make(&direct, w.key, w.root, w.root_key, EVP_sha256(),
	    b);
	cs_ca *ca = NULL;
	cs_err e = {0};
	char *p = NULL;
	long n;

	put_crl("Root", w.root_key, w.root, NULL, EVP_sha256(), 1,
	    NID_issuing_distribution_point, "critical,onlyuser:TRUE", pem);
	n = BIO_get_mem_data(pem, &p);
	ok(cs_ca_new(cs_buf_span(w.root_der), &ca, &e) == CS_OK &&
	    cs_ca_add_crls(ca, cs_span_of(p, (size_t)n), &e) == CS_OK &&
	    cert_ask(&w, cs_buf_span(b), ca, MAIL, NOW, owner, &e) == CS_OK,
	    "a list of users that the root signs: %s", e.text);
	cs_ca_free(&ca);
	X509_free(x);
	BIO_free(pem);
	cs_buf_free(&b);
	cs_buf_free(&owner);
}

int
main(void)
{
	if (!ok(world_start(&w), "certificates"))
		return done_testing();
	test_lists();
	test_scopes();
	test_anchor_scope();
	world_finish(&w);
	return done_testing();
}
