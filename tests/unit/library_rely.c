/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include <countersign/countersign.h>

#include "issued.h"
#include "tap.h"
#include "vec.h"

/* The library's relying party; what is refused and why is in rely.c. */

static struct issued world;
static struct issued_ca ca;
static struct issued_key wit_key;

static countersign_bytes
bytes(const cs_buf *b)
{
	return (countersign_bytes){cs_buf_span(b).p, cs_buf_len(b)};
}

static bool
is(countersign_bytes b, const char *text)
{
	return b.len == strlen(text) && memcmp(b.ptr, text, b.len) == 0;
}

static countersign_bundle *
read_bundle(const cs_buf *json, const cs_buf *crls)
{
	countersign_bundle_source s = {.size = sizeof(s),
	    .bundle = bytes(json), .crls = bytes(crls)};
	countersign_bundle *b = NULL;

	ok(countersign_bundle_read(&s, &b, NULL) == COUNTERSIGN_OK &&
	    is(countersign_bundle_trust_domain(b), "corp.example"),
	    "a bundle");
	return b;
}

static void
test_source(const cs_buf *json)
{
	countersign_error *error = countersign_error_new();
	countersign_bundle_source s = {.size = sizeof(s)};
	countersign_bundle *b = NULL;

	ok(countersign_bundle_read(&s, &b, error) == COUNTERSIGN_EUSAGE &&
	    b == NULL, "a source without a bundle");
	s.bundle = bytes(json);
	s.size--;
	ok(countersign_bundle_read(&s, &b, error) == COUNTERSIGN_EUSAGE &&
	    b == NULL, "of another size");
	s.size++;
	s.trust_domain = "other.example";
	ok(countersign_bundle_read(&s, &b, error) == COUNTERSIGN_EFORMAT &&
	    b == NULL && strcmp(countersign_error_reason(error),
	    "wrong-trust-domain") == 0, "of another trust domain");
	s.trust_domain = NULL;
	s.crls = (countersign_bytes){(const uint8_t *)"", 0};
	ok(countersign_bundle_read(&s, &b, error) == COUNTERSIGN_EFORMAT &&
	    b == NULL, "no list where there should be");
	countersign_bundle_free(&b);
	countersign_bundle_free(NULL);
	countersign_error_free(&error);
}

static void
test_said(const countersign_credential *c, const char *what)
{
	ok(is(countersign_credential_agent(c),
	    "wimse://corp.example/agent/alice") &&
	    is(countersign_credential_owner(c, 0),
	    "mailto:alice@corp.example") &&
	    countersign_credential_count(c) == 1, "%s: whose", what);
	ok(countersign_credential_not_before(c) == NOON - 60 &&
	    countersign_credential_not_after(c) == NOON + 600, "%s: when",
	    what);
	ok(countersign_credential_agent_key(c).len ==
	    world.message->csr->key.der.n &&
	    countersign_credential_serial(c).len == 16 &&
	    countersign_credential_serial(c).ptr[15] == 9, "%s: which", what);
}

static void
test_none(const countersign_credential *c, const char *reason)
{
	ok(countersign_credential_state(c) ==
	    COUNTERSIGN_CREDENTIAL_REFUSED &&
	    strcmp(countersign_credential_reason(c), reason) == 0 &&
	    countersign_credential_text(c)[0] != '\0', "refused: %s", reason);
	ok(countersign_credential_count(c) == 0 &&
	    countersign_credential_agent(c).ptr == NULL &&
	    countersign_credential_agent_key(c).ptr == NULL &&
	    countersign_credential_serial(c).ptr == NULL &&
	    countersign_credential_not_before(c) == 0 &&
	    countersign_credential_not_after(c) == 0, "says nothing");
}

