/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/opt.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"

#define ROWS_MAX 64
#define COLUMNS 80
#define HELP_COLUMN_MAX 30

struct parser {
	const struct cs_opt_spec *spec;
	int argc, at; /* argv[at] is the next word */
	char **argv;
	unsigned char *opts;
	uint64_t seen; /* a bit a row */
	int n_operands;
};

static int
bad_value(const struct cs_opt *row, const char *value, cs_err *e)
{
	return cs_fail(e, CS_EUSAGE, "opt", "--%s: expected %s, found %s",
	    row->name, row->arg, value);
}

static bool
is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value), n;

	for (;;) {
		n = strcspn(choices, "|");
		if (n == len && memcmp(choices, value, n) == 0)
			return true;
		if (choices[n] == '\0')
			return false;
		choices += n + 1;
	}
}

/* Decimal digits alone; false too when it does not fit. */
static bool
get_count(const char *s, int64_t *out)
{
	int64_t v = 0;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9' || v > (INT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (*s - '0');
	}
	*out = v;
	return true;
}

static int
set_count(const struct cs_opt *row, const char *value, int64_t *out,
    cs_err *e)
{
	int64_t v;

	if (!get_count(value, &v) || v < row->min || v > row->max)
		return cs_fail(e, CS_EUSAGE, "opt", "--%s: expected a number "
		    "from %lld to %lld, found %s", row->name,
		    (long long)row->min, (long long)row->max, value);
	*out = v;
	return CS_OK;
}

static int
set_string(struct parser *p, const struct cs_opt *row, const char *value)
{
	memcpy(p->opts + row->offset, &value, sizeof(value));
	return CS_OK;
}

static int
add_string(struct parser *p, const struct cs_opt *row, const char *value,
    cs_err *e)
{
	cs_opt_list l;

	memcpy(&l, p->opts + row->offset, sizeof(l));
	if (l.n == CS_OPT_LIST_MAX)
		return cs_fail(e, CS_EUSAGE, "opt", "--%s is given more than "
		    "%d times", row->name, CS_OPT_LIST_MAX);
	l.v[l.n++] = value;
	memcpy(p->opts + row->offset, &l, sizeof(l));
	return CS_OK;
}

static int
set_number(struct parser *p, const struct cs_opt *row, const char *value,
    cs_err *e)
{
	int64_t v = 0;
	int r;

	if (row->kind == CS_OPT_COUNT)
		r = set_count(row, value, &v, e);
	else if (row->kind == CS_OPT_TIME)
		r = cs_time_parse(value, &v, e);
	else
		r = cs_duration_parse(value, &v, e);
	if (r != CS_OK && row->kind != CS_OPT_COUNT)
		return cs_wrap(e, "--%s", row->name);
	if (r == CS_OK)
		memcpy(p->opts + row->offset, &v, sizeof(v));
	return r;
}

/* `value` is NULL for a flag. */
static int
set(struct parser *p, const struct cs_opt *row, const char *value, cs_err *e)
{
	uint64_t bit = UINT64_C(1) << (row - p->spec->rows);
	const bool yes = true;

	if ((p->seen & bit) != 0 && row->kind != CS_OPT_LIST)
		return cs_fail(e, CS_EUSAGE, "opt", "--%s is given twice",
		    row->name);
	p->seen |= bit;
	switch (row->kind) {
	case CS_OPT_FLAG:
		memcpy(p->opts + row->offset, &yes, sizeof(yes));
		return CS_OK;
	case CS_OPT_STRING:
		return set_string(p, row, value);
	case CS_OPT_CHOICE:
		if (!is_choice(row->arg, value))
			return bad_value(row, value, e);
		return set_string(p, row, value);
	case CS_OPT_LIST:
		return add_string(p, row, value, e);
	case CS_OPT_DURATION:
	case CS_OPT_TIME:
	case CS_OPT_COUNT:
		return set_number(p, row, value, e);
	}
	return cs_fail(e, CS_EBUG, "opt", "--%s: kind %d", row->name,
	    (int)row->kind);
}

static int
next_value(struct parser *p, const struct cs_opt *row, const char **value,
    cs_err *e)
{
	if (p->at == p->argc)
		return cs_fail(e, CS_EUSAGE, "opt", "--%s needs %s",
		    row->name, row->arg);
	*value = p->argv[p->at++];
	return CS_OK;
}

/* Only the name is repeated: what follows = may be a secret that should never
 * have been typed there. */
static int
unknown(const struct cs_opt_spec *s, const char *name, size_t len, cs_err *e)
{
	const char *names[ROWS_MAX], *near;
	char word[80];
	size_t i;

	for (i = 0; i < s->n; i++)
		names[i] = s->rows[i].name;
	(void)snprintf(word, sizeof(word), "%.*s", (int)(len < 79 ? len : 79),
	    name);
	if ((near = cs_text_nearest(word, names, s->n)) != NULL)
		return cs_fail(e, CS_EUSAGE, "opt",
		    "unknown option --%s (did you mean --%s?)", word, near);
	return cs_fail(e, CS_EUSAGE, "opt", "unknown option --%s", word);
}

static int
parse_long(struct parser *p, const char *word, cs_err *e)
{
	const struct cs_opt *row = NULL;
	size_t i, len = strcspn(word, "=");
	const char *value = word[len] == '=' ? word + len + 1 : NULL;
	int r;

	for (i = 0; i < p->spec->n && row == NULL; i++)
		if (cs_span_is(cs_span_of(word, len), p->spec->rows[i].name))
			row = &p->spec->rows[i];
	if (row == NULL)
		return unknown(p->spec, word, len, e);
	if (row->kind == CS_OPT_FLAG && value != NULL)
		return cs_fail(e, CS_EUSAGE, "opt", "--%s takes no value",
		    row->name);
	if (row->kind != CS_OPT_FLAG && value == NULL &&
	    (r = next_value(p, row, &value, e)) != CS_OK)
		return r;
	return set(p, row, value, e);
}

