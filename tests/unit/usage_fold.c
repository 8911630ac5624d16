/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a fold makes of records: last use, counts, events; and what of records that
 * claim too much (DESIGN section 9, SECURITY R32, R33).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../records.h"
#include "byte_order.h"
#include "stats.h"

#define DAY INT64_C(86400)

static struct ak_key_usage
usage_of(const struct fx *fx, const char *id)
{
	struct ak_usage *usage = us_open(fx);
	struct ak_key_usage k;
	struct ak_error error;

	assert_code(ak_key_usage_get(usage, id, &k, &error), AK_OK, &error);
	ak_usage_close(&usage);
	return k;
}

static void
the_last_use_is_the_latest_that_was_let_in(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1], other[AK_ID_LEN + 1];
	struct ak_key_usage k;
	struct ak_usage_record r;

	us_key(fx, "alice", id);
	us_key(fx, "alice", other);
	us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL);
	k = usage_of(fx, id);
	assert_int_equal(k.uses + k.refusals, 0);
	assert_true(k.last_at == AK_NO_TIME);
	assert_string_equal(k.last_address, "");
	r = us_record(id, AK_VALID, "2001:db8::7");
	strcpy(r.service, "sshd");
	us_append(fx, &r);
	r = us_record(id, AK_VALID, "192.0.2.7"); /* came later, was earlier */
	r.time--;
	us_append(fx, &r);
	r = us_record(id, AK_DISABLED, "198.51.100.1");
	r.time++;
	us_append(fx, &r);
	us_fold(fx, FX_NOW + 10, AK_FOLD_SOME, NULL);
	k = usage_of(fx, id);
	assert_int_equal(k.uses, 2);
	assert_int_equal(k.refusals, 1);
	assert_true(k.last_at == FX_NOW);
	assert_string_equal(k.last_address, "2001:db8::7");
	assert_string_equal(k.last_service, "sshd");
	r = us_record(id, AK_VALID, NULL); /* true the moment after a login */
	us_append(fx, &r);
	us_fold(fx, FX_NOW + 10, AK_FOLD_SOME, NULL);
	k = usage_of(fx, id);
	assert_int_equal(k.uses, 3);
	assert_string_equal(k.last_address, "");
	assert_string_equal(k.last_service, "test");
	assert_int_equal(usage_of(fx, other).uses, 0);
}

static void
within_a_second_the_last_use_is_the_later_record(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];
	struct ak_key_usage k;
	struct ak_usage_record r;

	us_key(fx, "alice", id);
	r = us_record(id, AK_VALID, "192.0.2.8");
	strcpy(r.service, "sshd");
	us_append(fx, &r);
	r = us_record(id, AK_VALID, "192.0.2.7");
	strcpy(r.service, "imap");
	us_append(fx, &r);
	us_fold(fx, FX_NOW + 10, AK_FOLD_SOME, NULL);
	k = usage_of(fx, id);
	assert_string_equal(k.last_address, "192.0.2.7");
	assert_string_equal(k.last_service, "imap");
}

/* Any client may make ids up: they share one counter and leave no event. */
static void
unknown_ids_share_one_counter_and_leave_no_events_R32(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];
	struct ak_usage_record r;

	r = us_record(us_key(fx, "alice", id), AK_VALID, "192.0.2.7");
	us_append(fx, &r);
	for (unsigned i = 0; i < 1000; i++) {
		us_id(i, id);
		r = us_record(id, AK_NOT_FOUND, "192.0.2.7");
		r.address.bytes[15] = (uint8_t)i;
		us_append(fx, &r);
	}
	us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM key_usage"), 2);
	assert_int_equal(
	    us_number(fx, "SELECT refusals FROM key_usage WHERE key_id = ''"), 1000);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM event"), 1);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM key_address"), 1);
	assert_int_equal(
	    us_number(fx, "SELECT count(*) FROM day_count WHERE key_id = ''"), 1);
}

/* Even a forger who says that an unknown id was let in gives it no addresses. */
static void
a_forged_success_of_an_unknown_id_is_in_the_shared_counter_R33(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];
	struct ak_usage_record r;

	us_id(1, id);
	r = us_record(id, AK_VALID, "192.0.2.7");
	us_append(fx, &r);
	us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL);
	assert_int_equal(
	    us_number(fx, "SELECT uses FROM key_usage WHERE key_id = ''"), 1);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM key_address"), 0);
	assert_int_equal(usage_of(fx, id).uses, 0);
}

