/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_TESTS_MEDIAN_H
#define CS_TESTS_MEDIAN_H

#include <stdlib.h>

#define ROUNDS_MAX 999

/* A number of rounds; 0 for anything else. */
__attribute__((unused)) static int
rounds_of(const char *s)
{
	char *end = NULL;
	long n = strtol(s, &end, 10);

	return *end == '\0' && n > 0 && n <= ROUNDS_MAX ? (int)n : 0;
}

static int
median_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts. */
__attribute__((unused)) static double
median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), median_order);
	return n % 2 != 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

#endif
