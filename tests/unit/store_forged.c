/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores that somebody built by hand, with right modes and right seals, and with what
 * publish would never write: refused, and never read as less than was meant (R19, R20).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include "../fixture.h"
#include "btree.h"
#include "sql.h"

#define ID "7QxR2mNd"

/* A record that is being made. */
struct packed {
	uint8_t bytes[AK_PACKED_MAX + 16];
	size_t len;
};

static struct ak_key
good_key(void)
{
	struct ak_key key;

	memset(&key, 0, sizeof(key));
	memcpy(key.id, ID, sizeof(ID));
	memcpy(key.owner, "alice", 6);
	memcpy(key.name, "forged", 7);
	memcpy(key.scopes, "read", 5);
	key.scheme = AK_SCHEME_BLAKE2B;
	key.state = AK_ENABLED;
	key.not_before = AK_NO_TIME;
	key.expires_at = FX_NOW;
	return key;
}

static struct packed
good_record(void)
{
	struct ak_key key = good_key();
	struct packed p;

	memset(&p, 0, sizeof(p));
	p.len = ak_key_pack(&key, p.bytes);
	return p;
}

/* Who may write a store may seal it too. */
static void
seal(const char *id, struct packed *p)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, AK_SEAL_LEN);
	crypto_generichash_update(&state, (const uint8_t *)id, strlen(id));
	crypto_generichash_update(&state, p->bytes, p->len - AK_SEAL_LEN);
	crypto_generichash_final(&state, p->bytes + p->len - AK_SEAL_LEN, AK_SEAL_LEN);
}

static void
run(sqlite3 *db, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

static void
insert(sqlite3 *db, const char *sql, const char *id, const struct packed *p)
{
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_blob(s, 2, p->bytes, (int)p->len, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(s), SQLITE_DONE);
	sqlite3_finalize(s);
}

static struct packed
good_meta(void)
{
	const struct ak_store_meta meta = { 1, FX_NOW };
	struct packed p;

	memset(&p, 0, sizeof(p));
	p.len = AK_META_PACKED_LEN;
	ak_meta_pack(&meta, p.bytes);
	return p;
}

static sqlite3 *
begin_store(const struct fx *fx)
{
	sqlite3 *db;

	unlink(fx->store);
	assert_int_equal(sqlite3_open(fx->store, &db), SQLITE_OK);
	return db;
}

static void
end_store(const struct fx *fx, sqlite3 *db)
{
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(chmod(fx->store, 0640), 0);
}

/* A store of the right schema with these two records. */
static void
build(const struct fx *fx, const struct packed *meta, const struct packed *key)
{
	sqlite3 *db = begin_store(fx);

	run(db, ak_sql_store);
	insert(db, ak_sql_store_insert, "", meta);
	insert(db, ak_sql_store_insert, ID, key);
	end_store(fx, db);
}

static enum ak_code
find(const struct fx *fx, struct ak_key *key)
{
	struct ak_store_meta meta;
	struct ak_store store;
	struct ak_error error;
	enum ak_code code;

	memset(key, 0, sizeof(*key));
	if ((code = ak_store_open(fx->store, geteuid(), &store, &error)) != AK_OK)
		return code;
	code = ak_store_find(&store, ID, key, &meta, &error);
	ak_store_close(&store);
	return code;
}

static void
assert_refused(const struct fx *fx, const char *what)
{
	static const struct ak_key nothing;
	struct ak_key key;

	if (find(fx, &key) != AK_E_STORE)
		fail_msg("answered: %s", what);
	assert_memory_equal(&key, &nothing, sizeof(key));
}

static void
a_right_store_made_by_hand_is_read(void **state)
{
	struct fx *fx = *state;
	struct packed meta = good_meta(), record = good_record();
	struct ak_key key, wanted = good_key();

	build(fx, &meta, &record);
	assert_int_equal(find(fx, &key), AK_OK);
	assert_memory_equal(&key, &wanted, sizeof(key));
	seal(ID, &record); /* and the tests' own seal is the right one */
	build(fx, &meta, &record);
	assert_int_equal(find(fx, &key), AK_OK);
}

/* Offsets in a packed key, as pack.h has them. */
enum { SCHEME = 0, STATE = 1, FLAGS = 2, NOT_BEFORE = 3, EXPIRES_AT = 11, OWNER = 51 };

static void
put(struct packed *p, size_t at, uint64_t n, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p->bytes[at + (size_t)i] = (uint8_t)(n >> 8 * i);
}

static void
a_sealed_record_with_a_field_out_of_range_is_refused_R20(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint64_t value;
		int bytes;
	} rows[] = {
		{ "scheme 0", SCHEME, 0, 1 },
		{ "scheme 2", SCHEME, 2, 1 },
		{ "state 0", STATE, 0, 1 },
		{ "state 4", STATE, 4, 1 },
		{ "state 255", STATE, 255, 1 },
		{ "an unknown flag", FLAGS, 4, 1 },
		{ "begin before 1970", NOT_BEFORE, (uint64_t)-1, 8 },
		{ "end before 1970", EXPIRES_AT, (uint64_t)-1, 8 },
		{ "almost no end", EXPIRES_AT, (uint64_t)INT64_MIN + 1, 8 },
		{ "end after 9999", EXPIRES_AT, (uint64_t)AK_TIME_MAX + 1, 8 },
		{ "end at the end of numbers", EXPIRES_AT, INT64_MAX, 8 },
		{ "no owner", OWNER, 0, 2 },
		{ "an owner longer than the record", OWNER, 65535, 2 },
		{ "an owner that eats the next field", OWNER, 6, 2 },
		{ "a NUL in the owner", OWNER + 3, 0, 1 },
	};
	struct fx *fx = *state;
	struct packed meta = good_meta(), p;

	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		p = good_record();
		put(&p, rows[i].at, rows[i].value, rows[i].bytes);
		seal(ID, &p);
		build(fx, &meta, &p);
		assert_refused(fx, rows[i].what);
	}
}

