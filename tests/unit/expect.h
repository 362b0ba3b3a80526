/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_EXPECT_H
#define CS_TESTS_EXPECT_H

#include "verify/verify.h"

/* The messages of tests/vectors/verdict, and what is asked about each. */

const char *expect_dir(void);
/* NAME and SUFFIX there; ends the test when it cannot be read. Gives. */
cs_buf *expect_file(const char *name, const char *suffix);
/* Each line of a list there: a message's name, and its options. */
void expect_each(void (*each)(const char *name, const char *options),
    const char *list);
/* What stands behind KEY in the options, up to a comma; absent without. */
cs_span expect_option(const char *options, const char *key, char *out,
    size_t n);

struct expect_asked { /* what a question borrows */
	char td[256], hex[256], group[64], options[256];
	uint8_t nonce[128];
	cs_memory memory;
};
/* The question that the options are: td=, nonce=, quorum=, group=, composite,
 * and last= with recorded, which is remembered of every key. */
cs_verify_in expect_input(struct expect_asked *a, const char *options,
    cs_span message, const cs_anchors *anchors);

#endif
