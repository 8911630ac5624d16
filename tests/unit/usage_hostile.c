/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever stands in usage.d, a fold ends soon, changes nothing outside, says each
 * thing once and counts what is whole (SECURITY R30, R33, R34).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "../records.h"

/* s of processor: five times what a fold may take. A busy machine counts for nothing.
 */
#define SOON 5.0

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A fold as listing commands do it. */
static void
fold(const struct fx *fx, struct us_notes *notes)
{
	double from = seconds(), took;

	memset(notes, 0, sizeof(*notes));
	us_fold(fx, FX_NOW, AK_FOLD_SOME, notes);
	took = seconds() - from;
	print_message("# %.3f s\n", took);
	if (!FX_SANITIZED && !fx_in_valgrind())
		assert_true(took < SOON);
}

static void
what_is_no_usage_file_is_told_once_and_again_when_it_is_another_thing_R30(void **state)
{
	struct us_notes notes;
	char line[256];
	struct fx *fx;
	void *each;

	(void)state;
	for (size_t i = 0; i < us_things_count; i++) {
		assert_int_equal(fx_setup(&each), 0);
		fx = each;
		us_things[i].make(us_path(fx, geteuid(), ""));
		snprintf(line, sizeof(line), "%u %s", (unsigned)geteuid(),
		    us_things[i].wrong);
		fold(fx, &notes);
		assert_int_equal(notes.count, 1);
		if (!us_noted(&notes, line))
			fail_msg("\"%s\" instead of \"%s\"", notes.lines[0], line);
		fold(fx, &notes);
		assert_int_equal(notes.count, 0);
		assert_int_equal(remove(us_path(fx, geteuid(), "")), 0);
		fx_write(us_path(fx, geteuid(), ""), "AKUF", 4, 0600);
		fold(fx, &notes);
		assert_int_equal(notes.count,
		    strcmp(us_things[i].wrong, "is not a usage file") == 0 ? 0 : 1);
		assert_int_equal(fx_teardown(&each), 0);
	}
}

static void
a_device_is_not_read_R30(void **state)
{
	struct fx *fx = *state;
	const char *path = us_path(fx, geteuid(), "");
	struct us_notes notes;

	assert_int_equal(unlink(path), 0);
	if (mknod(path, S_IFCHR | 0600, (1 << 8) | 5) != 0) /* zero */
		fx_skip("needs root, and a system where devices can be made");
	fold(fx, &notes);
	assert_contains(notes.lines[0], "is not a regular file");
}

static void
a_file_of_another_user_is_not_believed_R33(void **state)
{
	struct fx *fx = *state;
	struct us_notes notes;

	if (geteuid() != 0)
		fx_skip("needs root: chown");
	assert_int_equal(chown(us_path(fx, 0, ""), 65534, (gid_t)-1), 0);
	fold(fx, &notes);
	assert_true(
	    us_noted(&notes, "0 does not belong to the user that it is named after"));
}

static void
names_that_are_none_of_ours_are_told_once_and_left_alone_R30(void **state)
{
	static const char *const names[] = { "keys.db", "00", "0.olds", "-1", "0x0",
		"4294967296", "0 ", "\x1b[2J", "0.old.old" };
	struct fx *fx = *state;
	struct us_notes notes;
	char name[128];
	struct stat st;

	for (size_t i = 0; i < FX_COUNT(names); i++) {
		snprintf(name, sizeof(name), "root/usage.d/%s", names[i]);
		fx_write(fx_path(fx, name), "x", 1, 0600);
	}
	fold(fx, &notes);
	assert_int_equal(notes.count, FX_COUNT(names));
	assert_true(us_noted(&notes, "0.olds is none of authkey's files"));
	fold(fx, &notes);
	assert_int_equal(notes.count, 0);
	for (size_t i = 0; i < FX_COUNT(names); i++) {
		snprintf(name, sizeof(name), "root/usage.d/%s", names[i]);
		assert_int_equal(stat(fx_path(fx, name), &st), 0);
		assert_int_equal(st.st_size, 1);
	}
}

/* Fill our file with what `fill` gives, in megabytes behind its head. */
static void
fill(const struct fx *fx, unsigned megabytes, void (*give)(uint8_t *, size_t))
{
	size_t len = 1 << 20;
	uint8_t *bytes = malloc(len);
	int fd = open(us_path(fx, geteuid(), ""), O_WRONLY | O_APPEND | O_CLOEXEC);

	assert_true(bytes != NULL && fd >= 0);
	while (megabytes-- > 0) {
		give(bytes, len);
		assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	}
	close(fd);
	free(bytes);
}

static void
zeros(uint8_t *bytes, size_t len)
{
	memset(bytes, 0, len);
}

/* Wherever it is looked for, a record may begin. */
static void
beginnings(uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i + 4 <= len; i += 4)
		memcpy(bytes + i, ak_usage_magic, 4);
}

static void
noise(uint8_t *bytes, size_t len)
{
	randombytes_buf(bytes, len);
}

