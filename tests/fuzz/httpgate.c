/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "net/httpgate.h"

#include <string.h>

#include "fuzz.h"

#define MAX_HEAD 512
#define MAX_BODY 64

static bool
same(const cs_gate *a, const cs_gate *b)
{
	return a->status == b->status && a->whole == b->whole &&
	    a->begun == b->begun && a->at == b->at && a->left == b->left &&
	    a->state == b->state;
}

/* A request that was passed has no octet that could be read in two ways: its
 * head is lines with CR LF, none folded, and as long as it may be. */
static void
check_request(cs_span in)
{
	size_t i, head = 0;

	for (i = 0; i + 4 <= in.n && head == 0; i++) {
		if (strncmp((const char *)in.p + i, "\r\n\r\n", 4) == 0)
			head = i + 4;
	}
	CHECK(head > 0 && head <= MAX_HEAD);
	for (i = 0; i < head; i++) {
		CHECK(in.p[i] != 0);
		if (in.p[i] == '\n')
			CHECK(i > 0 && in.p[i - 1] == '\r' &&
			    (i + 1 == head || (in.p[i + 1] != ' ' &&
			    in.p[i + 1] != '\t')));
		if (in.p[i] == '\r')
			CHECK(i + 1 < head && in.p[i + 1] == '\n');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cs_span in = cs_span_of(data, size);
	uint64_t end = 0, last = 0;
	cs_gate whole, pieces;
	size_t i;

	cs_gate_init(&whole, MAX_HEAD, MAX_BODY);
	cs_gate_init(&pieces, MAX_HEAD, MAX_BODY);
	CHECK(cs_gate_pass(&whole, in) == (whole.status == 0));
	for (i = 0; i < size; i++)
		(void)cs_gate_pass(&pieces, cs_span_cut(in, i, 1));
	CHECK(same(&whole, &pieces));
	CHECK(whole.status == 0 || whole.why != NULL);
	while (cs_gate_take(&whole, &end)) {
		CHECK(end > last && end <= size);
		check_request(cs_span_cut(in, (size_t)last,
		    (size_t)(end - last)));
		last = end;
	}
	return 0;
}
