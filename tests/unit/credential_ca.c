/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"
#include "verify/credential.h"

/* Owners whom a pinned CA names, proven by the certificates that are still with
 * their approvals. The vectors are make_ca.py's. */

#define NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z */
#define DAY INT64_C(86400)

static char dir[] = "/tmp/credential-ca-XXXXXX";
static struct vec v[VEC_FILES_MAX];
static size_t n;

/* The files of the owners as theirs who runs this, whoever checked them out. */
static cs_buf *
copy(const char *name)
{
	const char *src = getenv("SRCDIR");
	char from[4096], to[4096];
	cs_buf *b = NULL;
	FILE *f;

	(void)snprintf(from, sizeof(from), "%s/tests/vectors/credential/%s",
	    src == NULL ? "." : src, name);
	(void)snprintf(to, sizeof(to), "%s/%s", dir, name);
	if (cs_file_read(from, 65536, &b, NULL) != CS_OK ||
	    (f = fopen(to, "w")) == NULL)
		return NULL;
	(void)fwrite(cs_buf_cstr(b), 1, cs_buf_len(b), f);
	(void)fclose(f);
	return b;
}

static void
remove_copy(const char *name)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)unlink(path);
}

/* As if `text` stood in the owners file. */
static cs_anchors *
anchors_of(const char *text)
{
	char path[4096];
	cs_anchors *a = NULL;
	cs_err e = {0};

	(void)snprintf(path, sizeof(path), "%s/owners-ca", dir);
	if (cs_anchors_parse(path, cs_span_str(text), &a, &e) != CS_OK)
		printf("# %s\n", e.text);
	return a;
}

static enum cs_credential_state
ask(const cs_anchors *a, const char *name, int64_t now, cs_err *why)
{
	cs_credential_in in = {.anchors = a, .now = now,
	    .certificate = vec_find(v, n, name),
	    .authority = cs_span_str("https://corp.example")};
	enum cs_credential_state state = CS_CREDENTIAL_REFUSED;
	cs_credential *c = NULL;

	*why = (cs_err){0};
	if (cs_credential_check(&in, &c, why) != CS_OK) {
		why->detail = CS_R_INTERNAL;
		return state;
	}
	*why = *cs_credential_error(c);
	state = cs_credential_state(c);
	cs_credential_free(&c);
	return state;
}

/* What is said of those that nobody has proven. */
static const struct {
	const char *name;
	int reason;
	const char *text;
} unproven[] = {
	{"revoked", CS_R_PATH_INVALID, "certificate revoked"},
	{"intermediate-revoked", CS_R_PATH_INVALID, "certificate revoked"},
	{"none", CS_R_UNKNOWN_OWNER_KEY, "or its certificate"},
	{"missing", CS_R_PATH_INVALID, "unable to get local issuer"},
	{"other", CS_R_PATH_INVALID, "unable to get local issuer"},
	{"forged", CS_R_PATH_INVALID, "owners-ca:2"},
	{"expired", CS_R_PATH_INVALID, "certificate has expired"},
	{"purpose", CS_R_PATH_INVALID, "extended key usage"},
	{"domain", CS_R_WRONG_OWNER, "owner-san="},
	{"itself", CS_R_PATH_INVALID, "is the CA's"},
	{"itself-alone", CS_R_UNKNOWN_OWNER_KEY, "or its certificate"},
	{"others-leaf", CS_R_UNKNOWN_OWNER_KEY, "or its certificate"},
	{"digest", CS_R_UNKNOWN_OWNER_KEY, "digest"},
	{"digest-itself", CS_R_UNKNOWN_OWNER_KEY, "digest"},
	{"one-of-two", CS_R_UNKNOWN_OWNER_KEY, "or its certificate"},
	{"grant", CS_R_PATH_INVALID, "unable to get local issuer"},
};

static void
test_unproven(const cs_anchors *a)
{
	size_t rows = sizeof(unproven) / sizeof(unproven[0]), i;
	char name[80];
	cs_err why;

	for (i = 0; i < n; i++)
		rows -= vec_is(&v[i], "issuer-only-ca-");
	ok(rows == 0, "a row for each that nobody has proven");
	for (i = 0; i < sizeof(unproven) / sizeof(unproven[0]); i++) {
		(void)snprintf(name, sizeof(name), "issuer-only-ca-%s",
		    unproven[i].name);
		if (!ok(ask(a, name, NOON, &why) ==
		    CS_CREDENTIAL_ISSUER_ONLY &&
		    why.detail == unproven[i].reason &&
		    strncmp(why.text, "only the issuer's word: ", 24) == 0 &&
		    strstr(why.text, unproven[i].text) != NULL, "%s", name))
			printf("# %s: %s\n", cs_reason_name(why.detail),
			    why.text);
	}
}

/* All that are there: the name says the answer. */
static void
test_vectors(const cs_anchors *a)
{
	size_t i, proven = 0, refused = 0;
	enum cs_credential_state state;
	cs_err why;
	bool good;

	for (i = 0; i < n; i++) {
		if (strstr(v[i].name, "-ca") == NULL ||
		    vec_is(&v[i], "issuer-only"))
			continue;
		state = ask(a, v[i].name, NOON, &why);
		if (vec_is(&v[i], "proven")) {
			good = state == CS_CREDENTIAL_PROVEN;
			proven++;
		} else {
			good = state == CS_CREDENTIAL_REFUSED &&
			    why.detail == vec_reason(v[i].name);
			refused++;
		}
		if (!ok(good, "%s", v[i].name))
			printf("# %s: %s\n", cs_reason_name(why.detail),
			    why.text);
	}
	ok(proven >= 6 && refused >= 9, "%zu proven, %zu refused", proven,
	    refused);
}

