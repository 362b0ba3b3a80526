/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "issue/leaf.h"

#include <stdlib.h>

#include "fmt/der.h"
#include "fmt/reason.h"
#include "issue/body.h"
#include "issue/leafp.h"

#define BAD(e, reason, ...) CS_BAD(e, reason, "leaf", __VA_ARGS__)

unsigned
cs_leaf_policies(const cs_bindings *b)
{
	static const struct {
		enum cs_bound bound;
		enum cs_policy_bit policy;
	} held[] = {
		{CS_BOUND_HARDWARE, CS_CP_HARDWARE},
		{CS_BOUND_PRESENT, CS_CP_PRESENCE},
		{CS_BOUND_VERIFIED, CS_CP_VERIFIED},
	};
	unsigned all = ~0u, policies = CS_CP_APPROVED;
	size_t i;

	/* A use under a grant has no bits, and so leaves none. */
	for (i = 0; i < b->n; i++)
		all &= b->at[i].assurance;
	for (i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		if (b->n != 0 && (all & held[i].bound) != 0)
			policies |= held[i].policy;
	return policies;
}

/* version [0] v3 and the serial number. */
static int
read_head(cs_span *in, cs_leaf *l, cs_err *e)
{
	int64_t version = 0;
	cs_span box = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_CTXC(0), &box, e)) != CS_OK ||
	    (r = cs_der_uint(&box, CS_DER_INTEGER, 2, 2, &version, e)) !=
	    CS_OK || (r = cs_der_end(box, "the version", e)) != CS_OK)
		return cs_wrap(e, "version 3");
	if ((r = cs_der_get(in, CS_DER_INTEGER, &l->serial, e)) != CS_OK)
		return cs_wrap(e, "serialNumber");
	if (l->serial.n != CS_SERIAL_LEN || l->serial.p[0] < 0x01 ||
	    l->serial.p[0] > 0x7f)
		return BAD(e, CS_R_MALFORMED, "serialNumber: expected %d "
		    "octets, the first 0x01 to 0x7f, found %zu",
		    CS_SERIAL_LEN, l->serial.n);
	return CS_OK;
}

static int
read_validity(cs_span *in, cs_leaf *l, cs_err *e)
{
	cs_span seq = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &seq, e)) != CS_OK ||
	    (r = cs_der_time(&seq, &l->not_before, e)) != CS_OK ||
	    (r = cs_der_time(&seq, &l->not_after, e)) != CS_OK ||
	    (r = cs_der_end(seq, "validity", e)) != CS_OK)
		return cs_wrap(e, "validity");
	if (l->not_before >= l->not_after)
		return BAD(e, CS_R_MALFORMED,
		    "notBefore is not before notAfter");
	return CS_OK;
}

static int
read_subject(cs_span *in, cs_leaf *l, cs_err *e)
{
	cs_span name = {0}, key = {0};
	int r;

	if ((r = cs_der_get(in, CS_DER_SEQ, &name, e)) != CS_OK)
		return cs_wrap(e, "subject");
	if (name.n != 0)
		return BAD(e, CS_R_MALFORMED, "the subject is not empty");
	if ((r = cs_der_whole(in, CS_DER_SEQ, &key, e)) != CS_OK)
		return cs_wrap(e, "subjectPublicKeyInfo");
	return cs_spki_parse(key, &l->key, e);
}

/* All but the extensions, and where these are. */
static int
read_outer(cs_span tbs, cs_leaf *l, cs_span *list, cs_err *e)
{
	cs_span in = {0}, box = {0};
	int r;

	if (tbs.n > CS_LEAF_MAX)
		return BAD(e, CS_R_TOO_LARGE, "%zu octets, at most %d", tbs.n,
		    CS_LEAF_MAX);
	/* Within Certificate. */
	if ((r = cs_der_walk(tbs, 1, e)) != CS_OK ||
	    (r = cs_der_get(&tbs, CS_DER_SEQ, &in, e)) != CS_OK ||
	    (r = read_head(&in, l, e)) != CS_OK ||
	    (r = cs_body_issuer(&in, &l->sig_alg, &l->issuer, e)) != CS_OK ||
	    (r = read_validity(&in, l, e)) != CS_OK ||
	    (r = read_subject(&in, l, e)) != CS_OK ||
	    (r = cs_der_get(&in, CS_DER_CTXC(3), &box, e)) != CS_OK ||
	    (r = cs_der_end(in, "TBSCertificate", e)) != CS_OK ||
	    (r = cs_der_get(&box, CS_DER_SEQ, list, e)) != CS_OK)
		return r;
	return cs_der_end(box, "extensions", e);
}

