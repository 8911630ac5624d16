/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "when.h"

#define DAY 86400
#define FORMS "use 2026-01-31, 2026-01-31T23:59:59Z, or a length: 90d, 12h, 30m"

bool
ak_time_is_sane(int64_t when)
{
	return when == AK_NO_TIME || (when >= 0 && when <= AK_TIME_MAX);
}

/* Read exactly `digits` digits and step over them. */
static bool
take_number(const char **at, int digits, int *value)
{
	*value = 0;
	for (int i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		*value = *value * 10 + (**at - '0');
	}
	return true;
}

static bool
take(const char **at, const char *any)
{
	if (**at == '\0' || strchr(any, **at) == NULL)
		return false;
	(*at)++;
	return true;
}

/*
 * Days from the first of January of year 1 to that of `year`, in the Gregorian
 * calendar. By hand, since timegm() counts leap seconds when TZ says so (right/UTC).
 */
static int64_t
days_before_year(int64_t year)
{
	int64_t n = year - 1;

	return 365 * n + n / 4 - n / 100 + n / 400;
}

/* Days from the first of January to the first of month 1..13. */
static int
days_before_month(int64_t year, int month)
{
	static const int days[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304,
		334, 365 };
	bool leap = days_before_year(year + 1) - days_before_year(year) == 366;

	return days[month - 1] + (leap && month > 2 ? 1 : 0);
}

/* YYYY-MM-DD, a day that exists; its midnight in seconds. */
static bool
take_date(const char **at, int64_t *midnight)
{
	int year, month, day, length;

	if (!take_number(at, 4, &year) || !take(at, "-") ||
	    !take_number(at, 2, &month) || !take(at, "-") ||
	    !take_number(at, 2, &day) || month < 1 || month > 12)
		return false;
	length = days_before_month(year, month + 1) - days_before_month(year, month);
	*midnight = DAY * (days_before_year(year) - days_before_year(1970) +
			      days_before_month(year, month) + day - 1);
	return day >= 1 && day <= length;
}

/* HH:MM:SS in seconds, and a fraction, which is dropped. */
static bool
take_time(const char **at, int64_t *seconds)
{
	int hour, minute, second;

	if (!take_number(at, 2, &hour) || !take(at, ":") ||
	    !take_number(at, 2, &minute) || !take(at, ":") ||
	    !take_number(at, 2, &second))
		return false;
	if (take(at, ".")) {
		if (!take(at, "0123456789"))
			return false;
		*at += strspn(*at, "0123456789");
	}
	*seconds = 3600 * (int64_t)hour + 60 * minute + second;
	return hour < 24 && minute < 60 && second <= 60;
}

/* Z or +HH:MM, in seconds east of UTC. */
static bool
take_zone(const char **at, int64_t *offset)
{
	bool west = **at == '-';
	int hours, minutes;

	*offset = 0;
	if (take(at, "Zz"))
		return true;
	if (!take(at, "+-") || !take_number(at, 2, &hours) || !take(at, ":") ||
	    !take_number(at, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset = (west ? -60 : 60) * (int64_t)(hours * 60 + minutes);
	return true;
}

const char *
ak_duration_why_not(const char *text, int64_t *seconds)
{
	static const char units[] = "dhm";
	static const int64_t unit[] = { DAY, 3600, 60 };
	const char *found;
	int64_t n = 0;

	if (*text < '0' || *text > '9')
		return "a length of time is a number and d, h or m: 90d, 12h, 30m";
	for (; *text >= '0' && *text <= '9'; text++)
		if ((n = n * 10 + (*text - '0')) > AK_TIME_MAX)
			return "that is longer than times go, which end with the year "
			       "9999";
	if (*text == '\0' || (found = strchr(units, *text)) == NULL || text[1] != '\0')
		return "a length of time ends with d, h or m: 90d, 12h, 30m";
	*seconds = n * unit[found - units];
	if (*seconds > AK_TIME_MAX)
		return "that is longer than times go, which end with the year 9999";
	return NULL;
}

/* A point in time that is written out: a date, or a date, a time of day and its zone.
 */
static const char *
parse_point(const char *text, int64_t *when)
{
	int64_t midnight, seconds = 0, offset = 0;
	const char *at = text;

	if (!take_date(&at, &midnight))
		return "there is no such date; " FORMS;
	if (*at != '\0') {
		if (!take(&at, "Tt ") || !take_time(&at, &seconds))
			return "there is no such time of day; " FORMS;
		if (!take_zone(&at, &offset))
			return "a time of day needs its zone: Z or +HH:MM behind it";
		if (*at != '\0')
			return "something stands behind the time; " FORMS;
	}
	*when = midnight + seconds - offset;
	return NULL;
}

/* A point in time, or a length of time that is added to now `sign` times. */
static const char *
parse_when(const char *text, int64_t now, int sign, int64_t *when)
{
	int64_t length;
	const char *why;

	if (strchr(text, '-') != NULL)
		why = parse_point(text, when);
	else if ((why = ak_duration_why_not(text, &length)) == NULL)
		*when = now + sign * length;
	else if (*text < '0' || *text > '9')
		why = FORMS;
	if (why == NULL && (*when < 0 || *when > AK_TIME_MAX))
		why = "times go from 1970 to 9999";
	return why;
}

const char *
ak_when_why_not(const char *text, int64_t now, int64_t *when)
{
	return parse_when(text, now, 1, when);
}

const char *
ak_since_why_not(const char *text, int64_t now, int64_t *when)
{
	return parse_when(text, now, -1, when);
}

void
ak_when_format(int64_t when, char out[AK_WHEN_TEXT])
{
	int64_t days = when / DAY + days_before_year(1970),
		year = when / DAY / 366 + 1970;
	unsigned second = (unsigned)(when % DAY), day;
	int month = 1;

	while (days_before_year(year + 1) <= days)
		year++;
	days -= days_before_year(year);
	while (days_before_month(year, month + 1) <= days)
		month++;
	day = (unsigned)(days - days_before_month(year, month)) + 1;
	/* The remainders change nothing; they show the compiler how long it gets. */
	snprintf(out, AK_WHEN_TEXT, "%04u-%02u-%02uT%02u:%02u:%02uZ",
	    (unsigned)year % 10000, (unsigned)month % 100, day % 100,
	    second / 3600 % 100, second / 60 % 60, second % 60);
}