/* A use from each of so many addresses, folded. */
static void
use_from_everywhere(
    const struct fx *fx, const char *id, enum ak_reason reason, unsigned count)
{
	struct ak_usage_record *records = calloc(count, sizeof(*records));

	assert_non_null(records);
	for (unsigned i = 0; i < count; i++) {
		records[i] = us_record(id, reason, "2001:db8::");
		ak_put_number(records[i].address.bytes + 8, i, 8);
	}
	us_write(fx, "", records, count);
	free(records);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
}

static void
a_hundred_thousand_addresses_in_a_day_are_257_rows_and_every_use_counts_R32(
    void **state)
{
	const unsigned count = fx_loops(100000);
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];

	us_key(fx, "alice", id);
	use_from_everywhere(fx, id, AK_VALID, count);
	assert_int_equal(us_number(fx, "SELECT sum(count) FROM day_count"), count);
	assert_true(us_number(fx, "SELECT count(*) FROM day_count") <= 257);
	assert_true(us_number(fx, "SELECT count(*) FROM key_address") <= 256);
	assert_int_equal(usage_of(fx, id).uses, count);
}

/* Those who have been here before take no second place. */
static void
an_address_keeps_its_own_row_up_to_the_256th_of_a_day(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];

	us_key(fx, "alice", id);
	for (unsigned count = 200; count <= 258; count++)
		use_from_everywhere(fx, id, AK_VALID, count);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM day_count"), 257);
	assert_int_equal(
	    us_number(fx, "SELECT count FROM day_count WHERE address = '*'"), 2 + 1);
	assert_int_equal(
	    us_number(fx, "SELECT sum(count) FROM day_count"), (200 + 258) * 59 / 2);
}

/* Whoever knows an id, which is public, hides nobody who is let in: a drain waits. */
static void
refusals_from_everywhere_do_not_hide_who_is_let_in_R32(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];
	struct ak_usage_record r;

	us_key(fx, "alice", id);
	use_from_everywhere(fx, id, AK_BAD_SECRET, 1000);
	r = us_record(id, AK_VALID, "192.0.2.7");
	us_append(fx, &r);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM day_count WHERE address "
				       "= '192.0.2.7' AND service = 'test'"),
	    1);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM day_count"), 258);
	us_agree(fx);
}

static void
events_and_hours_end_with_their_retention_and_days_stay(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];
	struct ak_usage_record r;

	us_key(fx, "alice", id);
	for (int day = 40; day >= 0; day--) {
		r = us_record(id, AK_VALID, NULL);
		r.time = FX_NOW - day * DAY;
		us_append(fx, &r);
	}
	us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM event"), 31);
	assert_int_equal(
	    us_number(fx, "SELECT min(time) FROM event"), FX_NOW - 30 * DAY);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM hour_count"), 31);
	us_fold(fx, FX_NOW + 31 * DAY, AK_FOLD_SOME, NULL);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM event"), 0);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM hour_count"), 0);
	assert_int_equal(us_number(fx, "SELECT sum(count) FROM day_count"), 41);
	assert_int_equal(usage_of(fx, id).uses, 41);
}

static void
what_does_not_fit_into_one_fold_waits_for_the_next(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];
	struct ak_usage_record r;

	r = us_record(us_key(fx, "alice", id), AK_VALID, NULL);
	for (int i = 0; i < 25; i++)
		us_append(fx, &r);
	for (int fold = 1; fold <= 4; fold++) {
		us_fold(fx, FX_NOW, 10, NULL);
		assert_int_equal(usage_of(fx, id).uses, fold < 3 ? 10 * fold : 25);
	}
}

/* A disk was full within a record: what comes behind it is found. */
static void
a_torn_record_is_passed_over_and_the_next_is_found_R31(void **state)
{
	struct ak_usage_record r;
	uint8_t packed[AK_USAGE_LEN];
	char id[AK_ID_LEN + 1];
	struct fx *fx;
	void *each;
	int fd;

	(void)state;
	for (size_t torn = 1; torn < AK_USAGE_LEN; torn += 13) {
		assert_int_equal(fx_setup(&each), 0);
		fx = each;
		r = us_record(us_key(fx, "alice", id), AK_VALID, "192.0.2.7");
		ak_usage_pack(&r, packed);
		us_append(fx, &r);
		fd = open(us_path(fx, geteuid(), ""), O_WRONLY | O_APPEND | O_CLOEXEC);
		assert_int_equal(write(fd, packed, torn), (ssize_t)torn);
		us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL); /* it may still be whole */
		assert_int_equal(usage_of(fx, id).uses, 1);
		us_append(fx, &r);
		us_append(fx, &r);
		us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL);
		assert_int_equal(usage_of(fx, id).uses, 3);
		assert_int_equal(
		    us_number(fx, "SELECT strange FROM usage_source"), torn);
		close(fd);
		assert_int_equal(fx_teardown(&each), 0);
	}
}

