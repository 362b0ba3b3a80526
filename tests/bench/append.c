/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/median.h"

/*
 * The least that a durable log takes:
 *
 *	append FILE TIMES GROUP
 *
 * appends a group of records, each of the size of an audit record, and waits
 * until they are on the disk, so many times. Prints records a second, the 99th
 * and the 50th of a hundred groups in microseconds, and microseconds of CPU
 * time for each record.
 */

#define RECORD 512
#define TIMES_MAX 100000
#define GROUP_MAX 64

static char records[GROUP_MAX * RECORD];

static double
us(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
append(int fd, size_t n)
{
	return write(fd, records, n) == (ssize_t)n && fdatasync(fd) == 0;
}

int
main(int argc, char **argv)
{
	static double each[TIMES_MAX];
	int times = argc == 4 ? atoi(argv[2]) : 0;
	int group = argc == 4 ? atoi(argv[3]) : 0;
	int i, fd, good = 1;
	double wall, cpu, all;

	if (times <= 0 || times > TIMES_MAX || group <= 0 ||
	    group > GROUP_MAX) {
		fprintf(stderr, "usage: append FILE TIMES GROUP\n");
		return 2;
	}
	memset(records, 'r', sizeof(records));
	fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	good = fd >= 0 && append(fd, RECORD); /* warms up */
	cpu = us(CLOCK_PROCESS_CPUTIME_ID);
	all = us(CLOCK_MONOTONIC);
	for (i = 0; good && i < times; i++) {
		wall = us(CLOCK_MONOTONIC);
		good = append(fd, (size_t)group * RECORD);
		each[i] = us(CLOCK_MONOTONIC) - wall;
	}
	all = us(CLOCK_MONOTONIC) - all;
	cpu = us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	if (!good) {
		perror(argv[1]);
		return 1;
	}
	qsort(each, (size_t)times, sizeof(*each), median_order);
	printf("rate=%.1f p99_us=%.0f p50_us=%.0f cpu_us=%.2f\n",
	    (double)times * group * 1e6 / all, each[(times - 1) * 99 / 100],
	    each[times / 2], cpu / times / group);
	return close(fd) != 0;
}
