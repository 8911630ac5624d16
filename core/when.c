/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "when.h"

#define DAY 86400
#define FORMS "use 2026-01-31, 2026-01-31T23:59:59Z, or 90d, 12h, 30m from now"

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

/* YYYY-MM-DD, a day that exists. */
static bool
take_date(const char **at, struct tm *tm)
{
	struct tm there;

	memset(tm, 0, sizeof(*tm));
	if (!take_number(at, 4, &tm->tm_year) || !take(at, "-") ||
	    !take_number(at, 2, &tm->tm_mon) || !take(at, "-") ||
	    !take_number(at, 2, &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon -= 1;
	there = *tm;
	timegm(&there); /* moves a day that does not exist, such as 31 April */
	return there.tm_year == tm->tm_year && there.tm_mon == tm->tm_mon &&
	       there.tm_mday == tm->tm_mday;
}

/* HH:MM:SS and a fraction, which is dropped. */
static bool
take_time(const char **at, struct tm *tm)
{
	if (!take_number(at, 2, &tm->tm_hour) || !take(at, ":") ||
	    !take_number(at, 2, &tm->tm_min) || !take(at, ":") ||
	    !take_number(at, 2, &tm->tm_sec))
		return false;
	if (take(at, ".")) {
		if (!take(at, "0123456789"))
			return false;
		*at += strspn(*at, "0123456789");
	}
	return tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec <= 60;
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

const char *
ak_when_why_not(const char *text, int64_t now, int64_t *when)
{
	const char *at = text, *why;
	int64_t offset = 0;
	struct tm tm;

	if (strchr(text, '-') == NULL) {
		if ((why = ak_duration_why_not(text, when)) != NULL)
			return *text >= '0' && *text <= '9' ? why : FORMS;
		*when += now;
	} else {
		if (!take_date(&at, &tm))
			return "there is no such date; " FORMS;
		if (*at != '\0') {
			if (!take(&at, "Tt ") || !take_time(&at, &tm))
				return "there is no such time of day; " FORMS;
			if (!take_zone(&at, &offset))
				return "a time of day needs its zone: Z or +HH:MM "
				       "behind it";
			if (*at != '\0')
				return "something stands behind the time; " FORMS;
		}
		*when = timegm(&tm) - offset;
	}
	if (*when < 0 || *when > AK_TIME_MAX)
		return "times go from 1970 to 9999";
	return NULL;
}

void
ak_when_format(int64_t when, char out[AK_WHEN_TEXT])
{
	time_t t = when;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, AK_WHEN_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, AK_WHEN_TEXT, "?");
}
