/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/file.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "fuzz.h"
#include "rely/presented.h"
#include "rely/rely.h"

/* A relying party before a credential, by a first octet of 'c', or before what
 * it is to trust: 'b' a bundle, 'l' lists. The key of the CA that it trusts is
 * nobody's any more, so that nothing is ever believed. */

#define NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z, the vectors' time */

static cs_buf *pem;
static cs_trust *trust;

static cs_trust *
trusting(cs_span bundle, cs_span lists)
{
	const cs_trust_in in = {.bundle = bundle, .crls = lists,
	    .trust_domain = cs_span_str("corp.example")};
	cs_trust *t = NULL;
	cs_err e = {0};
	int r = cs_trust_new(&in, &t, &e);

	CHECK((r == CS_OK) == (t != NULL));
	CHECK(r == CS_OK || r == CS_EUSAGE || (r == CS_EFORMAT &&
	    e.detail > CS_R_NONE && e.detail < CS_R_END));
	CHECK(t == NULL || cs_span_is(cs_trust_domain(t), "corp.example"));
	CHECK(t == NULL || cs_trust_has_lists(t) == (lists.p != NULL));
	return t;
}

static void
start(void)
{
	cs_buf *der = NULL;

	CHECK(cs_file_read(FUZZ_AUTHORITY, 65536, &der, NULL) == CS_OK);
	CHECK((pem = cs_buf_new(65536)) != NULL);
	CHECK(cs_pem_put(pem, CS_PEM_CERTIFICATE, cs_buf_span(der), NULL) ==
	    CS_OK);
	CHECK((trust = trusting(cs_buf_span(pem), (cs_span){0})) != NULL);
	cs_buf_free(&der);
}

static void
ask(cs_span certificate, cs_span token)
{
	const cs_rely_in in = {.trust = trust, .certificate = certificate,
	    .token = token, .now = NOON};
	cs_relied *r = NULL;
	int detail;

	CHECK(cs_rely(&in, &r, NULL) == CS_OK && r != NULL);
	detail = cs_relied_error(r)->detail;
	CHECK(cs_relied_state(r) == CS_CREDENTIAL_REFUSED);
	CHECK(detail > CS_R_NONE && detail < CS_R_END &&
	    detail != CS_R_INTERNAL);
	CHECK(cs_relied_said(r) == NULL && cs_relied_serial(r).p == NULL);
	cs_relied_free(&r);
}

static void
present(cs_span in)
{
	cs_presented p;

	if (cs_presented_read(in, &p, NULL) != CS_OK)
		CHECK(p.own == NULL);
	else
		CHECK((p.certificate.p == NULL) != (p.token.p == NULL));
	if (p.token.p != NULL)
		ask((cs_span){0}, p.token);
	ask(in, (cs_span){0});
	cs_presented_clear(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_trust *t = NULL;
	cs_span in;

	if (trust == NULL)
		start();
	if (n == 0)
		return 0;
	in = cs_span_of(data + 1, n - 1);
	if (data[0] == 'b')
		t = trusting(in, (cs_span){0});
	else if (data[0] == 'l')
		t = trusting(cs_buf_span(pem), in);
	else
		present(in);
	cs_trust_free(&t);
	return 0;
}
