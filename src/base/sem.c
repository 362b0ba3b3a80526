/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/sem.h"

#include <errno.h>
#include <time.h>

bool
cs_sem_wait(sem_t *s, int64_t deadline_ms)
{
	const int64_t ms = deadline_ms < 0 ? 0 : deadline_ms;
	const struct timespec until = {
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000,
	};
	int rc;

	do {
		rc = sem_clockwait(s, CLOCK_MONOTONIC, &until);
	} while (rc != 0 && errno == EINTR);
	return rc == 0;
}
