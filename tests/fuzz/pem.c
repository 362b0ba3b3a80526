/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/pem.h"
#include "fuzz.h"

/* A block that was read is read again from what is written for it. */
static void
check_put(cs_span label, cs_span der)
{
	char name[80];
	cs_buf *b = NULL, *back = NULL;
	cs_span in = {0}, again = {0};

	CHECK(label.n > 0 && label.n < sizeof(name) && der.n > 0);
	memcpy(name, label.p, label.n);
	name[label.n] = '\0';
	if ((b = cs_buf_new(cs_pem_max(der.n))) == NULL)
		return;
	CHECK(cs_pem_put(b, name, der, NULL) == CS_OK);
	in = cs_buf_span(b);
	CHECK(cs_pem_next(&in, &again, &back, NULL) == CS_OK && back != NULL);
	CHECK(cs_span_eq(again, label) && in.n == 0);
	CHECK(cs_span_eq(cs_buf_span(back), der));
	cs_buf_free(&back);
	cs_buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n), label = {0};
	cs_buf *der = NULL;
	size_t left;

	do {
		left = in.n;
		if (cs_pem_next(&in, &label, &der, NULL) != CS_OK) {
			CHECK(der == NULL && label.p == NULL);
			return 0;
		}
		if (der == NULL) {
			CHECK(in.n == 0 && label.p == NULL);
			return 0;
		}
		check_put(label, cs_buf_span(der));
		cs_buf_free(&der);
	} while (in.n < left);
	CHECK(in.n < left);
	return 0;
}
