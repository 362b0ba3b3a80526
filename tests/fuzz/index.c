/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "verify/compiled.h"

/* A compiled index. Its digest keeps a fuzzer out, so that what stands behind
 * is also read without. */

#define HEAD_LEN 112

static void
check_names(const cs_compiled *c)
{
	cs_span list = c->files, name = {0};

	while (list.n > 0 && cs_compiled_name(&list, &name, NULL) == CS_OK)
		CHECK(name.n <= c->files.n && list.n < c->files.n);
}

static void
check_find(const cs_index *x, const uint8_t *hash)
{
	cs_anchor_place at = {0};
	cs_anchor a;
	bool found = true;

	if (cs_index_find(x, hash, &a, &at, &found, NULL) != CS_OK)
		CHECK(!found);
	if (!found) {
		CHECK(a.owner.p == NULL);
		return;
	}
	CHECK(memcmp(at.hash.p, hash, CS_SHA256_LEN) == 0);
	CHECK(a.owner.n > 0 && a.line != 0 && a.key.kind != CS_KEY_NONE);
	CHECK(a.owner.p >= x->records.p &&
	    a.owner.p + a.owner.n <= x->records.p + x->records.n);
}

static void
check_index(const cs_index *x)
{
	static const uint8_t zeros[CS_SHA256_LEN];
	cs_span in = x->records, record = {0}, hash = {0};

	check_find(x, zeros);
	while (cs_anchor_record(in, &record, &hash, NULL) == CS_OK) {
		check_find(x, hash.p);
		in = cs_span_cut(in, record.n, in.n - record.n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_compiled c = {0};
	bool ours = false;

	if (cs_compiled_head(in, &c, &ours, NULL) == CS_OK && ours)
		check_names(&c);
	c = (cs_compiled){0};
	if (n < HEAD_LEN)
		return 0;
	c.files = cs_span_cut(in, HEAD_LEN, data[108] % (n - HEAD_LEN + 1));
	check_names(&c);
	if (cs_compiled_bounds(in, &c, NULL) == CS_OK)
		check_index(&c.index);
	return 0;
}
