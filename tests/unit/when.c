/* SPDX-License-Identifier: BSD-2-Clause */
/* Times and durations: which forms there are, impossible dates, and SECURITY R29. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../fixture.h"

static const struct {
	const char *text;
	int64_t when;
} good[] = {
	{ "1970-01-01", 0 },
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01t00:00:01z", 1 },
	{ "2027-01-15T08:00:00Z", FX_NOW },
	{ "2027-01-15 08:00:00Z", FX_NOW },
	{ "2027-01-15T09:00:00+01:00", FX_NOW },
	{ "2027-01-15T02:30:00-05:30", FX_NOW },
	{ "2027-01-15T08:00:00+00:00", FX_NOW },
	{ "2027-01-15T08:00:00-00:00", FX_NOW },
	{ "2027-01-15T08:00:00.5Z", FX_NOW },
	{ "2027-01-15T08:00:00.999999999999Z", FX_NOW },
	{ "2027-01-16T07:59:00+23:59", FX_NOW },
	{ "2027-01-15", 1799971200 },
	{ "2000-02-29", 951782400 },
	{ "2024-02-29", 1709164800 },
	{ "2400-02-29", INT64_C(13574563200) },
	{ "2038-01-19T03:14:08Z", INT64_C(1) << 31 },
	{ "2106-02-07T06:28:16Z", INT64_C(1) << 32 },
	{ "2016-12-31T23:59:60Z",
	    1483228800 }, /* a leap second is the second after it */
	{ "9999-12-31", INT64_C(253402214400) },
	{ "9999-12-31T23:59:59Z", AK_TIME_MAX },
	{ "1969-12-31T23:00:00-01:00", 0 },
	{ "90d", FX_NOW + 90 * 86400 },
	{ "12h", FX_NOW + 12 * 3600 },
	{ "30m", FX_NOW + 30 * 60 },
	{ "0d", FX_NOW },
	{ "0000000001m", FX_NOW + 60 },
};

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "use" },
	{ " ", "use" },
	{ "tomorrow", "use" },
	{ "now", "use" },
	{ "-1d", "no such date" },
	{ "--", "no such date" },
	{ "-", "no such date" },
	{ "2026-02-29", "no such date" },
	{ "2100-02-29", "no such date" },
	{ "2026-04-31", "no such date" },
	{ "2026-13-01", "no such date" },
	{ "2026-00-10", "no such date" },
	{ "2026-01-00", "no such date" },
	{ "2026-01-32", "no such date" },
	{ "2026-1-1", "no such date" },
	{ "26-01-01", "no such date" },
	{ "02026-01-01", "no such date" },
	{ " 2026-01-01", "no such date" },
	{ "+2026-01-01", "no such date" },
	{ "2026/01-01", "no such date" },
	{ "2026-01-01x", "no such time" },
	{ "2026-01-01 ", "no such time" },
	{ "2026-01-01T", "no such time" },
	{ "2026-01-01T24:00:00Z", "no such time" },
	{ "2026-01-01T23:60:00Z", "no such time" },
	{ "2026-01-01T23:59:61Z", "no such time" },
	{ "2026-01-01T23:59Z", "no such time" },
	{ "2026-01-01T1:00:00Z", "no such time" },
	{ "2026-01-01T-1:00:00Z", "no such time" },
	{ "2026-01-01T00:00:00.Z", "no such time" },
	{ "2026-01-01T00:00:00", "zone" },
	{ "2026-01-01T00:00:00.5", "zone" },
	{ "2026-01-01T00:00:00+", "zone" },
	{ "2026-01-01T00:00:00+1", "zone" },
	{ "2026-01-01T00:00:00+0100", "zone" },
	{ "2026-01-01T00:00:00+24:00", "zone" },
	{ "2026-01-01T00:00:00+01:60", "zone" },
	{ "2026-01-01T00:00:00 CET", "zone" },
	{ "2026-01-01T00:00:00Zulu", "behind the time" },
	{ "2026-01-01T00:00:00Z ", "behind the time" },
	{ "2026-01-01T00:00:00+01:00:00", "behind the time" },
	{ "1969-12-31", "1970 to 9999" },
	{ "1969-12-31T23:59:59Z", "1970 to 9999" },
	{ "1970-01-01T00:00:00+00:01", "1970 to 9999" },
	{ "0000-01-01", "1970 to 9999" },
	{ "9999-12-31T23:59:59-00:01", "1970 to 9999" },
	{ "9999-12-31T23:59:60Z", "1970 to 9999" },
	{ "90", "d, h or m" },
	{ "90s", "d, h or m" },
	{ "90D", "d, h or m" },
	{ "90 d", "d, h or m" },
	{ "90d ", "d, h or m" },
	{ "1d12h", "d, h or m" },
	{ "1.5h", "d, h or m" },
	{ "1e3d", "d, h or m" },
	{ "0x10d", "d, h or m" },
	{ "+90d", "use" },
	{ "d", "use" },
	{ "2932897d", "9999" },
	{ "253402300800m", "9999" },
	{ "99999999999999999999d", "9999" },
	{ "9223372036854775807d", "9999" },
	{ "18446744073709551617m", "9999" },
};

