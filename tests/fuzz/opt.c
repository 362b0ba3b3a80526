/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/opt.h"
#include "base/time.h"
#include "fuzz.h"

#define WORDS_MAX 32
#define TEXT_MAX 4096

struct options {
	bool yes, force;
	const char *owner, *out, *curve;
	cs_opt_list files;
	int64_t lifetime, at, uses;
};

#define AT(member) offsetof(struct options, member)

static const struct cs_opt rows[] = {
    {"owner", 0, CS_OPT_STRING, AT(owner), "ID", "", 0, 0, 0},
    {"out", 'o', CS_OPT_STRING, AT(out), "FILE", "", 0, 0, 0},
    {"yes", 'y', CS_OPT_FLAG, AT(yes), NULL, "", 0, 0, 0},
    {"force", 'f', CS_OPT_FLAG, AT(force), NULL, "", 0, 0, 0},
    {"new-key", 'k', CS_OPT_CHOICE, AT(curve), "p256|p384", "", 0, 0, 0},
    {"for", 0, CS_OPT_DURATION, AT(lifetime), "TIME", "", 0, 0, 0},
    {"at", 't', CS_OPT_TIME, AT(at), "TIME", "", 0, 0, 0},
    {"file", 'F', CS_OPT_LIST, AT(files), "FILE", "", 0, 0, 0},
    {"uses", 'u', CS_OPT_COUNT, AT(uses), "N", "", 1, 1000, 0},
};

static const struct cs_opt_spec spec = {"fuzz", "WORD...", "", rows,
    sizeof(rows) / sizeof(rows[0]), 0, -1, 0};

/* Words lend from `text`, where a NUL ends each. */
struct line {
	char text[TEXT_MAX + 1];
	char *argv[WORDS_MAX + 1];
	int argc;
	size_t used;
};

static void
add(struct line *l, const char *before, const char *word)
{
	size_t room = sizeof(l->text) - l->used;
	int n = snprintf(l->text + l->used, room, "%s%s", before, word);

	CHECK(n >= 0 && (size_t)n < room && l->argc < WORDS_MAX);
	l->argv[l->argc++] = l->text + l->used;
	l->used += (size_t)n + 1;
}

static void
add_if(struct line *l, const char *before, const char *value)
{
	if (value != NULL)
		add(l, before, value);
}

static void
add_numbers(struct line *l, const struct options *o)
{
	char text[24];

	if (o->lifetime != 0) {
		cs_duration_put(o->lifetime, text);
		add(l, "--for=", text);
	}
	if (o->at != 0 && cs_rfc3339_put(o->at, text))
		add(l, "--at=", text);
	if (o->uses != 0) {
		(void)snprintf(text, sizeof(text), "%d", (int)o->uses);
		add(l, "--uses=", text);
	}
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What was understood, written in the one plain way, is understood again. */
static void
check_back(const struct options *o, char **operands, int n)
{
	static struct line l;
	struct options back = {0};
	int i, n_back = 0;
	size_t j;

	l.argc = 0;
	l.used = 0;
	add(&l, "", "fuzz");
	add_if(&l, "--owner=", o->owner);
	add_if(&l, "--out=", o->out);
	add_if(&l, "--new-key=", o->curve);
	add_if(&l, "--yes", o->yes ? "" : NULL);
	add_if(&l, "--force", o->force ? "" : NULL);
	for (j = 0; j < o->files.n; j++)
		add(&l, "--file=", o->files.v[j]);
	add_numbers(&l, o);
	add(&l, "", "--");
	for (i = 0; i < n; i++)
		add(&l, "", operands[i]);
	CHECK(cs_opt_parse(&spec, l.argc, l.argv, &back, &n_back, NULL) ==
	    CS_OK);
	CHECK(n_back == n);
	for (i = 0; i < n; i++)
		CHECK(strcmp(l.argv[1 + i], operands[i]) == 0);
	CHECK(same(o->owner, back.owner) && same(o->out, back.out) &&
	    same(o->curve, back.curve) && o->yes == back.yes &&
	    o->force == back.force && o->lifetime == back.lifetime &&
	    o->at == back.at && o->uses == back.uses &&
	    o->files.n == back.files.n);
	for (j = 0; j < o->files.n; j++)
		CHECK(same(o->files.v[j], back.files.v[j]));
}

/* Operands are words of the line, in its order; every other word is an
 * option, the value behind one, or the "--" that ends them. */
static void
check_operands(char **words, int argc, char **operands, int n)
{
	int i, at = 0;
	bool after = false, option;

	for (i = 1; i < argc; i++) {
		option = words[i][0] == '-' && words[i][1] != '\0';
		if (at < n && words[i] == operands[at]) {
			at++;
			after = false;
			continue;
		}
		CHECK(option || after);
		after = option;
	}
	CHECK(at == n);
}

/* A word ends with its line; too many bytes or words are left out. */
static void
split(struct line *l, const uint8_t *data, size_t n)
{
	size_t i, from = 0;

	n = n < TEXT_MAX / 2 ? n : TEXT_MAX / 2;
	if (n > 0)
		memcpy(l->text, data, n);
	l->text[n] = '\0';
	l->argv[0] = l->text + n;
	l->argc = 1;
	for (i = 0; i < n && l->argc < WORDS_MAX / 2; i++)
		if (l->text[i] == '\n' || l->text[i] == '\0') {
			l->text[i] = '\0';
			l->argv[l->argc++] = l->text + from;
			from = i + 1;
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct line l;
	struct options o = {0};
	char *words[WORDS_MAX + 1];
	cs_err e = {0};
	int n_operands = -1;

	split(&l, data, n);
	memcpy(words, l.argv, sizeof(words));
	if (cs_opt_parse(&spec, l.argc, l.argv, &o, &n_operands, &e) !=
	    CS_OK) {
		CHECK(n_operands == 0 && e.text[0] != '\0');
		return 0;
	}
	check_operands(words, l.argc, l.argv + 1, n_operands);
	check_back(&o, l.argv + 1, n_operands);
	return 0;
}
