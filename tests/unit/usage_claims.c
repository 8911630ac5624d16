/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A service may write what it likes into its own file. No time that it claims is later
 * than now, or before there was such a key, so that nobody brings forth a row for every
 * day since 1970; and it is said whose file claimed it (SECURITY R33).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../records.h"

#define DAY INT64_C(86400)
#define MADE (FX_NOW - 10 * DAY) /* when the key was */

/* A key that was made then. */
static void
make_key(struct fx *fx, char id[AK_ID_LEN + 1])
{
	struct ak_record key = fx_record("alice");

	key.created_at = MADE;
	snprintf(id, AK_ID_LEN + 1, "%s", fx_id(fx_issue(fx, &key)));
}

static void
append_at(const struct fx *fx, const char *id, int64_t time)
{
	struct ak_usage_record r = us_record(id, AK_VALID, "192.0.2.7");

	r.time = time;
	us_append(fx, &r);
}

/* Fold; so many claims must have been clamped in all, and told now when `told`. */
static void
fold_clamps(const struct fx *fx, int64_t clamped, bool told)
{
	struct us_notes notes = { 0 };
	char line[128];

	us_fold(fx, FX_NOW, AK_FOLD_SOME, &notes);
	us_agree(fx);
	assert_int_equal(us_number(fx, "SELECT clamped FROM usage_source"), clamped);
	assert_int_equal(us_number(fx, "SELECT uid FROM usage_source"), geteuid());
	snprintf(line, sizeof(line),
	    "%u claims uses in the future, or before a key was made",
	    (unsigned)geteuid());
	assert_int_equal(notes.count, told ? 1 : 0);
	assert_true(us_noted(&notes, line) == told);
}

static void
a_time_in_the_future_becomes_now_and_its_user_is_named_R33(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];

	make_key(fx, id);
	append_at(fx, id, FX_NOW);
	fold_clamps(fx, 0, false);
	append_at(fx, id, FX_NOW + 1);
	append_at(fx, id, AK_TIME_MAX);
	fold_clamps(fx, 2, true);
	assert_int_equal(us_number(fx, "SELECT last_at FROM key_usage"), FX_NOW);
	assert_int_equal(us_number(fx, "SELECT max(time) FROM event"), FX_NOW);
}

static void
a_time_before_its_key_was_made_becomes_that_and_its_user_is_named_R33(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];

	make_key(fx, id);
	append_at(fx, id, MADE);
	fold_clamps(fx, 0, false);
	append_at(fx, id, MADE - 1);
	append_at(fx, id, 0);
	fold_clamps(fx, 2, true);
	assert_int_equal(us_number(fx, "SELECT min(time) FROM event"), MADE);
	assert_int_equal(us_number(fx, "SELECT min(first_at) FROM key_address"), MADE);
	assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), 3);
}

static void
a_use_for_every_day_since_1970_is_in_a_few_rows_R33(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];

	make_key(fx, id);
	for (int64_t day = 0; day < FX_NOW / DAY; day += 3)
		append_at(fx, id, day * DAY);
	us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL);
	us_agree(fx);
	assert_true(us_number(fx, "SELECT count(*) FROM key_day") <= 11);
	assert_true(us_number(fx, "SELECT count(*) FROM day_count") <= 11);
	assert_true(us_number(fx, "SELECT count(*) FROM day_total") <= 4 * 11);
	assert_int_equal(
	    us_number(fx, "SELECT sum(count) FROM day_count"), (FX_NOW / DAY + 2) / 3);
}

/* They are kept for as long as anything is by default: no timer may have run. */
static void
what_no_key_is_known_of_is_at_most_a_retention_ago_R33(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];

	us_id(1, id);
	append_at(fx, id, FX_NOW - AK_RETENTION_DEFAULT);
	fold_clamps(fx, 0, false);
	append_at(fx, id, FX_NOW - AK_RETENTION_DEFAULT - 1);
	append_at(fx, id, 0);
	fold_clamps(fx, 2, true);
	assert_int_equal(us_number(fx, "SELECT min(day) FROM day_count"),
	    (FX_NOW - AK_RETENTION_DEFAULT) / DAY);
}

/* The clock was set back since: there is no time between, and now is not the future. */
static void
a_key_that_was_made_later_than_now_is_used_now(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];

	make_key(fx, id);
	append_at(fx, id, MADE - 7 * DAY);
	us_fold(fx, MADE - 5 * DAY, AK_FOLD_SOME, NULL);
	assert_int_equal(
	    us_number(fx, "SELECT last_at FROM key_usage"), MADE - 5 * DAY);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_time_in_the_future_becomes_now_and_its_user_is_named_R33),
		FX_TEST(
		    a_time_before_its_key_was_made_becomes_that_and_its_user_is_named_R33),
		FX_TEST(a_use_for_every_day_since_1970_is_in_a_few_rows_R33),
		FX_TEST(what_no_key_is_known_of_is_at_most_a_retention_ago_R33),
		FX_TEST(a_key_that_was_made_later_than_now_is_used_now),
	};

	return cmocka_run_group_tests_name("usage_claims", tests, NULL, NULL);
}
