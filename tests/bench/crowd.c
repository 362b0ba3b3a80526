/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "fmt/spki.h"

/*
 * An owners file of many owners, none of them anybody:
 *
 *	crowd N
 */

/* SplitMix64: distinct numbers for distinct `n`. The points are on no curve,
 * which nobody asks before a signature comes. */
static uint64_t
mix(uint64_t n)
{
	n *= UINT64_C(0x9e3779b97f4a7c15);
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return n ^ n >> 31;
}

static int
put_line(unsigned long n, cs_buf *spki, cs_buf *text)
{
	uint8_t point[65] = {4};
	uint64_t word;
	size_t i;

	for (i = 0; i < 8; i++) {
		word = mix(n * 8 + i);
		memcpy(point + 1 + i * sizeof(word), &word, sizeof(word));
	}
	cs_buf_reset(spki);
	cs_buf_reset(text);
	if (cs_spki_put_ec(spki, CS_KEY_P256, cs_span_of(point, sizeof(point)),
	    NULL) != CS_OK ||
	    cs_base64_put(text, cs_buf_span(spki), 0) != CS_OK)
		return 1;
	return printf("mailto:owner%lu@corp.example agents=\"wimse://"
	    "corp.example/agent/%lu\" spki %s\n", n, n, cs_buf_cstr(text)) < 0;
}

int
main(int argc, char **argv)
{
	unsigned long i, n = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	cs_buf *spki = cs_buf_new(256), *text = cs_buf_new(256);
	int bad = n == 0 || spki == NULL || text == NULL;

	for (i = 0; !bad && i < n; i++)
		bad = put_line(i, spki, text);
	cs_buf_free(&spki);
	cs_buf_free(&text);
	return bad || fflush(stdout) != 0;
}
