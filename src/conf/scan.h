/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CONF_SCAN_H
#define CS_CONF_SCAN_H

#include "conf/conf.h"

/* The grammar, before libconfuse sees the file. That reads strings and comments
 * across lines, expands ${...}, unescapes, takes the last of two values, and
 * the end of the file for every brace that is missing. */

struct cs_conf_slot { /* of a word of the table, in a block */
	unsigned line; /* where it is set first; 0: it is not */
	unsigned n;    /* blocks of this name */
};

struct cs_conf_block {
	const struct cs_conf *file;
	const cs_conf_word *words; /* its table */
	const cs_conf_word *word;  /* it is one of these; NULL for the file */
	struct cs_conf_block *in;  /* NULL for the file */
	const cs_conf_block *end;  /* behind the last block in this one */
	cs_span title;             /* absent: it has none */
	unsigned line, nth;        /* nth of its name, from 0 */
	struct cs_conf_slot *slots; /* one a word of the table */
	void *values;              /* libconfuse's */
};

struct cs_conf {
	char *name;
	void *values; /* libconfuse's, of the whole file */
	size_t room, n;
	struct cs_conf_block *blocks; /* `room` of them, `n` are there */
	struct cs_conf_slot *slots;   /* CS_CONF_BLOCKS_MAX rows at most */
	size_t width;                 /* slots in a row: the longest table */
};

/* Fills in the blocks, and appends to `out` what libconfuse is to read: every
 * value in quotes, no comment, every line where it was. `out` has room for
 * cs_conf_scan_room() bytes. */
CS_USE int cs_conf_scan(struct cs_conf *c, cs_span in,
    const cs_conf_word *words, cs_buf *out, cs_err *e);
size_t cs_conf_scan_room(size_t n);
/* The words of a table. */
size_t cs_conf_words(const cs_conf_word *words);

#endif
