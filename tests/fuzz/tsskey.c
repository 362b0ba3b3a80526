/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "fmt/der.h"
#include "fmt/pem.h"
#include "fmt/tsskey.h"
#include "fuzz.h"

static void
check_same(const cs_tsskey *a, const cs_tsskey *b)
{
	CHECK(a->empty_auth == b->empty_auth && a->parent == b->parent);
	CHECK(cs_span_eq(a->public_area, b->public_area));
	CHECK(cs_span_eq(a->private_area, b->private_area));
	CHECK(cs_span_eq(a->pub.whole, b->pub.whole));
	CHECK((a->description.p != NULL) == (b->description.p != NULL));
	if (a->description.p != NULL)
		CHECK(cs_span_eq(a->description, b->description));
}

/* What we write of it, as DER and as PEM, is the same key. */
static void
check_back(const cs_tsskey *k)
{
	cs_buf *der = cs_buf_new(CS_TSSKEY_MAX + 8), *again = NULL;
	cs_buf *pem = cs_buf_new(cs_pem_max(CS_TSSKEY_MAX + 8));
	cs_tsskey back;

	CHECK(der != NULL && pem != NULL);
	CHECK(cs_tsskey_put(k, der, NULL) == CS_OK);
	if (cs_buf_len(der) <= CS_TSSKEY_MAX) {
		CHECK(cs_der_walk(cs_buf_span(der), 0, NULL) == CS_OK);
		CHECK(cs_pem_put(pem, CS_PEM_TSSKEY, cs_buf_span(der),
		    NULL) == CS_OK);
		CHECK(cs_tsskey_read(cs_buf_span(pem), &back, &again, NULL) ==
		    CS_OK);
		check_same(k, &back);
	}
	cs_buf_free(&der);
	cs_buf_free(&pem);
	cs_buf_free(&again);
}

/* Each input is read as a file and as what is in its block. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_buf *der = NULL;
	cs_tsskey k;

	if (cs_tsskey_read(in, &k, &der, NULL) == CS_OK) {
		CHECK(der != NULL);
		check_back(&k);
	} else {
		CHECK(der == NULL && k.public_area.p == NULL);
	}
	cs_buf_free(&der);
	if (cs_tsskey_parse(in, &k, NULL) == CS_OK)
		check_back(&k);
	else
		CHECK(k.public_area.p == NULL && k.pub.whole.p == NULL);
	return 0;
}
