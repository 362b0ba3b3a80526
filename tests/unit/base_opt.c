/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/opt.h"
#include "tap.h"

struct options {
	bool yes, force;
	const char *owner, *out, *curve;
	cs_opt_list files;
	int64_t lifetime, at, uses;
};

#define AT(member) offsetof(struct options, member)

static const struct cs_opt rows[] = {
    {"owner", 0, CS_OPT_STRING, AT(owner), "ID", "who approves", 0, 0, 0},
    {"out", 'o', CS_OPT_STRING, AT(out), "FILE", "where the result goes, "
    "standard output when this is a dash or when it is not given at all", 0,
    0, CS_COMPLETE_FILE},
    {"yes", 'y', CS_OPT_FLAG, AT(yes), NULL, "do not ask", 0, 0, 0},
    {"force", 'f', CS_OPT_FLAG, AT(force), NULL, "replace", 0, 0, 0},
    {"new-key", 0, CS_OPT_CHOICE, AT(curve), "p256|p384|rsa3072|and-more",
    "make a key", 0, 0, 0},
    {"for", 0, CS_OPT_DURATION, AT(lifetime), "TIME", "how long", 0, 0, 0},
    {"at", 0, CS_OPT_TIME, AT(at), "TIME", "when", 0, 0, 0},
    {"also", 'F', CS_OPT_LIST, AT(files), "ID", "one more", 0, 0,
    CS_COMPLETE_FILE},
    {"uses", 'u', CS_OPT_COUNT, AT(uses), "N", "how often", 1, 1000, 0},
};

static const struct cs_opt_spec spec = {"sign", "REQUEST [MORE]",
    "sign a request", rows, sizeof(rows) / sizeof(rows[0]), 1, 2,
    CS_COMPLETE_FILE};

static struct options got;
static int operands;
static char *words[16];
static cs_err err;