/* One credential: pinned owners, none, another agent, and a later time. */
static void
test_answers(countersign_presented p, const countersign_anchors *owners,
    const char *what)
{
	countersign_credential *c = NULL;

	ok(countersign_credential_verify(&p, &c, NULL) == COUNTERSIGN_OK &&
	    countersign_credential_state(c) ==
	    COUNTERSIGN_CREDENTIAL_ISSUER_ONLY &&
	    strcmp(countersign_credential_reason(c), "unknown-owner-key") ==
	    0, "%s: the issuer's word", what);
	test_said(c, what);
	countersign_credential_free(&c);
	p.anchors = owners;
	ok(countersign_credential_verify(&p, &c, NULL) == COUNTERSIGN_OK &&
	    countersign_credential_state(c) ==
	    COUNTERSIGN_CREDENTIAL_PROVEN &&
	    countersign_credential_reason(c)[0] == '\0' &&
	    countersign_credential_text(c)[0] == '\0', "%s: proven", what);
	test_said(c, what);
	countersign_credential_free(&c);
	p.agent = "wimse://corp.example/agent/bob";
	ok(countersign_credential_verify(&p, &c, NULL) == COUNTERSIGN_OK,
	    "%s: another is expected", what);
	test_none(c, "agent-not-allowed");
	countersign_credential_free(&c);
	p.agent = NULL;
	p.owner = "mailto:bob@corp.example";
	ok(countersign_credential_verify(&p, &c, NULL) == COUNTERSIGN_OK,
	    "%s: another's is expected", what);
	test_none(c, "wrong-owner");
	countersign_credential_free(&c);
	p.owner = NULL;
	p.now = NOON + 600;
	ok(countersign_credential_verify(&p, &c, NULL) == COUNTERSIGN_OK,
	    "%s: its end", what);
	test_none(c, "expired");
	countersign_credential_free(&c);
}

static void
test_wrong_calls(countersign_presented p, countersign_bytes token)
{
	countersign_credential *c = NULL;

	p.token = token;
	ok(countersign_credential_verify(&p, &c, NULL) == COUNTERSIGN_EUSAGE &&
	    c == NULL, "both kinds");
	p.certificate.ptr = NULL;
	p.token.ptr = NULL;
	ok(countersign_credential_verify(&p, &c, NULL) == COUNTERSIGN_EUSAGE &&
	    c == NULL, "neither");
	p.token = token;
	p.size++;
	ok(countersign_credential_verify(&p, &c, NULL) == COUNTERSIGN_EUSAGE &&
	    c == NULL, "another size");
	p.size--;
	p.bundle = NULL;
	ok(countersign_credential_verify(&p, &c, NULL) == COUNTERSIGN_EUSAGE &&
	    c == NULL, "nobody to trust");
}

static void
test_all(const countersign_anchors *owners)
{
	struct issued_ca *cas[] = {&ca};
	const struct issued_how how = {.serial = 9};
	cs_buf *json = issued_bundle(cas, 1, &wit_key);
	cs_buf *list = issued_list(&ca, 9, NOON - 60, NOON + 60, NULL);
	cs_buf *cert = issued_cert(&world, &ca, &how);
	cs_buf *token = issued_token(&world, &wit_key, &how);
	countersign_bundle *b = read_bundle(json, NULL);
	countersign_presented p = {.size = sizeof(p), .bundle = b,
	    .now = NOON};
	countersign_credential *c = NULL;

	test_source(json);
	p.certificate = bytes(cert);
	test_answers(p, owners, "certificate");
	test_wrong_calls(p, bytes(token));
	p.certificate.ptr = NULL;
	p.token = bytes(token);
	test_answers(p, owners, "token");
	countersign_bundle_free(&b);
	p.bundle = b = read_bundle(json, list);
	p.token.ptr = NULL;
	p.certificate = bytes(cert);
	ok(countersign_credential_verify(&p, &c, NULL) == COUNTERSIGN_OK,
	    "on a list");
	test_none(c, "revoked");
	countersign_credential_free(&c);
	countersign_bundle_free(&b);
	cs_buf_free(&json);
	cs_buf_free(&list);
	cs_buf_free(&cert);
	cs_buf_free(&token);
}

int
main(void)
{
	countersign_anchors *owners = NULL;
	cs_buf *text;

	if (!vec_has_arc())
		return 0;
	world = issued_new();
	ca = issued_ca_new("p256", "CA", "corp.example", NOON - 86400,
	    NOON + 86400);
	wit_key = issued_key_new("p256");
	text = issued_read("verdict/owners");
	if (ok(countersign_anchors_parse("owners", cs_buf_span(text).p,
	    cs_buf_len(text), &owners, NULL) == COUNTERSIGN_OK, "owners"))
		test_all(owners);
	countersign_anchors_free(&owners);
	cs_buf_free(&text);
	issued_ca_free(&ca);
	issued_key_free(&wit_key);
	issued_free(&world);
	return done_testing();
}
