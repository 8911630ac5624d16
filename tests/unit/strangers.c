/* SPDX-License-Identifier: BSD-2-Clause */
/* Folders that somebody else can write in, and clocks that go back: R28, finding 1. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../fixture.h"

#define STRANGER 65534

static enum ak_code
init(const char *root, struct ak_error *error)
{
	struct ak_installation wanted = { 0 };
	bool made;

	snprintf(wanted.unix_group, sizeof(wanted.unix_group), "root");
	return ak_master_init(root, &wanted, FX_NOW, &made, error);
}

static bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
an_init_in_a_sticky_folder_is_refused(void **state)
{
	const struct fx *fx = *state;
	struct ak_error error = { 0 };
	char root[FX_PATH], inside[FX_PATH + 16];

	if (geteuid() != 0)
		fx_skip("only root is offered such folders");
	snprintf(root, sizeof(root), "%s", fx_path(fx, "sticky"));
	snprintf(inside, sizeof(inside), "%s/master", root);
	assert_int_equal(mkdir(root, 0755), 0);
	assert_int_equal(chmod(root, 01777), 0);
	assert_code(init(root, &error), AK_E_STORE, &error);
	assert_contains(error.text, "chmod");
	assert_false(exists(inside));
}

/* What a stranger has made where init makes its own. */
static void
is_refused(const struct fx *fx, const char *name, bool link)
{
	struct ak_error error = { 0 };
	char root[FX_PATH], path[FX_PATH + 32], lock[FX_PATH + 64];
	const char *victim = fx_path(fx, "victim");

	snprintf(root, sizeof(root), "%s", fx_path(fx, "fresh"));
	snprintf(path, sizeof(path), "%s/%s", root, name);
	snprintf(lock, sizeof(lock), "%s/lock", victim);
	assert_int_equal(mkdir(root, 0755), 0);
	mkdir(victim, 0755);
	if (link)
		assert_int_equal(symlink(victim, path), 0);
	else
		assert_true(mkdir(path, 0755) == 0 && chown(path, STRANGER, 0) == 0);
	if (init(root, &error) == AK_OK)
		fail_msg("%s of a stranger was taken", name);
	assert_contains(error.text, name);
	assert_false(exists(lock));
	fx_folder_remove(root);
}

static void
an_init_makes_nothing_in_folders_of_strangers(void **state)
{
	static const char *const names[] = { "master", "usage.d" };

	if (geteuid() != 0)
		fx_skip("only root can give a folder away");
	for (size_t i = 0; i < 2; i++) {
		is_refused(*state, names[i], false);
		is_refused(*state, names[i], true);
	}
}

static void
a_clock_that_went_back_wakes_no_expired_key_R28(void **state)
{
	const int64_t day = 86400;
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	struct ak_error error = { 0 };

	fx_set_times(fx, token, AK_NO_TIME, FX_NOW + day);
	fx_publish(fx, FX_NOW + 3 * day);
	assert_reason(fx_verify(fx, token, "alice"), AK_CLOCK_BEHIND);
	fx_publish(fx, FX_NOW); /* somebody changes something, by the wrong clock */
	assert_reason(fx_verify(fx, token, "alice"), AK_CLOCK_BEHIND);
	assert_int_equal(fx_meta(fx).published_at, FX_NOW + 3 * day);

	/* Who knows that the clock was wrong before, and not now, publishes. */
	assert_code(ak_master_publish(fx->master, FX_NOW, &error), AK_OK, &error);
	assert_reason(fx_verify(fx, token, "alice"), AK_VALID);
}

static void
nothing_to_do_publishes_a_store_that_is_behind_R26(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	struct ak_error error = { 0 };
	bool healed;

	fx_copy(fx->store, fx_path(fx, "before"));
	fx_set_state(fx, token, AK_SWITCHED_OFF);
	assert_int_equal(rename(fx_path(fx, "before"), fx->store), 0);
	assert_reason(fx_verify(fx, token, "alice"), AK_VALID);

	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(
	    ak_master_settle(fx->master, FX_NOW, &healed, &error), AK_OK, &error);
	assert_true(healed);
	assert_reason(fx_verify(fx, token, "alice"), AK_DISABLED);

	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(
	    ak_master_settle(fx->master, FX_NOW, &healed, &error), AK_OK, &error);
	assert_false(healed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(an_init_in_a_sticky_folder_is_refused),
		FX_TEST(an_init_makes_nothing_in_folders_of_strangers),
		FX_TEST(a_clock_that_went_back_wakes_no_expired_key_R28),
		FX_TEST(nothing_to_do_publishes_a_store_that_is_behind_R26),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
