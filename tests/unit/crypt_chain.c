/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "crypt/chain.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/ownersan.h"
#include "fmt/reason.h"
#include "tests/unit/certs.h"
#include "tests/unit/sample.h"
#include "tests/unit/tap.h"

static struct world w;

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
	    "email:a@corp.example", BINDINGS}, MAIL, CS_R_PATH_INVALID,
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
		b = cert_bundle(&w, &leaves[i].leaf, NULL);
		cs_buf_reset(owner);
		r = cert_ask(&w, cs_buf_span(b), w.ca, leaves[i].san, NOW,
		    owner, &e);
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
	{"that does not say whether it is a CA", {"Middle", "Root", NULL,
	    "keyCertSign", NULL, NULL, NULL}, false},
	{"that has no CA below it", {"Middle", "Root",
	    "critical,CA:TRUE,pathlen:0", "keyCertSign", NULL, NULL, NULL},
	    true},
	{"may not sign certificates", {"Middle", "Root", "critical,CA:TRUE",
	    "cRLSign", NULL, NULL, NULL}, false},
	{"says nothing of its usage", {"Middle", "Root", "critical,CA:TRUE",
	    NULL, NULL, NULL, NULL}, false},
	{"for these names", {"Middle", "Root", "critical,CA:TRUE",
	    "critical,keyCertSign", NULL, NULL,
	    "critical,permitted;email:other.example"}, false},
	/* The leaf is Alice@Corp.Example, its owner alice@corp.example. */
	{"for all but alice", {"Middle", "Root", "critical,CA:TRUE",
	    "critical,keyCertSign", NULL, NULL,
	    "critical,excluded;email:alice@corp.example"}, false},
	{"for all but bob, and capitals", {"Middle", "Root",
	    "critical,CA:TRUE", "critical,keyCertSign", NULL, NULL,
	    "critical,excluded;email:bob@corp.example"}, false},
};

