/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_SEM_H
#define CS_BASE_SEM_H

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Takes one of `s`, or waits for it until cs_time_mono_ms() is deadline_ms, so
 * that no step of the system's clock makes it late; signals change nothing. One
 * that is there is taken even when the deadline is past, or below 0. False: none
 * came, and none was taken. */
CS_USE bool cs_sem_wait(sem_t *s, int64_t deadline_ms);

#endif
