/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever stands where a file is to be put aside, the present one does not grow until
 * it is full: what its user has spoilt gives way, what is none of his is moved away and
 * lives on (SECURITY R30, R34).
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../records.h"

#define ENOUGH                                                                \
	((1 << 20) / AK_USAGE_LEN + 1) /* records, for a file to be put aside \
					*/

/* A file of our own that is due to be put aside. */
static void
write_enough(const struct fx *fx, const char *id)
{
	struct ak_usage_record *records = calloc(ENOUGH, sizeof(*records));

	assert_non_null(records);
	for (int i = 0; i < ENOUGH; i++)
		records[i] = us_record(id, AK_VALID, NULL);
	us_write(fx, "", records, ENOUGH);
	free(records);
}

/* Of another user, when that can be made. */
static void
make_foreign(const char *path)
{
	fx_write(path, "precious", 8, 0600);
	if (geteuid() != 0 || chown(path, 65534, (gid_t)-1) != 0)
		fx_skip("needs root: chown");
}

static const struct us_thing foreign = { "foreign file", make_foreign, NULL, false };

/* Two files are put aside, one after the other, with such a thing in their way. */
static void
put_aside(const struct us_thing *thing, const char *ending)
{
	struct us_notes notes = { 0 };
	char id[AK_ID_LEN + 1], path[2 * FX_PATH], away[3 * FX_PATH];
	struct stat before, after;
	struct fx *fx;
	void *each;

	assert_int_equal(fx_setup(&each), 0);
	fx = each;
	us_key(fx, "alice", id);
	snprintf(path, sizeof(path), "%s", us_path(fx, geteuid(), ending));
	snprintf(away, sizeof(away), "%s.%lld", path, (long long)FX_NOW);
	us_write(fx, ending, NULL, 0);
	thing->make(path);
	assert_int_equal(lstat(path, &before), 0);
	write_enough(fx, id);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, &notes);
	assert_int_equal(notes.count, 1);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL); /* what was begun was ended first */
	assert_int_equal(stat(us_path(fx, geteuid(), ""), &after), 0);
	if (after.st_size != AK_USAGE_LEN)
		fail_msg("%s as %s: nothing was put aside", thing->name, ending);
	free(us_read(us_path(fx, geteuid(), ".old"), &(size_t){ 0 }));
	assert_int_equal(lstat(us_path(fx, geteuid(), ".new"), &after), -1);
	if (thing->spoilt)
		assert_int_equal(lstat(away, &after), -1);
	else {
		assert_int_equal(lstat(away, &after), 0);
		assert_int_equal(after.st_ino, before.st_ino);
		assert_int_equal(after.st_size, before.st_size);
	}
	write_enough(fx, id);
	us_fold(fx, time(NULL) + 120, AK_FOLD_ALL, NULL); /* .old is quiet now */
	us_fold(fx, time(NULL) + 120, AK_FOLD_ALL, NULL);
	assert_int_equal(stat(us_path(fx, geteuid(), ""), &after), 0);
	assert_int_equal(after.st_size, AK_USAGE_LEN);
	assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), 2 * ENOUGH);
	us_agree(fx);
	assert_int_equal(fx_teardown(&each), 0);
}

static void
what_is_in_the_way_of_UID_old_blocks_nothing_and_is_not_lost_R30(void **state)
{
	(void)state;
	for (size_t i = 0; i < us_things_count; i++)
		put_aside(&us_things[i], ".old");
}

static void
what_is_in_the_way_of_UID_new_blocks_nothing_and_is_not_lost_R30(void **state)
{
	(void)state;
	for (size_t i = 0; i < us_things_count; i++)
		put_aside(&us_things[i], ".new");
}

static void
what_is_of_another_user_is_moved_away_R30(void **state)
{
	(void)state;
	put_aside(&foreign, ".old");
	put_aside(&foreign, ".new");
}

/* Who wrote while the clock was ahead, or set such a time, blocks nothing. */
static void
a_file_put_aside_of_the_future_gives_way_too(void **state)
{
	const struct timespec ahead[2] = { { FX_NOW + 40 * 86400, 0 },
		{ FX_NOW + 40 * 86400, 0 } };
	const struct timespec soon[2] = { { FX_NOW + 30, 0 }, { FX_NOW + 30, 0 } };
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];
	struct stat st;

	us_key(fx, "alice", id);
	us_write(fx, ".old", NULL, 0);
	write_enough(fx, id);
	us_fold(fx, FX_NOW, 100, NULL); /* all of .old is read before */
	assert_int_equal(
	    utimensat(AT_FDCWD, us_path(fx, geteuid(), ".old"), soon, 0), 0);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL); /* within the command's own seconds */
	assert_int_equal(stat(us_path(fx, geteuid(), ""), &st), 0);
	assert_true(st.st_size > AK_USAGE_LEN);
	assert_int_equal(
	    utimensat(AT_FDCWD, us_path(fx, geteuid(), ".old"), ahead, 0), 0);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
	assert_int_equal(stat(us_path(fx, geteuid(), ""), &st), 0);
	assert_int_equal(st.st_size, AK_USAGE_LEN);
	assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), ENOUGH);
}

/* Root opens what he likes, unless he lays this down. */
static void
override_modes(bool may)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[2];
	const uint32_t bits = 1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH;

	assert_int_equal(syscall(SYS_capget, &head, sets), 0);
	sets[0].effective = may ? sets[0].effective | (bits & sets[0].permitted)
				: sets[0].effective & ~bits;
	assert_int_equal(syscall(SYS_capset, &head, sets), 0);
}

/* It may be read tomorrow: what is in it must not be lost for a broken disk. */
static void
a_file_put_aside_that_cannot_be_opened_is_waited_for(void **state)
{
	struct fx *fx = *state;
	struct ak_usage_record r;
	struct us_notes notes = { 0 };
	char id[AK_ID_LEN + 1];
	struct stat st;

	us_key(fx, "alice", id);
	r = us_record(id, AK_VALID, NULL);
	us_write(fx, ".old", &r, 1);
	assert_int_equal(chmod(us_path(fx, geteuid(), ".old"), 0), 0);
	write_enough(fx, id);
	override_modes(false);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, &notes);
	override_modes(true);
	assert_int_equal(notes.count, 1);
	assert_contains(notes.lines[0], ".old cannot be opened");
	assert_int_equal(stat(us_path(fx, geteuid(), ""), &st), 0);
	assert_true(st.st_size > AK_USAGE_LEN);
	assert_int_equal(chmod(us_path(fx, geteuid(), ".old"), 0600), 0);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
	assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), ENOUGH + 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_in_the_way_of_UID_old_blocks_nothing_and_is_not_lost_R30),
		cmocka_unit_test(
		    what_is_in_the_way_of_UID_new_blocks_nothing_and_is_not_lost_R30),
		cmocka_unit_test(what_is_of_another_user_is_moved_away_R30),
		FX_TEST(a_file_put_aside_of_the_future_gives_way_too),
		FX_TEST(a_file_put_aside_that_cannot_be_opened_is_waited_for),
	};

	return cmocka_run_group_tests_name("usage_aside", tests, NULL, NULL);
}
