/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fmt/pem.h"
#include "fmt/reason.h"
#include "issued.h"
#include "rely/presented.h"
#include "rely/rely.h"
#include "tap.h"
#include "vec.h"

#define DAY 86400

static struct issued world;
static struct issued_ca ca, twin, other;
static struct issued_key wit_key, other_key;
static cs_trust *trust;
static cs_anchors *owners;

static cs_trust *
trusting(const cs_trust_in *in)
{
	cs_trust *t = NULL;
	cs_err e = {0};

	if (cs_trust_new(in, &t, &e) != CS_OK)
		printf("# %s\n", e.text);
	return t;
}

/* "proven", "issuer-only", a reason, or "failure". */
static const char *
ask(const cs_rely_in *in)
{
	const char *name = "failure";
	cs_relied *r = NULL;
	cs_err e = {0};

	if (cs_rely(in, &r, &e) != CS_OK)
		return name;
	switch (cs_relied_state(r)) {
	case CS_CREDENTIAL_PROVEN:
		name = "proven";
		break;
	case CS_CREDENTIAL_ISSUER_ONLY:
		name = "issuer-only";
		break;
	case CS_CREDENTIAL_REFUSED:
		name = cs_reason_name(cs_relied_error(r)->detail);
		if (cs_relied_said(r) != NULL ||
		    cs_relied_serial(r).p != NULL)
			name = "a refusal that says something";
		break;
	}
	cs_relied_free(&r);
	return name;
}

static void
answers(const cs_rely_in *in, const char *want, const char *what)
{
	const char *found = ask(in);

	if (!ok(strcmp(found, want) == 0, "%s: %s", what, want))
		printf("# found %s\n", found);
}

/* Both kinds, made alike. */
static void
both(const struct issued_how *how, cs_rely_in in, const char *want,
    const char *what)
{
	cs_buf *cert = issued_cert(&world, &ca, how);
	cs_buf *token = issued_token(&world, &wit_key, how);
	char name[128];

	in.certificate = cs_buf_span(cert);
	(void)snprintf(name, sizeof(name), "certificate, %s", what);
	answers(&in, want, name);
	in.certificate = (cs_span){0};
	in.token = cs_buf_span(token);
	(void)snprintf(name, sizeof(name), "token, %s", what);
	answers(&in, want, name);
	cs_buf_free(&cert);
	cs_buf_free(&token);
}

static cs_anchors *
owners_with(const char *before, const char *after)
{
	cs_buf *b = issued_read("verdict/owners");
	const char *text = cs_buf_cstr(b), *at = strstr(text, before);
	char changed[65536];
	cs_anchors *a = NULL;
	cs_err e = {0};

	(void)snprintf(changed, sizeof(changed), "%.*s%s%s",
	    (int)(at - text), text, after, at + strlen(before));
	if (cs_anchors_parse("owners", cs_span_str(changed), &a, &e) != CS_OK)
		printf("# %s\n", e.text);
	cs_buf_free(&b);
	return a;
}

static void
test_owners(void)
{
	const struct issued_how plain = {0}, digest = {.digest = true};
	cs_rely_in in = {.trust = trust, .now = NOON};
	cs_anchors *a;

	both(&plain, in, "issuer-only", "no owner is pinned");
	in.anchors = owners;
	both(&plain, in, "proven", "the owner is");
	both(&digest, in, "issuer-only", "a digest");
	a = owners_with("mailto:alice@corp.example agents=\"", "mailto:"
	    "alice@corp.example revoked=2026-11-21T11:59:00Z,agents=\"");
	in.anchors = a;
	both(&plain, in, "revoked", "a key that is revoked");
	cs_anchors_free(&a);
	a = owners_with("mailto:alice@corp.example ",
	    "mailto:mallory@corp.example ");
	in.anchors = a;
	both(&plain, in, "wrong-owner", "the key is another's");
	cs_anchors_free(&a);
	if (!ok(cs_anchors_parse("owners", cs_span_str("\n"), &a, NULL) ==
	    CS_OK, "no owners"))
		return;
	in.anchors = a;
	both(&plain, in, "issuer-only", "none of the pinned");
	cs_anchors_free(&a);
}

