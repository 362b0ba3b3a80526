/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/approval.h"
#include "fmt/clientdata.h"
#include "fmt/der.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

static struct vec vectors[VEC_FILES_MAX];
static size_t n_vectors;

/* What was read, written again. */
static bool
holds(const cs_approval *a)
{
	const cs_webauthn *w = &a->webauthn;
	cs_buf *value = cs_buf_new(CS_APPROVAL_MAX);
	cs_buf *whole = cs_buf_new(CS_APPROVAL_MAX);
	bool same;

	same = cs_webauthn_put(w->tbs, w->auth.der, w->client_data, w->sig,
	    value, NULL) == CS_OK &&
	    cs_span_eq(cs_buf_span(value), a->value) &&
	    cs_approval_put_webauthn(cs_buf_span(value), whole, NULL) ==
	    CS_OK && cs_span_eq(cs_buf_span(whole), a->der) &&
	    cs_span_eq(w->tbs, a->tbs.der);
	cs_buf_free(&value);
	cs_buf_free(&whole);
	return same && w->auth.rp_id_hash.n == 32 && w->auth.aaguid.p == NULL &&
	    (!w->auth.backed_up || w->auth.backup_eligible) &&
	    w->client_data.n <= CS_CLIENTDATA_MAX;
}

static enum vec_answer
probe(cs_span in)
{
	cs_approval *a = NULL;
	enum vec_answer answer;
	cs_err e = {0};

	if (cs_approval_parse(in, 0, &a, &e) != CS_OK)
		return a == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE ? VEC_REFUSED : VEC_BROKEN;
	answer = a->carrier != CS_CARRIER_WEBAUTHN || holds(a) ?
	    VEC_ACCEPTED : VEC_BROKEN;
	cs_approval_free(&a);
	return answer;
}

/* What no key is needed for is said before one is looked for. */
static void
test_vectors(void)
{
	cs_approval *a = NULL;
	size_t i;
	int expect, found;

	for (i = 0; i < n_vectors; i++) {
		cs_err e = {0};

		if (vec_is(&vectors[i], "key-"))
			continue;
		expect = vec_reason(vectors[i].name);
		if (expect == CS_R_SIGNATURE_INVALID)
			expect = CS_R_NONE;
		found = cs_approval_parse(cs_buf_span(vectors[i].der), 0, &a,
		    &e) == CS_OK ? CS_R_NONE : e.detail;
		ok(found == expect && (a == NULL || holds(a)), "%s",
		    vectors[i].name);
		if (found != expect)
			printf("# %s\n", e.text);
		cs_approval_free(&a);
	}
}

static bool
parse(const char *name, cs_approval **a)
{
	return cs_approval_parse(vec_find(vectors, n_vectors, name), 0, a,
	    NULL) == CS_OK;
}

static void
test_fields(void)
{
	cs_approval *a = NULL;

	ok(parse("es256", &a) && a->webauthn.auth.present &&
	    a->webauthn.auth.verified && !a->webauthn.auth.backup_eligible &&
	    !a->webauthn.auth.backed_up &&
	    a->webauthn.auth.counter == 0x01020304 &&
	    a->webauthn.auth.extensions.p == NULL &&
	    a->webauthn.auth.der.n == 37, "touched and verified");
	cs_approval_free(&a);
	ok(parse("es256-synced", &a) && a->webauthn.auth.present &&
	    !a->webauthn.auth.verified && a->webauthn.auth.backup_eligible &&
	    a->webauthn.auth.backed_up && a->webauthn.auth.counter == 0,
	    "synced");
	cs_approval_free(&a);
	ok(parse("es256-untouched", &a) && !a->webauthn.auth.present &&
	    !a->webauthn.auth.verified, "untouched");
	cs_approval_free(&a);
	ok(parse("es256-extensions", &a) &&
	    a->webauthn.auth.extensions.n == a->webauthn.auth.der.n - 37 &&
	    a->webauthn.auth.extensions.p[0] == 0xa3, "three extensions");
	cs_approval_free(&a);
	ok(parse("es256-no-extension", &a) &&
	    a->webauthn.auth.extensions.n == 1, "an empty map of extensions");
	cs_approval_free(&a);
}

static void
test_sweeps(const char *name)
{
	cs_span s = vec_find(vectors, n_vectors, name);

	ok(probe(s) == VEC_ACCEPTED, "%s", name);
	ok(vec_prefixes(s, probe) == 0, "%s: prefixes", name);
	ok(vec_trailing(s, probe) == 0, "%s: trailing", name);
	ok(vec_flips(s, probe) == 0, "%s: flips", name);
	ok(vec_trees(s, probe) == 0, "%s: elements", name);
}

/* Three levels down to the TBS, which has four of its own here. */
static void
test_depth(void)
{
	cs_span s = vec_find(vectors, n_vectors, "es256");
	cs_approval *a = NULL;
	cs_err e = {0};

	ok(cs_approval_parse(s, CS_DER_DEPTH - 7, &a, NULL) == CS_OK,
	    "seven levels at depth 25");
	cs_approval_free(&a);
	ok(cs_approval_parse(s, CS_DER_DEPTH - 6, &a, &e) == CS_EFORMAT &&
	    e.detail == CS_R_NOT_DER, "and at depth 26");
}

int
main(void)
{
	if (!vec_has_arc())
		return 0;
	n_vectors = vec_load("webauthn", vectors);
	if (!ok(n_vectors != 0, "vectors"))
		return done_testing();
	test_vectors();
	test_fields();
	test_depth();
	test_sweeps("es256");
	test_sweeps("es256-browser");
	test_sweeps("es256-extensions");
	vec_free(vectors, n_vectors);
	return done_testing();
}
