/* SPDX-License-Identifier: BSD-2-Clause */
/* Migrations: an older master comes up to date with its keys, what is newer or of
 * another kind is left alone; how it is opened (SECURITY R14, R43). */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "../forge.h"
#include "master_private.h"
#include "sql.h"
#include "usage_private.h"

/* The columns of the tables of version 1, to copy them by. */
#define KEY_COLUMNS                                                              \
	"id, prefix, name, description, owner, scheme, digest, state, "          \
	"not_before, expires_at, services, scopes, networks, tags, created_at, " \
	"created_by, activated_at, revoked_at, revoked_by, revoke_reason, "      \
	"replaced_by"
static const char copy_to_version_1[] =
    "INSERT INTO installation (one, prefix, unix_group, generation)"
    "  SELECT one, prefix, unix_group, generation FROM new.installation;"
    "INSERT INTO owner SELECT * FROM new.owner;"
    "INSERT INTO key (" KEY_COLUMNS ") SELECT " KEY_COLUMNS " FROM new.key;"
    "PRAGMA user_version = 1; PRAGMA application_id = 1095454001;"; /* AKM1 */

/* Put a master of version 1 with the same keys in the place of the fixture's. */
static void
step_back_to_version_1(struct fx *fx)
{
	const char *path = fx_path(fx, "root/master/master.db");

	ak_master_close(&fx->master);
	forge_older(fx, path, ak_migrations[0], copy_to_version_1);
	assert_int_equal(forge_number_on(path, "PRAGMA user_version"), 1);
}

static void
a_master_of_version_1_comes_up_to_date_with_its_keys(void **state)
{
	struct fx *fx = *state;
	struct ak_installation is;
	const char *first = fx_key(fx, "alice"), *second = fx_key(fx, "bob");
	struct ak_error error;

	fx_set_state(fx, second, AK_SWITCHED_OFF);
	fx_set_owner(fx, "alice", false, true);
	step_back_to_version_1(fx);
	fx_reopen(fx);
	assert_int_equal(
	    forge_number_on(ak_master_paths(fx->master)->master, "PRAGMA user_version"),
	    AK_MIGRATION_COUNT);
	assert_string_equal(fx_load(fx, first)->key.owner, "alice");
	assert_true(fx_load(fx, first)->key.owner_verified);
	assert_int_equal(fx_load(fx, second)->key.state, AK_SWITCHED_OFF);
	assert_code(ak_master_installation(fx->master, &is, &error), AK_OK, &error);
	assert_int_equal(is.retention, AK_RETENTION_DEFAULT);
	assert_int_equal(is.usage_cap, AK_USAGE_CAP_DEFAULT);
	assert_true(is.default_expiry == AK_NO_TIME);
	fx_set_state(fx, second, AK_ENABLED); /* and it is in use */
	assert_reason(fx_verify(fx, second, "bob"), AK_VALID);
	assert_reason(fx_verify(fx, first, "alice"), AK_VALID);
}

static int
open_master(void *context)
{
	struct fx *fx = context;
	struct ak_master *master;
	struct ak_error error;
	enum ak_code code = ak_master_open(fx->root, &master, &error);

	if (code != AK_OK)
		print_error("%s\n", error.text);
	ak_master_close(&master);
	return (int)code;
}

static void
many_may_open_an_older_master_at_once(void **state)
{
	struct fx *fx;
	int pids[6];
	void *each;

	(void)state;
	for (unsigned n = fx_loops(10); n > 0; n--) {
		assert_int_equal(fx_setup(&each), 0);
		fx = each;
		fx_key(fx, "alice");
		step_back_to_version_1(fx);
		for (size_t i = 0; i < FX_COUNT(pids); i++)
			pids[i] = fx_spawn(open_master, fx);
		for (size_t i = 0; i < FX_COUNT(pids); i++)
			assert_int_equal(fx_wait(pids[i]), AK_OK);
		fx_reopen(fx);
		assert_string_equal(fx_load(fx, fx->tokens[0])->key.owner, "alice");
		assert_int_equal(
		    access(fx_path(fx, "root/master/master-schema-1.db"), F_OK), 0);
		assert_int_not_equal(
		    access(fx_path(fx, "root/master/master-schema-1.db.1"), F_OK), 0);
		assert_int_equal(fx_teardown(&each), 0);
	}
}

