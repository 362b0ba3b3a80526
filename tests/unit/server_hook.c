/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/hook.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "fmt/reason.h"
#include "hookbed.h"
#include "issue/leaf.h"
#include "sample.h"
#include "tap.h"

/* What a CA says, read; what it is about to sign, held to what was claimed; and
 * what it is answered. */

#define AGENT "wimse://corp.example/agent/alice"
#define FROM INT64_C(1795262340)
#define NOW INT64_C(1795262400)
#define TO INT64_C(1795265940)

/* An OwnerBindings of one binding, by its digest; a P-256 key. */
static const uint8_t bindings[] = {
    0x30, 0x81, 0xb3, 0x30, 0x81, 0xb0, 0x02, 0x01, 0x01, 0x16, 0x19, 'm', 'a',
    'i', 'l', 't', 'o', ':', 'a', 'l', 'i', 'c', 'e', '@', 'c', 'o', 'r', 'p',
    '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0x30, 0x59, 0x30, 0x13, 0x06, 0x07,
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    /* the base point */
    0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
    0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0,
    0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2,
    0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
    0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68,
    0x37, 0xbf, 0x51, 0xf5,
    0x03, 0x01, 0x00,
    0x04, 0x10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
    0x81, 0x20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
    19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};

static const hookbed_cert golden = {
    .key = {bindings + 36, 91}, .bindings = {bindings, sizeof(bindings)},
    .agent = AGENT, .not_before = FROM, .not_after = TO};

static cs_hook_terms
terms(void)
{
	static const uint8_t serial[16] = {0x7f, 1};

	return (cs_hook_terms){.agent = cs_span_str(AGENT),
	    .serial = cs_span_of(serial, sizeof(serial)),
	    .request_digest = cs_span_of(bindings, 32), .not_before = FROM,
	    .not_after = TO,
	    .bindings = cs_span_of(bindings, sizeof(bindings))};
}

static int
read_text(enum cs_conf_hook kind, const char *text, cs_err *e)
{
	cs_hook_call c;
	int rc = cs_hook_read(kind, cs_span_str(text), &c, e);

	cs_hook_call_clear(&c);
	return rc;
}

static void
test_enrich(void)
{
	static const uint8_t request[] = {0x30, 3, 2, 1, 0};
	cs_buf *b = hookbed_enrich(cs_span_of(request, sizeof(request)));
	cs_hook_call c;
	cs_err e = {0};

	ok(cs_hook_read(CS_HOOK_ENRICHING, cs_buf_span(b), &c, &e) == CS_OK &&
	    cs_span_eq(c.request, cs_span_of(request, sizeof(request))),
	    "a request, and nothing but it: %s", e.text);
	cs_hook_call_clear(&c);
	ok(cs_hook_read(CS_HOOK_AUTHORIZING, cs_buf_span(b), &c, &e) ==
	    CS_EFORMAT && e.detail == CS_R_UNSUPPORTED && c.own == NULL,
	    "it is no certificate");
	cs_buf_free(&b);
}

static void
test_authorize(void)
{
	cs_buf *b = hookbed_authorize(&golden);
	const cs_hook_cert *t;
	cs_hook_call c;
	cs_err e = {0};

	ok(cs_hook_read(CS_HOOK_AUTHORIZING, cs_buf_span(b), &c, &e) == CS_OK,
	    "a certificate: %s", e.text);
	t = &c.cert;
	ok(cs_span_eq(t->key, golden.key) && t->n_names == 1 &&
	    cs_span_is(t->uri, AGENT), "its key and its name");
	ok(t->not_before == FROM && t->not_after == TO, "its time");
	ok(!t->has_subject && !t->is_ca && !t->has_constraints &&
	    t->only_signs && t->both_uses && t->stray.p == NULL &&
	    t->other_policy.p == NULL && t->policies == CS_CP_APPROVED,
	    "its profile");
	ok(cs_span_eq(t->bindings, golden.bindings), "its owners");
	cs_hook_call_clear(&c);
	cs_buf_free(&b);
}