static void
test_times(void)
{
	const struct issued_how plain = {0},
	    early = {.not_before = NOON - 301, .not_after = NOON + 100},
	    late = {.not_before = NOON + 901, .not_after = NOON + 1800},
	    thin = {.not_before = NOON - 60, .not_after = NOON + 3541};
	cs_rely_in in = {.trust = trust, .anchors = owners};

	in.now = NOON - 61;
	both(&plain, in, "not-yet-valid", "a second early");
	in.now = NOON - 60;
	both(&plain, in, "proven", "its first second");
	in.now = NOON + 599;
	both(&plain, in, "proven", "its last second");
	in.now = NOON + 600;
	both(&plain, in, "expired", "its end");
	in.now = NOON + 601;
	both(&plain, in, "expired", "behind it");
	in.now = NOON;
	both(&early, in, "not-yet-valid", "before the approval's window");
	in.now = NOON + 1000;
	both(&late, in, "expired", "behind the approval's window");
	in.now = NOON;
	both(&thin, in, "lifetime-exceeded", "longer than was approved");
}

static void
test_names(void)
{
	const struct issued_how plain = {0},
	    agent = {.agent = "wimse://corp.example/agent/mallory"},
	    domain = {.agent = "wimse://evil.example/agent/alice"};
	cs_rely_in in = {.trust = trust, .anchors = owners, .now = NOON};

	both(&agent, in, "binding-mismatch", "another agent");
	both(&domain, in, "wrong-trust-domain", "another trust domain");
	in.agent = cs_span_str("wimse://corp.example/agent/alice");
	in.owner = cs_span_str("mailto:alice@corp.example");
	both(&plain, in, "proven", "who is expected");
	in.owner = cs_span_str("mailto:bob@corp.example");
	both(&plain, in, "wrong-owner", "another owner is expected");
	in.owner = (cs_span){0};
	in.agent = cs_span_str("wimse://corp.example/agent");
	both(&plain, in, "agent-not-allowed", "another agent is expected");
}

static void
test_said(void)
{
	const struct issued_how how = {.serial = 42};
	cs_buf *cert = issued_cert(&world, &ca, &how);
	cs_buf *token = issued_token(&world, &wit_key, &how);
	cs_rely_in in = {.trust = trust, .anchors = owners, .now = NOON};
	const cs_said *s;
	cs_relied *r;
	int i;

	for (i = 0; i < 2; i++) {
		in.certificate = i == 0 ? cs_buf_span(cert) : (cs_span){0};
		in.token = i == 1 ? cs_buf_span(token) : (cs_span){0};
		if (!ok(cs_rely(&in, &r, NULL) == CS_OK, "an answer"))
			continue;
		s = cs_relied_said(r);
		ok(s != NULL && cs_span_eq(s->agent_id,
		    world.message->csr->agent_id) &&
		    cs_span_eq(s->key.der, world.message->csr->key.der) &&
		    s->not_before == NOON - 60 && s->not_after == NOON + 600 &&
		    s->bindings->n == 1, "what it says");
		ok(cs_relied_serial(r).n == 16 &&
		    cs_relied_serial(r).p[15] == 42, "its number");
		ok(cs_relied_error(r)->cls == CS_OK, "nothing is wrong");
		cs_relied_free(&r);
	}
	in.certificate = cs_buf_span(cert);
	ok(cs_rely(&in, &r, NULL) == CS_EUSAGE && r == NULL, "both at once");
	in.certificate = in.token = (cs_span){0};
	ok(cs_rely(&in, &r, NULL) == CS_EUSAGE && r == NULL, "neither");
	in.certificate = in.token = cs_buf_span(token);
	in.token = (cs_span){0};
	answers(&in, "malformed", "a token for a certificate");
	in.token = cs_buf_span(cert);
	in.certificate = (cs_span){0};
	answers(&in, "malformed", "a certificate for a token");
	cs_buf_free(&cert);
	cs_buf_free(&token);
}

/* The issuer's signature, by every key but the right one. */
static void
test_issuer(void)
{
	const struct issued_how plain = {0}, forged = {.signer = &other_key};
	cs_rely_in in = {.trust = trust, .anchors = owners, .now = NOON};
	cs_buf *b;

	b = issued_cert(&world, &other, &plain);
	in.certificate = cs_buf_span(b);
	answers(&in, "path-invalid", "a CA that is not in the bundle");
	cs_buf_free(&b);
	b = issued_cert(&world, &twin, &plain);
	in.certificate = cs_buf_span(b);
	answers(&in, "path-invalid", "a CA of the same name");
	cs_buf_free(&b);
	b = issued_cert(&world, &ca, &forged);
	in.certificate = cs_buf_span(b);
	answers(&in, "path-invalid", "the CA's name and key identifier");
	cs_buf_free(&b);
	in.certificate = ca.its->der;
	answers(&in, "malformed", "the CA itself");
	in.certificate = (cs_span){0};
	b = issued_token(&world, &other_key, &plain);
	in.token = cs_buf_span(b);
	answers(&in, "path-invalid", "a key that is not in the bundle");
	cs_buf_free(&b);
	b = issued_token(&world, &ca.key, &plain);
	in.token = cs_buf_span(b);
	answers(&in, "path-invalid", "the CA's key signs no tokens");
	cs_buf_free(&b);
	b = issued_token(&world, &wit_key, &forged);
	in.token = cs_buf_span(b);
	answers(&in, "signature-invalid", "the name of the right key");
	cs_buf_free(&b);
}