static void
a_newer_master_is_left_alone_and_the_way_out_is_named(void **state)
{
	struct fx *fx = *state;
	const char *path = fx_path(fx, "root/master/master.db");
	struct ak_error error;
	char sql[64];

	ak_master_close(&fx->master);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", AK_MIGRATION_COUNT + 1);
	forge_run_on(path, sql);
	assert_code(ak_master_open(fx->root, &fx->master, &error), AK_E_STORE, &error);
	assert_null(fx->master);
	assert_contains(error.text, "master.db");
	assert_contains(error.text, "newer authkey");
	assert_contains(error.text, AK_UPGRADE);
	assert_int_equal(
	    forge_number_on(path, "PRAGMA user_version"), AK_MIGRATION_COUNT + 1);
}

/* There is no migration before the first: such a number is nobody's. */
static void
a_version_below_the_first_is_damage_and_nothing_is_migrated(void **state)
{
	static const int versions[] = { 0, -1, -7, -200, INT_MIN };
	struct fx *fx = *state;
	const char *path = fx_path(fx, "root/master/master.db");
	struct ak_usage *usage;
	struct ak_error error;
	struct ak_paths paths;
	char sql[64];

	assert_code(ak_paths_of(fx->root, &paths, &error), AK_OK, &error);
	ak_master_close(&fx->master);
	for (size_t i = 0; i < FX_COUNT(versions); i++) {
		snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", versions[i]);
		forge_run_on(path, sql);
		assert_code(
		    ak_master_open(fx->root, &fx->master, &error), AK_E_STORE, &error);
		assert_contains(error.text, "is damaged");
		assert_code(
		    ak_master_look(fx->root, &fx->master, &error), AK_E_STORE, &error);
		assert_contains(error.text, "is damaged");
		assert_int_equal(
		    forge_number_on(path, "PRAGMA user_version"), versions[i]);
	}
	assert_code(ak_usage_open(&paths, &usage, &error), AK_OK, &error);
	ak_usage_close(&usage);
	forge_run_on(paths.usage, "PRAGMA user_version = -3");
	assert_code(ak_usage_open(&paths, &usage, &error), AK_E_STORE, &error);
	assert_contains(error.text, "is damaged");
}

/* What another one does, between two questions that a command asks of a new file. */
struct other {
	struct ak_database db;
	bool migrated;
};

static int
migrate_meanwhile(void *context, int action, const char *what, const char *value,
    const char *database, const char *trigger)
{
	struct other *other = context;
	struct ak_error error;

	(void)value, (void)database, (void)trigger;
	if (action == SQLITE_PRAGMA && !other->migrated &&
	    strcmp(what, "application_id") == 0) {
		other->migrated = true;
		assert_code(
		    ak_database_migrate(&other->db, &ak_usage_kind, NULL, NULL, &error),
		    AK_OK, &error);
	}
	return SQLITE_OK;
}

static void
a_database_that_another_makes_meanwhile_is_not_damaged(void **state)
{
	struct fx *fx = *state;
	const char *path = fx_path(fx, "root/master/usage.db");
	struct ak_database db = { .handle = NULL };
	struct other other = { .db = { .handle = NULL } };
	struct ak_error error;

	fx_write(path, "", 0, 0600);
	assert_code(ak_database_open(&db, path, &error), AK_OK, &error);
	assert_code(ak_database_use_wal(&db, &error), AK_OK, &error);
	assert_code(ak_database_open(&other.db, path, &error), AK_OK, &error);
	sqlite3_set_authorizer(db.handle, migrate_meanwhile, &other);
	assert_code(ak_database_migrate(&db, &ak_usage_kind, NULL, NULL, &error), AK_OK,
	    &error);
	assert_true(other.migrated);
	ak_database_close(&other.db);
	ak_database_close(&db);
	assert_int_equal(
	    forge_number_on(path, "PRAGMA user_version"), AK_USAGE_MIGRATION_COUNT);
}

