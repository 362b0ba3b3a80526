/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "p11/scan.h"

#define WHERE "p11 pick"
#define SHOWN_MAX 8

typedef bool token_test(const cs_p11_token *t);

static bool
can_login(const cs_p11_token *t)
{
	return cs_p11_token_wants_login(t) &&
	    (t->info.flags & CKF_USER_PIN_INITIALIZED) != 0;
}

bool
cs_p11_token_is_closed(const cs_p11_token *t)
{
	return can_login(t) && !t->shows;
}

/* Shows keys, but none that matches. Some tokens label the private key, which
 * they hide, unlike its certificate. */
static bool
is_doubtful(const cs_p11_token *t)
{
	return can_login(t) && t->shows && t->n_keys == 0;
}

/* Adds the tokens that pass the test to a list of at most SHOWN_MAX; counts
 * all of them. */
static size_t
select_tokens(const cs_p11_scan *scan, token_test *test,
    const cs_p11_token *list[SHOWN_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < scan->n_tokens; i++) {
		if (!test(&scan->tokens[i]))
			continue;
		if (n < SHOWN_MAX)
			list[n] = &scan->tokens[i];
		n++;
	}
	return n;
}

/* Adds one candidate, if room is left for " and N more" behind it. */
static bool
put_candidate(cs_buf *text, const cs_p11_uri *u, const CK_TOKEN_INFO *t,
    const cs_p11_seen *k)
{
	cs_p11_info i;

	cs_p11_info_fill(u, t, k, &i);
	if (i.uri[0] == 0 || strlen(i.uri) + 40 > cs_buf_room(text))
		return false;
	return cs_buf_printf(text, " '%s'", i.uri) == CS_OK;
}

/* Percent-encoding leaves no quote and no blank in a candidate. */
static int
fail_listing(const char *head, const cs_p11_uri *u, const cs_p11_scan *scan,
    size_t n_seen, const cs_p11_token *const *tokens, size_t n_tokens,
    cs_err *e)
{
	cs_buf *text = cs_buf_new(sizeof(e->text) - 1);
	size_t i, shown = 0;
	int r;

	if (text == NULL)
		return cs_nomem(e, WHERE);
	r = cs_buf_put_str(text, head);
	for (i = 0; r == CS_OK && i < n_seen && shown < SHOWN_MAX; i++)
		shown += put_candidate(text, u,
		    &scan->tokens[scan->seen[i].token].info, &scan->seen[i]);
	for (i = 0; r == CS_OK && i < n_tokens && i < SHOWN_MAX &&
	    shown < SHOWN_MAX; i++)
		shown += put_candidate(text, u, &tokens[i]->info, NULL);
	if (r == CS_OK && shown < n_seen + n_tokens)
		r = cs_buf_printf(text, " and %zu more",
		    n_seen + n_tokens - shown);
	if (r == CS_OK)
		r = cs_fail(e, CS_EDEVICE, WHERE, "%s", cs_buf_cstr(text));
	else
		r = cs_fail(e, CS_EDEVICE, WHERE, "several keys match");
	cs_buf_free(&text);
	return r;
}

int
cs_p11_ambiguous(const cs_p11_uri *u, const cs_p11_scan *scan, cs_err *e)
{
	char head[400];

	(void)snprintf(head, sizeof(head), "%zu private keys match %.200s, "
	    "nothing was signed. Pick one:", scan->n_seen,
	    cs_buf_cstr(u->text));
	return fail_listing(head, u, scan, scan->n_seen, NULL, 0, e);
}

static int
ambiguous_before_login(const cs_p11_uri *u, const cs_p11_scan *scan,
    const cs_p11_token *const *closed, size_t n_closed, cs_err *e)
{
	char head[400], tokens[80] = "";

	if (n_closed > 0)
		(void)snprintf(tokens, sizeof(tokens),
		    " and %zu token%s that show%s none before a login",
		    n_closed, n_closed == 1 ? "" : "s",
		    n_closed == 1 ? "s" : "");
	(void)snprintf(head, sizeof(head), "%zu key%s%s match %.200s; nothing "
	    "was tried, no PIN attempt used. Pick one:", scan->n_seen,
	    scan->n_seen == 1 ? "" : "s", tokens, cs_buf_cstr(u->text));
	return fail_listing(head, u, scan, scan->n_seen, closed, n_closed, e);
}

static int
none(const cs_p11_uri *u, const cs_p11_scan *scan,
    const cs_p11_token *const *doubtful, size_t n, cs_err *e)
{
	char head[400];

	if (scan->n_tokens == 0)
		return cs_fail(e, CS_EDEVICE, WHERE, "no token matches %.200s",
		    cs_buf_cstr(u->text));
	if (n == 0)
		return cs_fail(e, CS_EDEVICE, WHERE,
		    "no private key matches %.200s (%zu token%s searched)",
		    cs_buf_cstr(u->text), scan->n_tokens,
		    scan->n_tokens == 1 ? "" : "s");
	(void)snprintf(head, sizeof(head), "no key that is visible matches "
	    "%.200s, and %zu tokens may hide one behind a login; nothing was "
	    "tried, no PIN attempt used. Pick one:", cs_buf_cstr(u->text), n);
	return fail_listing(head, u, scan, 0, doubtful, n, e);
}

int
cs_p11_pick(const cs_p11_uri *u, const cs_p11_scan *scan,
    const cs_p11_token **token, const cs_p11_seen **seen, cs_err *e)
{
	const cs_p11_token *closed[SHOWN_MAX], *doubtful[SHOWN_MAX];
	size_t n_closed = select_tokens(scan, cs_p11_token_is_closed,
	    closed);
	size_t n_doubtful = select_tokens(scan, is_doubtful, doubtful);

	*token = NULL;
	*seen = NULL;
	if (scan->n_seen + n_closed > 1)
		return ambiguous_before_login(u, scan, closed, n_closed, e);
	if (scan->n_seen == 1) {
		*seen = &scan->seen[0];
		*token = &scan->tokens[scan->seen[0].token];
		return CS_OK;
	}
	if (n_closed == 1) {
		*token = closed[0];
		return CS_OK;
	}
	if (n_doubtful != 1)
		return none(u, scan, doubtful, n_doubtful, e);
	*token = doubtful[0];
	return CS_OK;
}