/* The clock is the verifier's own, not the certificate's. */
static void
test_clock(const cs_anchors *a)
{
	cs_err why;

	ok(ask(a, "issuer-only-ca-expired", NOON - 60, &why) ==
	    CS_CREDENTIAL_PROVEN, "before the owner's certificate ends");
	ok(ask(a, "proven-ca", NOON + 20 * 366 * DAY, &why) ==
	    CS_CREDENTIAL_ISSUER_ONLY && why.detail == CS_R_PATH_INVALID,
	    "behind all certificates and lists");
	ok(ask(a, "proven-ca", NOON - 366 * DAY, &why) ==
	    CS_CREDENTIAL_ISSUER_ONLY && why.detail == CS_R_PATH_INVALID,
	    "before them");
}

static char *
changed(const cs_buf *owners, const char *before, const char *after)
{
	static char text[8192];
	const char *s = cs_buf_cstr(owners), *at = strstr(s, before);

	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - s), s, after,
	    at + strlen(before));
	return text;
}

/* What the CA's line says holds for its owners. */
static void
test_line(const cs_buf *owners)
{
	static const struct {
		const char *before, *after, *ask;
		enum cs_credential_state state;
		int reason;
	} all[] = {
		{"/agent\"", "/ci\"", "proven-ca", CS_CREDENTIAL_REFUSED,
		    CS_R_AGENT_NOT_ALLOWED},
		{",crl=\"ca.crl\"", ",no-revocation", "issuer-only-ca-revoked",
		    CS_CREDENTIAL_PROVEN, CS_R_NONE},
		{",grants", "", "proven-ca-grant", CS_CREDENTIAL_REFUSED,
		    CS_R_GRANT_INVALID},
		{",grants", ",revoked=20261121120000Z", "proven-ca",
		    CS_CREDENTIAL_REFUSED, CS_R_REVOKED},
		{",grants", ",revoked=20261121120001Z", "proven-ca",
		    CS_CREDENTIAL_PROVEN, CS_R_NONE},
		{",grants", ",valid-before=20261121115900Z", "proven-ca",
		    CS_CREDENTIAL_REFUSED, CS_R_EXPIRED},
		{",grants", ",valid-after=20261121115901Z", "proven-ca",
		    CS_CREDENTIAL_REFUSED, CS_R_NOT_YET_VALID},
		{"*@corp.example\"", "*@cards.example\"", "proven-ca",
		    CS_CREDENTIAL_ISSUER_ONLY, CS_R_WRONG_OWNER},
	};
	enum cs_credential_state state;
	cs_anchors *a;
	cs_err why;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		a = anchors_of(changed(owners, all[i].before, all[i].after));
		state = a == NULL ? CS_CREDENTIAL_REFUSED :
		    ask(a, all[i].ask, NOON, &why);
		if (!ok(a != NULL && state == all[i].state &&
		    why.detail == all[i].reason, "%s with %s", all[i].ask,
		    all[i].after))
			printf("# %d %s\n", (int)state, why.text);
		cs_anchors_free(&a);
	}
}

static const cs_anchors *probe_anchors;

/* A changed credential is never proven, but for what the owner did not sign:
 * a binding that still leads to him is no forgery. */
static enum vec_answer
probe(cs_span der)
{
	cs_credential_in in = {.anchors = probe_anchors, .now = NOON,
	    .certificate = der,
	    .authority = cs_span_str("https://corp.example")};
	enum vec_answer answer = VEC_REFUSED;
	cs_credential *c = NULL;
	const cs_binding *b;

	if (cs_credential_check(&in, &c, NULL) != CS_OK)
		return VEC_REFUSED;
	if (cs_credential_state(c) == CS_CREDENTIAL_PROVEN) {
		b = cs_credential_bindings(c)->at;
		answer = cs_span_is(b->owner, "mailto:carol@corp.example") &&
		    cs_span_is(cs_credential_cert(c)->uris[0],
		    "wimse://corp.example/agent/alice") ? VEC_ACCEPTED :
		    VEC_BROKEN;
	}
	cs_credential_free(&c);
	return answer;
}

static void
test_changes(const cs_anchors *a)
{
	cs_span good = vec_find(v, n, "proven-ca");

	probe_anchors = a;
	ok(probe(good) == VEC_ACCEPTED, "as it is");
	ok(vec_prefixes(good, probe) == 0, "cut off");
	ok(vec_trailing(good, probe) == 0, "with more behind");
	ok(vec_flips(good, probe) == 0, "every byte changed");
}

int
main(void)
{
	cs_anchors *a = NULL;
	cs_buf *owners = NULL, *crl = NULL;

	if (!vec_has_arc())
		return 0;
	n = vec_load("credential", v);
	if (!ok(mkdtemp(dir) != NULL && (owners = copy("owners-ca")) != NULL &&
	    (crl = copy("ca.crl")) != NULL, "the owners' files"))
		return done_testing();
	if (ok((a = anchors_of(cs_buf_cstr(owners))) != NULL, "a CA")) {
		test_vectors(a);
		test_unproven(a);
		test_clock(a);
		test_line(owners);
		test_changes(a);
	}
	remove_copy("owners-ca");
	remove_copy("ca.crl");
	(void)rmdir(dir);
	cs_anchors_free(&a);
	cs_buf_free(&owners);
	cs_buf_free(&crl);
	vec_free(v, n);
	return done_testing();
}