static bool as_token;

static enum vec_answer
probe(cs_span in)
{
	cs_rely_in q = {.trust = trust, .anchors = owners, .now = NOON};
	enum vec_answer answer = VEC_BROKEN;
	cs_relied *r = NULL;

	*(as_token ? &q.token : &q.certificate) = in;
	if (cs_rely(&q, &r, NULL) == CS_OK)
		answer = cs_relied_state(r) == CS_CREDENTIAL_REFUSED ?
		    VEC_REFUSED : VEC_ACCEPTED;
	cs_relied_free(&r);
	return answer;
}

/* The same that accepts nothing: no flip leaves a credential. */
static enum vec_answer
probe_none(cs_span in)
{
	return probe(in) == VEC_REFUSED ? VEC_REFUSED : VEC_BROKEN;
}

static void
test_bytes(cs_buf *good, bool token)
{
	const char *what = token ? "token" : "certificate";
	cs_span in = cs_buf_span(good);

	as_token = token;
	ok(probe(in) == VEC_ACCEPTED, "%s: taken", what);
	ok(vec_prefixes(in, probe) == 0, "%s: no prefix is", what);
	ok(vec_trailing(in, probe) == 0, "%s: with an octet more", what);
	ok(vec_flips(in, probe_none) == 0, "%s: no flip is", what);
	cs_buf_free(&good);
}

/* One CA, or two with a bundle of both. */
static void
test_lists(void)
{
	struct issued_ca *cas[] = {&ca, &twin};
	const struct issued_how one = {.serial = 1}, two = {.serial = 2};
	cs_buf *bundle = issued_bundle(cas, 2, NULL);
	cs_buf *list = issued_list(&ca, 1, NOON - 60, NOON + 60, NULL);
	cs_buf *more = issued_list(&twin, 3, NOON - 60, NOON + 60, NULL);
	cs_buf *pem = cs_buf_new(65536), *cert, *first, *forged;
	cs_trust_in ti = {.bundle = cs_buf_span(bundle),
	    .crls = cs_buf_span(list)};
	cs_rely_in in = {.trust = trusting(&ti), .anchors = owners,
	    .now = NOON};
	cs_trust *t = (cs_trust *)in.trust;

	first = issued_cert(&world, &ca, &one);
	in.certificate = cs_buf_span(first);
	answers(&in, "revoked", "on the list");
	in.now = NOON + 60;
	answers(&in, "revoked", "on a list that is old");
	cert = issued_cert(&world, &ca, &two);
	in.certificate = cs_buf_span(cert);
	answers(&in, "path-invalid", "the list's end");
	in.now = NOON + 59;
	answers(&in, "proven", "not on it");
	cs_buf_free(&cert);
	cert = issued_cert(&world, &twin, &one);
	in.certificate = cs_buf_span(cert);
	answers(&in, "path-invalid", "the list of another CA");
	cs_trust_free(&t);

	ok(cs_pem_put(pem, CS_PEM_CRL, ti.crls, NULL) == CS_OK &&
	    cs_pem_put(pem, CS_PEM_CRL, cs_buf_span(more), NULL) == CS_OK,
	    "two lists");
	ti.crls = cs_buf_span(pem);
	in.trust = t = trusting(&ti);
	answers(&in, "proven", "each CA has its list");
	in.certificate = cs_buf_span(first);
	answers(&in, "revoked", "and its own numbers");
	cs_trust_free(&t);
	cs_buf_free(&cert);
	cs_buf_free(&first);

	forged = issued_list(&ca, 9, NOON - 60, NOON + 60, &other_key);
	ti.crls = cs_buf_span(forged);
	ok(cs_trust_new(&ti, &t, NULL) == CS_EFORMAT && t == NULL,
	    "a list with another's signature");
	cs_buf_free(&forged);
	forged = issued_list(&other, 9, NOON - 60, NOON + 60, NULL);
	ti.crls = cs_buf_span(forged);
	ok(cs_trust_new(&ti, &t, NULL) == CS_EFORMAT && t == NULL,
	    "lists of others alone");
	cs_buf_free(&forged);
	ti.crls = cs_span_of("", 0);
	ok(cs_trust_new(&ti, &t, NULL) == CS_EFORMAT && t == NULL,
	    "an empty file is no list");
	cs_buf_free(&bundle);
	cs_buf_free(&list);
	cs_buf_free(&more);
	cs_buf_free(&pem);
}

