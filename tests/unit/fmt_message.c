/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/approval.h"
#include "fmt/message.h"
#include "fmt/pem.h"
#include "fmt/reason.h"
#include "tap.h"
#include "vec.h"

static cs_span request, composite, cms, approval;

/* What a message is put together from, a letter a block. */
static void
put_block(cs_buf *b, char letter)
{
	int r;

	switch (letter) {
	case 'R':
		r = cs_pem_put(b, CS_PEM_REQUEST, request, NULL);
		break;
	case 'N':
		r = cs_pem_put(b, CS_PEM_NEW_REQUEST, request, NULL);
		break;
	case 'C': /* a composite */
		r = cs_pem_put(b, CS_PEM_REQUEST, composite, NULL);
		break;
	case 'A':
		r = cs_pem_put(b, CS_PEM_APPROVAL, approval, NULL);
		break;
	case 'M':
		r = cs_pem_put(b, CS_PEM_CMS, cms, NULL);
		break;
	case 'X': /* right in form, of no use here */
		r = cs_pem_put(b, CS_PEM_CERTIFICATE, cms, NULL);
		break;
	case 'B': /* a request that is none */
		r = cs_pem_put(b, CS_PEM_REQUEST, cms, NULL);
		break;
	case 'E': /* begins and does not end */
		r = cs_buf_put_str(b, "-----BEGIN OWNER APPROVAL-----\nMAA=\n");
		break;
	case 'T':
		r = cs_buf_put_str(b, "0 text between\r\n\r\n");
		break;
	default:
		r = CS_EBUG;
		break;
	}
	if (r != CS_OK)
		abort();
}

static cs_buf *
put_blocks(const char *letters)
{
	cs_buf *b = cs_buf_new(1 << 16);

	while (*letters != '\0')
		put_block(b, *letters++);
	return b;
}

static const struct {
	const char *blocks;
	int reason;
	size_t n;       /* approvals */
	bool composite;
} messages[] = {
	{"R", CS_R_NONE, 0, false},
	{"N", CS_R_NONE, 0, false},
	{"RA", CS_R_NONE, 1, false},
	{"AR", CS_R_NONE, 1, false},
	{"RM", CS_R_NONE, 1, false},
	{"MTRTAT", CS_R_NONE, 2, false},
	{"RAA", CS_R_NONE, 2, false},
	{"C", CS_R_NONE, 2, true},
	{"TC", CS_R_NONE, 2, true},
	{"RAAAAAAAAAAAAAAAA", CS_R_NONE, 16, false},
	{"RAAAAAAAAAAAAAAAAM", CS_R_TOO_LARGE, 0, false},
	{"", CS_R_MALFORMED, 0, false},
	{"T", CS_R_MALFORMED, 0, false},
	{"A", CS_R_MALFORMED, 0, false},
	{"M", CS_R_MALFORMED, 0, false},
	{"RR", CS_R_MALFORMED, 0, false},
	{"RN", CS_R_MALFORMED, 0, false},
	{"RC", CS_R_MALFORMED, 0, false},
	{"CA", CS_R_MALFORMED, 0, false},
	{"AC", CS_R_MALFORMED, 0, false},
	{"CM", CS_R_MALFORMED, 0, false},
	{"RX", CS_R_MALFORMED, 0, false},
	{"XR", CS_R_MALFORMED, 0, false},
	{"B", CS_R_MALFORMED, 0, false},
	{"AB", CS_R_MALFORMED, 0, false},
	{"RE", CS_R_MALFORMED, 0, false},
};

#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

/* Each approval whole; the one from PEM CMS has its OwnerApproval around. */
static bool
fits(const cs_message *m, size_t n, bool is_composite)
{
	size_t i;

	if (m->n != n || m->composite != is_composite || m->csr == NULL)
		return false;
	for (i = 0; i < n; i++)
		if (!is_composite && !cs_span_eq(m->approvals[i], approval))
			return false;
	return !is_composite || cs_span_eq(m->csr->approvals[1],
	    m->approvals[1]);
}

