/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/complete.h"

#include <stdlib.h>
#include <string.h>

static const char *
verb_of(const struct cs_opt_spec *s)
{
	return s->verb == NULL ? "" : s->verb;
}

static bool
has_keys(const cs_complete *c)
{
	size_t i, k;

	for (i = 0; i < c->n; i++) {
		if (c->specs[i]->operand_complete == CS_COMPLETE_KEY)
			return true;
		for (k = 0; k < c->specs[i]->n; k++)
			if (c->specs[i]->rows[k].complete == CS_COMPLETE_KEY)
				return true;
	}
	return false;
}

/* Names of functions: "-" is for words of people. */
static void
put_name(const cs_complete *c, const char *rest, FILE *f)
{
	const char *p;

	(void)fputc('_', f);
	for (p = c->program; *p != '\0'; p++)
		(void)fputc(*p == '-' ? '_' : *p, f);
	(void)fputs(rest, f);
}

static void
put_options(const struct cs_opt_spec *s, FILE *f)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		(void)fprintf(f, "%s--%s", i == 0 ? "" : " ", s->rows[i].name);
}

static void
put_words(const struct cs_opt_spec *s, FILE *f)
{
	(void)fprintf(f, "\t\"%s\") words='", verb_of(s));
	put_options(s, f);
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

/* The operands of verbs that take keys, directories, or none: the others take
 * files. */
static void
put_operand(const struct cs_opt_spec *s, FILE *f)
{
	if (s->operand_complete == CS_COMPLETE_KEY ||
	    s->operand_complete == CS_COMPLETE_DIR)
		(void)fprintf(f, "\t\"%s:\"*) kind=%s; "
		    "[[ $cur == -* ]] && kind=options ;;\n", verb_of(s),
		    kinds[s->operand_complete]);
}

/* The first words, each once: verbs of one group stand together. */
static void
put_verbs(const cs_complete *c, FILE *f)
{
	const char *verb, *last = "";
	size_t i, n;

	for (i = 0; i < c->n; i++) {
		if ((verb = c->specs[i]->verb) == NULL)
			continue;
		n = strcspn(verb, " ");
		if (strcspn(last, " ") != n || strncmp(verb, last, n) != 0)
			(void)fprintf(f, "%s%.*s", *last == '\0' ? "" : " ",
			    (int)n, verb);
		last = verb;
	}
}

static void
put_first_words(const cs_complete *c, FILE *f)
{
	size_t i;

	put_verbs(c, f);
	for (i = 0; i < c->n; i++) {
		if (c->specs[i]->verb != NULL)
			continue;
		(void)fputc(' ', f);
		put_options(c->specs[i], f);
	}
	(void)fprintf(f, "%s%s", *c->more == '\0' ? "" : " ", c->more);
}

/* The second words of each group, where they stand. */
static void
put_groups(const cs_complete *c, FILE *f)
{
	const char *verb, *second;
	size_t i;

	for (i = 0; i < c->n; i++) {
		verb = verb_of(c->specs[i]);
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
put_key_functions(const cs_complete *c, FILE *f)
{
	put_name(c, "_keys()\n{\n", f);
	(void)fputs("\tlocal file words='fido2: pkcs11: ssh-agent: tpm2:'\n"
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
		    "}\n", f);
	put_name(c, "_colon()\n{\n", f);
	(void)fputs("\tlocal line=${COMP_LINE-}\n"
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
put_begin(const cs_complete *c, FILE *f)
{
	put_name(c, "()\n{\n", f);
	(void)fputs("\tlocal cur=${COMP_WORDS[COMP_CWORD]} "
		    "prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		    "\tlocal verb=${COMP_WORDS[1]} words='' kind=files second='' "
		    "colon=''\n"
		    "\tCOMPREPLY=()\n", f);
	if (has_keys(c)) {
		(void)fputs("\t[[ ${COMP_WORDBREAKS-} != *:* ]] || ", f);
		put_name(c, "_colon\n", f);
	}
	(void)fputs("\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		    "\t\tmapfile -t COMPREPLY < <(compgen -W '", f);
	put_first_words(c, f);
	(void)fputs("' -- \"$cur\")\n\t\treturn\n\tfi\n"
		    "\t[[ $verb != -* ]] || verb=''\n"
		    "\tcase $verb in\n", f);
	put_groups(c, f);
	(void)fputs("\tesac\n"
		    "\tif [ -n \"$second\" ] && [ \"$COMP_CWORD\" -eq 2 ]; then\n"
		    "\t\tmapfile -t COMPREPLY < "
		    "<(compgen -W \"$second --help\" -- \"$cur\")\n"
		    "\t\treturn\n\tfi\n"
		    "\t[ -z \"$second\" ] || verb+=\" ${COMP_WORDS[2]}\"\n", f);
}

static void
put_cases(const cs_complete *c, FILE *f)
{
	const struct cs_opt_spec *s;
	size_t i, j;

	(void)fputs("\tcase $verb:$prev in\n", f);
	for (i = 0; i < c->n; i++) {
		s = c->specs[i];
		for (j = 0; j < s->n; j++)
			put_argument(verb_of(s), &s->rows[j], f);
		put_operand(s, f);
	}
	(void)fputs("\thelp:help) kind=words; words='", f);
	put_verbs(c, f);
	(void)fputs("' ;;\n"
		    "\tcompletion:completion) kind=words; words=bash ;;\n"
		    "\t*:*) [[ $cur == -* ]] && kind=options ;;\n"
		    "\tesac\n"
		    "\t[ \"$kind\" = options ] && case $verb in\n", f);
	for (i = 0; i < c->n; i++)
		put_words(c->specs[i], f);
	(void)fputs("\tesac\n", f);
}

static void
put_end(const cs_complete *c, FILE *f)
{
	(void)fputs("\tcase $kind in\n"
		    "\tnone) ;;\n"
		    "\tfiles) compopt -o filenames; "
		    "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
		    "\tdirs) compopt -o filenames; "
		    "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n", f);
	if (has_keys(c)) {
		(void)fputs("\tkeys) compopt -o nospace; "
			    "mapfile -t COMPREPLY < <(", f);
		put_name(c, "_keys \"$cur\")\n", f);
		(void)fputs("\t\tCOMPREPLY=(\"${COMPREPLY[@]#\"$colon\"}\") "
			    ";;\n", f);
	}
	(void)fputs("\t*) mapfile -t COMPREPLY < "
		    "<(compgen -W \"$words\" -- \"$cur\") ;;\n"
		    "\tesac\n"
		    "}\n"
		    "complete -F ", f);
	put_name(c, "", f);
	(void)fprintf(f, " %s\n", c->program);
}

void
cs_complete_bash(const cs_complete *c, FILE *f)
{
	(void)fprintf(f, "# bash completion for %s; made by "
			 "'%s completion bash'\n", c->page, c->program);
	if (has_keys(c))
		put_key_functions(c, f);
	put_begin(c, f);
	put_cases(c, f);
	put_end(c, f);
}
