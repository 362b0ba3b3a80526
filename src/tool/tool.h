/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TOOL_TOOL_H
#define CS_TOOL_TOOL_H

#include <sys/types.h>

#include "base/opt.h"
#include "tool/out.h"

/* The command: a verb is one file, one row in main.c and one option table. */

struct cs_verb;

typedef struct cs_tool { /* one run; immutable once a verb has it */
	const char *module_dir; /* where signers and keys modules are */
	const struct cs_verb *const *verbs;
	size_t n_verbs;
	mode_t doc_mode;        /* of the files that are no secrets */
	bool ascii;             /* standard output and error are not UTF-8 */
} cs_tool;

/* A verb's own words, after parsing. */
typedef struct cs_words {
	int n;
	char **v;
} cs_words;

struct cs_verb {
	const struct cs_opt_spec *spec;
	size_t opts_size;
	const void *defaults; /* opts_size bytes; NULL: all zero */
	/* Puts results into `out`; the caller writes them, or the error, once.
	 * `opts` begins with struct cs_common. */
	int (*run)(const cs_tool *t, const void *opts, const cs_words *w,
	    cs_out *out, cs_err *e);
};

/* Options that every verb has: the first member of its options struct. */
struct cs_common {
	bool help, json;
};
#define CS_COMMON_ROWS(type) \
	{"json", 0, CS_OPT_FLAG, offsetof(type, common.json), NULL, \
	    "write one JSON object, failures included", 0, 0, \
	    CS_COMPLETE_NONE}, \
	{ \
		"help", 'h', CS_OPT_FLAG, offsetof(type, common.help), NULL, \
		    "print this help (with --json: the option table)", 0, 0, \
		    CS_COMPLETE_NONE \
	}

/* Runs `argv` (argv[0] is the command's name): finds the verb, parses, runs,
 * writes. Returns the exit code. */
int cs_tool_run(const cs_tool *t, int argc, char **argv);
/* The row that the first one or two of `n` words name, or NULL: a verb of two
 * words ("owners check") is a row as any other, and its first word is the name
 * of a group. *used (may be NULL): how many words. */
const struct cs_verb *cs_tool_verb(const cs_tool *t, int n,
    char *const *words, int *used);
/* Is this the first word of a verb that has two? */
bool cs_tool_is_group(const cs_tool *t, const char *word);
/* CS_EUSAGE with a did-you-mean, of the verb or of that in a group. */
CS_USE int cs_tool_unknown(const cs_tool *t, int n, char *const *words,
    cs_err *e);

/* The error is about a word on the command line: CS_EUSAGE, "WHAT: " before. */
int cs_tool_usage(cs_err *e, const char *what);

/* An option that says nothing without another one. */
struct cs_goes {
	const char *name, *with;
	bool alone; /* this time it is without */
};
/* CS_EUSAGE for the first that is alone, "--NAME goes with --WITH". */
CS_USE int cs_tool_goes(const struct cs_goes *rules, size_t n, cs_err *e);

/* An option that contradicts another one. */
struct cs_clash {
	const char *name;
	bool given;
};
/* CS_EUSAGE for the first that is given, "--NAME does not go with --WITH". */
CS_USE int cs_tool_clash(const struct cs_clash *rules, size_t n,
    const char *with, cs_err *e);

/* What the process is before it reads anything: no core dumps, no debugger, a
 * strict umask, three open standard descriptors. Gives the mode of documents
 * (0666 under the umask it found). */
mode_t cs_process_harden(void);

extern const struct cs_verb cs_cmd_request, cs_cmd_sign, cs_cmd_attach,
    cs_cmd_verify, cs_cmd_show, cs_cmd_owners_check, cs_cmd_owners_list,
    cs_cmd_owners_challenge, cs_cmd_owners_add, cs_cmd_owners_revoke,
    cs_cmd_owners_compile, cs_cmd_keys, cs_cmd_enroll, cs_cmd_revoke,
    cs_cmd_status, cs_cmd_store_init, cs_cmd_store_check,
    cs_cmd_store_backup, cs_cmd_store_restore, cs_cmd_audit_list,
    cs_cmd_audit_show, cs_cmd_audit_verify, cs_cmd_audit_export,
    cs_cmd_completion;

/* --help and --help --json, from the tables. `s` NULL: all verbs, or those of
 * `group`. */
CS_USE int cs_help_put(const cs_tool *t, const struct cs_opt_spec *s,
    const char *group, cs_out *out, cs_err *e);

#endif
