/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "server/flow.h"
#include "tap.h"

#define START_MS 123456789 /* a clock that was running before */

/* Lines of so many octets each, so many a millisecond, for so long: how many
 * were written. */
static uint64_t
pour(cs_flow *f, size_t octets, int a_ms, int64_t from_ms, int64_t for_ms)
{
	uint64_t written = 0;
	int64_t ms;
	int i;

	for (ms = from_ms; ms < from_ms + for_ms; ms++)
		for (i = 0; i < a_ms; i++)
			if (cs_flow_line(f, ms)) {
				cs_flow_wrote(f, octets);
				written++;
			}
	return written;
}

static void
busy(void)
{
	cs_flow f = {.octets = 0};

	ok(pour(&f, 1000, 3, START_MS, 120000) == 360000 && f.dropped == 0,
	    "3,000 lines a second, of a thousand octets each, for two minutes");
	f = (cs_flow){.octets = 0};
	ok(pour(&f, 20, 15, START_MS, 120000) == 1800000 && f.dropped == 0,
	    "15,000 short ones");
	f = (cs_flow){.octets = 0};
	ok(pour(&f, 1000, 8000, START_MS, 1) == 8000 && f.dropped == 0,
	    "8,000 at once");
}

static void
flood(size_t octets, const char *what)
{
	const int64_t ms = 60000;
	cs_flow f = {.octets = 0};
	uint64_t n = pour(&f, octets, 20, START_MS, ms);
	uint64_t cost = octets < CS_FLOW_LINE ? CS_FLOW_LINE : octets;

	ok(n * cost <= CS_FLOW_BURST + (uint64_t)ms / 1000 * CS_FLOW_RATE +
	    cost, "a flood of %s is cut", what);
	ok(n * cost >= (uint64_t)ms / 1000 * CS_FLOW_RATE / 2,
	    "and not all of it");
	ok(f.dropped == (uint64_t)ms * 20 - n, "what is dropped is counted");
}

/* From the first that is dropped on none is written until there is room for
 * many. */
static void
stretches(void)
{
	cs_flow f = {.octets = 0};
	int64_t shut_ms = START_MS, ms;
	uint64_t n;

	(void)pour(&f, 1024, CS_FLOW_BURST / 1024, START_MS, 1);
	ok(!cs_flow_is_open(&f, START_MS) && f.dropped == 0,
	    "who looks drops nothing");
	ok(!cs_flow_line(&f, START_MS) && f.dropped == 1, "a line is dropped");
	for (ms = START_MS; !cs_flow_is_open(&f, ms) && ms < START_MS + 5000;
	     ms++)
		shut_ms = ms;
	ok(shut_ms - START_MS >= 900 && shut_ms - START_MS <= 1100,
	    "shut for a second: %d ms", (int)(shut_ms - START_MS));
	n = pour(&f, 1024, CS_FLOW_BURST, ms, 1);
	ok(n >= CS_FLOW_BURST / 2 / 1024 && n < CS_FLOW_BURST / 2 / 1024 + 8,
	    "and then open for half of all: %d", (int)n);
}

static void
odd_times(void)
{
	cs_flow f = {.octets = 0};

	(void)pour(&f, CS_FLOW_LINE, CS_FLOW_BURST / CS_FLOW_LINE, START_MS, 1);
	ok(!cs_flow_line(&f, START_MS) && !cs_flow_line(&f, START_MS - 9999),
	    "a clock that goes back opens nothing");
	f = (cs_flow){.octets = 0};
	cs_flow_wrote(&f, SIZE_MAX);
	ok(f.octets == CS_FLOW_BURST, "a length that is none");
	ok(cs_flow_line(&f, INT64_MAX) && f.octets == 0, "the end of time");
}

int
main(void)
{
	busy();
	flood(10, "short lines");
	flood(24000, "long lines");
	stretches();
	odd_times();
	return done_testing();
}