static void
makes(const cs_trust_in *in, int want, int detail, const char *what)
{
	cs_trust *t = NULL;
	cs_err e = {0};
	int r = cs_trust_new(in, &t, &e);

	if (!ok(r == want && e.detail == detail && (r == CS_OK) ==
	    (t != NULL), "%s", what))
		printf("# %d %s: %s\n", r, cs_reason_name(e.detail), e.text);
	cs_trust_free(&t);
}

static void
test_trust(void)
{
	struct issued_ca evil = issued_ca_new("p256", "evil", "evil.example",
	    NOON - DAY, NOON + DAY);
	struct issued_ca *cas[] = {&ca, &evil};
	cs_buf *mixed = issued_bundle(cas, 2, NULL);
	cs_buf *tokens = issued_bundle(cas, 0, &wit_key);
	cs_buf *one = issued_bundle(cas, 1, NULL), *leaf, *pem;
	cs_trust_in in = {.bundle = cs_buf_span(one)};
	const struct issued_how plain = {0};

	makes(&in, CS_OK, 0, "the CA names its trust domain");
	in.trust_domain = cs_span_str("corp.example");
	makes(&in, CS_OK, 0, "which is expected");
	in.trust_domain = cs_span_str("evil.example");
	makes(&in, CS_EFORMAT, CS_R_WRONG_TRUST_DOMAIN, "which is not");
	in.trust_domain = (cs_span){0};
	in.authority = cs_span_str("no URI");
	makes(&in, CS_EUSAGE, 0, "an authority that is none");
	in.authority = (cs_span){0};
	in.bundle = cs_buf_span(mixed);
	makes(&in, CS_EFORMAT, CS_R_WRONG_TRUST_DOMAIN, "CAs of two");
	in.bundle = cs_buf_span(tokens);
	makes(&in, CS_EUSAGE, 0, "keys of tokens name none");
	in.trust_domain = cs_span_str("corp.example");
	makes(&in, CS_OK, 0, "unless they are told");
	in.trust_domain = cs_span_str("Corp/example");
	makes(&in, CS_EUSAGE, 0, "a trust domain that is none");
	in.trust_domain = (cs_span){0};
	leaf = issued_cert(&world, &ca, &plain);
	pem = cs_buf_new(65536);
	ok(cs_pem_put(pem, CS_PEM_CERTIFICATE, cs_buf_span(leaf), NULL) ==
	    CS_OK, "a bundle of an agent's certificate");
	in.bundle = cs_buf_span(pem);
	makes(&in, CS_EFORMAT, CS_R_MALFORMED, "is none");
	cs_buf_free(&leaf);
	cs_buf_free(&pem);
	cs_buf_free(&mixed);
	cs_buf_free(&tokens);
	cs_buf_free(&one);
	issued_ca_free(&evil);
}

/* Whose authority approvals are for; a CA that has ended. */
static void
test_authority(void)
{
	struct issued_ca old = issued_ca_new("p384", "old", "corp.example",
	    NOON - DAY, NOON - 1);
	struct issued_ca *cas[] = {&ca, &old};
	cs_buf *bundle = issued_bundle(cas, 2, &wit_key), *b;
	cs_trust_in ti = {.bundle = cs_buf_span(bundle),
	    .authority = cs_span_str("https://elsewhere.example")};
	const struct issued_how plain = {0};
	cs_trust *t = trusting(&ti);
	cs_rely_in in = {.trust = t, .now = NOON};

	both(&plain, in, "wrong-authority", "approved for another");
	cs_trust_free(&t);
	ti.authority = (cs_span){0};
	in.trust = t = trusting(&ti);
	both(&plain, in, "issuer-only", "two CAs");
	b = issued_cert(&world, &old, &plain);
	in.certificate = cs_buf_span(b);
	answers(&in, "path-invalid", "a CA that has expired");
	cs_buf_free(&b);
	cs_trust_free(&t);
	cs_buf_free(&bundle);
	issued_ca_free(&old);
}