/* What is said otherwise, and what becomes of it: CS_R_NONE is a yes. */
static const struct {
	const char *from, *to;
	int reason;
} said[] = {
	{"\"uris\":[\"" AGENT "\"]", "\"uris\":null,\"sans\":[{\"type\":"
	    "\"uri\",\"value\":\"" AGENT "\"}]", CS_R_MALFORMED}, /* twice */
	{"\"uris\":[\"" AGENT "\"],\"sans\":null", "\"uris\":null,\"sans\":["
	    "{\"type\":\"uri\",\"value\":\"" AGENT "\"}]", CS_R_NONE},
	{"\"sans\":null", "\"sans\":[{\"type\":\"uri\",\"value\":\"" AGENT
	    "\"}]", CS_R_BINDING_MISMATCH},
	{"\"sans\":null", "\"sans\":[{\"type\":\"permanentIdentifier\","
	    "\"value\":\"x\"}]", CS_R_BINDING_MISMATCH},
	{"\"sans\":null", "\"sans\":[{}]", CS_R_BINDING_MISMATCH},
	{"\"sans\":null", "\"sans\":{}", CS_R_MALFORMED},
	{"\"" AGENT "\"", "\"" AGENT "/x\"", CS_R_BINDING_MISMATCH},
	{"\"" AGENT "\"", "\"" AGENT "\",\"" AGENT "\"",
	    CS_R_BINDING_MISMATCH},
	{"[\"" AGENT "\"]", "null", CS_R_BINDING_MISMATCH},
	{"[\"" AGENT "\"]", "\"" AGENT "\"", CS_R_MALFORMED},
	{"[\"" AGENT "\"]", "[1]", CS_R_MALFORMED},
	{"\"dnsNames\":null", "\"dnsNames\":[\"a.example\"]",
	    CS_R_BINDING_MISMATCH},
	{"\"emailAddresses\":null", "\"emailAddresses\":[\"a@a.example\"]",
	    CS_R_BINDING_MISMATCH},
	{"\"ipAddresses\":null", "\"ipAddresses\":[\"192.0.2.7\"]",
	    CS_R_BINDING_MISMATCH},
	{"\"subject\":{}", "\"subject\":{\"commonName\":\"x\"}",
	    CS_R_BINDING_MISMATCH},
	{"\"subject\":{}", "\"subject\":\"x\"", CS_R_BINDING_MISMATCH},
	{"\"subject\":{}", "\"subject\":null", CS_R_NONE},
	{"\"rawSubject\":null", "\"rawSubject\":\"MAA=\"",
	    CS_R_BINDING_MISMATCH},
	{"\"rawSubject\":null", "\"rawSubject\":\"\"", CS_R_NONE},
	{"\"rawSubject\":null", "\"rawSubject\":[]", CS_R_BINDING_MISMATCH},
	{"\"isCA\":false", "\"isCA\":true", CS_R_POLICY_REFUSED},
	{"\"isCA\":false,", "", CS_R_POLICY_REFUSED},
	{"{\"isCA\":false,\"maxPathLen\":0}", "null", CS_R_NONE},
	{"{\"isCA\":false,\"maxPathLen\":0}", "7", CS_R_POLICY_REFUSED},
	{"\"nameConstraints\":null", "\"nameConstraints\":{}",
	    CS_R_POLICY_REFUSED},
	{"[\"digitalSignature\"]", "null", CS_R_POLICY_REFUSED},
	{"[\"digitalSignature\"]", "[\"digitalSignature\",\"certSign\"]",
	    CS_R_POLICY_REFUSED},
	{"[\"digitalSignature\"]", "[\"keyEncipherment\"]",
	    CS_R_POLICY_REFUSED},
	{"[\"serverAuth\",\"clientAuth\"]", "[\"clientAuth\",\"serverAuth\"]",
	    CS_R_NONE},
	{"[\"serverAuth\",\"clientAuth\"]", "[\"serverAuth\",\"serverAuth\"]",
	    CS_R_POLICY_REFUSED},
	{"[\"serverAuth\",\"clientAuth\"]", "[\"clientAuth\"]",
	    CS_R_POLICY_REFUSED},
	{"[\"serverAuth\",\"clientAuth\"]", "[\"any\"]", CS_R_POLICY_REFUSED},
	{"\"unknownExtKeyUsage\":null", "\"unknownExtKeyUsage\":[\"1.2.3\"]",
	    CS_R_POLICY_REFUSED},
	{"53.5.1\"", "53.5.1\",\"1.2.3\"", CS_R_POLICY_REFUSED},
	{"53.5.1\"", "53.5.1\",\"1.3.6.1.4.1.32473.53.5.2\"",
	    CS_R_POLICY_REFUSED},
	{"\"policyIdentifiers\":[", "\"otherIdentifiers\":[",
	    CS_R_POLICY_REFUSED},
	{"\"extensions\":[", "\"extensions\":[{\"id\":\"2.5.29.17\","
	    "\"critical\":true,\"value\":\"MAA=\"},", CS_R_POLICY_REFUSED},
	{"\"critical\":false", "\"critical\":true", CS_R_POLICY_REFUSED},
	{"\"extensions\":[", "\"extensions\":[{},", CS_R_MALFORMED},
	{"\"extensions\":[", "\"others\":[", CS_R_BINDING_MISMATCH},
	{"\"value\":\"MIGz", "\"value\":\"MIG0", CS_R_BINDING_MISMATCH},
	{"\"value\":\"MIGz", "\"value\":\"M", CS_R_MALFORMED},
	{"11:59:00Z", "11:58:59Z", CS_R_NOT_YET_VALID},
	{"11:59:00Z", "11:59:00.999Z", CS_R_NONE},
	{"11:59:00Z", "12:01:00Z", CS_R_NONE},
	{"11:59:00Z", "12:01:01Z", CS_R_NOT_YET_VALID},
	{"11:59:00Z", "13:59:00+02:00", CS_R_NONE},
	{"11:59:00Z", "12:59:00Z", CS_R_LIFETIME_EXCEEDED},
	{"12:59:00Z", "12:59:01Z", CS_R_LIFETIME_EXCEEDED},
	{"12:59:00Z", "12:58:59Z", CS_R_NONE},
	{"2026-11-21T12:59:00Z", "9999-12-31T23:59:59Z",
	    CS_R_LIFETIME_EXCEEDED},
	{"2026-11-21T11:59:00Z", "0001-01-01T00:00:00Z", CS_R_NOT_YET_VALID},
	{"\"2026-11-21T12:59:00Z\"", "1795265940", CS_R_MALFORMED},
	{"\"notAfter\"", "\"notafter\"", CS_R_MALFORMED},
	{"\"publicKey\"", "\"publickey\"", CS_R_MALFORMED},
	{"\"version\":0", "\"version\":0,\"new\":{\"a\":[{}]}", CS_R_NONE},
	{"\"timestamp\"", "\"x5cCertificate\":{\"raw\":\"\"},\"timestamp\"",
	    CS_R_NONE},
	{"\"timestamp\"", "\"x509CertificateRequest\":null,\"timestamp\"",
	    CS_R_NONE},
	{"\"timestamp\"", "\"x509CertificateRequest\":{},\"timestamp\"",
	    CS_R_UNSUPPORTED},
	{"\"timestamp\"", "\"sshCertificate\":{},\"timestamp\"",
	    CS_R_UNSUPPORTED},
};