static void
test_messages(void)
{
	cs_message *m;
	cs_buf *b;
	cs_err e;
	size_t i;
	int r;

	for (i = 0; i < MESSAGES; i++) {
		m = NULL;
		e = (cs_err){0};
		b = put_blocks(messages[i].blocks);
		r = cs_message_parse(cs_buf_span(b), &m, &e);
		if (!ok(messages[i].reason == CS_R_NONE ?
		    r == CS_OK && fits(m, messages[i].n,
		    messages[i].composite) :
		    r == CS_EFORMAT && m == NULL &&
		    e.detail == messages[i].reason, "message %s",
		    messages[i].blocks))
			printf("# %s: %s\n", cs_reason_name(e.detail), e.text);
		cs_message_free(&m);
		cs_buf_free(&b);
	}
}

static void
test_der(void)
{
	cs_message *m = NULL;
	cs_csr *c = NULL;
	cs_err e = {0};

	ok(cs_message_parse(request, &m, &e) == CS_OK &&
	    fits(m, 0, false) && cs_span_eq(m->csr->der, request),
	    "DER request");
	cs_message_free(&m);
	ok(cs_message_parse(composite, &m, &e) == CS_OK && fits(m, 2, true),
	    "DER composite");
	cs_message_free(&m);
	ok(cs_message_parse(approval, &m, &e) == CS_EFORMAT && m == NULL,
	    "DER approval is no message");
	ok(cs_message_parse(cms, &m, &e) == CS_EFORMAT && m == NULL,
	    "nor a CMS");
	ok(cs_request_read(request, &c, &e) == CS_OK &&
	    cs_span_eq(c->der, request), "a request, DER");
	cs_csr_free(&c);
	ok(cs_request_read(cms, &c, &e) == CS_EFORMAT && c == NULL,
	    "no request, DER");
	ok(cs_message_parse((cs_span){0}, &m, &e) == CS_EFORMAT &&
	    cs_request_read((cs_span){0}, &c, &e) == CS_EFORMAT, "absent");
}

static void
test_requests(void)
{
	static const struct {
		const char *blocks;
		bool fine;
	} rows[] = {
		{"R", true}, {"TN", true}, {"C", true}, {"", false},
		{"T", false}, {"RR", false}, {"RA", false}, {"AR", false},
		{"RM", false}, {"A", false}, {"RX", false}, {"RE", false},
		{"B", false}, {"RB", false},
	};
	cs_csr *c;
	cs_buf *b;
	cs_err e;
	size_t i;
	int r;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		c = NULL;
		e = (cs_err){0};
		b = put_blocks(rows[i].blocks);
		r = cs_request_read(cs_buf_span(b), &c, &e);
		ok(rows[i].fine ? r == CS_OK && c != NULL : r == CS_EFORMAT &&
		    c == NULL && e.detail == CS_R_MALFORMED, "request %s",
		    rows[i].blocks);
		cs_csr_free(&c);
		cs_buf_free(&b);
	}
}

static void
free_all(cs_buf *out[CS_APPROVALS_MAX], size_t n)
{
	while (n-- > 0)
		cs_buf_free(&out[n]);
}

static void
approvals(cs_span in, size_t before, int reason, size_t want, const char *what)
{
	cs_buf *out[CS_APPROVALS_MAX] = {NULL};
	cs_err e = {0};
	size_t n;
	int r;

	for (n = 0; n < before; n++)
		out[n] = cs_buf_dup(approval);
	r = cs_approvals_read(in, out, &n, &e);
	ok(reason == CS_R_NONE ? r == CS_OK && n == before + want &&
	    cs_span_eq(cs_buf_span(out[n - 1]), approval) :
	    r == CS_EFORMAT && e.detail == reason && n <= CS_APPROVALS_MAX,
	    "approvals %s behind %zu", what, before);
	free_all(out, n);
}

static void
test_approvals(void)
{
	static const struct {
		const char *blocks;
		size_t before, want;
		int reason;
	} rows[] = {
		{"A", 0, 1, CS_R_NONE}, {"M", 0, 1, CS_R_NONE},
		{"TAMT", 0, 2, CS_R_NONE}, {"A", 15, 1, CS_R_NONE},
		{"AA", 15, 0, CS_R_TOO_LARGE}, {"A", 16, 0, CS_R_TOO_LARGE},
		{"", 0, 0, CS_R_NO_APPROVAL}, {"T", 3, 0, CS_R_NO_APPROVAL},
		{"R", 0, 0, CS_R_MALFORMED}, {"AR", 0, 0, CS_R_MALFORMED},
		{"X", 0, 0, CS_R_MALFORMED}, {"E", 0, 0, CS_R_MALFORMED},
	};
	cs_buf *b;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b = put_blocks(rows[i].blocks);
		approvals(cs_buf_span(b), rows[i].before, rows[i].reason,
		    rows[i].want, rows[i].blocks);
		cs_buf_free(&b);
	}
	approvals(approval, 0, CS_R_NONE, 1, "DER");
	approvals(cms, 2, CS_R_NONE, 1, "DER CMS");
	approvals(cms, 16, CS_R_TOO_LARGE, 0, "DER CMS");
}

