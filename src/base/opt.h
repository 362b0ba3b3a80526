/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_OPT_H
#define CS_BASE_OPT_H

#include <stdio.h>

#include "base/buf.h"

/*
 * Option tables. One table a verb; it is parsed by, and generates, everything:
 * the parser, --help, --help --json, shell completion, the check against the
 * manual page. A row's target is a member of the verb's own options struct.
 */

enum cs_opt_kind {
	CS_OPT_FLAG,     /* bool */
	CS_OPT_STRING,   /* const char *; lends argv's bytes */
	CS_OPT_DURATION, /* int64_t seconds, cs_duration_parse() */
	CS_OPT_TIME,     /* int64_t, cs_time_parse() */
	CS_OPT_COUNT,    /* int64_t, decimal, min..max of the row */
	CS_OPT_CHOICE,   /* const char *, one of the words of `arg` split at | */
	CS_OPT_LIST      /* cs_opt_list; the one kind that may be repeated */
};

#define CS_OPT_LIST_MAX 8
typedef struct cs_opt_list { /* lends argv's bytes */
	size_t n;
	const char *v[CS_OPT_LIST_MAX];
} cs_opt_list;

enum cs_opt_complete {
	CS_COMPLETE_NONE,
	CS_COMPLETE_FILE,
	CS_COMPLETE_DIR,
	CS_COMPLETE_KEY /* an owner's key by its URI, or a file */
};

struct cs_opt {
	const char *name;   /* without the dashes */
	char letter;        /* one-letter form, 0 when none */
	enum cs_opt_kind kind;
	size_t offset;      /* offsetof() in the options struct */
	const char *arg;    /* placeholder, or the choices "p256|p384"; NULL flag */
	const char *help;   /* one line, no full stop */
	int64_t min, max;   /* CS_OPT_COUNT only */
	enum cs_opt_complete complete;
};

struct cs_opt_spec {
	const char *verb;     /* NULL for the command itself */
	const char *synopsis; /* the operands: "REQUEST", "FILE..." */
	const char *summary;  /* one line */
	const struct cs_opt *rows;
	size_t n;
	int min_operands, max_operands; /* max -1: no limit */
	enum cs_opt_complete operand_complete;
};

/* Parses argv[1..]; options and operands may be mixed, "--" ends the options,
 * "-" is an operand, --name=value and --name value are the same, no
 * abbreviations, an option given twice is an error unless it is a list.
 * Operands are moved to argv[1..*n_operands]. CS_EUSAGE names the word and the
 * nearest option. */
CS_USE int cs_opt_parse(const struct cs_opt_spec *s, int argc, char **argv,
    void *opts, int *n_operands, cs_err *e);
/* Help as a person reads it. */
void cs_opt_help(const struct cs_opt_spec *s, const char *prog, FILE *out);
/* The --name of every row, one a line (completion, lint). */
void cs_opt_names(const struct cs_opt_spec *s, FILE *out);

#endif
