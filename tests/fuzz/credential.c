/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/file.h"
#include "fmt/reason.h"
#include "fuzz.h"
#include "verify/credential.h"

/* A credential before who has pinned a CA and a key, one key alone, or nobody:
 * what is proven was signed for, and the rest has its reason. */

#define NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z, the vectors' time */
#define LIST ",crl=\"ca.crl\""

static cs_anchors *pinned, *nobody;
static cs_buf *alice; /* SubjectPublicKeyInfo */

/* The vectors' owners, without the lists: files of who runs this might not be
 * trusted. */
static void
load_pinned(void)
{
	cs_buf *b = NULL;
	char text[4096];
	const char *at;

	CHECK(cs_file_read(FUZZ_CREDENTIAL "/owners-ca", sizeof(text) / 2, &b,
	    NULL) == CS_OK);
	CHECK((at = strstr(cs_buf_cstr(b), LIST)) != NULL);
	(void)snprintf(text, sizeof(text), "%.*s,no-revocation%s",
	    (int)(at - cs_buf_cstr(b)), cs_buf_cstr(b), at + strlen(LIST));
	CHECK(cs_anchors_parse("owners", cs_span_str(text), &pinned, NULL) ==
	    CS_OK);
	CHECK(cs_anchors_parse("nobody", cs_span_of("", 0), &nobody, NULL) ==
	    CS_OK);
	cs_buf_free(&b);
}

/* Out of a vector that has it. */
static void
load_alice(void)
{
	cs_credential_in in = {.anchors = nobody, .now = NOON,
	    .authority = cs_span_str("https://corp.example")};
	cs_credential *c = NULL;
	cs_buf *b = NULL;

	CHECK(cs_file_read(FUZZ_CREDENTIAL "/proven.der", 65536, &b, NULL) ==
	    CS_OK);
	in.certificate = cs_buf_span(b);
	CHECK(cs_credential_check(&in, &c, NULL) == CS_OK);
	CHECK(cs_credential_state(c) == CS_CREDENTIAL_ISSUER_ONLY);
	alice = cs_buf_dup(cs_credential_bindings(c)->at[0].key.der);
	CHECK(alice != NULL);
	cs_credential_free(&c);
	cs_buf_free(&b);
}

/* Every approval is there, by an owner of these, and of this agent. */
static void
check_proven(const cs_credential *c, bool one)
{
	const cs_bindings *b = cs_credential_bindings(c);
	cs_approval *a = NULL;
	const cs_subject *s;
	size_t i, agents = 0;

	CHECK(b != NULL && b->n > 0 && cs_credential_cert(c)->n_uris == 1);
	for (i = 0; i < b->n; i++) {
		CHECK(cs_binding_approval(&b->at[i], CS_CERT_VALUE_DEPTH, &a,
		    NULL) == CS_OK && a != NULL);
		CHECK(cs_span_eq(a->tbs.owner, b->at[i].owner));
		CHECK(one ? cs_span_is(a->tbs.owner,
		    "mailto:alice@corp.example") :
		    cs_span_is(a->tbs.owner, "mailto:carol@corp.example") ||
		    cs_span_is(a->tbs.owner, "mailto:bob@corp.example"));
		CHECK(a->tbs.decision == CS_APPROVE && a->tbs.n_subjects == 1);
		s = &a->tbs.subjects[0];
		if (s->kind != CS_SUBJECT_GRANT) {
			CHECK(cs_span_eq(s->agent_id,
			    cs_credential_cert(c)->uris[0]));
			agents++;
		}
		cs_approval_free(&a);
	}
	CHECK(agents > 0);
}

static enum cs_credential_state
check(const cs_credential_in *in, int *reason)
{
	enum cs_credential_state state;
	cs_credential *c = NULL;
	int detail;

	CHECK(cs_credential_check(in, &c, NULL) == CS_OK && c != NULL);
	state = cs_credential_state(c);
	*reason = detail = cs_credential_error(c)->detail;
	switch (state) {
	case CS_CREDENTIAL_PROVEN:
		CHECK(detail == CS_R_NONE && in->anchors != nobody);
		check_proven(c, in->anchors == NULL);
		break;
	case CS_CREDENTIAL_ISSUER_ONLY:
		CHECK(detail == CS_R_UNKNOWN_OWNER_KEY ||
		    detail == CS_R_PATH_INVALID ||
		    detail == CS_R_WRONG_OWNER);
		CHECK(cs_credential_bindings(c) != NULL);
		break;
	case CS_CREDENTIAL_REFUSED:
		CHECK(detail > CS_R_NONE && detail < CS_R_END &&
		    detail != CS_R_INTERNAL);
		break;
	}
	cs_credential_free(&c);
	return state;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_credential_in in = {.certificate = cs_span_of(data, n), .now = NOON,
	    .authority = cs_span_str("https://corp.example")};
	cs_keycache *keys = NULL;
	enum cs_credential_state state;
	int reason, again;

	if (pinned == NULL) {
		load_pinned();
		load_alice();
	}
	in.anchors = nobody;
	(void)check(&in, &reason);
	in.anchors = pinned;
	state = check(&in, &reason);
	CHECK(cs_keycache_new(1, &keys, NULL) == CS_OK);
	in.keys = keys;
	CHECK(check(&in, &again) == state && again == reason);
	cs_keycache_free(&keys);
	in.keys = NULL;
	in.anchors = NULL;
	in.owner = cs_span_str("mailto:alice@corp.example");
	in.owner_key = cs_buf_span(alice);
	(void)check(&in, &reason);
	return 0;
}
