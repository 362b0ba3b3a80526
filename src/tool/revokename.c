/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "tool/revokename.h"

#include <string.h>

#include "base/enc.h"
#include "crypt/hash.h"
#include "fmt/names.h"
#include "tool/tool.h"

#define PRINT_PREFIX "SHA256:"
#define PRINT_LEN 43 /* unpadded base64 of a hash */
#define ID_LEN 16

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* All of it, or nothing. */
static bool
read_hex(const char *s, cs_buf *out)
{
	int high, low;

	for (; s[0] != '\0'; s += 2)
		if ((high = digit(s[0])) < 0 || (low = digit(s[1])) < 0 ||
		    cs_buf_put_byte(out, (uint8_t)(high << 4 | low)) != CS_OK)
			return false;
	return true;
}

static bool
read_fingerprint(const char *s, cs_buf *out)
{
	char padded[PRINT_LEN + 2];
	cs_err ignored = {0};

	if (strlen(s) != PRINT_LEN)
		return false;
	memcpy(padded, s, PRINT_LEN);
	memcpy(padded + PRINT_LEN, "=", 2);
	return cs_base64_get(out, cs_span_str(padded), false, &ignored) ==
	    CS_OK;
}

static int
read_key(const char *s, cs_buf *out, cs_err *e)
{
	bool print = strncmp(s, PRINT_PREFIX, strlen(PRINT_PREFIX)) == 0;

	if ((print ? read_fingerprint(s + strlen(PRINT_PREFIX), out) :
		     read_hex(s, out)) && cs_buf_len(out) == CS_SHA256_LEN)
		return CS_OK;
	return cs_fail(e, CS_EUSAGE, "tool", "--key: expected SHA256: and %d "
	    "characters, or %d hex digits, found %s", PRINT_LEN,
	    2 * CS_SHA256_LEN, s);
}

static int
read_hash(const char *option, const char *s, bool id, cs_buf *out, cs_err *e)
{
	if (read_hex(s, out) && (cs_buf_len(out) == CS_SHA256_LEN ||
	    (id && cs_buf_len(out) == ID_LEN)))
		return CS_OK;
	return cs_fail(e, CS_EUSAGE, "tool", "--%s: expected %d hex digits%s, "
	    "found %s", option, 2 * CS_SHA256_LEN,
	    id ? ", or 32 of the approval's id" : "", s);
}

static int
read_name(const char *option, const char *s, cs_buf *out, cs_err *e)
{
	bool owner = strcmp(option, "owner") == 0;
	int r = owner ? cs_owner_check(cs_span_str(s), e) :
	    cs_agent_id_check(cs_span_str(s), NULL, e);

	if (r != CS_OK)
		return cs_tool_usage(e, owner ? "--owner" : "--agent");
	return cs_buf_put_str(out, s) == CS_OK ? CS_OK : cs_nomem(e, "tool");
}

static int
read_one(enum cs_revoke_what what, const char *option, const char *s,
    cs_buf *out, cs_err *e)
{
	switch (what) {
	case CS_REVOKE_KEY:
		return read_key(s, out, e);
	case CS_REVOKE_GRANT:
	case CS_REVOKE_APPROVAL:
		return read_hash(option, s, what == CS_REVOKE_APPROVAL, out, e);
	case CS_REVOKE_OWNER:
	case CS_REVOKE_AGENT:
		break;
	}
	return read_name(option, s, out, e);
}

int
cs_revoke_words_read(const struct cs_revoke_words *w,
    enum cs_revoke_what *what, cs_buf **name, cs_err *e)
{
	const struct {
		enum cs_revoke_what what;
		const char *option, *word;
	} rows[] = {
	    {CS_REVOKE_OWNER, "owner", w->owner},
	    {CS_REVOKE_KEY, "key", w->key},
	    {CS_REVOKE_AGENT, "agent", w->agent},
	    {CS_REVOKE_GRANT, "grant", w->grant},
	    {CS_REVOKE_APPROVAL, "approval", w->approval},
	};
	size_t i, found = 0, n = 0;
	cs_buf *b = NULL;
	int r;

	*name = NULL;
	*what = 0;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].word == NULL)
			continue;
		if (n++ > 0)
			return cs_fail(e, CS_EUSAGE, "tool", "--%s does not "
			    "go with --%s", rows[i].option,
			    rows[found].option);
		found = i;
	}
	if (n == 0)
		return CS_OK;
	if ((b = cs_buf_new(strlen(rows[found].word) + 1)) == NULL)
		return cs_nomem(e, "tool");
	r = read_one(rows[found].what, rows[found].option, rows[found].word, b,
	    e);
	if (r == CS_OK) {
		*what = rows[found].what;
		*name = b;
		b = NULL; /* transferred */
	}
	cs_buf_free(&b);
	return r;
}

cs_buf *
cs_revoke_shown(enum cs_revoke_what what, cs_span name)
{
	char print[52];
	cs_buf *b;

	if (what == CS_REVOKE_OWNER || what == CS_REVOKE_AGENT)
		return cs_buf_dup(name);
	if (what == CS_REVOKE_KEY && name.n == CS_SHA256_LEN) {
		cs_fingerprint(name.p, print);
		return cs_buf_dup(cs_span_str(print));
	}
	if ((b = cs_buf_new(2 * name.n + 1)) != NULL &&
	    cs_hex_put(b, name) != CS_OK)
		cs_buf_free(&b);
	return b;
}

void
cs_revoke_put(enum cs_revoke_what what, cs_span name, cs_out *out)
{
	cs_buf *b = cs_revoke_shown(what, name);

	cs_out_str(out, "what", NULL, cs_revoke_name(what));
	cs_out_span(out, "name", NULL, cs_buf_span(b));
	cs_buf_free(&b);
}
