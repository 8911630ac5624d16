/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fold that finds nothing new writes nothing: a log that is followed folds each
 * second. What is due is still found, whatever it is.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "../forge.h"
#include "../records.h"

#define DAY INT64_C(86400)

/* Who looks on: a connection of its own, which sees that another has written. */
struct onlooker {
	const struct fx *fx;
	sqlite3 *db;
	int64_t version;
	int64_t now;
};

static int64_t
version_of(const struct onlooker *o)
{
	return forge_number(o->db, "PRAGMA data_version");
}

static void
look_on(struct onlooker *o, const struct fx *fx)
{
	o->fx = fx;
	o->now = FX_NOW;
	us_fold(fx, o->now, AK_FOLD_SOME, NULL);
	assert_int_equal(
	    sqlite3_open(ak_master_paths(fx->master)->usage, &o->db), SQLITE_OK);
	o->version = version_of(o);
}

/* Whether a fold writes. */
static bool
writes(struct onlooker *o, struct us_notes *notes)
{
	int64_t before = o->version;

	us_fold(o->fx, o->now, AK_FOLD_SOME, notes);
	o->version = version_of(o);
	return o->version != before;
}

/* The next fold writes, and those behind it do not. */
static void
writes_once(struct onlooker *o)
{
	assert_true(writes(o, NULL));
	for (int i = 0; i < 3; i++)
		assert_false(writes(o, NULL));
}

static void
a_fold_that_finds_nothing_new_writes_nothing(void **state)
{
	struct fx *fx = *state;
	struct ak_usage_record r;
	struct onlooker o;
	char id[AK_ID_LEN + 1];

	r = us_record(us_key(fx, "alice", id), AK_VALID, "192.0.2.7");
	look_on(&o, fx);
	assert_false(writes(&o, NULL));
	for (int i = 0; i < 3; i++) {
		us_append(fx, &r);
		writes_once(&o);
	}
	assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), 3);
	sqlite3_close(o.db);
}

/* A beginning that waits for its end is looked at again and again. */
static void
neither_does_one_that_finds_a_torn_record(void **state)
{
	struct fx *fx = *state;
	struct ak_usage_record r;
	struct onlooker o;
	char id[AK_ID_LEN + 1];
	uint8_t packed[AK_USAGE_LEN];
	int fd;

	r = us_record(us_key(fx, "alice", id), AK_VALID, NULL);
	ak_usage_pack(&r, packed);
	look_on(&o, fx);
	fd = open(us_path(fx, geteuid(), ""), O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, packed, 30), 30);
	assert_false(writes(&o, NULL));
	assert_int_equal(write(fd, packed + 30, AK_USAGE_LEN - 30), AK_USAGE_LEN - 30);
	close(fd);
	writes_once(&o);
	assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), 1);
	sqlite3_close(o.db);
}

