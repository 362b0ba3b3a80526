/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tests/bench/loadset.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/file.h"

#define SET_MAX ((size_t)1 << 30)

static const char where[] = "load";

/* The next request; false at the end, or when it is cut off. */
static bool
next(cs_span *rest, cs_span *out)
{
	const uint8_t *p = rest->p;
	size_t n;

	if (rest->n < 4)
		return false;
	n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	*out = cs_span_cut(*rest, 4, n);
	if (out->p == NULL)
		return false;
	*rest = cs_span_cut(*rest, 4 + n, rest->n - 4 - n);
	return true;
}

int
set_read(struct set *s, const char *path, size_t from, size_t n, cs_err *e)
{
	cs_span rest, one;
	size_t i;
	int r;

	if ((r = cs_file_read(path, SET_MAX, &s->all, e)) != CS_OK)
		return r;
	if ((s->request = calloc(n, sizeof(*s->request))) == NULL)
		return cs_nomem(e, where);
	rest = cs_buf_span(s->all);
	for (i = 0; i < from + n; i++) {
		if (!next(&rest, &one))
			return cs_fail(e, CS_EUSAGE, where,
			    "%s has %zu requests, not %zu", path, i, from + n);
		if (i >= from)
			s->request[s->n++] = one;
	}
	return CS_OK;
}

void
set_free(struct set *s)
{
	free(s->request);
	cs_buf_free(&s->all);
}

int
set_issuer(const char *path, X509_STORE **out, cs_err *e)
{
	*out = X509_STORE_new();
	if (*out == NULL || X509_STORE_load_file(*out, path) != 1)
		return cs_fail(e, CS_EUSAGE, where, "%s: no certificate", path);
	return CS_OK;
}

static int
is_signed(X509_STORE *issuer, X509 *leaf, STACK_OF(X509) *others)
{
	X509_STORE_CTX *x = X509_STORE_CTX_new();
	int good = x != NULL &&
	    X509_STORE_CTX_init(x, issuer, leaf, others) == 1 &&
	    X509_verify_cert(x) == 1;

	X509_STORE_CTX_free(x);
	return good;
}

/* The key of the request, and of nobody else. */
static int
is_for(X509 *leaf, cs_span request)
{
	const uint8_t *p = request.p;
	X509_REQ *q = d2i_X509_REQ(NULL, &p, (long)request.n);
	int good = q != NULL &&
	    EVP_PKEY_eq(X509_REQ_get0_pubkey(q), X509_get0_pubkey(leaf)) == 1;

	X509_REQ_free(q);
	return good;
}

int
set_check(X509_STORE *issuer, cs_span request, cs_span chain, cs_err *e)
{
	BIO *in = BIO_new_mem_buf(chain.p, (int)chain.n);
	X509 *leaf = PEM_read_bio_X509(in, NULL, NULL, NULL), *more;
	STACK_OF(X509) *others = sk_X509_new_null();
	int r = CS_OK;

	while ((more = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
		if (sk_X509_push(others, more) <= 0)
			X509_free(more);
	if (leaf == NULL)
		r = cs_fail(e, CS_EFORMAT, where, "no certificate came");
	else if (!is_for(leaf, request))
		r = cs_fail(e, CS_EREFUSED, where,
		    "the certificate has another key");
	else if (!is_signed(issuer, leaf, others))
		r = cs_fail(e, CS_EREFUSED, where,
		    "the certificate is not the issuer's");
	sk_X509_pop_free(others, X509_free);
	X509_free(leaf);
	BIO_free(in);
	return r;
}
