/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "conf/scan.h"

const cs_conf_block *
cs_conf_root(const cs_conf *c)
{
	return c->blocks;
}

const cs_conf_block *
cs_conf_next(const cs_conf_block *in, const char *name,
    const cs_conf_block *last)
{
	const cs_conf_block *b, *end = in->file->blocks + in->file->n;

	if (in->end < end)
		end = in->end;
	for (b = last == NULL ? in + 1 : last->end; b < end; b = b->end)
		if (strcmp(b->word->name, name) == 0)
			return b;
	return NULL;
}

const char *
cs_conf_title(const cs_conf_block *b)
{
	return (const char *)b->title.p;
}

unsigned
cs_conf_line(const cs_conf_block *b)
{
	return b->line;
}

unsigned
cs_conf_where(const cs_conf_block *b, const char *name)
{
	const cs_conf_word *w;

	for (w = b->words; w->name != NULL; w++)
		if (strcmp(w->name, name) == 0)
			return b->slots[w - b->words].line;
	return 0;
}
