/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "fmt/csr.h"
#include "include/countersign/countersign.h"
#include "tap.h"
#include "vec.h"

#define NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z */

/* The library from outside, linked as a program links it. */

static countersign_error *error;

static countersign_bytes
bytes(cs_span s)
{
	return (countersign_bytes){s.p, s.n};
}

static countersign_bytes
text(const char *s)
{
	return (countersign_bytes){(const uint8_t *)s, strlen(s)};
}

static bool
same(countersign_bytes a, countersign_bytes b)
{
	return cs_span_eq(cs_span_of(a.ptr, a.len), cs_span_of(b.ptr, b.len));
}

static int
sign(void *arg, const char *algorithm, const uint8_t *in, size_t len,
    uint8_t *sig, size_t *sig_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = strcmp(algorithm, "ecdsa-with-SHA256") == 0 &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, arg) == 1 &&
	    EVP_DigestSign(ctx, sig, sig_len, in, len) == 1;

	EVP_MD_CTX_free(ctx);
	return good ? 0 : 1;
}

static int
sign_not(void *arg, const char *algorithm, const uint8_t *in, size_t len,
    uint8_t *sig, size_t *sig_len)
{
	(void)arg, (void)algorithm, (void)in, (void)len, (void)sig;
	(void)sig_len;
	return 7;
}

/* A request of this key, by the room below the library. */
static countersign_request *
new_request(EVP_PKEY *key)
{
	static const uint8_t ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
	    0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
	cs_buf *info = cs_buf_new(4096), *der = cs_buf_new(4096);
	uint8_t sig[256], *spki = NULL;
	countersign_request *q = NULL;
	size_t n = sizeof(sig);
	int len = i2d_PUBKEY(key, &spki);
	cs_csr_new csr = {.spki = cs_span_of(spki, (size_t)len),
	    .agent_id = cs_span_str("wimse://corp.example/agent/alice"),
	    .intended_owner = cs_span_str("mailto:alice@corp.example")};

	ok(cs_csr_put_info(&csr, info, NULL) == CS_OK && sign(key,
	    "ecdsa-with-SHA256", cs_buf_span(info).p, cs_buf_len(info), sig,
	    &n) == 0 && cs_csr_put(cs_buf_span(info), cs_span_of(ecdsa,
	    sizeof(ecdsa)), cs_span_of(sig, n), der, NULL) == CS_OK,
	    "a request");
	ok(countersign_request_read(cs_buf_span(der).p, cs_buf_len(der), &q,
	    error) == COUNTERSIGN_OK, "is read");
	OPENSSL_free(spki);
	cs_buf_free(&info);
	cs_buf_free(&der);
	return q;
}

/* The whole list, in both directions. */
static void
test_reasons(void)
{
	static const int classes[] = {COUNTERSIGN_OK, COUNTERSIGN_EREFUSED,
	    COUNTERSIGN_EUSAGE, COUNTERSIGN_EFORMAT, COUNTERSIGN_EIO,
	    COUNTERSIGN_EBUG};
	const char *name;
	int i, wrong = 0;

	for (i = COUNTERSIGN_R_NONE; i <= COUNTERSIGN_R_INTERNAL; i++) {
		name = countersign_reason_name(i);
		if (countersign_reason_number(name) != i ||
		    (name[0] == '\0') != (i == COUNTERSIGN_R_NONE))
			wrong++;
	}
	ok(i == 39 && wrong == 0, "38 reasons and none");
	ok(strcmp(countersign_reason_name(COUNTERSIGN_R_NOT_DER),
	    "not-der") == 0 && strcmp(countersign_reason_name(
	    COUNTERSIGN_R_STORE_UNAVAILABLE), "store-unavailable") == 0,
	    "by their names");
	ok(countersign_reason_number(NULL) == COUNTERSIGN_R_NONE &&
	    countersign_reason_number("not-DER") == COUNTERSIGN_R_INTERNAL &&
	    strcmp(countersign_reason_name(-1), "internal") == 0 &&
	    strcmp(countersign_reason_name(39), "internal") == 0,
	    "what is none");
	for (i = 0; i < 6; i++)
		ok(countersign_strerror(classes[i])[0] != '\0' && (i == 0 ||
		    strcmp(countersign_strerror(classes[i]),
		    countersign_strerror(classes[i - 1])) != 0), "class %d",
		    classes[i]);
	ok(strcmp(countersign_strerror(-4), countersign_strerror(
	    COUNTERSIGN_EBUG)) == 0, "another class");
}

