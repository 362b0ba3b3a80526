/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/bindings.h"

#include <stdlib.h>

#include "fmt/der.h"
#include "fmt/names.h"
#include "fmt/reason.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "bindings", __VA_ARGS__)

#define BITS 4 /* of assurance */
#define ID_LEN 16
#define HASH_LEN 32
/* Levels above an approval within OwnerBindings. */
#define APPROVAL_DEPTH 2
#define EXTENSION_MAX (CS_BINDINGS_MAX * (CS_APPROVAL_MAX + 2048))

/* X.690 11.2.2: a list of named bits ends with a one, or is empty. */
int
cs_bound_get(cs_span *in, unsigned *out, cs_err *e)
{
	cs_span bits = {0};
	size_t n, i;
	int r;

	*out = 0;
	if ((r = cs_der_get(in, CS_DER_BITSTRING, &bits, e)) != CS_OK)
		return cs_wrap(e, "assurance");
	n = (bits.n - 1) * 8 - bits.p[0]; /* walked: octets, padding < 8 */
	if (n > BITS)
		return BAD(e, CS_R_UNSUPPORTED,
		    "assurance: expected at most %d bits, found %zu", BITS, n);
	for (i = 0; i < n; i++)
		if ((bits.p[1] & 0x80 >> i) != 0)
			*out |= 1u << i;
	if (n != 0 && (*out >> (n - 1) & 1) == 0)
		return BAD(e, CS_R_NOT_DER, "assurance: a zero bit at the end");
	return CS_OK;
}

static int
read_choice(cs_span *in, cs_binding *b, cs_err *e)
{
	int r;

	if (!cs_der_peek(*in, CS_DER_CTXC(0)))
		return cs_der_sized(in, CS_DER_CTX(1), HASH_LEN, HASH_LEN,
		    &b->digest, "approval", e);
	if ((r = cs_der_get(in, CS_DER_CTXC(0), &b->full, e)) != CS_OK)
		return cs_wrap(e, "approval");
	if (b->full.n > CS_APPROVAL_MAX - 4)
		return BAD(e, CS_R_TOO_LARGE,
		    "approval of %zu octets, at most %d", b->full.n + 4,
		    CS_APPROVAL_MAX);
	return CS_OK;
}

static int
read_binding(cs_span in, cs_binding *b, cs_err *e)
{
	int64_t version = 0;
	cs_span key = {0};
	int r;

	if ((r = cs_der_uint(&in, CS_DER_INTEGER, 0, INT32_MAX, &version, e)) !=
	    CS_OK)
		return cs_wrap(e, "version");
	if (version != 1)
		return BAD(e, CS_R_UNSUPPORTED, "version %lld, expected 1",
		    (long long)version);
	if ((r = cs_der_get(&in, CS_DER_IA5, &b->owner, e)) != CS_OK ||
	    (r = cs_owner_check(b->owner, e)) != CS_OK)
		return cs_wrap(e, "owner");
	if ((r = cs_der_whole(&in, CS_DER_SEQ, &key, e)) != CS_OK ||
	    (r = cs_spki_parse(key, &b->key, e)) != CS_OK)
		return cs_wrap(e, "ownerKey");
	if ((r = cs_bound_get(&in, &b->assurance, e)) != CS_OK ||
	    (r = cs_der_sized(&in, CS_DER_OCTETS, ID_LEN, ID_LEN,
	    &b->approval_id, "approvalId", e)) != CS_OK ||
	    (r = read_choice(&in, b, e)) != CS_OK)
		return r;
	return cs_der_end(in, "an owner binding", e);
}

static int
read_bindings(cs_bindings *s, unsigned depth, cs_err *e)
{
	cs_span whole = s->der, list = {0}, one = {0};
	int r;

	if ((r = cs_der_walk(s->der, depth, e)) != CS_OK ||
	    (r = cs_der_get(&whole, CS_DER_SEQ, &list, e)) != CS_OK)
		return r;
	while (list.n != 0) {
		if (s->n == CS_BINDINGS_MAX)
			return BAD(e, CS_R_TOO_LARGE, "more than %d",
			    CS_BINDINGS_MAX);
		if ((r = cs_der_get(&list, CS_DER_SEQ, &one, e)) != CS_OK ||
		    (r = read_binding(one, &s->at[s->n], e)) != CS_OK)
			return cs_wrap(e, "%zu", s->n + 1);
		s->n++;
	}
	if (s->n == 0)
		return BAD(e, CS_R_MALFORMED, "empty");
	return CS_OK;
}

