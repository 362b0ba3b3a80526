/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/file.h"
#include "fuzz.h"
#include "verify/verify.h"

/* The whole way of a message, with the keys of the verdict vectors as
 * anchors, where they are at hand. */

#define NOW INT64_C(1795262400) /* 2026-11-21T12:00:00Z */

static const cs_anchors *
anchors(void)
{
	static cs_anchors *a;
	cs_buf *b = NULL;

	if (a != NULL)
		return a;
	if (cs_file_read(FUZZ_OWNERS, CS_MESSAGE_MAX, &b, NULL) == CS_OK)
		CHECK(cs_anchors_parse("owners", cs_buf_span(b), &a, NULL) ==
		    CS_OK);
	else
		CHECK(cs_anchors_parse("none", cs_span_str(""), &a, NULL) ==
		    CS_OK);
	cs_buf_free(&b);
	return a;
}

static cs_verdict *
verdict_at(cs_span message, int64_t now, const char *nonce)
{
	cs_verify_in in = {0};
	cs_verdict *v = NULL;

	in.message = message;
	in.anchors = anchors();
	in.authority = cs_span_str("https://corp.example");
	in.trust_domain = cs_span_str("corp.example");
	in.nonce = cs_span_str(nonce);
	in.now = now;
	CHECK(cs_verify(&in, &v, NULL) == CS_OK && v != NULL);
	return v;
}

static bool
approves(cs_span message, int64_t now, const char *nonce)
{
	cs_verdict *v = verdict_at(message, now, nonce);
	bool yes = cs_verdict_state(v) == CS_APPROVED;

	if (yes) {
		CHECK(cs_verdict_count(v) >= 1);
		CHECK(cs_verdict_request(v) != NULL);
		CHECK(cs_verdict_not_after(v) >= now);
	} else {
		CHECK(cs_verdict_count(v) == 0);
		CHECK(cs_verdict_error(v)->text[0] != '\0');
	}
	cs_verdict_free(&v);
	return yes;
}

/* A yes ends with its window, and is none for another's challenge. */
static void
check_verdict(cs_span message)
{
	if (!approves(message, NOW, NULL))
		return;
	CHECK(!approves(message, NOW + INT64_C(100000000), NULL));
	CHECK(!approves(message, NOW - INT64_C(100000000), NULL));
	CHECK(!approves(message, NOW, "a nonce that nobody signed"));
}

static void
check_files(cs_span in)
{
	cs_buf *out[CS_APPROVALS_MAX] = {NULL};
	cs_approval *a = NULL;
	cs_csr *c = NULL;
	size_t n = 0, i;

	if (cs_request_read(in, &c, NULL) != CS_OK)
		CHECK(c == NULL);
	cs_csr_free(&c);
	if (cs_approvals_read(in, out, &n, NULL) == CS_OK)
		CHECK(n >= 1);
	CHECK(n <= CS_APPROVALS_MAX);
	for (i = 0; i < n; i++) {
		if (cs_approval_parse(cs_buf_span(out[i]), 0, &a, NULL) !=
		    CS_OK)
			CHECK(a == NULL);
		cs_approval_free(&a);
		cs_buf_free(&out[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_message *m = NULL;

	check_files(in);
	if (cs_message_parse(in, &m, NULL) != CS_OK)
		CHECK(m == NULL);
	else
		CHECK(m->csr != NULL && m->n <= CS_APPROVALS_MAX);
	cs_message_free(&m);
	check_verdict(in);
	return 0;
}