static void
test_request(const countersign_request *q)
{
	countersign_request *none = NULL;
	countersign_approval *a = NULL;

	ok(countersign_request_possession(q, error) == COUNTERSIGN_OK,
	    "its own signature");
	ok(same(countersign_request_agent(q),
	    text("wimse://corp.example/agent/alice")) &&
	    same(countersign_request_trust_domain(q), text("corp.example")) &&
	    same(countersign_request_intended_owner(q),
	    text("mailto:alice@corp.example")), "names");
	ok(countersign_request_purpose(q).ptr == NULL &&
	    countersign_request_digest(q).len == 32 &&
	    countersign_request_key_hash(q).len == 32 &&
	    countersign_request_key(q).len == 91 &&
	    countersign_request_approvals(q) == 0, "and the rest");
	ok(countersign_request_approval(q, 0, &a, error) ==
	    COUNTERSIGN_EUSAGE && a == NULL, "no approval in it");
	ok(countersign_request_read("0\xff", 2, &none, error) ==
	    COUNTERSIGN_EFORMAT && none == NULL &&
	    strcmp(countersign_error_reason(error), "not-der") == 0 &&
	    countersign_error_class(error) == COUNTERSIGN_EFORMAT &&
	    countersign_error_text(error)[0] != '\0', "what is none");
	ok(countersign_request_read("0\xff", 2, &none, NULL) ==
	    COUNTERSIGN_EFORMAT, "without an error object");
}

static void
test_build(const countersign_approval *from)
{
	countersign_terms t = {.size = sizeof(t)};
	countersign_subject s = {.size = sizeof(s)};
	uint8_t *out = NULL;
	size_t n = 0;

	ok(countersign_approval_terms(from, &t) == COUNTERSIGN_OK &&
	    countersign_approval_subjects(from) == 1 &&
	    countersign_approval_subject(from, 0, &s) == COUNTERSIGN_OK,
	    "terms and subject");
	ok(countersign_approval_subject(from, 1, &s) == COUNTERSIGN_EUSAGE,
	    "no second subject");
	ok(countersign_tbs_build(&t, &s, 1, &out, &n, error) ==
	    COUNTERSIGN_OK && same((countersign_bytes){out, n},
	    countersign_approval_tbs(from)), "build the same again");
	countersign_free(out);
	t.owner = text("mailto:Alice@corp.example");
	ok(countersign_tbs_build(&t, &s, 1, &out, &n, error) ==
	    COUNTERSIGN_EFORMAT && out == NULL &&
	    strcmp(countersign_error_reason(error), "bad-identifier") == 0,
	    "not with a bad owner");
	ok(countersign_tbs_build(&t, &s, 0, &out, &n, error) ==
	    COUNTERSIGN_EUSAGE, "not without a subject");
	t.size--;
	ok(countersign_tbs_build(&t, &s, 1, &out, &n, error) ==
	    COUNTERSIGN_EUSAGE && countersign_approval_terms(from, &t) ==
	    COUNTERSIGN_EUSAGE, "not with another size");
}

