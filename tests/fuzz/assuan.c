/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "tool/assuan.h"

/* What a pinentry says; the first byte: how much of it comes at once. */
struct script {
	cs_span left;
	size_t piece;
	unsigned commands;
};

static int
get(void *arg, cs_buf *in, bool *end, cs_err *e)
{
	struct script *s = arg;
	size_t n = s->left.n < s->piece ? s->left.n : s->piece;
	cs_span some;

	*end = n == 0;
	if (cs_buf_room(in) == 0)
		return cs_fail(e, CS_EAUTH, "fuzz", "too long");
	n = n < cs_buf_room(in) ? n : cs_buf_room(in);
	some = cs_span_cut(s->left, 0, n);
	s->left = cs_span_cut(s->left, n, s->left.n - n);
	return cs_buf_put(in, some);
}

/* One command is one line, whatever is to be described. */
static int
put(void *arg, cs_span text, cs_err *e)
{
	struct script *s = arg;

	(void)e;
	s->commands++;
	CHECK(text.n > 0 && memchr(text.p, '\n', text.n) ==
	    text.p + text.n - 1);
	return CS_OK;
}

static void
check_back(cs_span in)
{
	cs_buf *escaped = cs_buf_new(3 * in.n + 1), *back = cs_buf_new(in.n);

	if (escaped != NULL && back != NULL) {
		CHECK(cs_assuan_escape(escaped, in, NULL) == CS_OK);
		CHECK(cs_assuan_unescape(back, cs_buf_span(escaped), NULL) ==
		    CS_OK);
		CHECK(in.n == 0 || cs_span_eq(cs_buf_span(back), in));
	}
	cs_buf_free(&escaped);
	cs_buf_free(&back);
}

/* A secret is never longer than the cap or than what was said, and is there
 * only after the question. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct script s = {.left = cs_span_of(data, n), .piece = 1};
	const cs_assuan_peer peer = {&s, get, put};
	cs_buf *secret = NULL;
	cs_err e = {0};

	check_back(s.left);
	if (n > 0) {
		s.piece = (size_t)data[0] + 1;
		s.left = cs_span_cut(s.left, 1, n - 1);
	}
	if (cs_assuan_getpin(&peer, "50%\nof it", &secret, &e) == CS_OK) {
		CHECK(secret != NULL && s.commands == 3);
		CHECK(cs_buf_len(secret) <= CS_ASSUAN_SECRET_MAX);
		CHECK(cs_buf_len(secret) < n);
		CHECK(cs_buf_len(secret) == 0 ||
		    memmem(data, n, "\nD ", 3) != NULL);
	} else
		CHECK(secret == NULL && e.text[0] != '\0');
	cs_buf_free(&secret);
	return 0;
}
