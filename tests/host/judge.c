/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

/*
 * usage: judge leaf|any|crl|wit <MESSAGES
 * Reads messages, each behind its length in four octets, and says of each by a
 * character whether the reader of its kind takes it: y or n. A leaf is of ours,
 * any of whoever has issued it.
 */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "issue/crl.h"
#include "issue/leaf.h"
#include "issue/wit.h"

static bool
takes_leaf(cs_span in)
{
	cs_leaf *l = NULL;
	bool taken = cs_leaf_parse(in, &l, NULL) == CS_OK;

	cs_leaf_free(&l);
	return taken;
}

static bool
takes_any(cs_span in)
{
	cs_leaf *l = NULL;
	bool taken = cs_leaf_parse_any(in, &l, NULL) == CS_OK;

	cs_leaf_free(&l);
	return taken;
}

static bool
takes_crl(cs_span in)
{
	cs_crl *c = NULL;
	bool taken = cs_crl_parse(in, false, &c, NULL) == CS_OK;

	cs_crl_free(&c);
	return taken;
}

static bool
takes_wit(cs_span in)
{
	cs_wit *w = NULL;
	bool taken = cs_wit_parse(in, &w, NULL) == CS_OK;

	cs_wit_free(&w);
	return taken;
}

static const struct {
	const char *name;
	bool (*takes)(cs_span in);
} kinds[] = {{"leaf", takes_leaf}, {"any", takes_any}, {"crl", takes_crl},
    {"wit", takes_wit}};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

int
main(int argc, char **argv)
{
	static uint8_t text[1 << 20];
	uint8_t head[4];
	size_t n, i;

	for (i = 0; i < N_KINDS; i++)
		if (argc == 2 && strcmp(argv[1], kinds[i].name) == 0)
			break;
	if (i == N_KINDS)
		return 2;
	while (fread(head, 1, 4, stdin) == 4) {
		n = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
		    (size_t)head[2] << 8 | head[3];
		if (n > sizeof(text) || fread(text, 1, n, stdin) != n)
			return 1;
		putchar(kinds[i].takes(cs_span_of(text, n)) ? 'y' : 'n');
	}
	return 0;
}