static void
test_composite(const countersign_request *q, EVP_PKEY *key,
    const countersign_approval *a)
{
	countersign_request *back = NULL;
	countersign_approval *one = NULL;
	EVP_PKEY *other = EVP_EC_gen("P-256");
	uint8_t *out = NULL;
	size_t n = 0;

	ok(countersign_composite_build(q, &a, 1, sign, key, &out, &n, error) ==
	    COUNTERSIGN_OK && countersign_request_read(out, n, &back, error) ==
	    COUNTERSIGN_OK, "a composite");
	ok(back != NULL && countersign_request_approvals(back) == 1 &&
	    same(countersign_request_digest(back),
	    countersign_request_digest(q)) &&
	    countersign_request_approval(back, 0, &one, error) ==
	    COUNTERSIGN_OK && same(countersign_approval_der(one),
	    countersign_approval_der(a)), "has the approval");
	countersign_approval_free(&one);
	countersign_request_free(&back);
	countersign_free(out);
	ok(countersign_composite_build(q, &a, 1, sign, other, &out, &n,
	    error) == COUNTERSIGN_EFORMAT && out == NULL &&
	    strcmp(countersign_error_reason(error), "pop-invalid") == 0,
	    "not by another key");
	ok(countersign_composite_build(q, &a, 1, sign_not, NULL, &out, &n,
	    error) == COUNTERSIGN_EREFUSED, "not when nobody signs");
	ok(countersign_composite_build(q, &a, 0, sign, key, &out, &n,
	    error) == COUNTERSIGN_EUSAGE, "not without an approval");
	EVP_PKEY_free(other);
}

static void
test_verdict(const countersign_request *q)
{
	static const char none[] = "# nobody\n";
	countersign_anchors *a = NULL;
	countersign_verdict *v = NULL;
	countersign_question ask = {.size = sizeof(ask), .now = NOON,
	    .message = countersign_request_der(q),
	    .trust_domain = "corp.example"};

	ok(countersign_verdict_state(NULL) == COUNTERSIGN_REFUSED,
	    "no verdict is a refusal");
	ok(countersign_verify(&ask, &v, error) == COUNTERSIGN_EUSAGE &&
	    v == NULL, "not without anchors");
	ok(countersign_anchors_parse("o", none, strlen(none), &a, error) ==
	    COUNTERSIGN_OK && countersign_anchors_count(a) == 0, "anchors");
	ask.anchors = a;
	ok(countersign_verify(&ask, &v, error) == COUNTERSIGN_OK &&
	    countersign_verdict_state(v) == COUNTERSIGN_REFUSED &&
	    strcmp(countersign_verdict_reason(v), "no-approval") == 0 &&
	    countersign_verdict_text(v)[0] != '\0', "no approval");
	ok(countersign_verdict_count(v) == 0 &&
	    countersign_verdict_owner(v, 0).ptr == NULL &&
	    countersign_verdict_tbs_hash(v, 0).ptr == NULL &&
	    countersign_verdict_assurance(v) == 0 &&
	    countersign_verdict_max_lifetime(v) == 0, "gives nothing");
	countersign_verdict_free(&v);
	ask.trust_domain = NULL;
	ok(countersign_verify(&ask, &v, error) == COUNTERSIGN_EUSAGE,
	    "not without an authority");
	ask.authority = "no name";
	ok(countersign_verify(&ask, &v, error) == COUNTERSIGN_EFORMAT,
	    "not with a bad one");
	countersign_anchors_free(&a);
	ok(countersign_anchors_parse("o", "x\n", 2, &a, error) ==
	    COUNTERSIGN_EFORMAT && a == NULL, "anchors that are none");
}

/* A request and an approval beside it, by nobody who is known. */
static void
test_bundle(void)
{
	const char *src = getenv("SRCDIR");
	char path[4096], file[8192];
	countersign_anchors *a = NULL;
	countersign_verdict *v = NULL;
	countersign_question ask = {.size = sizeof(ask), .now = NOON,
	    .trust_domain = "corp.example", .composite = 1};
	FILE *f;

	(void)snprintf(path, sizeof(path),
	    "%s/tests/vectors/verdict/approved-bundle.pem",
	    src == NULL ? "." : src);
	if (!ok((f = fopen(path, "r")) != NULL, "a bundle"))
		return;
	ask.message = (countersign_bytes){(const uint8_t *)file,
	    fread(file, 1, sizeof(file), f)};
	(void)fclose(f);
	ok(countersign_anchors_parse("o", "", 0, &a, error) ==
	    COUNTERSIGN_OK, "nobody is known");
	ask.anchors = a;
	ok(countersign_verify(&ask, &v, error) == COUNTERSIGN_OK &&
	    strcmp(countersign_verdict_reason(v), "not-composite") == 0,
	    "is not for an issuer");
	countersign_verdict_free(&v);
	ask.composite = 0;
	ok(countersign_verify(&ask, &v, error) == COUNTERSIGN_OK &&
	    strcmp(countersign_verdict_reason(v), "unknown-owner-key") == 0,
	    "is for others");
	countersign_verdict_free(&v);
	countersign_anchors_free(&a);
}

