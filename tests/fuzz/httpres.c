/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/httpres.h"

#include "fuzz.h"

#define MAX 100

/* An answer that is whole is so with no octet less, and keeps to its limit. */
static void
check(cs_span in, bool ended)
{
	cs_httpc_answer *a = NULL, *b = NULL;

	if (cs_httpres_read(in, ended, MAX, &a, NULL) == CS_OK && a != NULL) {
		CHECK(a->status >= 200 && a->status <= 999);
		CHECK(cs_buf_len(a->body) <= MAX && a->retry_after >= 0);
		CHECK(ended || (cs_httpres_read(cs_span_cut(in, 0, in.n - 1),
		    false, MAX, &b, NULL) == CS_OK && b == NULL));
	} else {
		CHECK(a == NULL);
	}
	cs_httpc_answer_free(&a);
	cs_httpc_answer_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(cs_span_of(data, size), false);
	check(cs_span_of(data, size), true);
	return 0;
}