/* A forged record with a check that fits and escapes in its service. */
static void
control_characters_come_into_no_table_R33(void **state)
{
	struct fx *fx = *state;
	uint8_t packed[AK_USAGE_LEN];
	char id[AK_ID_LEN + 1];
	struct us_notes notes = { 0 };
	struct ak_usage_record r;
	int fd;

	r = us_record(us_key(fx, "alice", id), AK_VALID, NULL);
	strcpy(r.service, "\x1b[2J\x1b]0;x\x07");
	ak_usage_pack(&r, packed);
	fd = open(us_path(fx, geteuid(), ""), O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, packed, sizeof(packed)), (ssize_t)sizeof(packed));
	close(fd);
	us_fold(fx, FX_NOW, AK_FOLD_SOME, &notes);
	assert_int_equal(usage_of(fx, id).uses, 0);
	assert_int_equal(notes.count, 1);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM day_count"), 0);
}

/* Its owner may do to his file what he likes; the counts never shrink, nor do others'.
 */
static void
a_file_cut_short_or_with_another_head_counts_what_is_appended_R33(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];
	struct ak_usage_record r;

	r = us_record(us_key(fx, "alice", id), AK_VALID, NULL);
	for (int i = 0; i < 5; i++)
		us_append(fx, &r);
	us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL);
	assert_int_equal(truncate(us_path(fx, geteuid(), ""), AK_USAGE_LEN), 0);
	us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL);
	assert_int_equal(usage_of(fx, id).uses, 5);
	us_append(fx, &r);
	us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL);
	assert_int_equal(usage_of(fx, id).uses, 6);
	us_write(fx, "", &r, 1); /* another head, another file */
	us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL);
	us_fold(fx, FX_NOW, AK_FOLD_SOME, NULL);
	assert_int_equal(usage_of(fx, id).uses, 7);
}

static void
drops_are_told_and_a_count_that_leaps_is_not_believed_R33(void **state)
{
	struct ak_usage_head head = { .cap = 1 << 20, .dropped = 7 };
	struct fx *fx = *state;
	uint8_t packed[AK_USAGE_LEN];
	struct us_notes notes = { 0 };

	for (int step = 0; step < 4; step++) {
		/* 7, then 9; then a leap past all that can be, and back to 1 */
		head.dropped = (const uint64_t[]){ 7, 9, UINT64_MAX, 1 }[step];
		ak_usage_head_pack(&head, packed);
		fx_write(us_path(fx, geteuid(), ""), packed, sizeof(packed), 0600);
		us_fold(fx, FX_NOW, AK_FOLD_SOME, &notes);
		assert_int_equal(us_number(fx, "SELECT dropped FROM usage_source"),
		    step == 0 ? 7 : 9);
	}
	assert_int_equal(notes.count, 1);
	assert_contains(notes.lines[0], "was full: records were dropped");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(the_last_use_is_the_latest_that_was_let_in),
		FX_TEST(within_a_second_the_last_use_is_the_later_record),
		FX_TEST(unknown_ids_share_one_counter_and_leave_no_events_R32),
		FX_TEST(a_forged_success_of_an_unknown_id_is_in_the_shared_counter_R33),
		FX_TEST(
		    a_hundred_thousand_addresses_in_a_day_are_257_rows_and_every_use_counts_R32),
		FX_TEST(an_address_keeps_its_own_row_up_to_the_256th_of_a_day),
		FX_TEST(refusals_from_everywhere_do_not_hide_who_is_let_in_R32),
		FX_TEST(events_and_hours_end_with_their_retention_and_days_stay),
		FX_TEST(what_does_not_fit_into_one_fold_waits_for_the_next),
		cmocka_unit_test(
		    a_torn_record_is_passed_over_and_the_next_is_found_R31),
		FX_TEST(control_characters_come_into_no_table_R33),
		FX_TEST(
		    a_file_cut_short_or_with_another_head_counts_what_is_appended_R33),
		FX_TEST(drops_are_told_and_a_count_that_leaps_is_not_believed_R33),
	};

	return cmocka_run_group_tests_name("usage_fold", tests, NULL, NULL);
}
