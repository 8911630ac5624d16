/* SPDX-License-Identifier: BSD-2-Clause */
/* Every statement of schema/ on a fresh schema: SECURITY R19, and that logins and keys
 * are searched by index. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "../forge.h"
#include "sql.h"

static sqlite3 *
fresh(void)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	return db;
}

static sqlite3 *
fresh_master(void)
{
	sqlite3 *db = fresh();

	for (int i = 0; i < AK_MIGRATION_COUNT; i++)
		forge_run(db, ak_migrations[i]);
	return db;
}

static sqlite3 *
fresh_store(void)
{
	sqlite3 *db = fresh();

	forge_run(db, ak_sql_store);
	return db;
}

/* usage.db, with the master that its statements look keys up in. */
static sqlite3 *
fresh_usage(void)
{
	sqlite3 *db = fresh();

	for (int i = 0; i < AK_USAGE_MIGRATION_COUNT; i++)
		forge_run(db, ak_usage_migrations[i]);
	forge_run(db,
	    "ATTACH ':memory:' AS master;"
	    "CREATE TABLE master.key (id TEXT PRIMARY KEY, owner TEXT, name TEXT, "
	    "created_at INTEGER, state INTEGER, replaced_by TEXT, "
	    "draining_since INTEGER)");
	return db;
}

/* The statements of usage say in their first line of which database they are. */
static bool
is_of_usage(const char *sql)
{
	return strstr(sql, "-- On usage.db") != NULL;
}

/* The whole text is one statement, and it prepares. */
static bool
prepares(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	const char *rest;
	bool whole;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, &rest) != SQLITE_OK)
		return false;
	whole = statement != NULL && rest[strspn(rest, " \n")] == '\0';
	sqlite3_finalize(statement);
	return whole;
}

static void
every_query_prepares_on_the_schema_that_it_is_for(void **state)
{
	sqlite3 *master = fresh_master(), *store = fresh_store(),
		*usage = fresh_usage();
	const char *sql;

	(void)state;
	for (int q = 0; q < AK_Q_COUNT; q++) {
		sql = ak_queries[q];
		if (!prepares(q == AK_Q_store_insert ? store
			      : is_of_usage(sql)     ? usage
						     : master,
			sql))
			fail_msg("does not prepare: %s", sql);
	}
	assert_int_equal(sqlite3_close(master), SQLITE_OK);
	assert_int_equal(sqlite3_close(store), SQLITE_OK);
	assert_int_equal(sqlite3_close(usage), SQLITE_OK);
}

