/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#include "config.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY INT64_C(86400)
#define CENTURY (36525 * DAY)
#define EPOCH_DAYS INT64_C(719162) /* 0001-01-01 to 1970-01-01 */

int64_t
cs_time_now(void)
{
	return (int64_t)time(NULL);
}

int64_t
cs_time_mono_ms(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
month_days(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
	    31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 0001-01-01 to the first of January of `year`. */
static int64_t
year_start(int year)
{
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400;
}

static bool
within(int v, int min, int max)
{
	return v >= min && v <= max;
}

bool
cs_civil_to_time(const struct cs_civil *c, int64_t *out)
{
	int64_t days;
	int m;

	if (!within(c->year, 1, 9999) || !within(c->month, 1, 12) ||
	    !within(c->day, 1, month_days(c->year, c->month)) ||
	    !within(c->hour, 0, 23) || !within(c->minute, 0, 59) ||
	    !within(c->second, 0, 59))
		return false;
	days = year_start(c->year) - EPOCH_DAYS + c->day - 1;
	for (m = 1; m < c->month; m++)
		days += month_days(c->year, m);
	*out = days * DAY + c->hour * 3600 + c->minute * 60 + c->second;
	return true;
}

bool
cs_time_to_civil(int64_t t, struct cs_civil *out)
{
	struct cs_civil c = {.year = 1, .month = 1};
	int64_t days;
	int s;

	if (t < -EPOCH_DAYS * DAY ||
	    t >= (year_start(10000) - EPOCH_DAYS) * DAY)
		return false;
	t += EPOCH_DAYS * DAY; /* not negative: / and % floor */
	days = t / DAY;
	s = (int)(t % DAY);
	c.year += (int)(days / 366); /* never too late, at most 7 too early */
	while (year_start(c.year + 1) <= days)
		c.year++;
	days -= year_start(c.year);
	while (days >= month_days(c.year, c.month))
		days -= month_days(c.year, c.month++);
	c.day = (int)days + 1;
	c.hour = s / 3600;
	c.minute = s / 60 % 60;
	c.second = s % 60;
	*out = c;
	return true;
}

/* Reads `width` decimal digits and advances; -1 when they are not there. */
static int
number(cs_span *in, size_t width)
{
	size_t i;
	int v = 0;

	if (in->n < width)
		return -1;
	for (i = 0; i < width; i++) {
		if (in->p[i] < '0' || in->p[i] > '9')
			return -1;
		v = v * 10 + (in->p[i] - '0');
	}
	*in = cs_span_cut(*in, width, in->n - width);
	return v;
}

static bool
skip(cs_span *in, char c)
{
	if (in->n == 0 || in->p[0] != (uint8_t)c)
		return false;
	*in = cs_span_cut(*in, 1, in->n - 1);
	return true;
}

static bool
all_digits(cs_span in)
{
	size_t i;

	for (i = 0; i < in.n; i++)
		if (in.p[i] < '0' || in.p[i] > '9')
			return false;
	return true;
}

/* MMDDHHMMSSZ, to the end of the input; the year stands in `c`. */
static bool
get_rest(cs_span in, struct cs_civil *c, int64_t *out)
{
	if (in.n != 11 || !all_digits(cs_span_cut(in, 0, 10)))
		return false;
	c->month = number(&in, 2);
	c->day = number(&in, 2);
	c->hour = number(&in, 2);
	c->minute = number(&in, 2);
	c->second = number(&in, 2);
	return in.p[0] == 'Z' && cs_civil_to_time(c, out);
}

bool
cs_gentime_get(cs_span in, int64_t *out)
{
	struct cs_civil c = {.year = number(&in, 4)};

	return get_rest(in, &c, out);
}

bool
cs_utctime_get(cs_span in, int64_t *out)
{
	struct cs_civil c = {.year = number(&in, 2)};

	if (c.year >= 0)
		c.year += c.year >= 50 ? 1900 : 2000;
	return get_rest(in, &c, out);
}

bool
cs_gentime_put(int64_t t, char out[16])
{
	struct cs_civil c;

	return cs_time_to_civil(t, &c) &&
	    snprintf(out, 16, "%04d%02d%02d%02d%02d%02dZ", c.year, c.month,
		c.day, c.hour, c.minute, c.second) == 15;
}

bool
cs_utctime_put(int64_t t, char out[14])
{
	char full[16];

	if (!cs_gentime_put(t, full) || memcmp(full, "1950", 4) < 0 ||
	    memcmp(full, "2050", 4) >= 0)
		return false;
	memcpy(out, full + 2, 14);
	return true;
}

bool
cs_rfc3339_put(int64_t t, char out[24])
{
	struct cs_civil c;

	return cs_time_to_civil(t, &c) &&
	    snprintf(out, 24, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year,
		c.month, c.day, c.hour, c.minute, c.second) == 20;
}

/* YYYY-MM-DDTHH:MM:SSZ */
static bool
get_rfc3339(cs_span in, int64_t *out)
{
	struct cs_civil c = {0};

	return (c.year = number(&in, 4)) >= 0 && skip(&in, '-') &&
	    (c.month = number(&in, 2)) >= 0 && skip(&in, '-') &&
	    (c.day = number(&in, 2)) >= 0 && skip(&in, 'T') &&
	    (c.hour = number(&in, 2)) >= 0 && skip(&in, ':') &&
	    (c.minute = number(&in, 2)) >= 0 && skip(&in, ':') &&
	    (c.second = number(&in, 2)) >= 0 && skip(&in, 'Z') && in.n == 0 &&
	    cs_civil_to_time(&c, out);
}

static bool
skip_fraction(cs_span *in)
{
	size_t n = 0;

	if (in->n == 0 || in->p[0] != '.')
		return true;
	*in = cs_span_cut(*in, 1, in->n - 1);
	while (n < in->n && in->p[n] >= '0' && in->p[n] <= '9')
		n++;
	*in = cs_span_cut(*in, n, in->n - n);
	return n > 0;
}

/* Z or [+-]HH:MM, in seconds. */
static bool
get_offset(cs_span *in, int64_t *out)
{
	int hours, minutes, sign = skip(in, '-') ? -1 : 1;

	*out = 0;
	if (sign > 0 && !skip(in, '+'))
		return skip(in, 'Z');
	if ((hours = number(in, 2)) < 0 || hours > 23 || !skip(in, ':') ||
	    (minutes = number(in, 2)) < 0 || minutes > 59)
		return false;
	*out = sign * (int64_t)(hours * 3600 + minutes * 60);
	return true;
}

bool
cs_rfc3339_get(cs_span in, int64_t *out)
{
	struct cs_civil c = {0};
	int64_t t = 0, offset = 0;

	if ((c.year = number(&in, 4)) < 0 || !skip(&in, '-') ||
	    (c.month = number(&in, 2)) < 0 || !skip(&in, '-') ||
	    (c.day = number(&in, 2)) < 0 || !skip(&in, 'T') ||
	    (c.hour = number(&in, 2)) < 0 || !skip(&in, ':') ||
	    (c.minute = number(&in, 2)) < 0 || !skip(&in, ':') ||
	    (c.second = number(&in, 2)) < 0 || !skip_fraction(&in) ||
	    !get_offset(&in, &offset) || in.n != 0 ||
	    !cs_civil_to_time(&c, &t))
		return false;
	*out = t - offset;
	return true;
}

/* YYYYMMDDZ and YYYYMMDDHHMMZ as the full form with zeros. */
static bool
get_compact(cs_span in, int64_t *out)
{
	char full[] = "YYYYMMDD000000Z";

	if ((in.n != 9 && in.n != 13 && in.n != 15) || in.p[in.n - 1] != 'Z')
		return false;
	memcpy(full, in.p, in.n - 1);
	return cs_gentime_get(cs_span_str(full), out);
}

int
cs_time_parse(const char *s, int64_t *out, cs_err *e)
{
	cs_span in = cs_span_str(s);

	if (get_rfc3339(in, out) || get_compact(in, out))
		return CS_OK;
	return cs_fail(e, CS_EUSAGE, "time", "expected a time in UTC like "
	    "2026-11-21T09:30:00Z or 202611210930Z, found %.64s", s);
}

static const struct {
	char letter;
	int64_t seconds;
} units[] = {
    {'w', 7 * DAY}, {'d', DAY}, {'h', 3600}, {'m', 60}, {'s', 1}};

static int64_t
unit_seconds(char letter)
{
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].letter == letter)
			return units[i].seconds;
	return 0;
}

int
cs_duration_parse(const char *s, int64_t *out, cs_err *e)
{
	const char *p = s;
	int64_t v = 0, unit = 0;

	for (; *p >= '0' && *p <= '9' && v <= CENTURY; p++)
		v = v * 10 + (*p - '0');
	if (p != s && *p != '\0' && p[1] == '\0')
		unit = unit_seconds(*p);
	if (unit == 0 || v == 0 || v > CENTURY / unit)
		return cs_fail(e, CS_EUSAGE, "time", "expected a duration "
		    "like 90s, 15m, 1h, 30d or 2w, found %.64s", s);
	*out = v * unit;
	return CS_OK;
}

void
cs_duration_put(int64_t seconds, char out[24])
{
	size_t i = 0;

	while (seconds == 0 ? units[i].seconds != 1
	    : seconds % units[i].seconds != 0)
		i++;
	(void)snprintf(out, 24, "%lld%c",
	    (long long)(seconds / units[i].seconds), units[i].letter);
}
