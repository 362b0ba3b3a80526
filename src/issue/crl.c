/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/crl.h"

#include <stdlib.h>
#include <string.h>

#include "fmt/der.h"
#include "fmt/reason.h"
#include "issue/body.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "crl", __VA_ARGS__)

#define SERIAL_MAX 20 /* RFC 5280 4.1.2.2 */
#define SIG_MAX 1024

/* Contents of positive INTEGERs. */
static int
compare(const void *x, const void *y)
{
	const cs_crl_entry *a = x, *b = y;

	return cs_span_order(a->serial, b->serial);
}

/* Positive, and as few octets as hold it. */
static int
check_serial(cs_span s, cs_err *e)
{
	if (s.n < 1 || s.n > SERIAL_MAX || (s.p[0] & 0x80) != 0 ||
	    (s.p[0] == 0 && (s.n == 1 || (s.p[1] & 0x80) == 0)))
		return BAD(e, CS_R_MALFORMED, "a serial number: expected a "
		    "positive one of at most %d octets, found %zu", SERIAL_MAX,
		    s.n);
	return CS_OK;
}

static int
check_order(const cs_crl_entry *at, size_t n, cs_err *e)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (compare(&at[i - 1], &at[i]) >= 0)
			return BAD(e, CS_R_MALFORMED,
			    "serial numbers that do not grow");
	return CS_OK;
}

static int
read_entry(cs_span *list, cs_crl_entry *out, cs_err *e)
{
	cs_span in = {0};
	int r;

	if ((r = cs_der_get(list, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_INTEGER, &out->serial, e)) != CS_OK ||
	    (r = check_serial(out->serial, e)) != CS_OK ||
	    (r = cs_der_time(&in, &out->revoked, e)) != CS_OK ||
	    (r = cs_der_end(in, "a revoked certificate", e)) != CS_OK)
		return r;
	return CS_OK;
}

/* As many as there are, each of them read before room is made for all. */
static int
read_entries(cs_span list, cs_crl *c, cs_err *e)
{
	cs_crl_entry one = {0};
	cs_span in = list;
	size_t i;
	int r;

	for (; in.n != 0; c->n++)
		if ((r = read_entry(&in, &one, e)) != CS_OK)
			return cs_wrap(e, "entry %zu", c->n + 1);
	if (c->n == 0)
		return BAD(e, CS_R_MALFORMED, "an empty list is left out");
	if ((c->at = calloc(c->n, sizeof(*c->at))) == NULL)
		return cs_nomem(e, "crl");
	for (i = 0; i < c->n; i++)
		if ((r = read_entry(&list, &c->at[i], e)) != CS_OK)
			return r;
	return check_order(c->at, c->n, e);
}

static int
read_extensions(cs_span *in, cs_crl *c, cs_err *e)
{
	cs_span box = {0}, list = {0}, raw = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_CTXC(0), &box, e)) != CS_OK ||
	    (r = cs_der_get(&box, CS_DER_SEQ, &list, e)) != CS_OK ||
	    (r = cs_der_end(box, "extensions", e)) != CS_OK ||
	    (r = cs_body_ext_raw(&list, CS_OID_CE_AUTHORITY_KEY_ID, false,
	    &raw, e)) != CS_OK ||
	    (r = cs_body_issuer_key_id(raw, &c->authority_key_id, e)) !=
	    CS_OK ||
	    (r = cs_body_ext_raw(&list, CS_OID_CE_CRL_NUMBER, false, &raw,
	    e)) != CS_OK)
		return r;
	if ((r = cs_der_walk(raw, 0, e)) != CS_OK ||
	    (r = cs_der_uint(&raw, CS_DER_INTEGER, 1, INT64_MAX, &c->number,
	    e)) != CS_OK)
		return cs_wrap(e, "cRLNumber");
	return cs_der_end(list, "the extensions of a list", e);
}