/* What EXPLAIN QUERY PLAN says, all lines. */
static void
plan_of(sqlite3 *db, const char *sql, char plan[2048])
{
	char explain[4096];
	sqlite3_stmt *statement;
	size_t len = 0;

	snprintf(explain, sizeof(explain), "EXPLAIN QUERY PLAN %s", sql);
	if (sqlite3_prepare_v2(db, explain, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	plan[0] = '\0';
	while (sqlite3_step(statement) == SQLITE_ROW)
		len += (size_t)snprintf(plan + len, 2048 - len, "%s\n",
		    (const char *)sqlite3_column_text(statement, 3));
	sqlite3_finalize(statement);
}

static void
a_key_is_found_by_an_index(void **state)
{
	static const char *const searched[] = { ak_sql_key_by_id, ak_sql_key_by_name,
		ak_sql_owner_get, ak_sql_installation_get, ak_sql_key_update,
		ak_sql_key_delete };
	sqlite3 *db = fresh_master();
	char plan[2048];

	(void)state;
	for (size_t i = 0; i < FX_COUNT(searched); i++) {
		plan_of(db, searched[i], plan);
		if (strstr(plan, "SCAN") != NULL || strstr(plan, "SEARCH") == NULL)
			fail_msg("%s%s", searched[i], plan);
	}
	sqlite3_close(db);
}

static void
a_publish_reads_the_keys_in_their_order_without_sorting(void **state)
{
	sqlite3 *db = fresh_master();
	char plan[2048];

	(void)state;
	plan_of(db, ak_sql_key_all, plan);
	assert_null(strstr(plan, "TEMP B-TREE"));
	sqlite3_close(db);
}

/* Each line of a plan is a search, and nothing is sorted but what `sorts` allows. */
static void
needs_no_scan(sqlite3 *db, const char *sql, const char *index, const char *sorts)
{
	char plan[2048], *sort;

	plan_of(db, sql, plan);
	sort = strstr(plan, "TEMP B-TREE");
	if (strstr(plan, "SCAN key") != NULL || strstr(plan, index) == NULL ||
	    (sort != NULL && (sorts == NULL || strstr(sort, sorts) == NULL)))
		fail_msg("%s%s", sql, plan);
}

static void
a_page_of_keys_is_found_where_it_begins_without_sorting(void **state)
{
	static const struct {
		const char *sql, *index;
	} pages[] = {
		{ ak_sql_key_page_state,
		    "SEARCH key USING INDEX key_not_enabled (state=? AND " },
		{ ak_sql_key_page_created, "SEARCH key USING INDEX key_created" },
		{ ak_sql_key_page_name, "SEARCH key USING INDEX key_name" },
		{ ak_sql_key_page_owner, "SEARCH key USING INDEX key_owner" },
		{ ak_sql_key_page_end, "SEARCH key USING INDEX key_expires" },
		{ ak_sql_key_page_endless,
		    "SEARCH key USING INDEX key_expires (expires_at=? AND " },
	};
	sqlite3 *db = fresh_master();

	(void)state;
	for (size_t i = 0; i < FX_COUNT(pages); i++)
		needs_no_scan(db, pages[i].sql, pages[i].index, NULL);
	sqlite3_close(db);
}

static void
few_keys_are_found_by_indexes_alone(void **state)
{
	static const char *const indexes[] = { "COVERING INDEX key_owner (owner=?)",
		"SEARCH key_tag USING PRIMARY KEY (tag=?)",
		"COVERING INDEX key_not_enabled (state=?)",
		"COVERING INDEX key_expires (expires_at<?)",
		"COVERING INDEX key_not_before (not_before>?)",
		"COVERING INDEX key_revoked (revoked_at<?)" };
	sqlite3 *db = fresh_master();

	(void)state;
	for (size_t i = 0; i < FX_COUNT(indexes); i++)
		needs_no_scan(db, ak_sql_key_chosen, indexes[i], NULL);
	needs_no_scan(
	    db, ak_sql_key_sorted, "SEARCH key USING PRIMARY KEY (id=?)", "ORDER BY");
	sqlite3_close(db);
}

static void
owners_and_names_are_found_from_one_to_the_next(void **state)
{
	sqlite3 *db = fresh_master();

	(void)state;
	needs_no_scan(db, ak_sql_owner_list,
	    "SEARCH key USING COVERING INDEX key_owner (owner>?)", NULL);
	needs_no_scan(
	    db, ak_sql_key_near, "SEARCH key USING INDEX key_name (name<?)", NULL);
	sqlite3_close(db);
}

static void
the_longest_unused_are_found_without_sorting_but_within_a_second(void **state)
{
	sqlite3 *db = fresh_usage();

	(void)state;
	needs_no_scan(db, ak_sql_last_use_known, "INDEX key_usage_last (last_at>?)",
	    "RIGHT PART OF ORDER BY");
	sqlite3_close(db);
}

static void
all_tables_are_strict_R19(void **state)
{
	sqlite3 *dbs[] = { fresh_master(), fresh_store(), fresh_usage() };

	(void)state;
	for (size_t i = 0; i < FX_COUNT(dbs); i++) {
		assert_true(
		    forge_number(dbs[i],
			"SELECT count(*) FROM pragma_table_list WHERE type = 'table' "
			"AND schema = 'main' AND name NOT LIKE 'sqlite_%'") > 0);
		assert_int_equal(
		    forge_number(dbs[i],
			"SELECT count(*) FROM pragma_table_list WHERE type = "
			"'table' AND schema = 'main' AND name NOT LIKE 'sqlite_%' "
			"AND strict = 0"),
		    0);
		sqlite3_close(dbs[i]);
	}
}

static void
the_files_say_what_they_are_and_of_which_version(void **state)
{
	struct fx *fx = *state;
	sqlite3 *db;

	assert_int_equal(
	    sqlite3_open(ak_master_paths(fx->master)->master, &db), SQLITE_OK);
	assert_int_equal(forge_number(db, "PRAGMA user_version"), AK_MIGRATION_COUNT);
	assert_int_equal(
	    forge_number(db, "PRAGMA application_id"), AK_MASTER_APPLICATION_ID);
	sqlite3_close(db);
	assert_int_equal(sqlite3_open(fx->store, &db), SQLITE_OK);
	assert_int_equal(forge_number(db, "PRAGMA user_version"), AK_STORE_VERSION);
	assert_int_equal(
	    forge_number(db, "PRAGMA application_id"), AK_STORE_APPLICATION_ID);
	assert_int_equal(forge_number(db, "PRAGMA page_size"), 4096);
	sqlite3_close(db);
}

/* What the master may never hold, one column spoilt at a time. */
static void
the_master_takes_no_impossible_key_R19(void **state)
{
	static const char start[] =
	    "INSERT INTO key (id, prefix, name, owner, scheme, digest, state, "
	    "not_before, "
	    "expires_at, created_at, created_by, revoked_at) VALUES ";
	static const char *const good[] = {
		"('12345678', 'ak', 'n', 'alice', 1, zeroblob(32), 1, NULL, NULL, 0, "
		"'root', NULL)",
		"('12345679', 'ak', 'm', 'alice', 1, zeroblob(32), 3, 1, 2, 0, 'root', "
		"5)",
		"('1234567a', 'ak', 'm', 'alice', 1, zeroblob(32), 3, 1, 2, 0, 'root', "
		"5)",
		"('1234567b', 'ak', 'm', 'alice', 1, zeroblob(32), 2, 1, 2, 0, 'root', "
		"NULL)",
	};
	static const char *const bad[] = {
		/* an id twice, or of another length */
		"('12345678', 'ak', 'x', 'alice', 1, zeroblob(32), 1, NULL, NULL, 0, "
		"'root', NULL)",
		"('1234567', 'ak', 'x', 'alice', 1, zeroblob(32), 1, NULL, NULL, 0, "
		"'root', NULL)",
		"(NULL, 'ak', 'x', 'alice', 1, zeroblob(32), 1, NULL, NULL, 0, 'root', "
		"NULL)",
		/* a second live key of the name */
		"('a2345678', 'ak', 'n', 'alice', 1, zeroblob(32), 2, NULL, NULL, 0, "
		"'root', NULL)",
		/* a digest of another length or type */
		"('a2345678', 'ak', 'x', 'alice', 1, NULL, 1, NULL, NULL, 0, 'root', "
		"NULL)",
		"('a2345678', 'ak', 'x', 'alice', 1, zeroblob(31), 1, NULL, NULL, 0, "
		"'root', NULL)",
		"('a2345678', 'ak', 'x', 'alice', 1, zeroblob(33), 1, NULL, NULL, 0, "
		"'root', NULL)",
		"('a2345678', 'ak', 'x', 'alice', 1, "
		"'12345678901234567890123456789012', 1, NULL, "
		"NULL, 0, 'root', NULL)",
		/* a scheme or state that there is not */
		"('a2345678', 'ak', 'x', 'alice', 2, zeroblob(32), 1, NULL, NULL, 0, "
		"'root', NULL)",
		"('a2345678', 'ak', 'x', 'alice', 1, zeroblob(32), 0, NULL, NULL, 0, "
		"'root', NULL)",
		"('a2345678', 'ak', 'x', 'alice', 1, zeroblob(32), 4, NULL, NULL, 0, "
		"'root', NULL)",
		/* revoked without a time, and the reverse */
		"('a2345678', 'ak', 'x', 'alice', 1, zeroblob(32), 3, NULL, NULL, 0, "
		"'root', NULL)",
		"('a2345678', 'ak', 'x', 'alice', 1, zeroblob(32), 1, NULL, NULL, 0, "
		"'root', 5)",
		/* times that are none, or that no second lies between */
		"('a2345678', 'ak', 'x', 'alice', 1, zeroblob(32), 1, 'soon', NULL, 0, "
		"'root', NULL)",
		"('a2345678', 'ak', 'x', 'alice', 1, zeroblob(32), 1, NULL, 1.5, 0, "
		"'root', NULL)",
		"('a2345678', 'ak', 'x', 'alice', 1, zeroblob(32), 1, 2, 2, 0, 'root', "
		"NULL)",
		"('a2345678', 'ak', 'x', 'alice', 1, zeroblob(32), 1, NULL, NULL, "
		"NULL, 'root', NULL)",
	};
	sqlite3 *db = fresh_master();
	char sql[1024];

	(void)state;
	for (size_t i = 0; i < FX_COUNT(good); i++) {
		snprintf(sql, sizeof(sql), "%s%s", start, good[i]);
		forge_run(db, sql);
	}
	for (size_t i = 0; i < FX_COUNT(bad); i++) {
		snprintf(sql, sizeof(sql), "%s%s", start, bad[i]);
		if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
			fail_msg("taken: %s", bad[i]);
	}
	sqlite3_close(db);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_query_prepares_on_the_schema_that_it_is_for),
		cmocka_unit_test(a_key_is_found_by_an_index),
		cmocka_unit_test(
		    a_page_of_keys_is_found_where_it_begins_without_sorting),
		cmocka_unit_test(few_keys_are_found_by_indexes_alone),
		cmocka_unit_test(owners_and_names_are_found_from_one_to_the_next),
		cmocka_unit_test(
		    the_longest_unused_are_found_without_sorting_but_within_a_second),
		cmocka_unit_test(
		    a_publish_reads_the_keys_in_their_order_without_sorting),
		cmocka_unit_test(all_tables_are_strict_R19),
		FX_TEST(the_files_say_what_they_are_and_of_which_version),
		cmocka_unit_test(the_master_takes_no_impossible_key_R19),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