static void
test_sizes(void)
{
	cs_buf *b = cs_buf_new(CS_MESSAGE_MAX + 1), *out[16] = {NULL};
	cs_message *m = NULL;
	cs_csr *c = NULL;
	cs_err e = {0};
	size_t n = 0;

	put_block(b, 'R');
	while (cs_buf_len(b) < CS_MESSAGE_MAX)
		if (cs_buf_put_byte(b, '\n') != CS_OK)
			break;
	ok(cs_message_parse(cs_buf_span(b), &m, &e) == CS_OK, "1 MiB");
	cs_message_free(&m);
	ok(cs_buf_put_byte(b, '\n') == CS_OK &&
	    cs_message_parse(cs_buf_span(b), &m, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE && m == NULL, "and one octet");
	e = (cs_err){0};
	ok(cs_request_read(cs_buf_span(b), &c, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE && c == NULL, "as a request");
	e = (cs_err){0};
	ok(cs_approvals_read(cs_buf_span(b), out, &n, &e) == CS_EFORMAT &&
	    e.detail == CS_R_TOO_LARGE && n == 0, "as approvals");
	cs_buf_free(&b);
}

static enum vec_answer
probe(cs_span in)
{
	cs_message *m = NULL;
	enum vec_answer a;
	cs_err e = {0};

	if (cs_message_parse(in, &m, &e) != CS_OK)
		return m == NULL && e.cls == CS_EFORMAT &&
		    e.detail != CS_R_NONE ? VEC_REFUSED : VEC_BROKEN;
	a = m->csr != NULL && m->n <= CS_APPROVALS_MAX && (!m->composite ||
	    m->n == m->csr->n_approvals) ? VEC_ACCEPTED : VEC_BROKEN;
	cs_message_free(&m);
	return a;
}

/* A bundle whose end is cut off is refused, or is the request alone. */
static void
test_sweeps(void)
{
	cs_buf *b = put_blocks("R"), *all = put_blocks("RA");
	cs_span s = cs_buf_span(b), whole = cs_buf_span(all);
	size_t n, wrong = 0;
	enum vec_answer a;

	ok(vec_prefixes(cs_span_cut(s, 0, s.n - 1), probe) == 0,
	    "prefixes of a request");
	for (n = s.n; n < whole.n - 1; n++) {
		a = probe(cs_span_cut(whole, 0, n));
		if (n <= s.n + strlen("-----BEGIN ") ? a != VEC_ACCEPTED :
		    a != VEC_REFUSED)
			wrong++;
	}
	ok(wrong == 0, "prefixes of a bundle");
	ok(vec_flips(whole, probe) == 0, "flips of a bundle");
	ok(vec_prefixes(composite, probe) == 0, "prefixes of a composite");
	ok(vec_trailing(composite, probe) == 0, "trailing");
	ok(vec_flips(composite, probe) == 0, "flips");
	cs_buf_free(&b);
	cs_buf_free(&all);
}

int
main(void)
{
	static struct vec csr[VEC_FILES_MAX], cmsv[VEC_FILES_MAX];
	size_t n_csr = vec_load("csr", csr), n_cms = vec_load("cms", cmsv);
	cs_buf *b = cs_buf_new(4096);

	if (!vec_has_arc())
		return 0;
	request = vec_find(csr, n_csr, "openssl-p256");
	composite = vec_find(csr, n_csr, "edited-approvals");
	cms = vec_find(cmsv, n_cms, "openssl-p256-small");
	if (!ok(request.p != NULL && composite.p != NULL && cms.p != NULL,
	    "vectors") || !ok(cs_approval_put_cms(cms, b, NULL) == CS_OK,
	    "an approval"))
		return done_testing();
	approval = cs_buf_span(b);
	test_messages();
	test_der();
	test_requests();
	test_approvals();
	test_sizes();
	test_sweeps();
	cs_buf_free(&b);
	vec_free(csr, n_csr);
	vec_free(cmsv, n_cms);
	return done_testing();
}