static void
test_said(void)
{
	cs_buf *whole = hookbed_authorize(&golden), *b;
	const cs_hook_terms t = terms();
	cs_hook_call c;
	size_t i;
	cs_err e;
	int rc;

	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		e = (cs_err){0};
		b = hookbed_swap(whole, said[i].from, said[i].to);
		rc = cs_hook_read(CS_HOOK_AUTHORIZING, cs_buf_span(b), &c,
		    &e);
		if (rc == CS_OK)
			rc = cs_hook_hold(&c.cert, &t, NOW, &e);
		/* Twice the same is what JSON refuses. */
		if (rc == CS_EUSAGE)
			e.detail = CS_R_MALFORMED;
		ok((rc == CS_OK) == (said[i].reason == CS_R_NONE) &&
		    e.detail == said[i].reason, "%.40s: %s, %s", said[i].to,
		    said[i].reason == CS_R_NONE ? "taken" :
		    cs_reason_name(said[i].reason), e.text);
		cs_hook_call_clear(&c);
		cs_buf_free(&b);
	}
	cs_buf_free(&whole);
}

static void
test_no_call(void)
{
	static const char *const none[] = {"", "{", "[]", "null", "1", "{}}",
	    "\"x\"", "{\"a\":1,\"a\":2}", "{\"x509Certificate\":{\"a\":1,"
	    "\"a\":1}}", "{\"a\":\"\\u0000\"}", "{\"\\u0000\":1}",
	    "{\"a\":\"\xff\"}", "{'a':1}", "{\"a\":01}", "{} {}"};
	static const char *const less[] = {"{}", "{\"x509Certificate\":null}",
	    "{\"x509Certificate\":[]}", "{\"x509Certificate\":{}}",
	    "{\"x509certificate\":{}}",
	    "{\"x509CertificateRequest\":{\"raw\":\"\"}}",
	    "{\"x509CertificateRequest\":{\"raw\":null}}",
	    "{\"x509CertificateRequest\":{\"raw\":\"LS0t\"}}",
	    "{\"x509CertificateRequest\":{\"raw\":\"MAA\"}}",
	    "{\"x509CertificateRequest\":{\"raw\":\"MAA=\\n\"}}",
	    "{\"scepChallenge\":\"x\"}"};
	size_t i;
	cs_err e = {0};

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ok(read_text(CS_HOOK_ENRICHING, none[i], &e) == CS_EUSAGE,
		    "no call: %s", none[i]);
	for (i = 0; i < sizeof(less) / sizeof(less[0]); i++)
		ok(read_text(CS_HOOK_ENRICHING, less[i], &e) == CS_EFORMAT &&
		    e.detail != CS_R_NONE &&
		    read_text(CS_HOOK_AUTHORIZING, less[i], &e) == CS_EFORMAT,
		    "too little: %s", less[i]);
}