/* A file of the verdict's vectors; NULL when it is not there. */
static cs_buf *
slurp(const char *name)
{
	const char *src = getenv("SRCDIR");
	char path[4096];
	cs_buf *b = NULL;

	(void)snprintf(path, sizeof(path), "%s/tests/vectors/verdict/%s",
	    src == NULL ? "." : src, name);
	return cs_file_read(path, 1 << 20, &b, NULL) == CS_OK ? b : NULL;
}

static countersign_verdict *
verdict_on(const char *name, const countersign_anchors *a)
{
	cs_buf *b = slurp(name);
	countersign_question ask = {.size = sizeof(ask), .now = NOON,
	    .message = bytes(cs_buf_span(b)), .anchors = a,
	    .trust_domain = "corp.example"};
	countersign_verdict *v = NULL;

	ok(countersign_verify(&ask, &v, error) == COUNTERSIGN_OK, "%s", name);
	cs_buf_free(&b);
	return v;
}

/* A yes says what the approval says. */
static void
test_yes(const countersign_anchors *a)
{
	countersign_verdict *v = verdict_on("approved.pem", a);
	cs_buf *b = slurp("approved.pem");
	countersign_request *q = NULL;
	countersign_approval *one = NULL;
	countersign_terms t = {.size = sizeof(t)};

	ok(countersign_request_read(cs_buf_span(b).p, cs_buf_len(b), &q,
	    error) == COUNTERSIGN_OK && countersign_request_approval(q, 0,
	    &one, error) == COUNTERSIGN_OK &&
	    countersign_approval_terms(one, &t) == COUNTERSIGN_OK, "its terms");
	ok(countersign_verdict_state(v) == COUNTERSIGN_APPROVED &&
	    countersign_verdict_reason(v)[0] == '\0' &&
	    countersign_verdict_text(v)[0] == '\0' &&
	    countersign_verdict_count(v) == 1, "a yes");
	ok(same(countersign_verdict_agent(v), countersign_request_agent(q)) &&
	    same(countersign_verdict_owner(v, 0), t.owner) &&
	    same(countersign_verdict_key_hash(v, 0), t.owner_key_hash) &&
	    same(countersign_verdict_approval_id(v, 0), t.approval_id) &&
	    countersign_verdict_tbs_hash(v, 0).len == 32, "who and which");
	ok(countersign_verdict_not_after(v) == t.not_after &&
	    countersign_verdict_max_lifetime(v) == t.max_lifetime &&
	    countersign_verdict_max_issuances(v) == t.max_issuances,
	    "limits");
	ok(countersign_verdict_key_hash(v, 1).ptr == NULL &&
	    countersign_verdict_approval_id(v, 1).ptr == NULL &&
	    countersign_verdict_assurance_of(v, 1) == 0, "nothing behind it");
	countersign_approval_free(&one);
	countersign_request_free(&q);
	countersign_verdict_free(&v);
	cs_buf_free(&b);
}

/* What the host remembers, and how often it was asked. */
struct remembered {
	int answer, recorded;
	uint32_t value;
	unsigned asked;
};

static int
counter(void *arg, const uint8_t *key_hash, const uint8_t *tbs_hash,
    countersign_last_counter *out)
{
	struct remembered *r = arg;

	r->asked++;
	if (out->size != sizeof(*out) || out->known || out->recorded ||
	    key_hash == NULL || tbs_hash == NULL)
		return 9;
	out->known = 1;
	out->value = r->value;
	out->recorded = r->recorded;
	return r->answer;
}