/* In a file: what is the agent's certificate, what a token, what nothing. */
static void
test_presented(void)
{
	const struct issued_how plain = {0};
	cs_buf *cert = issued_cert(&world, &ca, &plain), *pem;
	cs_presented p;

	pem = cs_buf_new(65536);
	ok(cs_pem_put(pem, CS_PEM_CERTIFICATE, cs_buf_span(cert), NULL) ==
	    CS_OK && cs_pem_put(pem, CS_PEM_CERTIFICATE, ca.its->der, NULL) ==
	    CS_OK && cs_presented_read(cs_buf_span(pem), &p, NULL) == CS_OK &&
	    cs_span_eq(p.certificate, cs_buf_span(cert)) &&
	    p.token.p == NULL, "the first of several");
	cs_presented_clear(&p);
	ok(cs_pem_put(pem, CS_PEM_REQUEST, cs_buf_span(cert), NULL) == CS_OK &&
	    cs_presented_read(cs_buf_span(pem), &p, NULL) == CS_EFORMAT &&
	    p.own == NULL, "a request among them");
	ok(cs_presented_read(cs_buf_span(cert), &p, NULL) == CS_OK &&
	    cs_span_eq(p.certificate, cs_buf_span(cert)), "DER");
	cs_presented_clear(&p);
	ok(cs_presented_read(cs_span_str("aa.b_b.c-c\r\n"), &p, NULL) ==
	    CS_OK && cs_span_is(p.token, "aa.b_b.c-c") &&
	    p.certificate.p == NULL, "a token");
	cs_presented_clear(&p);
	ok(cs_presented_read(cs_span_str("aa.bb.cc\n\n"), &p, NULL) ==
	    CS_EFORMAT && p.own == NULL, "two newlines");
	ok(cs_presented_read(cs_span_str(" aa.bb.cc"), &p, NULL) ==
	    CS_EFORMAT, "a blank before");
	ok(cs_presented_read(cs_span_str(""), &p, NULL) == CS_EFORMAT,
	    "nothing");
	cs_buf_free(&cert);
	cs_buf_free(&pem);
}

/* Of whom the order of extensions is another: what they say is the same. */
static void
test_turned(void)
{
	const struct issued_how turned = {.turned = true, .serial = 3},
	    forged = {.turned = true, .signer = &other_key},
	    agent = {.turned = true,
		.agent = "wimse://corp.example/agent/mallory"};
	cs_rely_in in = {.trust = trust, .anchors = owners, .now = NOON};
	cs_buf *b = issued_cert(&world, &ca, &turned);

	in.certificate = cs_buf_span(b);
	answers(&in, "proven", "another order");
	cs_buf_free(&b);
	b = issued_cert(&world, &ca, &forged);
	in.certificate = cs_buf_span(b);
	answers(&in, "path-invalid", "which the CA has not signed");
	cs_buf_free(&b);
	b = issued_cert(&world, &ca, &agent);
	in.certificate = cs_buf_span(b);
	answers(&in, "binding-mismatch", "another order, another agent");
	cs_buf_free(&b);
	test_bytes(issued_cert(&world, &ca, &turned), false);
}

static void
test_all(void)
{
	const struct issued_how plain = {0};

	test_owners();
	test_times();
	test_names();
	test_said();
	test_issuer();
	test_bytes(issued_cert(&world, &ca, &plain), false);
	test_bytes(issued_token(&world, &wit_key, &plain), true);
	test_turned();
	test_lists();
	test_trust();
	test_authority();
	test_presented();
}

int
main(void)
{
	struct issued_ca *cas[] = {&ca};
	cs_trust_in in = {.crls = {0}};
	cs_buf *bundle, *text;

	if (!vec_has_arc())
		return 0;
	world = issued_new();
	ca = issued_ca_new("p256", "CA", "corp.example", NOON - DAY,
	    NOON + DAY);
	twin = issued_ca_new("p384", "CA", "corp.example", NOON - DAY,
	    NOON + DAY);
	other = issued_ca_new("p256", "other", "corp.example", NOON - DAY,
	    NOON + DAY);
	wit_key = issued_key_new("p256");
	other_key = issued_key_new("p256");
	bundle = issued_bundle(cas, 1, &wit_key);
	text = issued_read("verdict/owners");
	in.bundle = cs_buf_span(bundle);
	trust = trusting(&in);
	if (ok(trust != NULL && cs_anchors_parse("owners", cs_buf_span(text),
	    &owners, NULL) == CS_OK, "what is trusted"))
		test_all();
	cs_anchors_free(&owners);
	cs_trust_free(&trust);
	cs_buf_free(&bundle);
	cs_buf_free(&text);
	issued_ca_free(&ca);
	issued_ca_free(&twin);
	issued_ca_free(&other);
	issued_key_free(&wit_key);
	issued_key_free(&other_key);
	issued_free(&world);
	return done_testing();
}