static void
a_database_of_another_kind_is_left_alone(void **state)
{
	struct fx *fx = *state;
	const char *path = fx_path(fx, "root/master/master.db");
	struct ak_usage *usage;
	struct ak_error error;
	struct ak_paths paths;

	assert_code(ak_paths_of(fx->root, &paths, &error), AK_OK, &error);
	ak_master_close(&fx->master);
	forge_run_on(path, "PRAGMA application_id = 1");
	assert_code(ak_master_open(fx->root, &fx->master, &error), AK_E_STORE, &error);
	assert_contains(error.text, "is not an authkey master");
	forge_run_on(path, "PRAGMA application_id = 0"); /* of no kind, but not empty */
	assert_code(ak_master_open(fx->root, &fx->master, &error), AK_E_STORE, &error);
	/* A master is no database of usage. */
	forge_run_on(path, "PRAGMA application_id = 1095454001");
	fx_copy(path, paths.usage);
	assert_code(ak_usage_open(&paths, &usage, &error), AK_E_STORE, &error);
	assert_null(usage);
	assert_contains(error.text, "is not an authkey usage database");
	assert_int_equal(
	    forge_number_on(paths.usage, "PRAGMA application_id"), 1095454001);
	assert_int_equal(
	    forge_number_on(paths.usage, "SELECT count(*) FROM sqlite_schema "
					 "WHERE name = 'day_count'"),
	    0);
}

static void
a_file_that_is_no_database_is_an_error_that_names_it(void **state)
{
	struct fx *fx = *state;
	struct ak_usage *usage;
	struct ak_error error;
	char noise[8192];

	memset(noise, 'x', sizeof(noise));
	fx_write(ak_master_paths(fx->master)->usage, noise, sizeof(noise), 0600);
	assert_code(ak_usage_open(ak_master_paths(fx->master), &usage, &error),
	    AK_E_STORE, &error);
	assert_null(usage);
	assert_contains(error.text, "usage.db");
}

static void
nothing_that_is_committed_or_deleted_depends_on_luck_R14_R43(void **state)
{
	static const struct {
		const char *pragma;
		int value;
	} set[] = {
		{ "PRAGMA temp_store", 2 }, /* in memory: no TMPDIR is looked at */
		{ "PRAGMA synchronous", 2 }, /* a commit is on the disk */
		{ "PRAGMA secure_delete", 1 },
		{ "PRAGMA trusted_schema", 0 },
	};
	struct fx *fx = *state;
	struct ak_error error;
	int64_t value;

	for (size_t i = 0; i < FX_COUNT(set); i++) {
		assert_code(ak_pragma(&fx->master->db, set[i].pragma, &value, &error),
		    AK_OK, &error);
		if (value != set[i].value)
			fail_msg("%s is %d", set[i].pragma, (int)value);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_master_of_version_1_comes_up_to_date_with_its_keys),
		cmocka_unit_test(many_may_open_an_older_master_at_once),
		FX_TEST(a_newer_master_is_left_alone_and_the_way_out_is_named),
		FX_TEST(nothing_that_is_committed_or_deleted_depends_on_luck_R14_R43),
		FX_TEST(a_version_below_the_first_is_damage_and_nothing_is_migrated),
		FX_TEST(a_database_that_another_makes_meanwhile_is_not_damaged),
		FX_TEST(a_database_of_another_kind_is_left_alone),
		FX_TEST(a_file_that_is_no_database_is_an_error_that_names_it),
	};

	return cmocka_run_group_tests_name("database", tests, NULL, NULL);
}
