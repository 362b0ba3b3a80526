/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include <string.h>
#include <time.h>

#include "base/time.h"
#include "tap.h"

static const struct {
	const char *text;
	int64_t t;
} golden[] = {{"19700101000000Z", 0}, {"20000229235959Z", 951868799},
    {"20261121093000Z", 1795253400}, {"99991231235959Z", 253402300799},
    {"00010101000000Z", -62135596800}, {"19691231235959Z", -1},
    {"21000228000000Z", 4107456000}};

static const char *const bad[] = {"", "Z", "20261121093000", "20261121093000z",
    "20261121093000ZZ", "2026112109300Z", "20261121093000.0Z",
    "20261121093000+", "20261321093000Z", "20260021093000Z",
    "20261100093000Z", "20261131093000Z", "20230229000000Z",
    "21000229000000Z", "20261121240000Z", "20261121096000Z",
    "20261121093060Z", "00001121093000Z", "2026 121093000Z",
    "-0261121093000Z", "2026112109300 Z"};

static void
test_gentime(void)
{
	size_t i;
	char out[16];
	int64_t t;

	for (i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
		ok(cs_gentime_get(cs_span_str(golden[i].text), &t) &&
		    t == golden[i].t, "get %s", golden[i].text);
		ok(cs_gentime_put(golden[i].t, out) &&
		    strcmp(out, golden[i].text) == 0, "put %s",
		    golden[i].text);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!cs_gentime_get(cs_span_str(bad[i]), &t), "refused \"%s\"",
		    bad[i]);
	ok(!cs_gentime_put(253402300800, out), "year 10000");
	ok(!cs_gentime_put(-62135596801, out), "year 0");
	ok(!cs_gentime_put(INT64_MAX, out) && !cs_gentime_put(INT64_MIN, out),
	    "no overflow");
	ok(!cs_gentime_get(cs_span_str(NULL), &t), "absent");
}

static void
test_utctime(void)
{
	char out[14];
	int64_t t;

	ok(cs_utctime_get(cs_span_str("491231235959Z"), &t) &&
	    t == 2524607999, "utc 2049");
	ok(cs_utctime_get(cs_span_str("500101000000Z"), &t) &&
	    t == -631152000, "utc 1950");
	ok(!cs_utctime_get(cs_span_str("5001010000Z"), &t), "no seconds");
	ok(!cs_utctime_get(cs_span_str("500101000000+0000"), &t), "offset");
	ok(!cs_utctime_get(cs_span_str("x00101000000Z"), &t), "no number");
	ok(!cs_utctime_get(cs_span_str("20261121093000Z"), &t), "too long");
	ok(cs_utctime_put(2524607999, out) &&
	    strcmp(out, "491231235959Z") == 0, "2049 written");
	ok(cs_utctime_put(-631152000, out) &&
	    strcmp(out, "500101000000Z") == 0, "1950 written");
	ok(!cs_utctime_put(2524608000, out) &&
	    !cs_utctime_put(-631152001, out) &&
	    !cs_utctime_put(INT64_MAX, out), "no other century");
}

/* gmtime_r() is the oracle. */
static void
test_oracle(void)
{
	struct cs_civil c;
	int64_t t, back;
	struct tm tm;
	bool good = true;
	time_t tt;

	for (t = -62135596800; t < 253402300800; t += 86400 * 13 + 4711) {
		tt = (time_t)t;
		good = good && gmtime_r(&tt, &tm) != NULL &&
		    cs_time_to_civil(t, &c) && c.year == tm.tm_year + 1900 &&
		    c.month == tm.tm_mon + 1 && c.day == tm.tm_mday &&
		    c.hour == tm.tm_hour && c.minute == tm.tm_min &&
		    c.second == tm.tm_sec && cs_civil_to_time(&c, &back) &&
		    back == t;
	}
	ok(good, "as gmtime over 9999 years");
	for (t = -62135596800; t < 253402300800; t += 86400) {
		good = good && cs_time_to_civil(t + 86399, &c) &&
		    c.second == 59 && cs_civil_to_time(&c, &back) &&
		    back == t + 86399;
	}
	ok(good, "every day there and back");
}

