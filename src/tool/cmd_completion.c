/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/tool.h"

struct opts {
	struct cs_common common;
};

static const struct cs_opt rows[] = {CS_COMMON_ROWS(struct opts)};

static const struct cs_opt_spec spec = {
    .verb = "completion",
    .synopsis = "SHELL",
    .summary = "print a completion script for a shell (bash)",
    .rows = rows,
    .n = sizeof(rows) / sizeof(rows[0]),
    .min_operands = 1,
    .max_operands = 1,
};

static void
put_words(const struct cs_opt_spec *s, FILE *f)
{
	size_t i;

	(void)fprintf(f, "\t\"%s\") words='", s->verb);
	for (i = 0; i < s->n; i++)
		(void)fprintf(f, "%s--%s", i == 0 ? "" : " ", s->rows[i].name);
	(void)fputs("' ;;\n", f);
}

static const char *const kinds[] = {
    [CS_COMPLETE_NONE] = "none",
    [CS_COMPLETE_FILE] = "files",
    [CS_COMPLETE_DIR] = "dirs",
    [CS_COMPLETE_KEY] = "keys",
};

/* Words that a row's argument can be: choices, files, or nothing to offer. */
static void
put_argument(const char *verb, const struct cs_opt *r, FILE *f)
{
	const char *p;

	if (r->kind == CS_OPT_FLAG)
		return;
	(void)fprintf(f, "\t\"%s:--%s\"", verb, r->name);
	if (r->letter != 0)
		(void)fprintf(f, "|\"%s:-%c\"", verb, r->letter);
	if (r->kind == CS_OPT_CHOICE) {
		(void)fputs(") kind=words; words='", f);
		for (p = r->arg; *p != '\0'; p++)
			(void)fputc(*p == '|' ? ' ' : *p, f);
		(void)fputs("' ;;\n", f);
	} else
		(void)fprintf(f, ") kind=%s ;;\n", kinds[r->complete]);
}

/* The operands of verbs that take keys: the others take files. */
static void
put_operand(const struct cs_opt_spec *s, FILE *f)
{
	if (s->operand_complete == CS_COMPLETE_KEY)
		(void)fprintf(f, "\t\"%s:\"*) kind=keys; "
		    "[[ $cur == -* ]] && kind=options ;;\n", s->verb);
}

/* The first words, each once: verbs of one group stand together. */
static void
put_verbs(const cs_tool *t, FILE *f)
{
	const char *verb, *last = "";
	size_t i, n;

	for (i = 0; i < t->n_verbs; i++) {
		verb = t->verbs[i]->spec->verb;
		n = strcspn(verb, " ");
		if (strcspn(last, " ") != n || strncmp(verb, last, n) != 0)
			(void)fprintf(f, "%s%.*s", i == 0 ? "" : " ", (int)n,
			    verb);
		last = verb;
	}
}

/* The second words of each group, where they stand. */
static void
put_groups(const cs_tool *t, FILE *f)
{
	const char *verb, *second;
	size_t i;

	for (i = 0; i < t->n_verbs; i++) {
		verb = t->verbs[i]->spec->verb;
		if ((second = strchr(verb, ' ')) == NULL)
			continue;
		(void)fprintf(f, "\t%.*s) second+=' %s' ;;&\n",
		    (int)(second - verb), verb, second + 1);
	}
}

/* A colon ends a word for readline, and what stands before it is not to be
 * repeated. A name in the folder of key files counts when it is one: the words
 * that compgen is given are expanded once more. */
static void
put_key_functions(FILE *f)
{
	(void)fputs("_countersign_keys()\n{\n"
		    "\tlocal file words='fido2: pkcs11: ssh-agent: tpm2:'\n"
		    "\tlocal name='^[A-Za-z0-9_-][A-Za-z0-9._-]*$'\n"
		    "\tfor file in "
		    "\"${XDG_CONFIG_HOME:-$HOME/.config}\"/countersign/keys/*; do\n"
		    "\t\tfile=${file##*/}\n"
		    "\t\t[[ $file =~ $name ]] && words+=\" fido2:$file\"\n"
		    "\tdone\n"
		    "\tcompgen -W \"$words\" -- \"$1\"\n"
		    "\t[[ $1 != tpm2:* ]] || "
		    "compgen -P tpm2: -f -- \"${1#tpm2:}\"\n"
		    "\tcompgen -f -- \"$1\"\n"
		    "}\n"
		    "_countersign_colon()\n{\n"
		    "\tlocal line=${COMP_LINE-}\n"
		    "\tline=${line:0:${COMP_POINT-0}}\n"
		    "\t[[ ${line##*[[:blank:]]} == *:* ]] || return 0\n"
		    "\tcur=${line##*[[:blank:]]}\n"
		    "\tline=${line%\"$cur\"}\n"
		    "\tline=${line%\"${line##*[![:blank:]]}\"}\n"
		    "\tprev=${line##*[[:blank:]]}\n"
		    "\tcolon=${cur%\"${cur##*:}\"}\n"
		    "}\n", f);
}