/* Parses "sign WORDS", split at blanks; _ stands for an empty word. */
static int
parse(const char *line)
{
	static char copy[256];
	char *word, *state = NULL;
	int argc = 0;

	(void)snprintf(copy, sizeof(copy), "sign %s", line);
	memset(&got, 0, sizeof(got));
	memset(&err, 0, sizeof(err));
	for (word = strtok_r(copy, " ", &state); word != NULL;
	    word = strtok_r(NULL, " ", &state))
		words[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
	return cs_opt_parse(&spec, argc, words, &got, &operands, &err);
}

static bool
refused(const char *line, const char *text)
{
	if (parse(line) == CS_EUSAGE && strcmp(err.text, text) == 0 &&
	    operands == 0)
		return true;
	printf("# %s\n", err.text);
	return false;
}

static bool
is(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

static void
test_accepted(void)
{
	ok(parse("r") == CS_OK && operands == 1 && is(words[1], "r") &&
	    !got.yes && got.owner == NULL, "an operand alone");
	ok(parse("a --owner me b -y") == CS_OK && operands == 2 &&
	    is(words[1], "a") && is(words[2], "b") && got.yes &&
	    is(got.owner, "me"), "mixed");
	ok(parse("--owner=me=you a") == CS_OK && is(got.owner, "me=you"),
	    "the first = splits");
	ok(parse("--owner= a") == CS_OK && is(got.owner, ""), "empty value");
	ok(parse("--owner _ a") == CS_OK && is(got.owner, ""),
	    "empty value in a word of its own");
	ok(parse("--owner --yes a") == CS_OK && is(got.owner, "--yes") &&
	    !got.yes, "a value may look like an option");
	ok(parse("-o x a") == CS_OK && is(got.out, "x"), "letter");
	ok(parse("-ox a") == CS_OK && is(got.out, "x"), "letter and value");
	ok(parse("-yfo x a") == CS_OK && is(got.out, "x") && got.yes &&
	    got.force, "letters");
	ok(parse("-o - -") == CS_OK && is(got.out, "-") &&
	    is(words[1], "-"), "- is a word");
	ok(parse("-- --yes -o") == CS_OK && operands == 2 &&
	    is(words[1], "--yes") && is(words[2], "-o") && !got.yes,
	    "-- ends the options");
	ok(parse("a -- --") == CS_OK && operands == 2 && is(words[2], "--"),
	    "the second -- is an operand");
	ok(parse("--new-key p384 a") == CS_OK && is(got.curve, "p384"),
	    "a choice");
	ok(parse("--new-key and-more a") == CS_OK, "the last choice");
	ok(parse("--for 15m --at 20261121Z -u 1000 a") == CS_OK &&
	    got.lifetime == 900 && got.at == 1795219200 && got.uses == 1000,
	    "numbers");
	ok(parse("-F a --also=b r --also c") == CS_OK && got.files.n == 3 &&
	    is(got.files.v[0], "a") && is(got.files.v[1], "b") &&
	    is(got.files.v[2], "c") && operands == 1, "a list");
	ok(parse("-Fa -Fb -Fc -Fd -Fe -Ff -Fg -Fh r") == CS_OK &&
	    got.files.n == 8, "a full list");
	ok(parse("-u1 _") == CS_OK && got.uses == 1 && operands == 1 &&
	    is(words[1], ""), "an empty operand");
}

static void
test_refused(void)
{
	ok(refused("--ownr=1234 a",
	    "unknown option --ownr (did you mean --owner?)"), "unknown");
	ok(refused("--pin=1234 a", "unknown option --pin"),
	    "the value is not repeated");
	ok(refused("--own x a", "unknown option --own"),
	    "no abbreviations");
	ok(refused("--=x a", "unknown option --"), "no name");
	ok(refused("-x a", "unknown option -x"), "unknown letter");
	ok(refused("-yx a", "unknown option -x"), "unknown second letter");
	ok(refused("--owner a --owner=b c", "--owner is given twice"),
	    "twice");
	ok(refused("-y --yes c", "--yes is given twice"), "twice, a letter");
	ok(refused("-F1 -F2 -F3 -F4 -F5 -F6 -F7 -F8 -F9 a",
	    "--also is given more than 8 times"), "too many of a list");
	ok(refused("--yes=no a", "--yes takes no value"), "flag with value");
	ok(refused("a --owner", "--owner needs ID"), "no value");
	ok(refused("a -o", "--out needs FILE"), "no value, letter");
	ok(refused("--new-key p521 a", "--new-key: expected p256|p384|rsa3072"
	    "|and-more, found p521"), "not a choice");
	ok(refused("--new-key p256|p384 a", "--new-key: expected p256|p384|"
	    "rsa3072|and-more, found p256|p384"), "two choices");
	ok(refused("--new-key= a", "--new-key: expected p256|p384|rsa3072|"
	    "and-more, found "), "no choice");
	ok(refused("-u 0 a", "--uses: expected a number from 1 to 1000, "
	    "found 0"), "too small");
	ok(refused("-u 1001 a", "--uses: expected a number from 1 to 1000, "
	    "found 1001"), "too large");
	ok(refused("-u 18446744073709551617 a", "--uses: expected a number "
	    "from 1 to 1000, found 18446744073709551617"), "far too large");
	ok(refused("-u +1 a", "--uses: expected a number from 1 to 1000, "
	    "found +1"), "a sign");
	ok(refused("-u _ a", "--uses: expected a number from 1 to 1000, "
	    "found "), "nothing");
	ok(refused("--for 1h30m a", "--for: expected a duration like 90s, "
	    "15m, 1h, 30d or 2w, found 1h30m"), "duration");
	ok(refused("--at now a", "--at: expected a time in UTC like "
	    "2026-11-21T09:30:00Z or 202611210930Z, found now"), "time");
	ok(refused("-y", "expected REQUEST [MORE], found 0 of 1"),
	    "no operand");
	ok(refused("a b c", "one word too many: c"), "too many operands");
}

static void
test_help(void)
{
	static const char want[] =
	    "usage: countersign sign [options] REQUEST [MORE]\n"
	    "sign a request\n"
	    "\n"
	    "options:\n"
	    "      --owner ID  who approves\n"
	    "  -o, --out FILE  where the result goes, standard output when "
	    "this is a dash or\n"
	    "                  when it is not given at all\n"
	    "  -y, --yes       do not ask\n"
	    "  -f, --force     replace\n"
	    "      --new-key p256|p384|rsa3072|and-more\n"
	    "                  make a key\n"
	    "      --for TIME  how long\n"
	    "      --at TIME   when\n"
	    "  -F, --also ID   one more\n"
	    "  -u, --uses N    how often\n";
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	cs_opt_help(&spec, "countersign", f);
	fclose(f);
	if (!ok(strcmp(text, want) == 0, "help"))
		printf("# %s\n", text);
	free(text);
	f = open_memstream(&text, &n);
	cs_opt_names(&spec, f);
	fclose(f);
	ok(strcmp(text, "--owner\n--out\n--yes\n--force\n--new-key\n--for\n"
	    "--at\n--also\n--uses\n") == 0, "names");
	free(text);
}

int
main(void)
{
	struct cs_opt_spec large = spec;
	char *argv[] = {NULL};

	test_accepted();
	test_refused();
	test_help();
	large.n = 65;
	ok(cs_opt_parse(&large, 1, argv, &got, &operands, &err) == CS_EBUG,
	    "too many rows");
	return done_testing();
}
