/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/message.h"

#include <stdlib.h>

#include "fmt/approval.h"
#include "fmt/der.h"
#include "fmt/oid.h"
#include "fmt/pem.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "message", __VA_ARGS__)

static bool
is_request_label(cs_span label)
{
	return cs_span_is(label, CS_PEM_REQUEST) ||
	    cs_span_is(label, CS_PEM_NEW_REQUEST);
}

/* A SEQUENCE with a length in the long form, as all of ours have: text that
 * begins with "0" (0x30 too) never has a second octet above 0x7f. */
static bool
is_der(cs_span in)
{
	return in.n > 1 && in.p[0] == CS_DER_SEQ && in.p[1] >= 0x80;
}

/* Does this element begin as a CMS ContentInfo does? Only to tell it from an
 * OwnerApproval, which begins with another OID; the reader judges. */
static bool
is_content_info(cs_span der)
{
	cs_span seq = {0}, oid = {0};

	return cs_der_get(&der, CS_DER_SEQ, &seq, NULL) == CS_OK &&
	    cs_der_get(&seq, CS_DER_OID, &oid, NULL) == CS_OK &&
	    cs_oid_is(oid, CS_OID_SIGNED_DATA);
}

/* Appends one approval; a bare ContentInfo gets its OwnerApproval around. */
static int
add_approval(cs_span der, bool content_info, cs_buf *out[CS_APPROVALS_MAX],
    size_t *n, cs_err *e)
{
	cs_buf *b = NULL;
	int r;

	if (*n == CS_APPROVALS_MAX)
		return BAD(e, CS_R_TOO_LARGE, "more than %d approvals",
		    CS_APPROVALS_MAX);
	if ((b = cs_buf_new(der.n + 32)) == NULL)
		return cs_nomem(e, "message");
	if (content_info)
		r = cs_approval_put_cms(der, b, e);
	else if ((r = cs_buf_put(b, der)) != CS_OK)
		r = cs_nomem(e, "message");
	if (r == CS_OK) {
		out[(*n)++] = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return r;
}

static int
add_block(cs_span label, cs_span der, cs_csr **csr,
    cs_buf *out[CS_APPROVALS_MAX], size_t *n, cs_err *e)
{
	if (is_request_label(label)) {
		if (csr == NULL || *csr != NULL)
			return BAD(e, CS_R_MALFORMED, csr == NULL ?
			    "a request among approvals" : "two requests");
		return cs_csr_parse(der, csr, e);
	}
	if (out != NULL && cs_span_is(label, CS_PEM_APPROVAL))
		return add_approval(der, false, out, n, e);
	if (out != NULL && cs_span_is(label, CS_PEM_CMS))
		return add_approval(der, true, out, n, e);
	return BAD(e, CS_R_MALFORMED, "unexpected PEM block %.*s",
	    (int)(label.n > 64 ? 64 : label.n), (const char *)label.p);
}

static int
read_pem(cs_span in, cs_csr **csr, cs_buf *out[CS_APPROVALS_MAX], size_t *n,
    cs_err *e)
{
	cs_span label = {0};
	cs_buf *der = NULL;
	int r;

	for (;;) {
		if ((r = cs_pem_next(&in, &label, &der, e)) != CS_OK)
			return r;
		if (der == NULL)
			return CS_OK;
		r = add_block(label, cs_buf_span(der), csr, out, n, e);
		cs_buf_free(&der);
		if (r != CS_OK)
			return r;
	}
}

static int
fill_bundle(cs_message *m, cs_span in, cs_err *e)
{
	size_t i;
	int r;

	if ((r = read_pem(in, &m->csr, m->own, &m->n, e)) != CS_OK)
		return r;
	if (m->csr == NULL)
		return BAD(e, CS_R_MALFORMED, "no certificate request");
	if (m->csr->n_approvals != 0 && m->n != 0)
		return BAD(e, CS_R_MALFORMED,
		    "approvals beside a composite request");
	for (i = 0; i < m->n; i++)
		m->approvals[i] = cs_buf_span(m->own[i]);
	return CS_OK;
}

static void
fill_composite(cs_message *m)
{
	size_t i;

	if (m->csr->n_approvals == 0)
		return;
	m->composite = true;
	m->n = m->csr->n_approvals;
	for (i = 0; i < m->n; i++)
		m->approvals[i] = m->csr->approvals[i];
}

int
cs_message_parse(cs_span in, cs_message **out, cs_err *e)
{
	cs_message *m = NULL;
	int r;

	*out = NULL;
	if (in.n > CS_MESSAGE_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", in.n,
		    CS_MESSAGE_MAX);
	if ((m = calloc(1, sizeof(*m))) == NULL)
		return cs_nomem(e, "message");
	r = is_der(in) ? cs_csr_parse(in, &m->csr, e) :
	    fill_bundle(m, in, e);
	if (r == CS_OK) {
		fill_composite(m);
		*out = m;
		m = NULL; /* transferred */
	}
	cs_message_free(&m);
	return r;
}

void
cs_message_free(cs_message **m)
{
	size_t i;

	if (m == NULL || *m == NULL)
		return;
	for (i = 0; i < CS_APPROVALS_MAX; i++)
		cs_buf_free(&(*m)->own[i]);
	cs_csr_free(&(*m)->csr);
	free(*m);
	*m = NULL;
}

int
cs_request_read(cs_span in, cs_csr **out, cs_err *e)
{
	int r;

	*out = NULL;
	if (in.n > CS_MESSAGE_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", in.n,
		    CS_MESSAGE_MAX);
	if (is_der(in))
		return cs_csr_parse(in, out, e);
	if ((r = read_pem(in, out, NULL, NULL, e)) != CS_OK) {
		cs_csr_free(out);
		return r;
	}
	if (*out == NULL)
		return BAD(e, CS_R_MALFORMED, "no certificate request");
	return CS_OK;
}

int
cs_approvals_read(cs_span in, cs_buf *out[CS_APPROVALS_MAX], size_t *n,
    cs_err *e)
{
	size_t before = *n;
	int r;

	if (in.n > CS_MESSAGE_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", in.n,
		    CS_MESSAGE_MAX);
	if (is_der(in))
		return add_approval(in, is_content_info(in), out, n, e);
	if ((r = read_pem(in, NULL, out, n, e)) != CS_OK)
		return r;
	if (*n == before)
		return BAD(e, CS_R_NO_APPROVAL, "no approval in this file");
	return CS_OK;
}
