/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_WHEN_H
#define AK_WHEN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Times are seconds since 1970-01-01 UTC, without leap seconds (POSIX time). The clock
 * is never read here: who calls passes `now`. TZ never matters.
 */
#define AK_NO_TIME INT64_MIN /* no such time: no expiry, never used */
#define AK_TIME_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define AK_WHEN_TEXT 21 /* 2026-01-31T23:59:59Z and its NUL */

/*
 * Read a point in time: RFC 3339 with Z or an offset (2026-01-31T23:59:59+01:00),
 * a date (2026-01-31, its midnight UTC), or a time from now (90d, 12h, 30m).
 * NULL when it is one, otherwise why not. Fractions of a second are dropped.
 */
const char *ak_when_why_not(const char *text, int64_t now, int64_t *when);

/* The same for a time that has been: 90d is ninety days ago. */
const char *ak_since_why_not(const char *text, int64_t now, int64_t *when);

/* Read a length of time in seconds: 90d, 12h, 30m. NULL, or why not. */
const char *ak_duration_why_not(const char *text, int64_t *seconds);

/* RFC 3339 in UTC. `when` is 0..AK_TIME_MAX. */
void ak_when_format(int64_t when, char out[AK_WHEN_TEXT]);

/* Whether a stored time can be one: AK_NO_TIME or 0..AK_TIME_MAX. */
bool ak_time_is_sane(int64_t when);

#endif
