/* SPDX-License-Identifier: BSD-2-Clause */
/* The master: set-up, trust, versions, records and names (SECURITY R24, R43, R46,
 * finding 1). */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../forge.h"

static const char *
own_group(void)
{
	const struct group *group = getgrgid(getegid());

	assert_non_null(group);
	return group->gr_name;
}

static enum ak_code
init(const char *root, const char *prefix, const char *group, bool *made,
    struct ak_error *error)
{
	struct ak_installation wanted = { .generation = 0 };

	snprintf(wanted.prefix, sizeof(wanted.prefix), "%s", prefix);
	snprintf(wanted.unix_group, sizeof(wanted.unix_group), "%s", group);
	return ak_master_init(root, &wanted, FX_NOW, made, error);
}

static enum ak_code
open_again(struct fx *fx, struct ak_error *error)
{
	struct ak_master *master;
	enum ak_code code = ak_master_open(fx->root, &master, error);

	assert_int_equal(master != NULL, code == AK_OK);
	ak_master_close(&master);
	return code;
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
modes_and_owners_are_right_under_any_umask_R24(void **state)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	struct fx *fx = *state;
	struct ak_error error;
	struct ak_paths paths;
	struct stat st;
	char root[FX_PATH];
	bool made;

	for (size_t i = 0; i < FX_COUNT(masks); i++) {
		struct ak_master *master;
		mode_t mask = umask(masks[i]);

		snprintf(root, sizeof(root), "%s", fx_path(fx, "under"));
		assert_code(init(root, "", own_group(), &made, &error), AK_OK, &error);
		assert_true(made);
		assert_code(ak_paths_of(root, &paths, &error), AK_OK, &error);
		assert_code(ak_master_open(root, &master, &error), AK_OK, &error);
		assert_code(ak_master_begin(master, &error), AK_OK, &error);
		assert_code(ak_master_commit(master, FX_NOW, &error), AK_OK, &error);
		ak_master_close(&master);
		umask(mask);
		assert_int_equal(mode_of(root), 0755);
		assert_int_equal(mode_of(paths.master_folder), 0700);
		assert_int_equal(mode_of(paths.usage_folder), 0755);
		assert_int_equal(mode_of(paths.store), 0640);
		assert_int_equal(mode_of(paths.master) & 077, 0);
		assert_int_equal(mode_of(paths.lock) & 077, 0);
		assert_int_equal(stat(paths.store, &st), 0);
		assert_int_equal(st.st_uid, geteuid());
		assert_int_equal(st.st_gid, getegid());
		assert_int_equal(st.st_nlink, 1);
		assert_int_equal(access(paths.store_new, F_OK), -1);
		assert_int_equal(access(paths.master_new, F_OK), -1);
		fx_folder_remove(root);
	}
}