static void
a_sealed_record_of_another_length_is_refused_R20(void **state)
{
	struct fx *fx = *state;
	struct packed meta = good_meta(), p;
	size_t right = good_record().len;

	for (size_t len = 0; len <= right + 16; len++) {
		p = good_record();
		p.len = len;
		if (len >= AK_SEAL_LEN)
			seal(ID, &p);
		build(fx, &meta, &p);
		if (len != right)
			assert_refused(fx, "another length");
	}
	p = good_record();
	p.len = sizeof(p.bytes);
	seal(ID, &p);
	build(fx, &meta, &p);
	assert_refused(fx, "longer than any record");
}

static void
a_text_longer_than_its_field_is_refused_R20(void **state)
{
	struct fx *fx = *state;
	struct packed meta = good_meta(), p = good_record();
	size_t tail = p.len - (OWNER + 2 + 5), most = AK_OWNER_MAX;
	struct ak_key key;

	for (size_t len = most; len <= most + 1; len++) {
		p = good_record();
		memmove(p.bytes + OWNER + 2 + len, p.bytes + OWNER + 2 + 5, tail);
		memset(p.bytes + OWNER + 2, 'a', len);
		put(&p, OWNER, len, 2);
		p.len = OWNER + 2 + len + tail;
		seal(ID, &p);
		build(fx, &meta, &p);
		if (len == most)
			assert_int_equal(find(fx, &key), AK_OK);
		else
			assert_refused(fx, "an owner of 129 bytes");
	}
}

static void
a_seal_fits_one_record_under_one_id_R20(void **state)
{
	struct fx *fx = *state;
	struct packed meta = good_meta(), p;

	for (size_t bit = 0; bit < 8 * good_record().len; bit++) {
		p = good_record();
		p.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (bit % 16 == 0) {
			build(fx, &meta, &p);
			assert_refused(fx, "a flipped bit");
		} else {
			struct ak_key key;

			assert_false(ak_key_unpack(ID, p.bytes, p.len, &key));
		}
	}
	p = good_record();
	seal("7QxR2mNe", &p); /* another key's record, moved here */
	build(fx, &meta, &p);
	assert_refused(fx, "the record of another id");
	build(fx, &meta, &meta);
	assert_refused(fx, "the record of the publishing");
}

