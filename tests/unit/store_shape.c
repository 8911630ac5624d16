/* SPDX-License-Identifier: BSD-2-Clause */
/* Databases of another shape than a store has (SECURITY R18, R19). */
#include <string.h>

#include "../forge.h"

#define HEAD "PRAGMA application_id = 0x414b5331; PRAGMA user_version = 1; "
#define STORE                                                                   \
	"CREATE TABLE key (id TEXT PRIMARY KEY, record BLOB NOT NULL) STRICT, " \
	"WITHOUT ROWID;"
#define PUT "INSERT INTO key (id, record) VALUES (?1, ?2)"

/* Another shape than publish gives a store; `put` inserts the two records. */
static const struct {
	const char *what, *schema, *put;
} shapes[] = {
	{ "a table with rowids",
	    HEAD "CREATE TABLE key (id TEXT PRIMARY KEY, record BLOB);", PUT },
	{ "a table without a key, each id twice",
	    HEAD "CREATE TABLE key (id TEXT, record BLOB); "
		 "INSERT INTO key VALUES ('" FORGED_ID "', x'00');",
	    PUT },
	{ "records before ids",
	    HEAD
	    "CREATE TABLE key (record BLOB, id TEXT, PRIMARY KEY (record)) WITHOUT "
	    "ROWID;",
	    PUT },
	{ "records of text",
	    HEAD "CREATE TABLE key (id TEXT PRIMARY KEY, record) WITHOUT ROWID;",
	    "INSERT INTO key VALUES (?1, CAST(?2 AS TEXT))" },
	{ "records of NULL",
	    HEAD "CREATE TABLE key (id TEXT PRIMARY KEY, record) WITHOUT ROWID;",
	    "INSERT INTO key VALUES (?1, nullif(?2, ?2))" },
	{ "records of numbers",
	    HEAD "CREATE TABLE key (id TEXT PRIMARY KEY, record) WITHOUT ROWID;",
	    "INSERT INTO key VALUES (?1, length(?2))" },
	{ "ids of bytes",
	    HEAD "CREATE TABLE key (id PRIMARY KEY, record) WITHOUT ROWID;",
	    "INSERT INTO key VALUES (CAST(?1 AS BLOB), ?2)" },
	{ "a third column",
	    HEAD
	    "CREATE TABLE key (id TEXT PRIMARY KEY, record BLOB, expires_at INTEGER) "
	    "WITHOUT ROWID;",
	    PUT },
	{ "one column", HEAD "CREATE TABLE key (id TEXT PRIMARY KEY) WITHOUT ROWID;",
	    "INSERT INTO key SELECT ?1 WHERE ?2 IS NOT NULL" },
	{ "a view named key",
	    HEAD "CREATE TABLE k (id TEXT PRIMARY KEY, record BLOB); "
		 "CREATE VIEW key AS SELECT * FROM k;",
	    "INSERT INTO k VALUES (?1, ?2)" },
	{ "pages of another size", "PRAGMA page_size = 8192; " HEAD STORE, PUT },
	{ "pages with reserved bytes", NULL, PUT },
	{ "a write-ahead log", "PRAGMA journal_mode = WAL; " HEAD STORE, PUT },
	{ "another encoding", "PRAGMA encoding = 'UTF-16'; " HEAD STORE, PUT },
	{ "a map of pointers", "PRAGMA auto_vacuum = FULL; " HEAD STORE, PUT },
	{ "an older version",
	    "PRAGMA application_id = 0x414b5331; PRAGMA user_version = 0; " STORE,
	    PUT },
	{ "a newer version",
	    "PRAGMA application_id = 0x414b5331; PRAGMA user_version = 3; " STORE,
	    PUT },
	{ "another application",
	    "PRAGMA application_id = 1; PRAGMA user_version = 1; " STORE, PUT },
	{ "a master",
	    "PRAGMA application_id = 0x414b4d31; PRAGMA user_version = 1; " STORE,
	    PUT },
};

static void
a_store_of_another_shape_is_refused_R18_R19(void **state)
{
	struct fx *fx = *state;
	struct forged meta = forge_meta(), record = forge_record();

	for (size_t i = 0; i < FX_COUNT(shapes); i++) {
		sqlite3 *db = forge_begin(fx);
		int reserve = 32;

		if (shapes[i].schema == NULL) {
			assert_int_equal(sqlite3_file_control(db, "main",
					     SQLITE_FCNTL_RESERVE_BYTES, &reserve),
			    SQLITE_OK);
			forge_run(db, HEAD STORE);
		} else
			forge_run(db, shapes[i].schema);
		forge_insert(db, shapes[i].put, "", &meta);
		forge_insert(db, shapes[i].put, FORGED_ID, &record);
		forge_end(fx, db);
		forge_refused(fx, shapes[i].what);
	}
}

static void
triggers_and_views_in_a_store_do_nothing_R18(void **state)
{
	struct fx *fx = *state;
	struct forged meta = forge_meta(), record = forge_record();
	sqlite3 *db = forge_begin(fx);
	struct ak_key key, wanted = forge_key();

	forge_run(db, HEAD STORE);
	forge_insert(db, PUT, "", &meta);
	forge_insert(db, PUT, FORGED_ID, &record);
	forge_run(db, "CREATE TRIGGER t AFTER UPDATE ON key BEGIN DELETE FROM key; END;"
		      "CREATE VIEW v AS SELECT load_extension('/nowhere/evil.so');");
	forge_end(fx, db);
	assert_int_equal(forge_find(fx, &key), AK_OK);
	assert_memory_equal(&key, &wanted, sizeof(key));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_store_of_another_shape_is_refused_R18_R19),
		FX_TEST(triggers_and_views_in_a_store_do_nothing_R18),
	};

	return cmocka_run_group_tests_name("store shape", tests, NULL, NULL);
}
