/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One append to usage.d/UID: what is no usage file of this user is refused at once, and
 * whatever goes wrong, the host is as it was (SECURITY R31, R34, R35).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../records.h"

#define NOBODY 65534

static const char id[] = "7QxR2mNd";

static enum ak_code
append_to(const char *folder, struct ak_error *error)
{
	const struct ak_usage_record r = us_record(id, AK_VALID, "192.0.2.7");
	unsigned files = fx_open_files();
	enum ak_code code = ak_usage_append(folder, &r, error);

	assert_int_equal(fx_open_files(), files); /* none is left open */
	return code;
}

static size_t
count_in(const char *path)
{
	size_t n;

	free(us_read(path, &n));
	return n;
}

static void
a_record_is_appended_to_the_file_of_who_runs_this_R31(void **state)
{
	struct fx *fx = *state;
	struct ak_usage_record *r;
	struct ak_error error;
	struct stat st;
	size_t n;

	assert_code(append_to(us_folder(fx), &error), AK_OK, &error);
	assert_code(append_to(us_folder(fx), &error), AK_OK, &error);
	r = us_read(us_path(fx, geteuid(), ""), &n);
	assert_int_equal(n, 2);
	assert_string_equal(r[1].id, id);
	free(r);
	assert_int_equal(stat(us_path(fx, geteuid(), ""), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void
what_is_no_usage_file_is_refused_at_once_and_named_R31_R34(void **state)
{
	struct ak_error error;
	struct fx *fx;
	void *each;

	(void)state;
	for (size_t i = 0; i < us_things_count; i++) {
		assert_int_equal(fx_setup(&each), 0);
		fx = each;
		us_things[i].make(us_path(fx, geteuid(), ""));
		alarm(20); /* a FIFO would be waited for, for ever */
		if (append_to(us_folder(fx), &error) != AK_E_STORE)
			fail_msg("%s: code %d", us_things[i].name, (int)error.code);
		alarm(0);
		assert_contains(error.text, us_path(fx, geteuid(), ""));
		assert_int_equal(fx_teardown(&each), 0);
	}
}

static void
a_file_that_is_not_there_is_named(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;

	assert_int_equal(unlink(us_path(fx, geteuid(), "")), 0);
	assert_code(append_to(us_folder(fx), &error), AK_E_NOT_FOUND, &error);
	assert_contains(error.text, us_path(fx, geteuid(), ""));
}

static void
a_folder_that_is_not_there_is_named(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;

	assert_code(append_to(fx_path(fx, "nowhere"), &error), AK_E_NOT_FOUND, &error);
	assert_contains(error.text, "/nowhere/");
	assert_contains(error.text, "authkey verifier add");
}

static void
a_device_or_the_file_of_another_user_is_refused_R31(void **state)
{
	struct fx *fx = *state;
	const char *path = us_path(fx, geteuid(), "");
	struct ak_error error;

	if (geteuid() != 0)
		fx_skip("needs root: chown and mknod");
	assert_int_equal(chown(path, NOBODY, (gid_t)-1), 0);
	assert_code(append_to(us_folder(fx), &error), AK_E_STORE, &error);
	assert_int_equal(count_in(path), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mknod(path, S_IFCHR | 0600, (1 << 8) | 3), 0); /* null */
	assert_code(append_to(us_folder(fx), &error), AK_E_STORE, &error);
}

struct user {
	const struct fx *fx;
	uid_t uid;
};

static int
append_as(void *context)
{
	const struct user *u = context;
	struct ak_error error = { AK_OK, "" };

	if (setgid(u->uid) != 0 || setuid(u->uid) != 0)
		return 100;
	return (int)append_to(us_folder(u->fx), &error);
}

static void
each_user_writes_his_own_file_and_no_other_R31(void **state)
{
	struct fx *fx = *state;
	struct user nobody = { fx, NOBODY };
	struct ak_error error;
	struct stat st;
	bool made;

	if (geteuid() != 0)
		fx_skip("needs root: to be another user");
	assert_int_equal(fx_wait(fx_spawn(append_as, &nobody)), AK_E_NOT_FOUND);
	assert_code(ak_usage_file_make(ak_master_paths(fx->master), NOBODY,
			AK_USAGE_CAP_DEFAULT, &made, &error),
	    AK_OK, &error);
	assert_true(made);
	assert_int_equal(stat(us_path(fx, NOBODY, ""), &st), 0);
	assert_int_equal(st.st_uid, NOBODY);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fx_wait(fx_spawn(append_as, &nobody)), AK_OK);
	assert_int_equal(count_in(us_path(fx, NOBODY, "")), 1);
	assert_int_equal(count_in(us_path(fx, 0, "")), 0);
	/* Made again, it stays as it is. */
	assert_code(ak_usage_file_make(ak_master_paths(fx->master), NOBODY,
			AK_USAGE_CAP_DEFAULT, &made, &error),
	    AK_OK, &error);
	assert_false(made);
	assert_int_equal(count_in(us_path(fx, NOBODY, "")), 1);
	assert_int_equal(chmod(us_path(fx, NOBODY, ""), 0400), 0);
	assert_int_equal(fx_wait(fx_spawn(append_as, &nobody)), AK_E_PERMISSION);
}

/* Where flags of renaming are not known, there is none of that name for a moment. */
static void
a_record_goes_to_the_file_that_a_fold_is_renaming_and_counts_once(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;
	char new[2 * FX_PATH];

	snprintf(new, sizeof(new), "%s", us_path(fx, geteuid(), ".new"));
	assert_int_equal(rename(us_path(fx, geteuid(), ""), new), 0);
	assert_code(append_to(us_folder(fx), &error), AK_OK, &error);
	assert_int_equal(count_in(new), 1);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL); /* which ends what was begun */
	assert_int_equal(access(new, F_OK), -1);
	assert_int_equal(count_in(us_path(fx, geteuid(), "")), 1);
	assert_code(append_to(us_folder(fx), &error), AK_OK, &error);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
	assert_int_equal(us_number(fx, "SELECT records FROM usage_source"), 2);
	/* It must be this user's own there, too. */
	assert_int_equal(rename(us_path(fx, geteuid(), ""), new), 0);
	assert_int_equal(link(new, us_path(fx, geteuid(), ".other")), 0);
	assert_code(append_to(us_folder(fx), &error), AK_E_STORE, &error);
	assert_contains(error.text, ".new: is not this user's own");
}

/* A file of our own with room for so many records. */
static void
make_small(const struct fx *fx, size_t records)
{
	struct ak_usage_head head = { .cap = (records + 1) * AK_USAGE_LEN };
	uint8_t bytes[AK_USAGE_LEN];

	memset(head.id, 7, sizeof(head.id));
	ak_usage_head_pack(&head, bytes);
	fx_write(us_path(fx, geteuid(), ""), bytes, sizeof(bytes), 0600);
}

static void
past_the_cap_records_are_dropped_and_the_drops_counted_R32(void **state)
{
	struct fx *fx = *state;
	struct ak_usage_head head;
	struct ak_error error;

	make_small(fx, 3);
	for (int i = 0; i < 3; i++)
		assert_code(append_to(us_folder(fx), &error), AK_OK, &error);
	for (unsigned dropped = 1; dropped < 300; dropped++) {
		assert_code(append_to(us_folder(fx), &error), AK_E_STORE, &error);
		assert_true(us_head(us_path(fx, geteuid(), ""), &head));
		assert_int_equal(head.dropped, dropped);
	}
	assert_contains(error.text, "authkey fold");
	assert_int_equal(count_in(us_path(fx, geteuid(), "")), 3);
}

#define DROPPERS 8

static int
drop_many(void *context)
{
	const struct ak_usage_record r = us_record(id, AK_VALID, NULL);
	struct ak_error error;

	for (unsigned n = fx_loops(2000); n > 0; n--)
		if (ak_usage_append(context, &r, &error) != AK_E_STORE)
			return 1;
	return 0;
}

/* A drop that meets others again and again may go uncounted; none counts twice. */
static void
drops_of_many_at_once_are_never_counted_twice_R32(void **state)
{
	struct fx *fx = *state;
	unsigned truth = DROPPERS * fx_loops(2000);
	char folder[2 * FX_PATH];
	struct ak_usage_head head;
	int pids[DROPPERS];

	make_small(fx, 0);
	snprintf(folder, sizeof(folder), "%s", us_folder(fx));
	for (int i = 0; i < DROPPERS; i++)
		pids[i] = fx_spawn(drop_many, folder);
	for (int i = 0; i < DROPPERS; i++)
		assert_int_equal(fx_wait(pids[i]), 0);
	assert_true(us_head(us_path(fx, geteuid(), ""), &head));
	print_message("# %u of %u drops counted\n", (unsigned)head.dropped, truth);
	assert_true(head.dropped <= truth);
	assert_true(head.dropped >= truth - truth / 10);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_record_is_appended_to_the_file_of_who_runs_this_R31),
		cmocka_unit_test(
		    what_is_no_usage_file_is_refused_at_once_and_named_R31_R34),
		FX_TEST(a_file_that_is_not_there_is_named),
		FX_TEST(a_folder_that_is_not_there_is_named),
		FX_TEST(a_device_or_the_file_of_another_user_is_refused_R31),
		FX_TEST(each_user_writes_his_own_file_and_no_other_R31),
		FX_TEST(
		    a_record_goes_to_the_file_that_a_fold_is_renaming_and_counts_once),
		FX_TEST(past_the_cap_records_are_dropped_and_the_drops_counted_R32),
		FX_TEST(drops_of_many_at_once_are_never_counted_twice_R32),
	};

	return cmocka_run_group_tests_name("usage_append", tests, NULL, NULL);
}