static void
a_store_without_its_first_record_is_refused_R28(void **state)
{
	static const struct {
		const char *what;
		uint64_t generation, published_at;
		size_t len;
	} rows[] = {
		{ "a negative generation", (uint64_t)-1, FX_NOW, AK_META_PACKED_LEN },
		{ "published before 1970", 1, (uint64_t)-1, AK_META_PACKED_LEN },
		{ "published never", 1, (uint64_t)INT64_MIN, AK_META_PACKED_LEN },
		{ "published after 9999", 1, (uint64_t)AK_TIME_MAX + 1,
		    AK_META_PACKED_LEN },
		{ "a byte short", 1, FX_NOW, AK_META_PACKED_LEN - 1 },
		{ "a byte more", 1, FX_NOW, AK_META_PACKED_LEN + 1 },
		{ "nothing but a seal", 1, FX_NOW, AK_SEAL_LEN },
		{ "empty", 1, FX_NOW, 0 },
	};
	struct fx *fx = *state;
	struct packed record = good_record(), p;
	sqlite3 *db;

	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		p = good_meta();
		put(&p, 0, rows[i].generation, 8);
		put(&p, 8, rows[i].published_at, 8);
		p.len = rows[i].len;
		if (p.len >= AK_SEAL_LEN)
			seal("", &p);
		build(fx, &p, &record);
		assert_refused(fx, rows[i].what);
	}
	db = begin_store(fx);
	run(db, ak_sql_store);
	insert(db, ak_sql_store_insert, ID, &record);
	end_store(fx, db);
	assert_refused(fx, "none at all");
}

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
		 "INSERT INTO key VALUES ('" ID "', x'00');",
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
	    "PRAGMA application_id = 0x414b5331; PRAGMA user_version = 2; " STORE,
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
	struct packed meta = good_meta(), record = good_record();

	for (size_t i = 0; i < FX_COUNT(shapes); i++) {
		sqlite3 *db = begin_store(fx);
		int reserve = 32;

		if (shapes[i].schema == NULL) {
			assert_int_equal(sqlite3_file_control(db, "main",
					     SQLITE_FCNTL_RESERVE_BYTES, &reserve),
			    SQLITE_OK);
			run(db, HEAD STORE);
		} else
			run(db, shapes[i].schema);
		insert(db, shapes[i].put, "", &meta);
		insert(db, shapes[i].put, ID, &record);
		end_store(fx, db);
		assert_refused(fx, shapes[i].what);
	}
}

static void
triggers_and_views_in_a_store_do_nothing_R18(void **state)
{
	struct fx *fx = *state;
	struct packed meta = good_meta(), record = good_record();
	sqlite3 *db = begin_store(fx);
	struct ak_key key, wanted = good_key();

	run(db, HEAD STORE);
	insert(db, PUT, "", &meta);
	insert(db, PUT, ID, &record);
	run(db, "CREATE TRIGGER t AFTER UPDATE ON key BEGIN DELETE FROM key; END;"
		"CREATE VIEW v AS SELECT load_extension('/nowhere/evil.so');");
	end_store(fx, db);
	assert_int_equal(find(fx, &key), AK_OK);
	assert_memory_equal(&key, &wanted, sizeof(key));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_right_store_made_by_hand_is_read),
		FX_TEST(a_sealed_record_with_a_field_out_of_range_is_refused_R20),
		FX_TEST(a_sealed_record_of_another_length_is_refused_R20),
		FX_TEST(a_text_longer_than_its_field_is_refused_R20),
		FX_TEST(a_seal_fits_one_record_under_one_id_R20),
		FX_TEST(a_store_without_its_first_record_is_refused_R28),
		FX_TEST(a_store_of_another_shape_is_refused_R18_R19),
		FX_TEST(triggers_and_views_in_a_store_do_nothing_R18),
	};

	return cmocka_run_group_tests_name("forged stores", tests, NULL, NULL);
}
