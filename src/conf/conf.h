/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_CONF_CONF_H
#define CS_CONF_CONF_H

#include <sys/types.h>

#include "base/buf.h"

/*
 * The one reader of files that a person writes by hand: settings, policies,
 * what a daemon is started with. libconfuse holds the values; before it sees a
 * file every word has its place here:
 *
 *	NAME = VALUE
 *	NAME = {VALUE, ...}
 *	NAME { ... }
 *	NAME "TITLE" { ... }
 *
 * A name that the table does not have is refused with a did-you-mean, and so
 * are a name set twice, two blocks of one title, a brace too many or too few, a
 * backslash, ${...}, and a string that does not end on its line. Nothing is
 * expanded, nothing included. A value of letters, digits and _ . - : / @ needs
 * no quotes. Every complaint is CS_EFORMAT and begins "FILE:LINE: ".
 *
 * Any number of threads may read, free and look things up. But a program and a
 * module that both hold this room each have a lock of their own in front of the
 * one libconfuse: the program reads before it starts threads, or while none of
 * them is in the module.
 */

enum cs_conf_kind {
	CS_CONF_VALUE,  /* NAME = VALUE */
	CS_CONF_LIST,   /* NAME = {VALUE, ...}, one may stand without braces */
	CS_CONF_BLOCK,  /* NAME { ... }, once */
	CS_CONF_BLOCKS, /* NAME { ... }, as often as it is wanted */
	CS_CONF_TITLED, /* NAME "TITLE" { ... }, each title once */
};

typedef struct cs_conf_word { /* a table ends with {NULL, 0, NULL} */
	const char *name;
	enum cs_conf_kind kind;
	const struct cs_conf_word *inner; /* of a block */
} cs_conf_word;

#define CS_CONF_BLOCKS_MAX 8192 /* in a file */
#define CS_CONF_WORDS_MAX 64    /* in a table */

typedef struct cs_conf cs_conf; /* a file; immutable */
typedef struct cs_conf_block cs_conf_block;

/* Reads at most `cap` bytes under the rules of base/file.h for trusted files.
 * `path` and `words` are borrowed. Gives *out. */
CS_USE int cs_conf_load(const char *path, uid_t reader, size_t cap,
    const cs_conf_word *words, cs_conf **out, cs_err *e);
/* From bytes at hand. */
CS_USE int cs_conf_parse(const char *name, cs_span in, size_t cap,
    const cs_conf_word *words, cs_conf **out, cs_err *e);
void cs_conf_free(cs_conf **c);

/* Blocks and strings are lent until the file is freed. */

/* The whole file. */
const cs_conf_block *cs_conf_root(const cs_conf *c);
/* The next NAME block in `in`, in the order of the file: behind `last`, or the
 * first when that is NULL; NULL when there is none. */
const cs_conf_block *cs_conf_next(const cs_conf_block *in, const char *name,
    const cs_conf_block *last);
const char *cs_conf_title(const cs_conf_block *b); /* NULL: it has none */
unsigned cs_conf_line(const cs_conf_block *b);

/* Where NAME is set in the block; 0 when it is not. */
unsigned cs_conf_where(const cs_conf_block *b, const char *name);
/* A value as it stands; NULL when it is not set. */
const char *cs_conf_text(const cs_conf_block *b, const char *name);
/* A list as it stands. */
size_t cs_conf_count(const cs_conf_block *b, const char *name);
const char *cs_conf_item(const cs_conf_block *b, const char *name, size_t i);

/* What the values mean. One that is not set leaves *io as it is. */

/* Exactly yes or no. */
CS_USE int cs_conf_flag(const cs_conf_block *b, const char *name, bool *io,
    cs_err *e);
/* Decimal digits without a sign or a leading zero; both limits are within. */
CS_USE int cs_conf_number(const cs_conf_block *b, const char *name, int64_t lo,
    int64_t hi, int64_t *io, cs_err *e);
/* The same of bytes: a number, or one of KiB, MiB or GiB as 64k, 16M or 1G. */
CS_USE int cs_conf_size(const cs_conf_block *b, const char *name, int64_t lo,
    int64_t hi, int64_t *io, cs_err *e);
/* base/time.h; *io is seconds. */
CS_USE int cs_conf_duration(const cs_conf_block *b, const char *name,
    int64_t most, int64_t *io, cs_err *e);
/* Visible UTF-8, not empty; gives, for free(). *io is NULL before. */
CS_USE int cs_conf_string(const cs_conf_block *b, const char *name, char **io,
    cs_err *e);
/* The same, and an absolute path. */
CS_USE int cs_conf_path(const cs_conf_block *b, const char *name, char **io,
    cs_err *e);

/* "FILE:LINE: NAME: " and the text, of where NAME is set, else of the block. */
int cs_conf_fail(const cs_conf_block *b, const char *name, cs_err *e,
    const char *fmt, ...) CS_PRINTF(4, 5);
/* "expected WANT, found "VALUE"", of the value there or of the list's item. */
int cs_conf_expect(const cs_conf_block *b, const char *name, const char *want,
    const char *found, cs_err *e);

#endif