static void
test_middles(void)
{
	cs_buf *owner = cs_buf_new(600), *b;
	cs_err e = {0};
	size_t i;
	int r;

	for (i = 0; i < sizeof(middles) / sizeof(middles[0]); i++) {
		b = cert_bundle(&w, &plan_alice, &middles[i].middle);
		cs_buf_reset(owner);
		r = cert_ask(&w, cs_buf_span(b), w.ca, MAIL, NOW, owner, &e);
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
	cs_buf *b = cert_bundle(&w, &plan_alice, NULL), *other;
	cs_buf *owner = cs_buf_new(4096);
	cs_span all = cs_buf_span(b);
	size_t mid = cs_buf_len(w.middle_der), n = all.n - mid, i;
	unsigned bad = 0;
	cs_ca *ca = NULL;
	cs_err e = {0};

	ok(cert_ask(&w, all, w.ca, MAIL, NOW - 2 * DAY, owner, &e) ==
	    CS_EREFUSED &&
	    e.detail == CS_R_PATH_INVALID, "before it is valid: %s", e.text);
	ok(cert_ask(&w, all, w.ca, MAIL, NOW + 2 * DAY, owner, &e) ==
	    CS_EREFUSED &&
	    e.detail == CS_R_PATH_INVALID, "after it was valid: %s", e.text);
	ok(cert_ask(&w, cs_span_cut(all, 0, n), w.ca, MAIL, NOW, owner, &e) ==
	    CS_EREFUSED && e.detail == CS_R_PATH_INVALID,
	    "without the intermediate: %s", e.text);
	ok(cert_ask(&w, cs_span_cut(all, n, mid), w.ca, MAIL, NOW, owner, &e) ==
	    CS_EREFUSED && e.detail == CS_R_UNKNOWN_OWNER_KEY,
	    "without the leaf: %s", e.text);
	ok(cert_ask(&w, (cs_span){0}, w.ca, MAIL, NOW, owner, &e) ==
	    CS_EREFUSED &&
	    e.detail == CS_R_UNKNOWN_OWNER_KEY, "without any: %s", e.text);
	ok(cs_ca_new(cs_buf_span(w.middle_der), &ca, &e) == CS_OK &&
	    cert_ask(&w, all, ca, MAIL, NOW, owner, &e) == CS_OK,
	    "an intermediate as the anchor: %s", e.text);
	cs_ca_free(&ca);
	ok(cs_ca_new(cs_span_cut(all, 0, n), &ca, &e) == CS_EFORMAT &&
	    ca == NULL, "no CA is no anchor: %s", e.text);
	other = cert_bundle(&w, &plan_alice, NULL);
	(void)!cs_buf_put(other, cs_span_cut(all, 0, n));
	ok(cert_ask(&w, cs_buf_span(other), w.ca, MAIL, NOW, owner, &e) ==
	    CS_EREFUSED && e.detail == CS_R_PATH_INVALID,
	    "two leaves of one key: %s", e.text);
	cs_buf_free(&other);
	other = cs_buf_new(all.n * (CS_CHAIN_CERTS_MAX + 1));
	(void)!cs_buf_put(other, all);
	(void)!cs_buf_put(other, cs_span_cut(all, 0, n));
	cs_buf_reset(owner);
	ok(cert_ask(&w, cs_buf_span(other), w.ca, MAIL, NOW, owner, &e) ==
	    CS_OK,
	    "one leaf twice: %s", e.text);
	for (i = 0; i < CS_CHAIN_CERTS_MAX; i++)
		(void)!cs_buf_put(other, cs_buf_span(w.middle_der));
	ok(cert_ask(&w, cs_buf_span(other), w.ca, MAIL, NOW, owner, &e) ==
	    CS_EREFUSED && e.detail == CS_R_PATH_INVALID, "too many: %s",
	    e.text);
	cs_buf_free(&other);
	for (i = 1; i < all.n; i++) {
		cs_buf_reset(owner);
		bad += i != n && !sample_skips() && cert_ask(&w,
		    cs_span_cut(all, 0, i), w.ca, MAIL, NOW, owner, &e) !=
		    CS_EREFUSED;
	}
	ok(bad == 0, "cut anywhere");
	other = cs_buf_dup(all);
	for (bad = 0, i = 0; i < n; i++) {
		uint8_t *p = (uint8_t *)(uintptr_t)cs_buf_span(other).p;

		p[i] ^= 1;
		cs_buf_reset(owner);
		bad += !sample_skips() && cert_ask(&w, cs_buf_span(other),
		    w.ca, MAIL, NOW, owner, &e) != CS_EREFUSED;
		p[i] ^= 1;
	}
	ok(bad == 0, "a bit of the leaf flipped anywhere");
	cs_buf_free(&other);
	cs_buf_free(&owner);
	cs_buf_free(&b);
}

/* CAs that have one name. */
static void
test_namesakes(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	cs_buf *b = cs_buf_new(16384), *der = cs_buf_new(4096);
	cs_buf *owner = cs_buf_new(600), *good = cert_bundle(&w, &plan_alice,
	    NULL);
	X509 *x = cert_make(&plan_root, key, NULL, key, EVP_sha256(), der), *y;
	cs_ca *ca = NULL;
	cs_err e = {0};

	ok(cs_ca_new(cs_buf_span(der), &ca, &e) == CS_OK &&
	    cert_ask(&w, cs_buf_span(good), ca, MAIL, NOW, owner, &e) ==
	    CS_EREFUSED &&
	    e.detail == CS_R_PATH_INVALID, "another CA of the name: %s",
	    e.text);
	(void)!cs_buf_put(b, cs_buf_span(der));
	cs_buf_reset(der);
	y = cert_make(&plan_middle, key, x, key, EVP_sha256(), der);
	(void)!cs_buf_put(b, cs_buf_span(der));
	(void)!cs_buf_put(b, cs_buf_span(good));
	ok(cert_ask(&w, cs_buf_span(b), w.ca, MAIL, NOW, owner, &e) == CS_OK,
	    "namesakes beside do no harm: %s", e.text);
	cs_buf_reset(b);
	cs_buf_reset(der);
	X509_free(x);
	x = cert_make(&plan_alice, w.key, y, key, EVP_sha256(), b);
	(void)!cs_buf_put(b, cs_buf_span(w.middle_der));
	cs_buf_reset(owner);
	ok(cert_ask(&w, cs_buf_span(b), w.ca, MAIL, NOW, owner, &e) ==
	    CS_EREFUSED &&
	    e.detail == CS_R_PATH_INVALID, "a namesake's leaf: %s", e.text);
	cs_ca_free(&ca);
	X509_free(x);
	X509_free(y);
	EVP_PKEY_free(key);
	cs_buf_free(&b);
	cs_buf_free(&der);
	cs_buf_free(&owner);
	cs_buf_free(&good);
}

/* The leaf's own time, as a signer asks it. */
static void
test_given_time(void)
{
	cs_buf *b = cert_bundle(&w, &plan_alice, NULL), *name = cs_buf_new(600);
	cs_chain *c = NULL;
	cs_err e = {0};

	ok(cs_chain_read(cs_buf_span(b), cs_span_of(w.hash, sizeof(w.hash)),
	    &c, &e) == CS_OK && cs_chain_current(c, NOW, &e) == CS_OK &&
	    cs_chain_current(c, NOW - DAY, &e) == CS_OK &&
	    cs_chain_current(c, NOW + DAY - 1, &e) == CS_OK,
	    "valid in its time %s", e.text);
	ok(cs_chain_current(c, NOW - DAY - 1, &e) == CS_EREFUSED &&
	    e.detail == CS_R_PATH_INVALID, "not before: %s", e.text);
	ok(cs_chain_current(c, NOW + DAY, &e) == CS_EREFUSED &&
	    e.detail == CS_R_PATH_INVALID, "nor after: %s", e.text);
	ok(cs_chain_name(c, true, name, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(name), "mailto:alice@corp.example"),
	    "whom it names");
	cs_buf_reset(name);
	ok(cs_chain_name(c, false, name, &e) == CS_EREFUSED &&
	    e.detail == CS_R_PATH_INVALID, "not by a URI: %s", e.text);
	cs_chain_free(&c);
	cs_buf_free(&name);
	cs_buf_free(&b);
}

/* A path of weak signatures. */
static void
test_weak(void)
{
	cs_buf *b = cs_buf_new(16384), *owner = cs_buf_new(600);
	X509 *x = cert_make(&plan_alice, w.key, w.middle, w.middle_key,
	    EVP_sha1(), b);
	cs_err e = {0};

	(void)!cs_buf_put(b, cs_buf_span(w.middle_der));
	ok(cert_ask(&w, cs_buf_span(b), w.ca, MAIL, NOW, owner, &e) ==
	    CS_EREFUSED &&
	    e.detail == CS_R_PATH_INVALID && strstr(e.text, "weak") != NULL,
	    "a leaf signed with SHA-1: %s", e.text);
	X509_free(x);
	cs_buf_free(&b);
	cs_buf_free(&owner);
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
	if (!ok(world_start(&w), "certificates"))
		return done_testing();
	test_leaves();
	test_middles();
	test_bundles();
	test_given_time();
	test_namesakes();
	test_weak();
	test_patterns();
	world_finish(&w);
	return done_testing();
}