static void
each_form_of_a_time_is_read(void **state)
{
	const char *why;
	int64_t when;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(good); i++) {
		if ((why = ak_when_why_not(good[i].text, FX_NOW, &when)) != NULL)
			fail_msg("%s: %s", good[i].text, why);
		if (when != good[i].when)
			fail_msg("%s: read as %lld", good[i].text, (long long)when);
	}
}

static void
what_is_no_time_is_refused_with_the_reason(void **state)
{
	const char *why;
	int64_t when;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(bad); i++) {
		why = ak_when_why_not(bad[i].text, FX_NOW, &when);
		if (why == NULL)
			fail_msg("accepted: %s", bad[i].text);
		assert_contains(why, bad[i].why);
	}
}

static void
the_time_zone_of_the_process_never_matters_R29(void **state)
{
	static const char *const zones[] = { "Pacific/Kiritimati", "America/St_Johns",
		"Asia/Kathmandu", "Europe/Dublin", "right/UTC", "XXX+24YYY-24,J1,J365",
		":rubbish", "" };
	char text[AK_WHEN_TEXT];
	int64_t when;

	(void)state;
	for (size_t z = 0; z < FX_COUNT(zones); z++) {
		assert_int_equal(setenv("TZ", zones[z], 1), 0);
		tzset();
		for (size_t i = 0; i < FX_COUNT(good); i++) {
			assert_null(ak_when_why_not(good[i].text, FX_NOW, &when));
			if (when != good[i].when)
				fail_msg("%s in zone %s: %lld", good[i].text, zones[z],
				    (long long)when);
		}
		ak_when_format(FX_NOW, text);
		assert_string_equal(text, "2027-01-15T08:00:00Z");
	}
	unsetenv("TZ");
	tzset();
}

static void
a_time_from_now_stays_within_the_years_that_there_are(void **state)
{
	int64_t when;

	(void)state;
	assert_null(ak_when_why_not("1m", AK_TIME_MAX - 60, &when));
	assert_int_equal(when, AK_TIME_MAX);
	assert_non_null(ak_when_why_not("1m", AK_TIME_MAX - 59, &when));
	assert_non_null(ak_when_why_not("2932896d", AK_TIME_MAX, &when));
}

static void
a_duration_is_a_number_and_a_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} rows[] = {
		{ "90d", 7776000 },
		{ "12h", 43200 },
		{ "30m", 1800 },
		{ "0m", 0 },
		{ "2932896d", INT64_C(253402214400) },
		{ "4223371679m", INT64_C(253402300740) },
		{ "", -1 },
		{ "d", -1 },
		{ "-1d", -1 },
		{ "1", -1 },
		{ "1w", -1 },
		{ "1dd", -1 },
		{ "2932897d", -1 },
		{ "99999999999999999999h", -1 },
		{ "2026-01-01", -1 },
	};
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		const char *why = ak_duration_why_not(rows[i].text, &seconds);

		if ((why == NULL) != (rows[i].seconds >= 0))
			fail_msg(
			    "%s: %s", rows[i].text, why != NULL ? why : "accepted");
		if (why == NULL)
			assert_int_equal(seconds, rows[i].seconds);
	}
}

static void
what_is_formatted_is_read_back(void **state)
{
	uint64_t seed = 29;
	char text[AK_WHEN_TEXT];
	int64_t when, again;

	(void)state;
	for (unsigned n = fx_loops(100000); n > 0; n--) {
		when = (int64_t)(((uint64_t)fx_random(&seed) << 32 | fx_random(&seed)) %
				 ((uint64_t)AK_TIME_MAX + 1));
		ak_when_format(when, text);
		assert_int_equal(strlen(text), AK_WHEN_TEXT - 1);
		assert_null(ak_when_why_not(text, 0, &again));
		assert_int_equal(again, when);
	}
	ak_when_format(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
	ak_when_format(AK_TIME_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

static void
a_stored_time_is_none_or_within_the_years_that_there_are(void **state)
{
	(void)state;
	assert_true(ak_time_is_sane(AK_NO_TIME));
	assert_true(ak_time_is_sane(0));
	assert_true(ak_time_is_sane(AK_TIME_MAX));
	assert_false(ak_time_is_sane(-1));
	assert_false(ak_time_is_sane(AK_TIME_MAX + 1));
	assert_false(ak_time_is_sane(INT64_MAX));
	assert_false(ak_time_is_sane(INT64_MIN + 1));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_of_a_time_is_read),
		cmocka_unit_test(what_is_no_time_is_refused_with_the_reason),
		cmocka_unit_test(the_time_zone_of_the_process_never_matters_R29),
		cmocka_unit_test(a_time_from_now_stays_within_the_years_that_there_are),
		cmocka_unit_test(a_duration_is_a_number_and_a_unit),
		cmocka_unit_test(what_is_formatted_is_read_back),
		cmocka_unit_test(
		    a_stored_time_is_none_or_within_the_years_that_there_are),
	};

	return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