/* approved-fido2.pem and its brother under counter-strict sign 5. */
static void
counted(const char *name, struct remembered *r, const countersign_anchors *a,
    const char *reason, bool regressed)
{
	cs_buf *b = slurp(name);
	countersign_question ask = {.size = sizeof(ask), .now = NOON,
	    .message = bytes(cs_buf_span(b)), .anchors = a,
	    .trust_domain = "corp.example",
	    .counter = r == NULL ? NULL : counter, .counter_arg = r};
	countersign_verdict *v = NULL;
	bool yes = reason[0] == '\0';

	ok(countersign_verify(&ask, &v, error) == COUNTERSIGN_OK &&
	    strcmp(countersign_verdict_reason(v), reason) == 0 &&
	    (countersign_verdict_state(v) == COUNTERSIGN_APPROVED) == yes,
	    "%s: %s", name, yes ? "a yes" : reason);
	ok(r == NULL || r->asked == 1, "asked once");
	ok(countersign_verdict_counter(v, 0) == (yes ? 5 : -1) &&
	    countersign_verdict_counter(v, 1) == -1, "its counter");
	ok((countersign_verdict_counter_regressed(v, 0) != 0) == regressed &&
	    countersign_verdict_counter_regressed(v, 1) == 0, "regressed");
	countersign_verdict_free(&v);
	cs_buf_free(&b);
}

static void
test_counter(void)
{
	static const char lax[] = "approved-fido2.pem",
	    strict[] = "approved-fido2-strict.pem";
	cs_buf *owners = slurp("owners-sk");
	countersign_anchors *a = NULL;

	if (!ok(countersign_anchors_parse("owners", cs_buf_span(owners).p,
	    cs_buf_len(owners), &a, error) == COUNTERSIGN_OK, "owners-sk"))
		return;
	counted(lax, NULL, a, "", false);
	counted(lax, &(struct remembered){.value = 4}, a, "", false);
	counted(lax, &(struct remembered){.value = 5}, a, "", true);
	counted(lax, &(struct remembered){.answer = 1}, a,
	    "store-unavailable", false);
	counted(strict, NULL, a, "store-unavailable", false);
	counted(strict, &(struct remembered){.value = 4}, a, "", false);
	counted(strict, &(struct remembered){.value = 5}, a,
	    "counter-regressed", false);
	counted(strict, &(struct remembered){.value = 5, .recorded = 1}, a,
	    "", false);
	countersign_anchors_free(&a);
	cs_buf_free(&owners);
}

static void
test_answers(void)
{
	cs_buf *owners = slurp("owners");
	countersign_anchors *a = NULL;
	countersign_verdict *v = NULL;

	if (!ok(countersign_anchors_parse("owners", cs_buf_span(owners).p,
	    cs_buf_len(owners), &a, error) == COUNTERSIGN_OK, "owners"))
		return;
	test_yes(a);
	v = verdict_on("approved-piv.pem", a);
	ok(countersign_verdict_assurance_of(v, 0) == (COUNTERSIGN_HARDWARE |
	    COUNTERSIGN_PRESENT | COUNTERSIGN_VERIFIED) &&
	    countersign_verdict_assurance(v) ==
	    countersign_verdict_assurance_of(v, 0), "assurance");
	countersign_verdict_free(&v);
	v = verdict_on("denied.pem", a);
	ok(countersign_verdict_state(v) == COUNTERSIGN_DENIED &&
	    countersign_verdict_reason(v)[0] == '\0' &&
	    strstr(countersign_verdict_text(v), " until 20") != NULL &&
	    countersign_verdict_count(v) == 0 &&
	    countersign_verdict_not_after(v) == 0 &&
	    countersign_verdict_assurance_of(v, 0) == 0, "a denial");
	countersign_verdict_free(&v);
	countersign_anchors_free(&a);
	cs_buf_free(&owners);
	test_counter();
}