/* Nothing is taken of what is cut off; and nothing breaks of what is damaged,
 * nor says what it was not given to say. */
static void
test_damaged(void)
{
	cs_buf *b = hookbed_authorize(&golden);
	cs_span s = cs_buf_span(b);
	uint8_t *copy = malloc(s.n);
	const cs_hook_terms t = terms();
	size_t i, prefixes = 0, more = 0;
	cs_hook_call c;

	for (i = 0; i < s.n; i++) {
		prefixes += cs_hook_read(CS_HOOK_AUTHORIZING,
		    cs_span_cut(s, 0, i), &c, NULL) == CS_EUSAGE;
		cs_hook_call_clear(&c);
	}
	ok(prefixes == s.n, "every prefix is refused");
	memcpy(copy, s.p, s.n);
	for (i = 0; i < s.n; i++) {
		if (sample_skips())
			continue;
		copy[i] ^= 0x01;
		if (cs_hook_read(CS_HOOK_AUTHORIZING, cs_span_of(copy, s.n),
		    &c, NULL) == CS_OK && cs_hook_hold(&c.cert, &t, NOW,
		    NULL) == CS_OK)
			more += !cs_span_is(c.cert.uri, AGENT) ||
			    !cs_span_eq(c.cert.bindings, golden.bindings) ||
			    c.cert.not_after > TO;
		cs_hook_call_clear(&c);
		copy[i] ^= 0x01;
	}
	ok(more == 0, "every flip is refused, or says the same");
	free(copy);
	cs_buf_free(&b);
}

static void
test_large(void)
{
	const size_t n = 256 * 1024;
	uint8_t *big = malloc(n);
	cs_hook_call c;
	cs_err e = {0};
	size_t i;

	memset(big, '[', n);
	ok(cs_hook_read(CS_HOOK_ENRICHING, cs_span_of(big, n), &c, &e) ==
	    CS_EUSAGE, "deep");
	for (i = 0; i + 5 <= n; i += 5)
		memcpy(big + i, "{\"a\":", 5);
	ok(cs_hook_read(CS_HOOK_ENRICHING, cs_span_of(big, n), &c, &e) ==
	    CS_EUSAGE, "deep in objects");
	memset(big, '7', n);
	memcpy(big, "{\"a\":", 5);
	big[n - 1] = '}';
	ok(cs_hook_read(CS_HOOK_ENRICHING, cs_span_of(big, n), &c, &e) !=
	    CS_OK, "a number too large");
	memset(big, 'A', n);
	memcpy(big, "{\"x509CertificateRequest\":{\"raw\":\"MII", 37);
	memcpy(big + n - 4, "\"}}\n", 4);
	(void)!cs_hook_read(CS_HOOK_ENRICHING, cs_span_of(big, n), &c, &e);
	cs_hook_call_clear(&c);
	ok(true, "a large request");
	free(big);
}