static void
put_script(const cs_tool *t, FILE *f)
{
	const struct cs_opt_spec *s;
	size_t i, j;

	(void)fputs("# bash completion for countersign(1); made by "
		    "'countersign completion bash'\n", f);
	put_key_functions(f);
	(void)fputs("_countersign()\n{\n"
		    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} "
		    "prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		    "\tlocal verb=${COMP_WORDS[1]} words='' kind=files second='' "
		    "colon=''\n"
		    "\tCOMPREPLY=()\n"
		    "\t[[ ${COMP_WORDBREAKS-} != *:* ]] || _countersign_colon\n"
		    "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -W '", f);
	put_verbs(t, f);
	(void)fputs(" help --help --version' -- \"$cur\")\n\t\treturn\n\tfi\n"
		    "\tcase $verb in\n", f);
	put_groups(t, f);
	(void)fputs("\tesac\n"
		    "\tif [ -n \"$second\" ] && [ \"$COMP_CWORD\" -eq 2 ]; then\n"
		    "\t\tmapfile -t COMPREPLY < "
		    "<(compgen -W \"$second --help\" -- \"$cur\")\n"
		    "\t\treturn\n\tfi\n"
		    "\t[ -z \"$second\" ] || verb+=\" ${COMP_WORDS[2]}\"\n"
		    "\tcase $verb:$prev in\n", f);
	for (i = 0; i < t->n_verbs; i++) {
		s = t->verbs[i]->spec;
		for (j = 0; j < s->n; j++)
			put_argument(s->verb, &s->rows[j], f);
		put_operand(s, f);
	}
	(void)fputs("\thelp:help) kind=words; words='", f);
	put_verbs(t, f);
	(void)fputs("' ;;\n"
		    "\tcompletion:completion) kind=words; words=bash ;;\n"
		    "\t*:*) [[ $cur == -* ]] && kind=options ;;\n"
		    "\tesac\n"
		    "\t[ \"$kind\" = options ] && case $verb in\n", f);
	for (i = 0; i < t->n_verbs; i++)
		put_words(t->verbs[i]->spec, f);
	(void)fputs("\tesac\n"
		    "\tcase $kind in\n"
		    "\tnone) ;;\n"
		    "\tfiles) compopt -o filenames; "
		    "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
		    "\tdirs) compopt -o filenames; "
		    "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
		    "\tkeys) compopt -o nospace; mapfile -t COMPREPLY < "
		    "<(_countersign_keys \"$cur\")\n"
		    "\t\tCOMPREPLY=(\"${COMPREPLY[@]#\"$colon\"}\") ;;\n"
		    "\t*) mapfile -t COMPREPLY < "
		    "<(compgen -W \"$words\" -- \"$cur\") ;;\n"
		    "\tesac\n"
		    "}\n"
		    "complete -F _countersign countersign\n", f);
}

static int
run(const cs_tool *t, const void *opts, const cs_words *w, cs_out *out,
    cs_err *e)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = NULL;

	(void)opts;
	if (strcmp(w->v[0], "bash") != 0)
		return cs_fail(e, CS_EUSAGE, "tool",
		    "no completion for %s; there is bash", w->v[0]);
	if ((f = open_memstream(&text, &n)) == NULL)
		return cs_nomem(e, "tool");
	put_script(t, f);
	if (fclose(f) != 0) {
		free(text);
		return cs_nomem(e, "tool");
	}
	cs_out_document(out, "script", cs_span_of(text, n));
	free(text);
	return CS_OK;
}

const struct cs_verb cs_cmd_completion = {&spec, sizeof(struct opts), NULL,
    run};
