/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_SAMPLE_H
#define CS_TESTS_SAMPLE_H

/* Long loops under valgrind and sanitizers, which are too slow for every case:
 * with $SAMPLE=N one case of N is asked about, the first always and the others
 * by chance, so that no loop around it decides which. The chance is the same
 * each time, but for $SAMPLE_SEED. A header, static, as tap.h. */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static inline unsigned long
sample_number(const char *name, unsigned long without)
{
	const char *text = getenv(name);
	const unsigned long n = text == NULL ? 0 : strtoul(text, NULL, 10);

	return n == 0 ? without : n;
}

/* Are these only some? Then totals say nothing. */
__attribute__((unused)) static bool
sample_on(void)
{
	return sample_number("SAMPLE", 1) > 1;
}

struct sample {
	uint64_t chance;
	unsigned long every, left;
};

/* Is this case one of those that $`name` leaves out? */
static inline bool
sample_skips_of(struct sample *s, const char *name)
{
	if (s->every == 0) {
		s->every = sample_number(name, 1);
		s->chance = sample_number("SAMPLE_SEED", 20261122);
	}
	if (s->left > 0) {
		s->left--;
		return true;
	}
	s->chance = s->chance * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	s->left = (unsigned long)(s->chance >> 33) % (2 * s->every - 1);
	return false;
}

__attribute__((unused)) static bool
sample_skips(void)
{
	static struct sample some;

	return sample_skips_of(&some, "SAMPLE");
}

#endif