/* Its owner may make it so, and what is added to the last number there is, is none. */
static void
nor_one_of_a_file_that_is_as_large_as_a_file_can_be_R30(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;
	struct onlooker o;

	look_on(&o, fx);
	if (truncate(us_path(fx, geteuid(), ""), INT64_MAX) != 0) {
		sqlite3_close(o.db);
		fx_skip("no file may be as large here");
	}
	assert_true(writes(&o, NULL)); /* and it is put aside */
	assert_true(writes(&o, NULL)); /* nothing more is wrong */
	/* Nor does it ask for the right to write, which another has. */
	assert_int_equal(
	    sqlite3_exec(o.db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_code(us_try_fold(fx, o.now, AK_FOLD_SOME, NULL, &error), AK_OK, &error);
	sqlite3_close(o.db);
}

static void
what_is_wrong_is_written_once_and_ends_with_the_file(void **state)
{
	struct fx *fx = *state;
	const char *stray = fx_path(fx, "root/usage.d/stray");
	struct us_notes notes = { 0 };
	struct onlooker o;

	look_on(&o, fx);
	for (int i = 0; i < 2; i++) {
		memset(&notes, 0, sizeof(notes));
		fx_write(stray, "x", 1, 0600);
		assert_true(writes(&o, &notes));
		assert_false(writes(&o, &notes));
		assert_int_equal(notes.count, 1); /* told again when it comes again */
		assert_int_equal(us_number(fx, "SELECT count(*) FROM usage_fault"), 1);
		assert_int_equal(unlink(stray), 0);
		writes_once(&o);
		assert_int_equal(us_number(fx, "SELECT count(*) FROM usage_fault"), 0);
	}
	/* So it is of a user's file, when it is another thing and when it is gone. */
	us_write(fx, ".old", NULL, 0);
	assert_false(writes(&o, NULL));
	assert_int_equal(truncate(us_path(fx, geteuid(), ".old"), 7), 0);
	writes_once(&o);
	us_write(fx, ".old", NULL, 0);
	writes_once(&o);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM usage_fault"), 0);
	assert_int_equal(truncate(us_path(fx, geteuid(), ".old"), 7), 0);
	writes_once(&o);
	assert_int_equal(unlink(us_path(fx, geteuid(), ".old")), 0);
	writes_once(&o);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM usage_fault"), 0);
	sqlite3_close(o.db);
}

static void
drops_are_seen_without_a_record(void **state)
{
	struct ak_usage_head head = { .cap = AK_USAGE_CAP_DEFAULT };
	struct fx *fx = *state;
	uint8_t packed[AK_USAGE_LEN];
	struct onlooker o;

	look_on(&o, fx);
	for (head.dropped = 5; head.dropped < 8; head.dropped++) {
		ak_usage_head_pack(&head, packed);
		fx_write(us_path(fx, geteuid(), ""), packed, sizeof(packed), 0600);
		assert_true(writes(&o, NULL));
		assert_true(writes(&o, NULL)); /* nothing more is wrong */
		assert_false(writes(&o, NULL));
	}
	assert_int_equal(us_number(fx, "SELECT dropped FROM usage_source"), 7);
	sqlite3_close(o.db);
}

/* Cut short, and as long again before the next fold: what is new counts. */
static void
a_file_that_was_cut_short_is_seen(void **state)
{
	struct fx *fx = *state;
	struct ak_usage_record r;
	struct onlooker o;
	char id[AK_ID_LEN + 1];

	r = us_record(us_key(fx, "alice", id), AK_VALID, NULL);
	look_on(&o, fx);
	us_append(fx, &r);
	us_append(fx, &r);
	writes_once(&o);
	assert_int_equal(truncate(us_path(fx, geteuid(), ""), AK_USAGE_LEN), 0);
	writes_once(&o);
	for (int i = 0; i < 3; i++)
		us_append(fx, &r);
	writes_once(&o);
	assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), 5);
	sqlite3_close(o.db);
}

static void
what_is_older_than_its_retention_ends_without_a_record(void **state)
{
	struct fx *fx = *state;
	struct ak_usage_record r;
	struct onlooker o;
	char id[AK_ID_LEN + 1];

	r = us_record(us_key(fx, "alice", id), AK_VALID, NULL);
	look_on(&o, fx);
	us_append(fx, &r);
	writes_once(&o);
	o.now = FX_NOW + AK_RETENTION_DEFAULT;
	assert_false(writes(&o, NULL));
	o.now++;
	writes_once(&o);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM event"), 0);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM hour_count"), 1);
	o.now = (FX_NOW / DAY + 1) * DAY + AK_RETENTION_DEFAULT; /* a day's end */
	writes_once(&o);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM hour_count"), 0);
	us_agree(fx);
	sqlite3_close(o.db);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_fold_that_finds_nothing_new_writes_nothing),
		FX_TEST(neither_does_one_that_finds_a_torn_record),
		FX_TEST(nor_one_of_a_file_that_is_as_large_as_a_file_can_be_R30),
		FX_TEST(what_is_wrong_is_written_once_and_ends_with_the_file),
		FX_TEST(drops_are_seen_without_a_record),
		FX_TEST(a_file_that_was_cut_short_is_seen),
		FX_TEST(what_is_older_than_its_retention_ends_without_a_record),
	};

	return cmocka_run_group_tests_name("usage_idle", tests, NULL, NULL);
}
