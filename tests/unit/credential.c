/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/file.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"
#include "verify/credential.h"

#define NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z */

static cs_buf *owners;

static cs_anchors *
parse_anchors(const char *text)
{
	cs_anchors *a = NULL;
	cs_err e = {0};

	if (cs_anchors_parse("owners", cs_span_str(text), &a, &e) != CS_OK)
		printf("# %s\n", e.text);
	return a;
}

/* Of the vectors; its text is then in `owners`. */
static cs_anchors *
load_anchors(const char *name)
{
	const char *src = getenv("SRCDIR");
	char path[2048];

	(void)snprintf(path, sizeof(path), "%s/tests/vectors/credential/%s",
	    src == NULL ? "." : src, name);
	if (!ok(cs_file_read(path, 65536, &owners, NULL) == CS_OK, "%s", name))
		return NULL;
	return parse_anchors(cs_buf_cstr(owners));
}

/* The answer's name, as the vectors have it in front. */
static const char *
answer(const cs_credential_in *in, cs_err *why)
{
	cs_credential *c = NULL;
	const char *name;

	*why = (cs_err){0};
	if (cs_credential_check(in, &c, why) != CS_OK)
		return "failure";
	*why = *cs_credential_error(c);
	switch (cs_credential_state(c)) {
	case CS_CREDENTIAL_PROVEN:
		name = "proven";
		break;
	case CS_CREDENTIAL_ISSUER_ONLY:
		name = "issuer-only";
		break;
	default:
		name = cs_reason_name(why->detail);
	}
	cs_credential_free(&c);
	return name;
}

static bool
is_answer(const char *name, const char *found)
{
	size_t n = strlen(found);

	return strncmp(name, found, n) == 0 &&
	    (name[n] == '\0' || name[n] == '-');
}

static void
test_vectors(const struct vec *v, size_t n, const cs_credential_in *base,
    bool sk)
{
	cs_credential_in in = *base;
	const char *found;
	cs_err why;
	size_t i;

	for (i = 0; i < n; i++) {
		if (strstr(v[i].name, "-ca") != NULL)
			continue; /* credential_ca.c */
		if ((strstr(v[i].name, "-sk") != NULL) != sk)
			continue;
		in.certificate = cs_buf_span(v[i].der);
		found = answer(&in, &why);
		if (!ok(is_answer(v[i].name, found), "%s", v[i].name))
			printf("# %s: %s\n", found, why.text);
	}
	ok(n >= 50, "%zu vectors", n);
}

static const char *
with(const cs_credential_in *base, const char *before, const char *after,
    int64_t now)
{
	const char *line = cs_buf_cstr(owners), *at = strstr(line, before);
	cs_credential_in in = *base;
	char text[4096];
	const char *found;
	cs_anchors *a;
	cs_err why;

	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line,
	    after, at + strlen(before));
	a = parse_anchors(text);
	in.anchors = a;
	in.now = now;
	found = a == NULL ? "no anchors" : answer(&in, &why);
	cs_anchors_free(&a);
	return found;
}

/* What the line of a pinned owner says counts. */
static void
test_lines(const struct vec *v, size_t n, const cs_credential_in *base)
{
	static const char plain[] = "no-touch-required,";
	cs_credential_in in = *base;

	in.certificate = vec_find(v, n, "proven");
	ok(strcmp(with(&in, "/agent\"", "/ci\"", NOON),
	    "agent-not-allowed") == 0, "another agent's");
	ok(strcmp(with(&in, plain,
	    "no-touch-required,revoked=2026-11-21T12:30:00Z,", NOON),
	    "proven") == 0, "revoked later");
	ok(strcmp(with(&in, plain,
	    "no-touch-required,revoked=2026-11-21T12:30:00Z,",
	    NOON + 1800), "revoked") == 0, "revoked now");
	ok(strcmp(with(&in, plain,
	    "no-touch-required,valid-before=2026-11-21T11:59:00Z,", NOON),
	    "expired") == 0, "too old a key");
	ok(strcmp(with(&in, plain,
	    "no-touch-required,valid-after=2026-11-21T11:59:01Z,", NOON),
	    "not-yet-valid") == 0, "too new a key");
	ok(strcmp(with(&in, plain,
	    "no-touch-required,valid-after=2026-11-21T11:59:00Z,", NOON),
	    "proven") == 0, "a key as old as the credential");
	in.certificate = vec_find(v, n, "proven-grant");
	ok(strcmp(with(&in, ",grants", "", NOON), "grant-invalid") == 0,
	    "no grants");
}