static void
test_credential(const struct vec *v, size_t n)
{
	countersign_credential_question ask = {.size = sizeof(ask),
	    .certificate = bytes(vec_find(v, n, "proven-assurance")),
	    .owner = "mailto:alice@corp.example",
	    .authority = "https://corp.example", .now = NOON};
	countersign_credential *c = NULL, *again = NULL;
	countersign_anchors *none = NULL;

	ok(countersign_credential_check(&ask, &c, error) ==
	    COUNTERSIGN_EUSAGE && c == NULL, "not without the owner's key");
	ask.owner = NULL;
	ok(countersign_anchors_parse("o", "", 0, &none, error) ==
	    COUNTERSIGN_OK, "nobody is pinned");
	ask.anchors = none;
	ok(countersign_credential_check(&ask, &c, error) == COUNTERSIGN_OK &&
	    countersign_credential_state(c) ==
	    COUNTERSIGN_CREDENTIAL_ISSUER_ONLY &&
	    countersign_credential_text(c)[0] != '\0', "the issuer's word");
	ok(countersign_credential_count(c) == 1 &&
	    countersign_credential_assurance(c, 0) == (COUNTERSIGN_HARDWARE |
	    COUNTERSIGN_PRESENT | COUNTERSIGN_VERIFIED) &&
	    countersign_credential_approval_id(c, 0).len == 16 &&
	    same(countersign_credential_agent(c),
	    text("wimse://corp.example/agent/alice")) &&
	    countersign_credential_owner(c, 1).ptr == NULL, "its binding");
	ask.anchors = NULL;
	ask.owner = "mailto:alice@corp.example";
	ask.owner_key = countersign_credential_owner_key(c, 0);
	ok(countersign_credential_check(&ask, &again, error) ==
	    COUNTERSIGN_OK && countersign_credential_state(again) ==
	    COUNTERSIGN_CREDENTIAL_PROVEN &&
	    countersign_credential_reason(again)[0] == '\0', "is proven");
	countersign_credential_free(&again);
	ask.authority = "https://other.example";
	ok(countersign_credential_check(&ask, &again, error) ==
	    COUNTERSIGN_OK && countersign_credential_state(again) ==
	    COUNTERSIGN_CREDENTIAL_REFUSED &&
	    strcmp(countersign_credential_reason(again), "wrong-authority") ==
	    0 && countersign_credential_count(again) == 0, "is refused");
	countersign_credential_free(&again);
	countersign_credential_free(&c);
	countersign_anchors_free(&none);
}

int
main(void)
{
	static struct vec v[VEC_FILES_MAX], c[VEC_FILES_MAX];
	countersign_approval *a[COUNTERSIGN_APPROVALS_MAX];
	size_t n = vec_load("credential", v), m = vec_load("cms", c), k = 0;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	countersign_request *q;
	cs_span der = {0};
	size_t i;

	if (!vec_has_arc())
		return 0;
	error = countersign_error_new();
	ok(error != NULL && countersign_error_class(error) == 0 &&
	    strcmp(countersign_version(), PACKAGE_VERSION) == 0, "an error");
	test_reasons();
	q = new_request(key);
	test_request(q);
	for (i = 0; i < m && k == 0; i++)
		if (countersign_approvals_read(cs_buf_span(c[i].der).p,
		    cs_buf_len(c[i].der), a, &k, error) == COUNTERSIGN_OK)
			der = cs_buf_span(c[i].der);
	if (ok(k == 1 && a[1] == NULL && der.n != 0, "an approval")) {
		test_build(a[0]);
		test_composite(q, key, a[0]);
		countersign_approval_free(&a[0]);
	}
	ok(countersign_approvals_read("none", 4, a, &k, error) ==
	    COUNTERSIGN_EFORMAT && k == 0 && a[0] == NULL, "no approval");
	test_verdict(q);
	test_bundle();
	test_answers();
	test_credential(v, n);
	countersign_request_free(&q);
	countersign_error_free(&error);
	EVP_PKEY_free(key);
	vec_free(v, n);
	vec_free(c, m);
	return done_testing();
}
