/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "tap.h"

static void
test_span(void)
{
	cs_span absent = cs_span_str(NULL), empty = cs_span_str("");
	cs_span abc = cs_span_str("abc");

	ok(absent.p == NULL && absent.n == 0, "no string is absent");
	ok(empty.p != NULL && empty.n == 0, "an empty string is there");
	ok(!cs_span_eq(absent, absent) && !cs_span_eq(absent, empty),
	    "absent equals nothing");
	ok(cs_span_eq(empty, empty) && cs_span_is(abc, "abc"), "equal");
	ok(cs_span_order(abc, cs_span_str("abd")) < 0 &&
	    cs_span_order(cs_span_str("b"), abc) < 0 &&
	    cs_span_order(abc, cs_span_str("b")) > 0 &&
	    cs_span_order(abc, cs_span_str("abc")) == 0 &&
	    cs_span_order(empty, empty) == 0, "order");
	ok(!cs_span_is(abc, "abd") && !cs_span_is(abc, "ab"), "not equal");
	ok(cs_secret_eq(empty, empty) && cs_secret_eq(abc, cs_span_str("abc")),
	    "equal secrets");
	ok(!cs_secret_eq(abc, cs_span_str("abd")) &&
	    !cs_secret_eq(abc, cs_span_str("bbc")) &&
	    !cs_secret_eq(abc, cs_span_str("ab")) &&
	    !cs_secret_eq(absent, absent), "secrets that are not equal");
	ok(cs_span_is(cs_span_cut(abc, 1, 2), "bc"), "cut");
	ok(cs_span_is(cs_span_cut(abc, 3, 0), ""), "cut at the end is empty");
	ok(cs_span_cut(abc, 1, 3).p == NULL, "cut too long is absent");
	ok(cs_span_cut(abc, 4, 0).p == NULL, "cut behind the end is absent");
	ok(cs_span_cut(abc, 1, SIZE_MAX).p == NULL, "cut does not wrap");
}

static void
test_put(void)
{
	cs_buf *b = cs_buf_new(8);

	ok(cs_buf_put_str(b, "abc") == CS_OK && cs_buf_len(b) == 3, "put");
	ok(cs_buf_put_byte(b, 'd') == CS_OK, "put a byte");
	ok(cs_buf_insert(b, 0, cs_span_str("<")) == CS_OK, "insert first");
	ok(cs_buf_insert(b, 5, cs_span_str(">")) == CS_OK, "insert last");
	ok(strcmp(cs_buf_cstr(b), "<abcd>") == 0, "as a C string");
	ok(cs_buf_printf(b, "%d", 42) == CS_OK && cs_buf_room(b) == 0,
	    "printf to the last byte");
	ok(cs_span_is(cs_buf_span(b), "<abcd>42"), "the bytes");
	ok(cs_buf_put_byte(b, 'x') == CS_EBUG, "put beyond the end");
	ok(cs_buf_failed(b) && cs_span_is(cs_buf_span(b), "<abcd>42"),
	    "the failure leaves the bytes alone");
	cs_buf_truncate(b, 2);
	ok(cs_buf_put_byte(b, 'x') == CS_EBUG, "the failure sticks");
	cs_buf_reset(b);
	ok(cs_buf_len(b) == 0 && cs_buf_put_byte(b, 'x') == CS_OK,
	    "reset forgets it");
	ok(cs_buf_printf(b, "%s", "12345678") == CS_EBUG &&
	    strcmp(cs_buf_cstr(b), "x") == 0, "printf beyond the end");
	cs_buf_reset(b);
	ok(cs_buf_insert(b, 1, cs_span_str("x")) == CS_EBUG,
	    "insert behind the end");
	cs_buf_free(&b);
	ok(b == NULL, "free forgets the pointer");
	cs_buf_free(&b);
	cs_buf_free(NULL);
}

static void
test_tail(void)
{
	cs_buf *b = cs_secret_new(4), *copy;

	memcpy(cs_buf_tail(b), "1234", cs_buf_room(b));
	ok(cs_buf_grew(b, 4) == CS_OK && cs_span_is(cs_buf_span(b), "1234"),
	    "filled from outside");
	ok(cs_buf_grew(b, 1) == CS_EBUG, "grew beyond the end");
	cs_buf_truncate(b, 9);
	ok(cs_buf_len(b) == 4, "truncate never grows");
	cs_buf_truncate(b, 2);
	ok(strcmp(cs_buf_cstr(b), "12") == 0, "truncate ends the string");
	copy = cs_buf_dup(cs_buf_span(b));
	ok(cs_span_is(cs_buf_span(copy), "12"), "dup");
	cs_buf_free(&copy);
	copy = cs_buf_dup(cs_span_str(NULL));
	ok(copy != NULL && cs_buf_len(copy) == 0, "dup of an absent span");
	ok(cs_buf_span(NULL).p == NULL && cs_buf_len(NULL) == 0,
	    "no buf is absent");
	ok(cs_buf_new(SIZE_MAX) == NULL, "impossible size");
	cs_buf_free(&copy);
	cs_buf_free(&b);
}

static bool
is_zero(cs_buf *b)
{
	const uint8_t *p;
	size_t i, n;

	cs_buf_reset(b);
	n = cs_buf_room(b);
	for (i = 0, p = cs_buf_tail(b); i <= n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Whatever way the bytes came in, and however few of them are left. */
static void
test_wipe(void)
{
	cs_buf *b = cs_secret_new(16);

	ok(is_zero(b), "new: zero");
	memcpy(cs_buf_tail(b), "1234567890123456", cs_buf_room(b));
	ok(is_zero(b), "written to, and never told");
	cs_buf_free(&b);
	b = cs_secret_new(16);
	ok(cs_buf_put_str(b, "123456789") == CS_OK &&
	    cs_buf_insert(b, 1, cs_span_str("abc")) == CS_OK, "inserted");
	cs_buf_truncate(b, 2);
	ok(is_zero(b), "put and cut");
	cs_buf_free(&b);
	b = cs_secret_new(16);
	ok(cs_buf_printf(b, "%s", "1234567890123456") == CS_OK, "printf");
	ok(is_zero(b), "printed");
	cs_buf_free(&b);
	b = cs_secret_new(16);
	ok(cs_buf_printf(b, "%s", "123456789012345678") == CS_EBUG,
	    "printf beyond the end");
	ok(is_zero(b), "printed in part");
	cs_buf_free(&b);
}

int
main(void)
{
	test_span();
	test_put();
	test_tail();
	test_wipe();
	return done_testing();
}
