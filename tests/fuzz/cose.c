/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fmt/cose.h"
#include "fmt/spki.h"
#include "fuzz.h"

/* Does the point stand in the key, each coordinate behind its own head? */
static bool
has(cs_span in, cs_span part)
{
	size_t i;

	for (i = 0; i + part.n <= in.n; i++)
		if (memcmp(in.p + i, part.p, part.n) == 0)
			return true;
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cs_span in = cs_span_of(data, n);
	cs_buf *b = cs_buf_new(256);
	cs_spki k;

	if (b == NULL)
		return 0;
	if (cs_cose_spki(in, b, NULL) != CS_OK) {
		CHECK(cs_buf_len(b) == 0);
	} else {
		CHECK(cs_spki_parse(cs_buf_span(b), &k, NULL) == CS_OK);
		CHECK(k.kind == CS_KEY_ED25519 || k.kind == CS_KEY_P256 ||
		    k.kind == CS_KEY_P384);
		if (k.kind == CS_KEY_ED25519)
			CHECK(has(in, k.point));
		else
			CHECK(has(in, cs_span_cut(k.point, 1, k.point.n / 2)));
		CHECK(n <= 120);
	}
	cs_buf_free(&b);
	return 0;
}