static int
read_body(cs_span whole, cs_crl *c, cs_err *e)
{
	int64_t version = 0;
	cs_span in = {0}, list = {0};
	int r;

	if ((r = cs_der_get(&whole, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = cs_der_uint(&in, CS_DER_INTEGER, 1, 1, &version, e)) !=
	    CS_OK ||
	    (r = cs_body_issuer(&in, &c->sig_alg, &c->issuer, e)) != CS_OK ||
	    (r = cs_der_time(&in, &c->this_update, e)) != CS_OK ||
	    (r = cs_der_time(&in, &c->next_update, e)) != CS_OK)
		return r;
	if (c->this_update >= c->next_update)
		return BAD(e, CS_R_MALFORMED,
		    "thisUpdate is not before nextUpdate");
	if ((r = cs_der_opt(&in, CS_DER_SEQ, &list, e)) != CS_OK ||
	    (list.p != NULL && (r = read_entries(list, c, e)) != CS_OK) ||
	    (r = read_extensions(&in, c, e)) != CS_OK)
		return r;
	return cs_der_end(in, "TBSCertList", e);
}

/* CertificateList: around the body, the same algorithm and the signature. */
static int
read_whole(cs_span whole, cs_crl *c, cs_err *e)
{
	cs_span in = {0}, alg = {0}, bits = {0};
	int r;

	if ((r = cs_der_get(&whole, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &c->body, e)) != CS_OK ||
	    (r = cs_der_whole(&in, CS_DER_SEQ, &alg, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_BITSTRING, &bits, e)) != CS_OK ||
	    (r = cs_der_end(in, "CertificateList", e)) != CS_OK)
		return r;
	if (bits.n < 2 || bits.n > SIG_MAX || bits.p[0] != 0)
		return BAD(e, CS_R_MALFORMED, "a signature of %zu octets",
		    bits.n);
	c->sig = cs_span_cut(bits, 1, bits.n - 1);
	if ((r = read_body(c->body, c, e)) != CS_OK)
		return r;
	if (!cs_span_eq(alg, c->sig_alg))
		return BAD(e, CS_R_MALFORMED,
		    "the signature's algorithm differs inside and outside");
	return CS_OK;
}

static void
put_extensions(const cs_crl *c, cs_buf *out)
{
	size_t box = cs_der_begin(out, CS_DER_CTXC(0));
	size_t list = cs_der_begin(out, CS_DER_SEQ);
	cs_ext_open x;

	cs_body_put_issuer_key_id(out, c->authority_key_id);
	x = cs_ext_begin(out, CS_OID_CE_CRL_NUMBER, false);
	cs_der_put_uint(out, CS_DER_INTEGER, (uint64_t)c->number);
	cs_ext_close(out, x);
	cs_der_close(out, list);
	cs_der_close(out, box);
}

static int
put_body(const cs_crl *c, const cs_crl_entry *at, cs_buf *out, cs_err *e)
{
	size_t body = cs_der_begin(out, CS_DER_SEQ), list, one, i;

	cs_der_put_uint(out, CS_DER_INTEGER, 1);
	cs_der_put_raw(out, c->sig_alg);
	cs_der_put_raw(out, c->issuer);
	cs_der_put_time(out, c->this_update);
	cs_der_put_time(out, c->next_update);
	if (c->n != 0) {
		list = cs_der_begin(out, CS_DER_SEQ);
		for (i = 0; i < c->n; i++) {
			one = cs_der_begin(out, CS_DER_SEQ);
			cs_der_put(out, CS_DER_INTEGER, at[i].serial);
			cs_der_put_time(out, at[i].revoked);
			cs_der_close(out, one);
		}
		cs_der_close(out, list);
	}
	put_extensions(c, out);
	cs_der_close(out, body);
	return cs_der_done(out, e);
}

/* A sorted copy of the entries. */
static int
sort(const cs_crl *c, cs_crl_entry **out, cs_err *e)
{
	cs_crl_entry *at = calloc(c->n + 1, sizeof(*at));
	size_t i;

	*out = NULL;
	if (at == NULL)
		return cs_nomem(e, "crl");
	if (c->n != 0) {
		memcpy(at, c->at, c->n * sizeof(*at));
		qsort(at, c->n, sizeof(*at), compare);
	}
	for (i = 1; i < c->n; i++)
		if (compare(&at[i - 1], &at[i]) == 0) {
			free(at);
			return cs_fail(e, CS_EUSAGE, "crl",
			    "a serial number is there twice");
		}
	*out = at;
	return CS_OK;
}

/* The reader is the judge of what may be written. */
static int
check_written(cs_span body, cs_err *e)
{
	cs_crl *back = NULL;
	int r = cs_crl_parse(body, false, &back, e);

	cs_crl_free(&back);
	return r;
}

int
cs_crl_put(const cs_crl *c, cs_buf *out, cs_err *e)
{
	size_t at = cs_buf_len(out);
	cs_crl_entry *sorted = NULL;
	cs_span all;
	int r;

	if ((r = sort(c, &sorted, e)) != CS_OK)
		return r;
	if ((r = put_body(c, sorted, out, e)) == CS_OK) {
		all = cs_buf_span(out);
		r = check_written(cs_span_cut(all, at, all.n - at), e);
		if (r != CS_OK)
			cs_buf_truncate(out, at);
	}
	free(sorted);
	return r;
}

int
cs_crl_parse(cs_span in, bool whole, cs_crl **out, cs_err *e)
{
	size_t max = CS_CRL_MAX + (whole ? SIG_MAX : 0);
	cs_crl *c = NULL;
	int r;

	*out = NULL;
	if (in.n > max)
		return BAD(e, CS_R_TOO_LARGE,
		    "a list of %zu octets, at most %zu", in.n, max);
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->own = cs_buf_dup(in)) == NULL) {
		r = cs_nomem(e, "crl");
		goto out;
	}
	in = cs_buf_span(c->own);
	c->body = in;
	if ((r = cs_der_walk(in, whole ? 0 : 1, e)) != CS_OK ||
	    (r = whole ? read_whole(in, c, e) : read_body(in, c, e)) !=
	    CS_OK) {
		cs_wrap(e, "a revocation list");
		goto out;
	}
	*out = c;
	c = NULL; /* transferred */
out:
	cs_crl_free(&c);
	return r;
}

void
cs_crl_free(cs_crl **c)
{
	if (c == NULL || *c == NULL)
		return;
	free((*c)->at);
	cs_buf_free(&(*c)->own);
	free(*c);
	*c = NULL;
}

const cs_crl_entry *
cs_crl_find(const cs_crl *c, cs_span serial)
{
	cs_crl_entry key = {.serial = serial};

	return c->n == 0 ? NULL :
	    bsearch(&key, c->at, c->n, sizeof(*c->at), compare);
}

bool
cs_crl_has(const cs_crl *c, cs_span serial)
{
	return cs_crl_find(c, serial) != NULL;
}