static const struct cs_opt *
find_letter(const struct cs_opt_spec *s, char letter)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->rows[i].letter == letter)
			return &s->rows[i];
	return NULL;
}

/* -f, -o FILE, -oFILE, -fo FILE */
static int
parse_letters(struct parser *p, const char *word, cs_err *e)
{
	const struct cs_opt *row;
	const char *value;
	int r = CS_OK;

	for (; *word != '\0' && r == CS_OK; word++) {
		if ((row = find_letter(p->spec, *word)) == NULL)
			return cs_fail(e, CS_EUSAGE, "opt",
			    "unknown option -%c", *word);
		if (row->kind == CS_OPT_FLAG) {
			r = set(p, row, NULL, e);
			continue;
		}
		value = word + 1;
		if (*value == '\0' &&
		    (r = next_value(p, row, &value, e)) != CS_OK)
			return r;
		return set(p, row, value, e);
	}
	return r;
}

static int
parse_word(struct parser *p, bool *ended, cs_err *e)
{
	char *word = p->argv[p->at++];

	if (*ended || word[0] != '-' || word[1] == '\0') {
		p->argv[++p->n_operands] = word;
		return CS_OK;
	}
	if (word[1] != '-')
		return parse_letters(p, word + 1, e);
	if (word[2] != '\0')
		return parse_long(p, word + 2, e);
	*ended = true;
	return CS_OK;
}

static int
check_operands(const struct cs_opt_spec *s, int n, char **argv, cs_err *e)
{
	if (n < s->min_operands)
		return cs_fail(e, CS_EUSAGE, "opt",
		    "expected %s, found %d of %d", s->synopsis, n,
		    s->min_operands);
	if (s->max_operands >= 0 && n > s->max_operands)
		return cs_fail(e, CS_EUSAGE, "opt", "one word too many: %s",
		    argv[1 + s->max_operands]);
	return CS_OK;
}

int
cs_opt_parse(const struct cs_opt_spec *s, int argc, char **argv, void *opts,
    int *n_operands, cs_err *e)
{
	struct parser p = {.spec = s, .argc = argc, .at = 1, .argv = argv,
	    .opts = opts};
	bool ended = false;
	int r;

	*n_operands = 0;
	if (s->n > ROWS_MAX)
		return cs_fail(e, CS_EBUG, "opt", "%zu rows", s->n);
	while (p.at < argc)
		if ((r = parse_word(&p, &ended, e)) != CS_OK)
			return r;
	if ((r = check_operands(s, p.n_operands, argv, e)) != CS_OK)
		return r;
	*n_operands = p.n_operands;
	return CS_OK;
}

/* "  -o, --out FILE" */
static int
left_width(const struct cs_opt *row)
{
	size_t n = strlen("  -o, --") + strlen(row->name);

	return (int)(row->arg == NULL ? n : n + 1 + strlen(row->arg));
}

static int
help_column(const struct cs_opt_spec *s)
{
	int column = 0, w;
	size_t i;

	for (i = 0; i < s->n; i++) {
		w = left_width(&s->rows[i]) + 2;
		if (w > column && w <= HELP_COLUMN_MAX)
			column = w;
	}
	return column == 0 ? HELP_COLUMN_MAX : column;
}

/* Words from column `at` on, lines broken to continue in `column`. */
static void
put_words(const char *text, int at, int column, FILE *out)
{
	const char *word = text;
	int len;

	while (*word != '\0') {
		len = (int)strcspn(word, " ");
		if (at > column && at + 1 + len >= COLUMNS) {
			(void)fprintf(out, "\n%*s", column, "");
			at = column;
		} else if (at > column) {
			(void)fputc(' ', out);
			at++;
		}
		(void)fprintf(out, "%.*s", len, word);
		at += len;
		word += len;
		word += strspn(word, " ");
	}
	(void)fputc('\n', out);
}

static void
put_row(const struct cs_opt *row, int column, FILE *out)
{
	int w = left_width(row);

	if (row->letter != '\0')
		(void)fprintf(out, "  -%c, --%s", row->letter, row->name);
	else
		(void)fprintf(out, "      --%s", row->name);
	if (row->arg != NULL)
		(void)fprintf(out, " %s", row->arg);
	if (w + 2 > column) {
		(void)fputc('\n', out);
		w = 0;
	}
	(void)fprintf(out, "%*s", column - w, "");
	put_words(row->help, column, column, out);
}

void
cs_opt_help(const struct cs_opt_spec *s, const char *prog, FILE *out)
{
	int column = help_column(s);
	size_t i;

	(void)fprintf(out, "usage: %s", prog);
	if (s->verb != NULL)
		(void)fprintf(out, " %s", s->verb);
	if (s->n != 0)
		(void)fputs(" [options]", out);
	if (s->synopsis != NULL && s->synopsis[0] != '\0')
		(void)fprintf(out, " %s", s->synopsis);
	(void)fputc('\n', out);
	put_words(s->summary, 0, 0, out);
	if (s->n != 0)
		(void)fputs("\noptions:\n", out);
	for (i = 0; i < s->n; i++)
		put_row(&s->rows[i], column, out);
}

void
cs_opt_names(const struct cs_opt_spec *s, FILE *out)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		(void)fprintf(out, "--%s\n", s->rows[i].name);
}
