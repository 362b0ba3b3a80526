/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "lib/lib.h"

#include <stdlib.h>

#include "crypt/pubkey.h"
#include "fmt/message.h"
#include "lib/requestp.h"

int
countersign_request_read(const void *octets, size_t len,
    countersign_request **out, countersign_error *error)
{
	countersign_request *q = calloc(1, sizeof(*q));
	cs_err e = {0};
	int r;

	*out = NULL;
	if (q == NULL) {
		r = cs_nomem(&e, "lib");
		return cs_lib_report(error, &e);
	}
	if ((r = cs_request_read(cs_span_of(octets, len), &q->csr, &e)) ==
		CS_OK &&
	    (r = cs_request_digest(q->csr, q->digest, &e)) == CS_OK)
		r = cs_key_hash(&q->csr->key, q->key_hash, &e);
	if (r == CS_OK) {
		*out = q;
		q = NULL; /* transferred */
	} else {
		r = cs_lib_report(error, &e);
	}
	countersign_request_free(&q);
	return r;
}

void
countersign_request_free(countersign_request **request)
{
	if (request == NULL || *request == NULL)
		return;
	cs_csr_free(&(*request)->csr);
	free(*request);
	*request = NULL;
}

int
countersign_request_possession(const countersign_request *request,
    countersign_error *error)
{
	cs_err e = {0};
	int r = cs_csr_verify(request->csr, &e);

	return r == CS_OK ? CS_OK : cs_lib_report(error, &e);
}

countersign_bytes
countersign_request_der(const countersign_request *request)
{
	return cs_lib_bytes(request->csr->der);
}

countersign_bytes
countersign_request_agent(const countersign_request *request)
{
	return cs_lib_bytes(request->csr->agent_id);
}

countersign_bytes
countersign_request_trust_domain(const countersign_request *request)
{
	return cs_lib_bytes(request->csr->trust_domain);
}

countersign_bytes
countersign_request_key(const countersign_request *request)
{
	return cs_lib_bytes(request->csr->key.der);
}

countersign_bytes
countersign_request_key_hash(const countersign_request *request)
{
	return (countersign_bytes){request->key_hash, CS_SHA256_LEN};
}

countersign_bytes
countersign_request_digest(const countersign_request *request)
{
	return (countersign_bytes){request->digest, CS_SHA256_LEN};
}

countersign_bytes
countersign_request_purpose(const countersign_request *request)
{
	return cs_lib_bytes(request->csr->purpose);
}

countersign_bytes
countersign_request_intended_owner(const countersign_request *request)
{
	return cs_lib_bytes(request->csr->intended_owner);
}

size_t
countersign_request_approvals(const countersign_request *request)
{
	return request->csr->n_approvals;
}

int
countersign_request_approval(const countersign_request *request, size_t i,
    countersign_approval **out, countersign_error *error)
{
	cs_approval *a = NULL;
	cs_err e = {0};
	int r;

	*out = NULL;
	if (i >= request->csr->n_approvals)
		return cs_lib_usage(error, "no approval of this number");
	r = cs_approval_parse(request->csr->approvals[i], 0, &a, &e);
	if (r == CS_OK)
		r = cs_lib_approval(&a, out, &e);
	return r == CS_OK ? CS_OK : cs_lib_report(error, &e);
}
