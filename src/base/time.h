/* SPDX-License-Identifier: BSD-2-Clause */
/* Copyright (c) 2026, the countersign authors */

#ifndef CS_BASE_TIME_H
#define CS_BASE_TIME_H

#include <stdint.h>

#include "base/buf.h"

/* Times are seconds since 1970-01-01T00:00:00Z, years 2000 to 9999 where a
 * format says so; never local time. */

int64_t cs_time_now(void);     /* the system's clock */
int64_t cs_time_mono_ms(void); /* a clock that only grows */

struct cs_civil {
	int year, month, day, hour, minute, second;
};
/* False when a field is out of range (leap seconds included). */
bool cs_civil_to_time(const struct cs_civil *c, int64_t *out);
/* False outside years 1 to 9999. */
bool cs_time_to_civil(int64_t t, struct cs_civil *out);

/* Exactly `YYYYMMDDHHMMSSZ`, the DER GeneralizedTime of RFC 5280 4.1.2.5.2. */
CS_USE bool cs_gentime_get(cs_span in, int64_t *out);
CS_USE bool cs_gentime_put(int64_t t, char out[16]);
/* Exactly `YYMMDDHHMMSSZ`, 1950 to 2049 (RFC 5280 4.1.2.5.1). */
CS_USE bool cs_utctime_get(cs_span in, int64_t *out);
CS_USE bool cs_utctime_put(int64_t t, char out[14]);
/* RFC 3339 with Z and whole seconds: 2026-11-21T09:30:00Z. out[24]. */
CS_USE bool cs_rfc3339_put(int64_t t, char out[24]);
/* The way back, as others write it too: a fraction of a second, which is cut
 * off, and an offset such as +01:00. */
CS_USE bool cs_rfc3339_get(cs_span in, int64_t *out);
/* What a person types: RFC 3339 with Z, or YYYYMMDD[HHMM[SS]]Z. */
CS_USE int cs_time_parse(const char *s, int64_t *out, cs_err *e);
/* A duration with a unit, "90s" "15m" "1h" "30d" "2w"; no sign, no sum, at
 * least one second and at most a hundred years. */
CS_USE int cs_duration_parse(const char *s, int64_t *out, cs_err *e);
/* The same back, the largest unit that divides it: 900 -> "15m". out[24]. */
void cs_duration_put(int64_t seconds, char out[24]);

#endif
