/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/csr.h"

#include "fmt/der.h"
#include "fmt/ext.h"
#include "fmt/oid.h"
#include "fmt/reason.h"

/* Attribute with one value that the caller writes between begin and end. */
struct open_attr {
	size_t attr, set;
};

static struct open_attr
attr_begin(cs_buf *out, enum cs_oid id)
{
	struct open_attr a;

	a.attr = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put(out, CS_DER_OID, cs_oid(id));
	a.set = cs_der_begin(out, CS_DER_SET);
	return a;
}

static void
attr_end(cs_buf *out, struct open_attr a)
{
	cs_der_close(out, a.set);
	cs_der_close(out, a.attr);
}

static void
put_approvals(cs_buf *out, const cs_span *approvals, size_t n)
{
	struct open_attr a = attr_begin(out, CS_OID_AT_OWNER_APPROVALS);
	size_t list = cs_der_begin(out, CS_DER_SEQ), i;

	for (i = 0; i < n; i++)
		cs_der_put_raw(out, approvals[i]);
	cs_der_close(out, list);
	attr_end(out, a);
}

/* The request's own attributes but for the approvals, in their order. */
static void
put_own_attrs(const cs_csr *c, cs_buf *out)
{
	size_t before;

	if (c->attr_approvals.p == NULL) {
		cs_der_put_raw(out, c->attrs);
		return;
	}
	before = (size_t)(c->attr_approvals.p - c->attrs.p);
	cs_der_put_raw(out, cs_span_cut(c->attrs, 0, before));
	before += c->attr_approvals.n;
	cs_der_put_raw(out, cs_span_cut(c->attrs, before,
	    c->attrs.n - before));
}

int
cs_csr_base_info(const cs_csr *c, cs_buf *out, cs_err *e)
{
	size_t info = cs_der_begin(out, CS_DER_SEQ), attrs;

	cs_der_put_raw(out, c->head);
	attrs = cs_der_begin(out, CS_DER_CTXC(0));
	put_own_attrs(c, out);
	cs_der_close(out, attrs);
	cs_der_close(out, info);
	return cs_der_done(out, e);
}

int
cs_csr_composite_info(const cs_csr *c, const cs_span *approvals, size_t n,
    cs_buf *out, cs_err *e)
{
	size_t info, attrs;

	if (n == 0 || n > CS_APPROVALS_MAX)
		return CS_BAD(e, n == 0 ? CS_R_NO_APPROVAL : CS_R_TOO_LARGE,
		    "request", "expected 1 to %d approvals, found %zu",
		    CS_APPROVALS_MAX, n);
	info = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put_raw(out, c->head);
	attrs = cs_der_begin(out, CS_DER_CTXC(0));
	put_own_attrs(c, out);
	put_approvals(out, approvals, n);
	cs_der_sort(out, attrs);
	cs_der_close(out, attrs);
	cs_der_close(out, info);
	return cs_der_done(out, e);
}

/* extensionRequest with a critical subjectAltName: the subject is empty (RFC
 * 5280 4.2.1.6). */
static void
put_extension_request(cs_buf *out, cs_span agent_id)
{
	struct open_attr a = attr_begin(out, CS_OID_EXTENSION_REQUEST);
	size_t list = cs_der_begin(out, CS_DER_SEQ), names;
	cs_ext_open x = cs_ext_begin(out, CS_OID_CE_SUBJECT_ALT_NAME, true);

	names = cs_der_begin(out, CS_DER_SEQ);
	cs_der_put(out, CS_DER_CTX(6), agent_id);
	cs_der_close(out, names);
	cs_ext_close(out, x);
	cs_der_close(out, list);
	attr_end(out, a);
}

static void
put_text_attr(cs_buf *out, enum cs_oid id, unsigned tag, cs_span text)
{
	struct open_attr a;

	if (text.p == NULL)
		return;
	a = attr_begin(out, id);
	cs_der_put(out, tag, text);
	attr_end(out, a);
}

int
cs_csr_put_info(const cs_csr_new *n, cs_buf *out, cs_err *e)
{
	size_t info = cs_der_begin(out, CS_DER_SEQ), attrs;

	cs_der_put_uint(out, CS_DER_INTEGER, 0);
	cs_der_put(out, CS_DER_SEQ, cs_span_str(""));
	cs_der_put_raw(out, n->spki);
	attrs = cs_der_begin(out, CS_DER_CTXC(0));
	put_extension_request(out, n->agent_id);
	put_text_attr(out, CS_OID_AT_AGENT_PURPOSE, CS_DER_UTF8, n->purpose);
	put_text_attr(out, CS_OID_AT_INTENDED_OWNER, CS_DER_IA5,
	    n->intended_owner);
	cs_der_sort(out, attrs);
	cs_der_close(out, attrs);
	cs_der_close(out, info);
	return cs_der_done(out, e);
}

int
cs_csr_put(cs_span info, cs_span sigalg, cs_span sig, cs_buf *out, cs_err *e)
{
	size_t csr = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put_raw(out, info);
	cs_der_put_raw(out, sigalg);
	cs_der_put_bits(out, sig);
	cs_der_close(out, csr);
	return cs_der_done(out, e);
}