static void
bytes_that_are_no_records_are_passed_over_in_a_second_R30(void **state)
{
	void (*const kinds[])(uint8_t *, size_t) = { zeros, beginnings, noise };
	struct ak_usage_record r;
	struct us_notes notes;
	struct fx *fx;
	void *each;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(kinds); i++) {
		assert_int_equal(fx_setup(&each), 0);
		fx = each;
		r = us_record(fx_id(fx_key(fx, "alice")), AK_VALID, NULL);
		us_append(fx, &r);
		fill(fx, 63, kinds[i]);
		us_append(fx, &r);
		fold(fx, &notes);
		assert_int_equal(notes.count, 1);
		assert_contains(
		    notes.lines[0], "has bytes in it that are no usage records");
		for (int n = 0; n < 10; n++)
			us_fold(fx, FX_NOW, AK_FOLD_ALL, &notes);
		assert_int_equal(notes.count, 1);
		assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), 2);
		assert_int_equal(
		    us_number(fx, "SELECT strange FROM usage_source"), 63 << 20);
		assert_int_equal(fx_teardown(&each), 0);
	}
}

static void
a_fold_reads_so_much_and_the_next_one_goes_on_R30(void **state)
{
	struct fx *fx = *state;
	int64_t most = (1 << 20) + AK_USAGE_LEN; /* what it has in memory, and a head */

	fill(fx, 4, zeros);
	for (int64_t folds = 1; folds <= 3; folds++) {
		us_fold(fx, FX_NOW, 10, NULL);
		assert_in_range(us_number(fx, "SELECT offset FROM usage_file"),
		    AK_USAGE_LEN + folds, folds * most);
	}
}

static void
a_file_of_ten_gigabytes_without_a_byte_in_it_is_passed_over_R30(void **state)
{
	struct fx *fx = *state;
	struct ak_usage_record r =
	    us_record(fx_id(fx_key(fx, "alice")), AK_VALID, NULL);
	const off_t size = INT64_C(10) << 30;
	uint8_t packed[AK_USAGE_LEN];
	struct us_notes notes;
	int fd;

	us_append(fx, &r);
	if (truncate(us_path(fx, geteuid(), ""), size) != 0)
		fx_skip("no file may be as large here");
	ak_usage_pack(&r, packed);
	fd = open(us_path(fx, geteuid(), ""), O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, packed, sizeof(packed)), (ssize_t)sizeof(packed));
	close(fd);
	fold(fx, &notes);
	fold(fx, &notes);
	assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), 2);
}

/* What no fold could add up would end the statistics of everybody. */
static void
holes_as_large_as_a_number_end_no_fold_R30(void **state)
{
	struct fx *fx = *state;
	const char *path = us_path(fx, geteuid(), "");
	struct us_notes notes;
	int fd;

	for (int i = 0; i < 3; i++) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (pwrite(fd, "x", 1, INT64_MAX - 1) != 1) {
			close(fd);
			fx_skip("no file may be as large here");
		}
		assert_int_equal(pwrite(fd, "xx", 2, INT64_MAX - 5000), 2);
		close(fd);
		fold(fx, &notes);
		fold(fx, &notes);
		assert_int_equal(truncate(path, AK_USAGE_LEN), 0);
		fold(fx, &notes);
	}
	assert_true(us_number(fx, "SELECT strange FROM usage_source") > INT32_MAX);
}

/* Records as bad as their form allows: each touches rows of its own. */
static void
forged_records_cost_no_more_than_a_second_R30(void **state)
{
	struct fx *fx = *state;
	const size_t count = AK_FOLD_SOME;
	struct ak_usage_record *records = calloc(count, sizeof(*records));
	uint64_t seed = 21;
	struct us_notes notes;
	char ids[32][AK_ID_LEN + 1];

	assert_non_null(records);
	for (size_t i = 0; i < FX_COUNT(ids); i++)
		us_key(fx, "alice", ids[i]);
	for (size_t i = 0; i < count; i++) {
		records[i] = us_record(
		    ids[fx_random(&seed) % FX_COUNT(ids)], AK_VALID, "192.0.2.1");
		records[i].time = fx_random(&seed) % FX_NOW;
		for (int b = 0; b < 16; b++)
			records[i].address.bytes[b] = (uint8_t)fx_random(&seed);
		snprintf(records[i].service, sizeof(records[i].service), "s%u",
		    fx_random(&seed));
	}
	us_write(fx, "", records, count);
	free(records);
	fold(fx, &notes);
	assert_int_equal(us_number(fx, "SELECT sum(uses) FROM key_usage"), count);
	assert_int_equal(us_number(fx, "SELECT sum(count) FROM day_count"), count);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_no_usage_file_is_told_once_and_again_when_it_is_another_thing_R30),
		FX_TEST(a_device_is_not_read_R30),
		FX_TEST(a_file_of_another_user_is_not_believed_R33),
		FX_TEST(names_that_are_none_of_ours_are_told_once_and_left_alone_R30),
		cmocka_unit_test(
		    bytes_that_are_no_records_are_passed_over_in_a_second_R30),
		FX_TEST(a_fold_reads_so_much_and_the_next_one_goes_on_R30),
		FX_TEST(
		    a_file_of_ten_gigabytes_without_a_byte_in_it_is_passed_over_R30),
		FX_TEST(holes_as_large_as_a_number_end_no_fold_R30),
		FX_TEST(forged_records_cost_no_more_than_a_second_R30),
	};

	return cmocka_run_group_tests_name("usage_hostile", tests, NULL, NULL);
}