int
cs_bindings_parse(cs_span in, unsigned depth, cs_bindings **out, cs_err *e)
{
	cs_bindings *s = NULL;
	int r;

	*out = NULL;
	if (in.n > EXTENSION_MAX)
		return BAD(e, CS_R_TOO_LARGE,
		    "owner bindings of %zu octets, at most %d", in.n,
		    EXTENSION_MAX);
	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->own = cs_buf_dup(in)) == NULL) {
		r = cs_nomem(e, "bindings");
		goto out;
	}
	s->der = cs_buf_span(s->own);
	if ((r = read_bindings(s, depth, e)) != CS_OK) {
		cs_wrap(e, "owner bindings");
		goto out;
	}
	*out = s;
	s = NULL; /* transferred */
out:
	cs_bindings_free(&s);
	return r;
}

void
cs_bindings_free(cs_bindings **b)
{
	if (b == NULL || *b == NULL)
		return;
	cs_buf_free(&(*b)->own);
	free(*b);
	*b = NULL;
}

static int
check_full(const cs_tbs *t, cs_err *e)
{
	if (t->n_subjects != 1)
		return BAD(e, CS_R_MALFORMED, "owner bindings: expected an "
		    "approval of one subject, found %zu", t->n_subjects);
	if (t->der.n > CS_BOUND_TBS_MAX)
		return BAD(e, CS_R_MALFORMED, "owner bindings: expected at most "
		    "%d octets to be signed, found %zu", CS_BOUND_TBS_MAX,
		    t->der.n);
	return CS_OK;
}

int
cs_binding_approval(const cs_binding *b, unsigned depth, cs_approval **out,
    cs_err *e)
{
	cs_buf *der = NULL;
	cs_approval *a = NULL;
	int r;

	*out = NULL;
	if (b->full.p == NULL)
		return CS_OK;
	if ((der = cs_buf_new(b->full.n + 8)) == NULL)
		return cs_nomem(e, "bindings");
	/* [0] is IMPLICIT: it stands where the SEQUENCE's tag was. */
	cs_der_put(der, CS_DER_SEQ, b->full);
	if ((r = cs_der_done(der, e)) != CS_OK ||
	    (r = cs_approval_parse(cs_buf_span(der), depth + APPROVAL_DEPTH,
	    &a, e)) != CS_OK ||
	    (r = check_full(&a->tbs, e)) != CS_OK)
		goto out;
	*out = a;
	a = NULL; /* transferred */
out:
	cs_approval_free(&a);
	cs_buf_free(&der);
	return r;
}

/* A list of named bits: as few octets and bits as hold the ones. */
void
cs_bound_put(cs_buf *out, unsigned assurance)
{
	uint8_t bits[2] = {0, 0};
	int i, last = -1;

	for (i = 0; i < BITS; i++)
		if ((assurance >> i & 1) != 0) {
			bits[1] |= (uint8_t)(0x80 >> i);
			last = i;
		}
	bits[0] = (uint8_t)(last < 0 ? 0 : 7 - last);
	cs_der_put(out, CS_DER_BITSTRING, cs_span_of(bits, last < 0 ? 1 : 2));
}

static void
put_binding(cs_buf *out, const cs_binding *b)
{
	size_t m = cs_der_begin(out, CS_DER_SEQ);

	cs_der_put_uint(out, CS_DER_INTEGER, 1);
	cs_der_put(out, CS_DER_IA5, b->owner);
	cs_der_put_raw(out, b->key.der);
	cs_bound_put(out, b->assurance);
	cs_der_put(out, CS_DER_OCTETS, b->approval_id);
	if (b->full.p != NULL)
		cs_der_put(out, CS_DER_CTXC(0), b->full);
	else
		cs_der_put(out, CS_DER_CTX(1), b->digest);
	cs_der_close(out, m);
}

/* The reader is the judge of what may be written, here as for the TBS. */
static int
check_written(cs_span der, cs_err *e)
{
	cs_bindings *back = NULL;
	int r = cs_bindings_parse(der, 0, &back, e);

	cs_bindings_free(&back);
	return r;
}

int
cs_bindings_put(const cs_binding *b, size_t n, cs_buf *out, cs_err *e)
{
	size_t at = cs_buf_len(out), m = cs_der_begin(out, CS_DER_SEQ), i;
	cs_span all;
	int r;

	for (i = 0; i < n; i++)
		put_binding(out, &b[i]);
	cs_der_close(out, m);
	if ((r = cs_der_done(out, e)) != CS_OK)
		return r;
	all = cs_buf_span(out);
	return check_written(cs_span_cut(all, at, all.n - at), e);
}