static void
test_one_key(const struct vec *v, size_t n, const cs_credential_in *base)
{
	cs_span der = vec_find(v, n, "proven");
	cs_credential_in in = {.authority = base->authority, .now = NOON};
	cs_credential *c = NULL;
	cs_buf *key = NULL;
	cs_err why = {0};

	in.certificate = der;
	in.anchors = base->anchors;
	if (!ok(cs_credential_check(&in, &c, &why) == CS_OK &&
	    cs_credential_bindings(c)->n == 1 &&
	    cs_credential_cert(c)->n_uris == 1, "with anchors"))
		return;
	key = cs_buf_dup(cs_credential_bindings(c)->at[0].key.der);
	cs_credential_free(&c);
	in.anchors = NULL;
	in.owner = cs_span_str("mailto:alice@corp.example");
	in.owner_key = cs_buf_span(key);
	ok(strcmp(answer(&in, &why), "proven") == 0, "one pinned key");
	in.owner = cs_span_str("mailto:bob@corp.example");
	ok(strcmp(answer(&in, &why), "wrong-owner") == 0, "of another owner");
	in.owner = cs_span_str("mailto:alice@corp.example");
	in.certificate = vec_find(v, n, "proven-two");
	ok(strcmp(answer(&in, &why), "issuer-only") == 0, "one of two");
	in.certificate = vec_find(v, n, "proven-grant");
	ok(strcmp(answer(&in, &why), "proven") == 0, "a grant and its use");
	in.owner_key = cs_span_str("no key");
	ok(cs_credential_check(&in, &c, &why) == CS_EUSAGE && c == NULL,
	    "no key is no answer");
	in.owner = in.owner_key = (cs_span){0};
	ok(cs_credential_check(&in, &c, &why) == CS_EUSAGE && c == NULL,
	    "nothing pinned is no answer");
	cs_buf_free(&key);
}

/* Whose key is revoked approves in nobody's name, a grant or not, by what he
 * has signed or by a digest of it. */
static void
test_holder(cs_span pair, const char *good, const cs_credential_in *base)
{
	const char *const when[][2] = {
		{"revoked=2026-11-21T12:00:00Z", "revoked"},
		{"revoked=2026-11-21T12:00:01Z", good}, {"-", good}};
	cs_credential_in in = *base;
	cs_credential *c = NULL;
	cs_buf *b = cs_buf_new(8192);
	cs_anchors *a;
	cs_err why = {0};
	size_t i;

	in.certificate = pair;
	if (!ok(cs_credential_check(&in, &c, &why) == CS_OK &&
	    cs_credential_bindings(c)->n == 2, "a pair"))
		return;
	for (i = 0; i < sizeof(when) / sizeof(when[0]); i++) {
		cs_buf_reset(b);
		(void)!cs_buf_put(b, cs_buf_span(owners));
		(void)!cs_buf_printf(b, "mailto:ci@corp.example %s spki ",
		    when[i][0]);
		(void)!cs_base64_put(b,
		    cs_credential_bindings(c)->at[1].key.der, 0);
		in.anchors = a = parse_anchors(cs_buf_cstr(b));
		ok(a != NULL && strcmp(answer(&in, &why), when[i][1]) == 0,
		    "a holder's line with %s: %s", when[i][0], when[i][1]);
		cs_anchors_free(&a);
	}
	cs_credential_free(&c);
	cs_buf_free(&b);
}