static void
the_store_belongs_to_the_group_that_was_named_R24(void **state)
{
	struct fx *fx = *state;
	const struct group *group = getgrnam("daemon");
	struct ak_error error;
	struct stat st;
	char path[FX_PATH];
	bool made;

	if (geteuid() != 0 || group == NULL)
		fx_skip("giving a file to a group needs root, and a group daemon");
	assert_code(init(fx_path(fx, "g"), "", "daemon", &made, &error), AK_OK, &error);
	snprintf(path, sizeof(path), "%s", fx_path(fx, "g/keys.db"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_gid, group->gr_gid);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void
a_repeated_init_changes_nothing_and_says_so(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	struct ak_error error;
	bool made = true;
	size_t before_len, len;
	uint8_t *before = fx_read(fx->store, &before_len), *after;

	assert_code(init(fx->root, "", "", &made, &error), AK_OK, &error);
	assert_false(made);
	assert_code(init(fx->root, "ak", own_group(), &made, &error), AK_OK, &error);
	assert_false(made);
	after = fx_read(fx->store, &len);
	assert_int_equal(len, before_len);
	assert_memory_equal(after, before, len);
	assert_reason(fx_verify(fx, token, "alice"), AK_VALID);
	free(after);
	free(before);
}

static void
an_init_that_wants_something_else_is_a_conflict(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;
	bool made;

	assert_code(init(fx->root, "kalp", "", &made, &error), AK_E_CONFLICT, &error);
	assert_contains(error.text, "prefix ak");
	assert_code(
	    init(fx->root, "", "no-such-group", &made, &error), AK_E_CONFLICT, &error);
	assert_contains(error.text, own_group());
	assert_false(made);
}

static void
an_init_with_bad_wishes_makes_no_installation(void **state)
{
	struct fx *fx = *state;
	const char *root = fx_path(fx, "new");
	struct ak_master *master;
	struct ak_error error;
	bool made;

	assert_code(init(root, "BAD", own_group(), &made, &error), AK_E_USAGE, &error);
	assert_int_equal(access(root, F_OK), -1);
	assert_code(
	    init(root, "", "no-such-group", &made, &error), AK_E_NOT_FOUND, &error);
	assert_contains(error.text, "groupadd");
	assert_false(made);
	assert_code(ak_master_open(root, &master, &error), AK_E_NOT_FOUND, &error);
	assert_null(master);
	/* The right wish after a wrong one. */
	assert_code(init(root, "kalp", own_group(), &made, &error), AK_OK, &error);
	assert_true(made);
	/* A folder above that is missing is not made. */
	assert_code(init(fx_path(fx, "no/where"), "", own_group(), &made, &error),
	    AK_E_STORE, &error);
}

static void
an_init_that_was_killed_half_way_is_finished_by_the_next(void **state)
{
	struct fx *fx = *state;
	const char *root = fx_path(fx, "half");
	struct ak_master *master;
	struct ak_error error;
	bool made;

	assert_int_equal(mkdir(root, 0755), 0);
	assert_int_equal(mkdir(fx_path(fx, "half/master"), 0700), 0);
	fx_write(fx_path(fx, "half/master/master.db.new"), "SQLite format 3", 16, 0600);
	fx_write(fx_path(fx, "half/keys.db.new"), "SQLite format 3", 16, 0600);
	assert_code(init(root, "", own_group(), &made, &error), AK_OK, &error);
	assert_true(made);
	assert_code(ak_master_open(root, &master, &error), AK_OK, &error);
	ak_master_close(&master);
	assert_int_equal(access(fx_path(fx, "half/keys.db.new"), F_OK), -1);
}

static void
a_missing_installation_is_named_with_the_way_out(void **state)
{
	struct fx *fx = *state;
	struct ak_master *master;
	struct ak_error error;

	assert_code(ak_master_open(fx_path(fx, "none"), &master, &error),
	    AK_E_NOT_FOUND, &error);
	assert_contains(error.text, "authkey init");
	assert_code(
	    ak_master_open(fx->folder, &master, &error), AK_E_NOT_FOUND, &error);
	assert_contains(error.text, "authkey init");
	assert_null(master);
}

static void
a_master_folder_that_others_may_enter_is_refused(void **state)
{
	static const unsigned modes[] = { 0701, 0710, 0750, 0755, 0770, 0777, 01777 };
	struct fx *fx = *state;
	const struct ak_paths *paths = ak_master_paths(fx->master);
	struct ak_error error;

	for (size_t i = 0; i < FX_COUNT(modes); i++) {
		assert_int_equal(chmod(paths->master_folder, modes[i]), 0);
		assert_code(open_again(fx, &error), AK_E_STORE, &error);
		assert_contains(error.text, paths->master_folder);
	}
	assert_int_equal(chmod(paths->master_folder, 0700), 0);
	assert_code(open_again(fx, &error), AK_OK, &error);
	assert_int_equal(chmod(fx->root, 0777), 0);
	assert_code(open_again(fx, &error), AK_E_STORE, &error);
	assert_contains(error.text, "could swap");
}

static void
a_master_folder_of_a_stranger_is_refused(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;

	if (geteuid() != 0)
		fx_skip("giving a folder away needs root");
	assert_int_equal(
	    chown(ak_master_paths(fx->master)->master_folder, 65534, 0), 0);
	assert_code(open_again(fx, &error), AK_E_STORE, &error);
}

static void
a_master_that_is_a_link_is_refused(void **state)
{
	struct fx *fx = *state;
	const struct ak_paths *paths = ak_master_paths(fx->master);
	const char *away = fx_path(fx, "away.db");
	struct ak_error error;

	assert_int_equal(rename(paths->master, away), 0);
	assert_int_equal(symlink(away, paths->master), 0);
	assert_true(open_again(fx, &error) != AK_OK);
	/* And the whole folder. */
	assert_int_equal(rename(paths->master_folder, fx_path(fx, "away")), 0);
	assert_int_equal(symlink(fx_path(fx, "away"), paths->master_folder), 0);
	assert_code(open_again(fx, &error), AK_E_STORE, &error);
}

static void
change_header(struct fx *fx, const char *sql)
{
	ak_master_close(&fx->master);
	forge_run_on(fx_path(fx, "root/master/master.db"), sql);
}

static void
a_master_of_a_newer_version_is_refused(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;

	change_header(fx, "PRAGMA user_version = 1000");
	assert_code(open_again(fx, &error), AK_E_STORE, &error);
	assert_contains(error.text, "newer authkey (version 1000");
	assert_contains(error.text, "upgrade");
}

static void
a_database_that_is_no_master_is_refused(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;
	bool made;

	change_header(fx, "PRAGMA application_id = 1");
	assert_code(open_again(fx, &error), AK_E_STORE, &error);
	assert_contains(error.text, "not an authkey master");
	fx_write(fx_path(fx, "root/master/master.db"), "no database at all", 18, 0600);
	assert_code(open_again(fx, &error), AK_E_STORE, &error);
	/* And init does not put a new one over what it does not know. */
	assert_true(init(fx->root, "", "", &made, &error) != AK_OK);
	assert_false(made);
}

static void
a_name_is_free_again_when_its_key_is_revoked(void **state)
{
	struct fx *fx = *state;
	struct ak_record first = fx_record("alice"), second = first, third = first;
	char token[AK_TOKEN_MAX + 1];
	struct ak_error error;
	const char *issued = fx_issue(fx, &first);

	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(
	    ak_record_issue(fx->master, &second, token, &error), AK_E_CONFLICT, &error);
	assert_contains(error.text, first.key.name);
	assert_contains(error.text, "authkey revoke");
	/* Another owner's key may have it. */
	snprintf(third.key.owner, sizeof(third.key.owner), "bob");
	assert_code(ak_record_issue(fx->master, &third, token, &error), AK_OK, &error);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	fx_set_state(fx, issued, AK_SWITCHED_OFF); /* a disabled key keeps it */
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(
	    ak_record_issue(fx->master, &second, token, &error), AK_E_CONFLICT, &error);
	ak_master_rollback(fx->master);
	fx_set_state(fx, issued, AK_ENDED);
	fx_issue(fx, &second);
}

static bool
same_record(const struct ak_record *record, void *context)
{
	struct ak_record *copies = context;

	assert_string_equal(record->key.id, copies[0].key.id);
	copies[1] = *record;
	return true;
}

static void
a_record_is_read_back_as_it_was_written(void **state)
{
	struct fx *fx = *state;
	struct ak_record r = fx_record("EXAMPLE\\alice"), copies[2];
	struct ak_error error;
	bool found;

	memset(r.key.name, 'n', AK_NAME_MAX);
	memset(r.description, 'd', AK_DESCRIPTION_MAX);
	for (int i = 0; ak_words_add(r.key.services, (char[]){ (char)('a' + i), 0 });
	     i++)
		if (i == 25)
			break;
	ak_words_add(r.key.scopes, "chain:read");
	ak_words_add(r.key.networks, "192.0.2.0/24");
	ak_words_add(r.key.networks, "2001:db8::/32");
	ak_words_add(r.tags, "ci");
	r.key.not_before = 0;
	r.key.expires_at = AK_TIME_MAX;
	r.key.decoy = true;
	r.draining_since = FX_NOW;
	r.no_recovery = true;
	fx_issue(fx, &r);
	assert_code(ak_record_by_id(fx->master, r.key.id, &copies[1], &found, &error),
	    AK_OK, &error);
	assert_true(found);
	assert_memory_equal(&copies[1], &r, sizeof(r));
	copies[0] = r;
	assert_code(ak_record_by_name(fx->master, r.key.name, r.key.owner, same_record,
			copies, &error),
	    AK_OK, &error);
	assert_memory_equal(&copies[1], &r, sizeof(r));
	assert_code(ak_record_by_id(fx->master, "11111111", &copies[1], &found, &error),
	    AK_OK, &error);
	assert_false(found);
}

static void
a_name_is_free_again_when_its_key_was_replaced(void **state)
{
	struct fx *fx = *state;
	struct ak_record old = fx_record("alice"), young = old;
	struct ak_error error;

	fx_issue(fx, &old);
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	memcpy(old.replaced_by, "22222222", sizeof(old.replaced_by));
	assert_code(ak_record_update(fx->master, &old, &error), AK_OK, &error);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	fx_issue(fx, &young);
	assert_string_equal(young.key.name, old.key.name);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(modes_and_owners_are_right_under_any_umask_R24),
		FX_TEST(the_store_belongs_to_the_group_that_was_named_R24),
		FX_TEST(a_repeated_init_changes_nothing_and_says_so),
		FX_TEST(an_init_that_wants_something_else_is_a_conflict),
		FX_TEST(an_init_with_bad_wishes_makes_no_installation),
		FX_TEST(an_init_that_was_killed_half_way_is_finished_by_the_next),
		FX_TEST(a_missing_installation_is_named_with_the_way_out),
		FX_TEST(a_master_folder_that_others_may_enter_is_refused),
		FX_TEST(a_master_folder_of_a_stranger_is_refused),
		FX_TEST(a_master_that_is_a_link_is_refused),
		FX_TEST(a_master_of_a_newer_version_is_refused),
		FX_TEST(a_database_that_is_no_master_is_refused),
		FX_TEST(a_name_is_free_again_when_its_key_is_revoked),
		FX_TEST(a_name_is_free_again_when_its_key_was_replaced),
		FX_TEST(a_record_is_read_back_as_it_was_written),
	};

	return cmocka_run_group_tests_name("master", tests, NULL, NULL);
}
