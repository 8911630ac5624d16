/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times and lengths of time, against timegm(3) and plain arithmetic. Eight bytes are
 * the clock, the rest is the text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz.h"
#include "when.h"

/* Whether `text` begins with this form, where d is a digit; what is behind it. */
static const char *
behind(const char *text, const char *form)
{
	for (; *form != '\0'; form++, text++)
		if (*form == 'd'   ? *text < '0' || *text > '9'
		    : *form == 'T' ? *text == '\0' || strchr("Tt ", *text) == NULL
				   : *text != *form)
			return NULL;
	return text;
}

/* A date of the calendar: timegm() turns any other into one. */
static bool
date_of(const char *text, struct tm *tm, int64_t *midnight)
{
	int year, month, day;

	memset(tm, 0, sizeof(*tm));
	if (sscanf(text, "%4d-%2d-%2d", &year, &month, &day) != 3)
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	*midnight = timegm(tm);
	return tm->tm_year == year - 1900 && tm->tm_mon == month - 1 &&
	       tm->tm_mday == day;
}

/* "Z", "z" or an offset, in seconds. */
static bool
zone_of(const char *text, int64_t *offset)
{
	int hours, minutes;
	char sign;

	*offset = 0;
	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	if ((behind(text, "+dd:dd") == NULL && behind(text, "-dd:dd") == NULL) ||
	    text[6] != '\0' || sscanf(text, "%c%2d:%2d", &sign, &hours, &minutes) != 3)
		return false;
	*offset = (sign == '-' ? -60 : 60) * (int64_t)(hours * 60 + minutes);
	return hours < 24 && minutes < 60;
}

/* A written out point in time: 1 when it is one, 0 when not. */
static bool
point_of(const char *text, int64_t *when)
{
	const char *at = behind(text, "dddd-dd-dd");
	int hour, minute, second;
	int64_t offset;
	struct tm tm;

	if (at == NULL || !date_of(text, &tm, when))
		return false;
	if (*at == '\0')
		return true;
	if (behind(at, "Tdd:dd:dd") == NULL ||
	    sscanf(at + 1, "%2d:%2d:%2d", &hour, &minute, &second) != 3 || hour > 23 ||
	    minute > 59 || second > 60)
		return false;
	at += strlen("Tdd:dd:dd");
	if (*at == '.') {
		if (behind(at, ".d") == NULL)
			return false;
		at += 1 + strspn(at + 1, "0123456789");
	}
	if (!zone_of(at, &offset))
		return false;
	*when += hour * 3600 + minute * 60 + second - offset;
	return true;
}

/* A number and a unit, in seconds; what is longer than 10^12 days is too long anyway.
 */
static bool
length_of(const char *text, int64_t *length)
{
	size_t digits = strspn(text, "0123456789");
	const char *zeroes = text + strspn(text, "0");

	if (digits == 0 || digits - (size_t)(zeroes - text) > 12 ||
	    text[digits] == '\0' || strchr("dhm", text[digits]) == NULL ||
	    text[digits + 1] != '\0')
		return false;
	*length = strtoll(text, NULL, 10);
	*length *= text[digits] == 'd' ? 86400 : text[digits] == 'h' ? 3600 : 60;
	return *length <= AK_TIME_MAX;
}

static bool
in_range(int64_t when)
{
	return when >= 0 && when <= AK_TIME_MAX;
}

/* What is formatted reads as itself. */
static void
check_format(int64_t when)
{
	char text[AK_WHEN_TEXT];
	int64_t again;

	ak_when_format(when, text);
	FUZZ_CHECK(strlen(text) == AK_WHEN_TEXT - 1);
	FUZZ_CHECK(ak_when_why_not(text, 0, &again) == NULL && again == when);
	FUZZ_CHECK(point_of(text, &again) && again == when);
	FUZZ_CHECK(ak_time_is_sane(when));
}

static void
check(const char *text, int64_t now)
{
	int64_t length = 0, point = 0, got;
	bool is_length = length_of(text, &length), is_point = point_of(text, &point);

	FUZZ_CHECK((ak_duration_why_not(text, &got) == NULL) == is_length);
	FUZZ_CHECK(!is_length || got == length);
	for (int sign = -1; sign <= 1; sign += 2) {
		int64_t wanted = is_length ? now + sign * length : point;
		const char *why = sign < 0 ? ak_since_why_not(text, now, &got)
					   : ak_when_why_not(text, now, &got);

		FUZZ_CHECK(
		    (why == NULL) == ((is_length || is_point) && in_range(wanted)));
		if (why != NULL)
			continue;
		FUZZ_CHECK(got == wanted);
		check_format(got);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	int64_t now = (int64_t)(fuzz_number(&in, 8) % (AK_TIME_MAX + 1));
	char *text = fuzz_copy(in.at, in.left);

	check_format(now);
	check(text, now);
	free(text);
	return 0;
}
