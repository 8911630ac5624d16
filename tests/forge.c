/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "forge.h"
#include "sql.h"

struct ak_key
forge_key(void)
{
	struct ak_key key;

	memset(&key, 0, sizeof(key));
	memcpy(key.id, FORGED_ID, sizeof(FORGED_ID));
	memcpy(key.owner, "alice", 6);
	memcpy(key.name, "forged", 7);
	memcpy(key.scopes, "read", 5);
	key.scheme = AK_SCHEME_BLAKE2B;
	key.state = AK_ENABLED;
	key.not_before = AK_NO_TIME;
	key.expires_at = FX_NOW;
	return key;
}

struct forged
forge_record(void)
{
	struct ak_key key = forge_key();
	struct forged p;

	memset(&p, 0, sizeof(p));
	p.len = ak_key_pack(&key, p.bytes);
	return p;
}

/* Who may write a store may seal it too. */
void
forge_seal(const char *id, struct forged *p)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, AK_SEAL_LEN);
	crypto_generichash_update(&state, (const uint8_t *)id, strlen(id));
	crypto_generichash_update(&state, p->bytes, p->len - AK_SEAL_LEN);
	crypto_generichash_final(&state, p->bytes + p->len - AK_SEAL_LEN, AK_SEAL_LEN);
}

void
forge_run(sqlite3 *db, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
}

int64_t
forge_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;
	int64_t number;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	number = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return number;
}

/* Others may be at work on it. */
static sqlite3 *
open_database(const char *path)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 10000);
	return db;
}

void
forge_run_on(const char *path, const char *sql)
{
	sqlite3 *db = open_database(path);

	forge_run(db, sql);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int64_t
forge_number_on(const char *path, const char *sql)
{
	sqlite3 *db = open_database(path);
	int64_t number = forge_number(db, sql);

	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return number;
}

void
forge_older(const struct fx *fx, const char *path, const char *first, const char *copy)
{
	const char *newer = fx_path(fx, "newer.db");
	char attach[2 * FX_PATH];
	sqlite3 *db;

	assert_int_equal(rename(path, newer), 0);
	snprintf(attach, sizeof(attach), "ATTACH '%s' AS new", newer);
	fx_write(path, "", 0, 0600);
	db = open_database(path);
	forge_run(db, first);
	forge_run(db, attach);
	forge_run(db, copy);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void
forge_insert(sqlite3 *db, const char *sql, const char *id, const struct forged *p)
{
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_blob(s, 2, p->bytes, (int)p->len, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(s), SQLITE_DONE);
	sqlite3_finalize(s);
}

struct forged
forge_meta(void)
{
	const struct ak_store_meta meta = { 1, FX_NOW, 0 };
	struct forged p;

	memset(&p, 0, sizeof(p));
	p.len = AK_META_PACKED_LEN;
	ak_meta_pack(&meta, p.bytes);
	return p;
}

void
forge_link(struct fx *fx)
{
	const char *away = fx_path(fx, "away.db");

	assert_int_equal(rename(fx->store, away), 0);
	assert_int_equal(symlink(away, fx->store), 0);
}

sqlite3 *
forge_begin(const struct fx *fx)
{
	sqlite3 *db;

	unlink(fx->store);
	assert_int_equal(sqlite3_open(fx->store, &db), SQLITE_OK);
	forge_run(db, "PRAGMA synchronous = OFF");
	return db;
}

void
forge_end(const struct fx *fx, sqlite3 *db)
{
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(chmod(fx->store, 0640), 0);
}

/* A store of the right schema with these two records. */
void
forge_store(const struct fx *fx, const struct forged *meta, const struct forged *key)
{
	sqlite3 *db = forge_begin(fx);

	forge_run(db, ak_sql_store);
	forge_insert(db, ak_sql_store_insert, "", meta);
	forge_insert(db, ak_sql_store_insert, FORGED_ID, key);
	forge_end(fx, db);
}

enum ak_code
forge_find(const struct fx *fx, struct ak_key *key)
{
	struct ak_store_meta meta;
	struct ak_store store;
	struct ak_error error;
	enum ak_code code;

	memset(key, 0, sizeof(*key));
	if ((code = ak_store_open(fx->store, geteuid(), &store, &error)) != AK_OK)
		return code;
	code = ak_store_find(&store, FORGED_ID, key, &meta, &error);
	ak_store_close(&store);
	return code;
}

/* An id that is looked for among those that a store has. */
struct wanted {
	const char *id;
	bool there;
};

static void
compare_id(const char *id, void *context)
{
	struct wanted *wanted = context;

	wanted->there = wanted->there || strcmp(id, wanted->id) == 0;
}

bool
forge_lists(struct ak_store *store, const char *id)
{
	struct wanted wanted = { id, false };

	ak_store_ids(store, compare_id, &wanted);
	return wanted.there;
}

void
forge_refused(const struct fx *fx, const char *what)
{
	static const struct ak_key nothing;
	struct ak_key key;

	if (forge_find(fx, &key) != AK_E_STORE)
		fail_msg("answered: %s", what);
	assert_memory_equal(&key, &nothing, sizeof(key));
}