/* Pinned by nothing but the key, of whatever kind it is. */
static const struct bare {
	const char *name, *found;
} bare[] = {
	{"proven-sk-fido2", "proven"},
	{"proven-sk-fido2-ed", "proven"},
	{"issuer-only-sk-fido2-below", "proven"},
	{"proven-sk-ssh", "proven"},
	{"proven-sk-ssh-sk", "proven"},
	{"proven-sk-pair", "proven"},
	{"proven-sk-pair-cms", "proven"},
	{"issuer-only-sk-cms", "proven"},
	{"wrong-type-sk-fido2-cms", "proven"}, /* for no line says its type */
	{"wrong-type-sk-pair", "wrong-type"},
	/* an RP ID that has nothing to do with its origin */
	{"proven-sk-fido2-origins", "signature-invalid"},
	{"signature-invalid-sk-fido2", "signature-invalid"},
	{"signature-invalid-sk-unpinned-origin", "signature-invalid"},
	{"signature-invalid-sk-unpinned-challenge", "signature-invalid"},
	{"signature-invalid-sk-unpinned-no-data", "signature-invalid"},
	{"signature-invalid-sk-ssh", "signature-invalid"},
	{"signature-invalid-sk-ssh-embedded", "signature-invalid"},
};

static void
test_bare(const struct vec *v, size_t n, const cs_credential_in *base)
{
	cs_credential_in in = {.authority = base->authority, .now = NOON,
	    .owner = cs_span_str("mailto:alice@corp.example")};
	cs_cert *cert = NULL;
	cs_bindings *all = NULL;
	const char *found;
	cs_err why = {0};
	size_t i;

	for (i = 0; i < sizeof(bare) / sizeof(bare[0]); i++) {
		in.certificate = vec_find(v, n, bare[i].name);
		if (!ok(cs_cert_parse(in.certificate, &cert, &why) == CS_OK &&
		    cs_bindings_parse(cert->bindings, CS_CERT_VALUE_DEPTH,
		    &all, &why) == CS_OK, "%s is there", bare[i].name))
			return;
		in.owner_key = all->at[0].key.der;
		found = answer(&in, &why);
		if (!ok(strcmp(found, bare[i].found) == 0,
		    "%s, its key alone", bare[i].name))
			printf("# %s: %s\n", found, why.text);
		cs_bindings_free(&all);
		cs_cert_free(&cert);
	}
}

static const cs_credential_in *probe_in;

/* A changed credential is never proven: nobody signed that. */
static enum vec_answer
probe(cs_span der)
{
	cs_credential_in in = *probe_in;
	cs_err why;

	in.certificate = der;
	return strcmp(answer(&in, &why), "proven") == 0 ? VEC_ACCEPTED :
	    VEC_REFUSED;
}

/* Security keys and OpenSSH's. */
static void
test_sk(const struct vec *v, size_t n, const cs_credential_in *base)
{
	cs_credential_in in = *base;
	cs_anchors *a = load_anchors("owners-sk");

	in.anchors = a;
	test_vectors(v, n, &in, true);
	test_bare(v, n, &in);
	probe_in = &in;
	ok(vec_prefixes(vec_find(v, n, "proven-sk-fido2"), probe) == 0,
	    "prefixes of webauthn");
	ok(vec_prefixes(vec_find(v, n, "proven-sk-ssh"), probe) == 0,
	    "and of sshsig");
	cs_anchors_free(&a);
	cs_buf_free(&owners);
}

int
main(void)
{
	static struct vec v[VEC_FILES_MAX];
	size_t n = vec_load("credential", v);
	cs_credential_in in = {.authority =
	    cs_span_str("https://corp.example"), .now = NOON};
	cs_anchors *a;

	if (!vec_has_arc())
		return 0;
	in.anchors = a = load_anchors("owners");
	if (a == NULL)
		return done_testing();
	test_vectors(v, n, &in, false);
	test_lines(v, n, &in);
	test_one_key(v, n, &in);
	test_holder(vec_find(v, n, "proven-grant"), "proven", &in);
	test_holder(vec_find(v, n, "issuer-only-digest-use"), "issuer-only",
	    &in);
	probe_in = &in;
	ok(vec_prefixes(vec_find(v, n, "proven"), probe) == 0, "prefixes");
	ok(vec_trailing(vec_find(v, n, "proven"), probe) == 0, "trailing");
	cs_anchors_free(&a);
	cs_buf_free(&owners);
	test_sk(v, n, &in);
	vec_free(v, n);
	return done_testing();
}