static void
test_parse(void)
{
	static const char *const wrong[] = {"", "now", "2026-11-21",
	    "2026-11-21T09:30:00", "2026-11-21T09:30:00+00:00",
	    "2026-11-21 09:30:00Z", "2026-11-21T09:30Z",
	    "2026-11-21T09:30:00.5Z", "2026-11-21T09:30:00ZZ", "20261121",
	    "2026112109Z", "20261121093Z", "2026-02-30T00:00:00Z",
	    "202611210930", "2026-1121T09:30:00Z", "20261121Z "};
	int64_t t = 0;
	cs_err e = {0};
	char out[24];
	size_t i;

	ok(cs_time_parse("2026-11-21T09:30:00Z", &t, &e) == CS_OK &&
	    t == 1795253400, "RFC 3339");
	ok(cs_time_parse("20261121Z", &t, &e) == CS_OK && t == 1795219200,
	    "a day");
	ok(cs_time_parse("202611210930Z", &t, &e) == CS_OK &&
	    t == 1795253400, "a minute");
	ok(cs_time_parse("20261121093001Z", &t, &e) == CS_OK &&
	    t == 1795253401, "a second");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ok(cs_time_parse(wrong[i], &t, &e) == CS_EUSAGE,
		    "refused \"%s\"", wrong[i]);
	ok(cs_rfc3339_put(1795253400, out) &&
	    strcmp(out, "2026-11-21T09:30:00Z") == 0, "RFC 3339 put");
	ok(!cs_rfc3339_put(253402300800, out), "RFC 3339 put, too late");
}

static void
test_rfc3339(void)
{
	static const struct {
		const char *text;
		int64_t time;
	} right[] = {{"2026-11-21T09:30:00Z", 1795253400},
	    {"2026-11-21T09:30:00.999999999Z", 1795253400},
	    {"2026-11-21T10:30:00+01:00", 1795253400},
	    {"2026-11-21T03:59:59.5-05:30", 1795253399},
	    {"2026-11-21T09:30:00+00:00", 1795253400},
	    {"0001-01-01T00:00:00Z", -62135596800}};
	static const char *const wrong[] = {"", "2026-11-21", "2026-11-21T09:30Z",
	    "2026-11-21T09:30:00", "2026-11-21T09:30:00.Z",
	    "2026-11-21T09:30:00,5Z", "2026-11-21t09:30:00Z",
	    "2026-11-21T09:30:00z", "2026-11-21 09:30:00Z",
	    "2026-11-21T09:30:60Z", "2026-13-21T09:30:00Z",
	    "2026-11-21T09:30:00+24:00", "2026-11-21T09:30:00+01:60",
	    "2026-11-21T09:30:00+0100", "2026-11-21T09:30:00+1:00",
	    "2026-11-21T09:30:00ZZ", "2026-11-21T09:30:00+01:00Z",
	    "02026-11-21T09:30:00Z", "2026-11-21T09:30:00.5"};
	int64_t t = 0;
	size_t i;

	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		ok(cs_rfc3339_get(cs_span_str(right[i].text), &t) &&
		    t == right[i].time, "RFC 3339 %s", right[i].text);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ok(!cs_rfc3339_get(cs_span_str(wrong[i]), &t),
		    "refused \"%s\"", wrong[i]);
}

static void
test_duration(void)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} right[] = {{"90s", 90}, {"15m", 900}, {"1h", 3600},
	    {"30d", 2592000}, {"2w", 1209600}, {"36525d", 3155760000}};
	static const char *const wrong[] = {"", "0s", "15", "m", "-1s", "+1s",
	    "1h30m", "1.5h", "1 h", "1H", "15min", "36526d", "5218w",
	    "99999999999999999999999999s", " 1s", "1y", "1s "};
	char out[24];
	int64_t t = 0;
	cs_err e = {0};
	size_t i;

	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		ok(cs_duration_parse(right[i].text, &t, &e) == CS_OK &&
		    t == right[i].seconds, "parse %s", right[i].text);
		cs_duration_put(t, out);
		ok(strcmp(out, right[i].text) == 0, "put %s", out);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ok(cs_duration_parse(wrong[i], &t, &e) == CS_EUSAGE,
		    "refused \"%s\"", wrong[i]);
	cs_duration_put(604800, out);
	ok(strcmp(out, "1w") == 0, "the largest unit");
	cs_duration_put(0, out);
	ok(strcmp(out, "0s") == 0, "nothing");
	cs_duration_put(-61, out);
	ok(strcmp(out, "-61s") == 0, "past");
}

int
main(void)
{
	int64_t mono = cs_time_mono_ms();

	test_gentime();
	test_utctime();
	test_oracle();
	test_parse();
	test_rfc3339();
	test_duration();
	ok(cs_time_mono_ms() >= mono && mono > 0, "the clock grows");
	ok(cs_time_now() > 1735689600, "the clock is set");
	return done_testing();
}