static int
read_body(cs_span tbs, cs_leaf *l, cs_err *e)
{
	cs_span list = {0};
	int r = read_outer(tbs, l, &list, e);

	return r == CS_OK ? cs_leaf_read_extensions(list, l, e) : r;
}

int
cs_leaf_signer(cs_span tbs, cs_span *key_id, cs_err *e)
{
	cs_seen seen = {.n = 0};
	cs_span list = {0};
	cs_leaf l = {0};
	cs_ext x;
	int r = read_outer(tbs, &l, &list, e);

	while (r == CS_OK && list.n != 0)
		if ((r = cs_ext_next(&list, &seen, &x, e)) == CS_OK &&
		    cs_oid_is(x.oid, CS_OID_CE_AUTHORITY_KEY_ID))
			return cs_body_issuer_key_id(x.value, key_id, e);
	return r != CS_OK ? r : BAD(e, CS_R_MALFORMED,
	    "expected an authorityKeyIdentifier, found none");
}

/* The reader is the judge of what may be written. */
int
cs_leaf_put(const cs_leaf *l, cs_buf *out, cs_err *e)
{
	size_t at = cs_buf_len(out);
	cs_leaf back = {0};
	cs_span all;
	int r;

	if ((r = cs_leaf_write(l, out, e)) != CS_OK)
		return r;
	all = cs_buf_span(out);
	if ((r = read_body(cs_span_cut(all, at, all.n - at), &back, e)) !=
	    CS_OK) {
		cs_buf_truncate(out, at);
		cs_wrap(e, "a credential");
	}
	return r;
}

/* There is one way to write what was read, which may be longer. */
static int
check_same(const cs_leaf *l, cs_span tbs, cs_err *e)
{
	cs_buf *again = cs_buf_new(tbs.n + 2 * CS_KEY_ID_MAX);
	int r;

	if (again == NULL)
		return cs_nomem(e, "leaf");
	if ((r = cs_leaf_write(l, again, e)) == CS_OK &&
	    !cs_span_eq(cs_buf_span(again), tbs))
		r = BAD(e, CS_R_MALFORMED, "not in the order, or the form, "
		    "of our credentials");
	cs_buf_free(&again);
	return r;
}

static int
parse(cs_span tbs, bool ours, cs_leaf **out, cs_err *e)
{
	cs_leaf *l = NULL;
	int r;

	*out = NULL;
	if ((l = calloc(1, sizeof(*l))) == NULL ||
	    (l->own = cs_buf_dup(tbs)) == NULL) {
		r = cs_nomem(e, "leaf");
		goto out;
	}
	tbs = cs_buf_span(l->own);
	if ((r = read_body(tbs, l, e)) != CS_OK ||
	    (ours && (r = check_same(l, tbs, e)) != CS_OK)) {
		cs_wrap(e, "a credential");
		goto out;
	}
	*out = l;
	l = NULL; /* transferred */
out:
	cs_leaf_free(&l);
	return r;
}

int
cs_leaf_parse(cs_span tbs, cs_leaf **out, cs_err *e)
{
	return parse(tbs, true, out, e);
}

int
cs_leaf_parse_any(cs_span tbs, cs_leaf **out, cs_err *e)
{
	return parse(tbs, false, out, e);
}

void
cs_leaf_free(cs_leaf **l)
{
	if (l == NULL || *l == NULL)
		return;
	cs_buf_free(&(*l)->own);
	free(*l);
	*l = NULL;
}