static void
test_fields(void)
{
	cs_span b = cs_span_str("bindings"), m = cs_span_str("message");
	static const uint8_t issuer[] = {0x30, 7, 2, 1, 1, 4, 0, 4, 0};
	cs_buf *out = cs_buf_new(256);
	cs_span got = {0}, got2 = {0}, whole;
	size_t i, refused = 0;
	cs_err e = {0};

	ok(cs_hook_fields_put(b, m, out, &e) == CS_OK, "fields");
	whole = cs_buf_span(out);
	ok(cs_hook_fields_get(whole, &got, &got2, &e) == CS_OK &&
	    cs_span_eq(got, b) && cs_span_eq(got2, m), "read back");
	for (i = 0; i < whole.n; i++)
		refused += cs_hook_fields_get(cs_span_cut(whole, 0, i), &got,
		    &got2, NULL) != CS_OK;
	ok(refused == whole.n, "not in part");
	ok(cs_hook_fields_get(cs_span_of(issuer, sizeof(issuer)), &got, &got2,
	    &e) == CS_EFORMAT, "not an issuer's");
	cs_buf_free(&out);
	out = cs_buf_new(8);
	ok(cs_hook_fields_put(b, m, out, &e) != CS_OK, "no room");
	cs_buf_free(&out);
}

static bool
text_is(const json_t *o, const char *name, const char *want)
{
	const char *s = json_string_value(json_object_get(o, name));

	if (s != NULL && strcmp(s, want) == 0)
		return true;
	printf("# %s: %s\n", name, s == NULL ? "none" : s);
	return false;
}

static void
test_answers(void)
{
	cs_buf *b = cs_buf_new(CS_HOOK_ANSWER_MAX);
	const cs_hook_terms t = terms();
	json_t *root, *d;
	cs_err e = {0};

	ok(cs_hook_allow_put(NULL, b, &e) == CS_OK &&
	    cs_span_is(cs_buf_span(b), "{\"allow\":true}"), "a yes");
	cs_buf_reset(b);
	ok(cs_hook_deny_put("expired", cs_span_str("\"\x1b[2J\xff"), b, &e) ==
	    CS_OK && cs_span_is(cs_buf_span(b), "{\"allow\":false,\"error\":{"
	    "\"code\":\"expired\",\"message\":\"\\\"\\\\u{1B}[2J\\\\x{FF}\"}}"),
	    "a no: %s", cs_buf_cstr(b));
	cs_buf_reset(b);
	ok(cs_hook_allow_put(&t, b, &e) == CS_OK, "data %s", e.text);
	root = json_loads(cs_buf_cstr(b), JSON_REJECT_DUPLICATES, NULL);
	d = json_object_get(root, "data");
	ok(json_is_true(json_object_get(root, "allow")) &&
	    text_is(d, "agent", AGENT) &&
	    text_is(d, "notBefore", "2026-11-21T11:59:00Z") &&
	    text_is(d, "notAfter", "2026-11-21T12:59:00Z") &&
	    text_is(d, "serialNumber", "0x7f010000000000000000000000000000"),
	    "for whom, and how long");
	ok(strcmp(json_string_value(json_array_get(json_object_get(d,
	    "owners"), 0)), "mailto:alice@corp.example") == 0 &&
	    strcmp(json_string_value(json_array_get(json_object_get(d,
	    "policies"), 0)), "1.3.6.1.4.1.32473.53.5.1") == 0 &&
	    json_array_size(json_object_get(d, "policies")) == 1,
	    "owners and policies");
	d = json_array_get(json_object_get(d, "extensions"), 0);
	ok(text_is(d, "id", "1.3.6.1.4.1.32473.53.3.1") &&
	    json_is_false(json_object_get(d, "critical")) &&
	    json_string_length(json_object_get(d, "value")) ==
	    (sizeof(bindings) + 2) / 3 * 4, "the extension");
	json_decref(root);
	cs_buf_free(&b);
}

static void
test_kinds(void)
{
	ok(cs_hook_kind(cs_span_str("/webhook/enrich")) == CS_HOOK_ENRICHING &&
	    cs_hook_kind(cs_span_str("/webhook/authorize")) ==
	    CS_HOOK_AUTHORIZING && cs_hook_kind(cs_span_str("/webhook/enrich/"))
	    == CS_HOOK_NONE && cs_hook_kind(cs_span_str("/")) == CS_HOOK_NONE,
	    "paths");
}

int
main(void)
{
	test_enrich();
	test_authorize();
	test_said();
	test_no_call();
	test_damaged();
	test_large();
	test_fields();
	test_answers();
	test_kinds();
	return done_testing();
}
