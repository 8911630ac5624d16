/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "seal.h"
#include "sql.h"
#include "store.h"
#include "store_vfs.h"
#include "trusted.h"

#define SQLITE_NEEDED 3037000 /* STRICT tables */

struct ak_store {
	sqlite3 *db;
	int fd;
	struct stat status;
};

/* The fields of the file header that are checked, sqlite.org/fileformat2.html 1.3. */
enum {
	AT_PAGE_SIZE = 16,
	AT_WRITE_VERSION = 18,
	AT_READ_VERSION = 19,
	AT_PAGE_COUNT = 28,
	AT_USER_VERSION = 60,
	AT_APPLICATION_ID = 68,
	HEADER_LEN = 100
};

static enum ak_code
damaged(const char *what, struct ak_error *error)
{
	return ak_fail(
	    error, AK_E_STORE, "the store is damaged (%s); run: authkey publish", what);
}

static enum ak_code
from_sqlite(int rc, sqlite3 *db, struct ak_error *error)
{
	if (rc == SQLITE_NOMEM || db == NULL)
		return ak_fail(error, AK_E_NOMEM, "out of memory");
	return damaged(sqlite3_errmsg(db), error);
}

static uint32_t
big_endian(const uint8_t *at, int bytes)
{
	uint32_t n = 0;

	for (int i = 0; i < bytes; i++)
		n = n << 8 | at[i];
	return n;
}

/* Is it a store, a whole one, of the version that is known here? */
static enum ak_code
check_header(const struct ak_store *store, const char *path, struct ak_error *error)
{
	uint8_t h[HEADER_LEN];
	uint32_t page_size, version;

	if (pread(store->fd, h, sizeof(h), 0) != (ssize_t)sizeof(h) ||
	    memcmp(h, "SQLite format 3", 16) != 0 ||
	    big_endian(h + AT_APPLICATION_ID, 4) != AK_STORE_APPLICATION_ID)
		return ak_fail(error, AK_E_STORE,
		    "%s: is not an authkey store; run: authkey publish", path);
	version = big_endian(h + AT_USER_VERSION, 4);
	if (version != AK_STORE_VERSION)
		return ak_fail(error, AK_E_STORE,
		    "%s: is a store of version %u and version %d is known here; "
		    "upgrade %s",
		    path, (unsigned)version, AK_STORE_VERSION,
		    version > AK_STORE_VERSION ? "pam_authkey.so"
					       : "authkey and run: authkey publish");
	page_size = big_endian(h + AT_PAGE_SIZE, 2);
	if (page_size == 1)
		page_size = 65536;
	if (h[AT_WRITE_VERSION] != 1 || h[AT_READ_VERSION] != 1 ||
	    (off_t)page_size * big_endian(h + AT_PAGE_COUNT, 4) !=
		store->status.st_size)
		return ak_fail(
		    error, AK_E_STORE, "%s: is cut short; run: authkey publish", path);
	return AK_OK;
}

static int
give_up(void *unused)
{
	(void)unused;
	return 1;
}

/*
 * Defence in depth against a store that is not what publish writes: sqlite.org/
 * security.html. One statement of some forty steps is all that ever runs here.
 */
static void
restrict_connection(sqlite3 *db)
{
	static const struct {
		int limit, value;
	} limits[] = {
		{ SQLITE_LIMIT_LENGTH, 1000000 },
		{ SQLITE_LIMIT_SQL_LENGTH, 10000 },
		{ SQLITE_LIMIT_VDBE_OP, 25000 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
	};
	static const struct {
		int config, on;
	} configs[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		sqlite3_limit(db, limits[i].limit, limits[i].value);
	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++)
		sqlite3_db_config(db, configs[i].config, configs[i].on, NULL);
	sqlite3_progress_handler(db, 10000, give_up, NULL);
}

static enum ak_code
open_database(struct ak_store *store, struct ak_error *error)
{
	char name[16];
	int rc;

	if (sqlite3_libversion_number() < SQLITE_NEEDED || sqlite3_threadsafe() == 0)
		return ak_fail(error, AK_E_STORE,
		    "SQLite %s: a thread-safe SQLite of 3.37.0 or later is needed",
		    sqlite3_libversion());
	snprintf(name, sizeof(name), "%d", store->fd);
	if ((rc = ak_store_vfs_register()) == SQLITE_OK)
		rc = sqlite3_open_v2(name, &store->db,
		    SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, AK_STORE_VFS);
	if (rc != SQLITE_OK)
		return from_sqlite(rc, store->db, error);
	restrict_connection(store->db);
	return AK_OK;
}

enum ak_code
ak_store_open(
    const char *path, uid_t owner, struct ak_store **out, struct ak_error *error)
{
	struct ak_store *store;
	enum ak_code code;

	*out = NULL;
	if ((store = calloc(1, sizeof(*store))) == NULL)
		return ak_fail(error, AK_E_NOMEM, "out of memory");
	store->fd = -1;
	if ((code = ak_trusted_open(path, owner, &store->fd, &store->status, error)) ==
		AK_OK &&
	    (code = check_header(store, path, error)) == AK_OK &&
	    (code = open_database(store, error)) == AK_OK)
		*out = store;
	else
		ak_store_close(&store);
	return code;
}

void
ak_store_close(struct ak_store **storep)
{
	struct ak_store *store = *storep;

	if (store == NULL)
		return;
	*storep = NULL;
	sqlite3_close(store->db);
	if (store->fd >= 0)
		close(store->fd);
	free(store);
}

/* Copy a text column of 0..size-1 bytes. False for another type, too long, or a NUL. */
static bool
take_text(sqlite3_stmt *row, int column, char *to, size_t size)
{
	const void *text;
	size_t len;

	if (sqlite3_column_type(row, column) != SQLITE_TEXT ||
	    (text = sqlite3_column_text(row, column)) == NULL)
		return false;
	len = (size_t)sqlite3_column_bytes(row, column);
	if (len >= size || memchr(text, '\0', len) != NULL)
		return false;
	memcpy(to, text, len);
	to[len] = '\0';
	return true;
}

static bool
take_blob(sqlite3_stmt *row, int column, uint8_t *to, int len)
{
	const void *blob;

	if (sqlite3_column_type(row, column) != SQLITE_BLOB ||
	    sqlite3_column_bytes(row, column) != len ||
	    (blob = sqlite3_column_blob(row, column)) == NULL)
		return false;
	memcpy(to, blob, (size_t)len);
	return true;
}

static bool
take_number(sqlite3_stmt *row, int column, int64_t min, int64_t max, int64_t *to)
{
	if (sqlite3_column_type(row, column) != SQLITE_INTEGER)
		return false;
	*to = sqlite3_column_int64(row, column);
	return *to >= min && *to <= max;
}

/* NULL is "no such time"; everything else must be a time. */
static bool
take_time(sqlite3_stmt *row, int column, int64_t *to)
{
	*to = AK_NO_TIME;
	return sqlite3_column_type(row, column) == SQLITE_NULL ||
	       take_number(row, column, 0, AK_TIME_MAX, to);
}

/* The columns of store_find.sql. */
enum {
	META_GENERATION,
	META_PUBLISHED_AT,
	ID,
	NAME,
	OWNER,
	SCHEME,
	DIGEST,
	STATE,
	NOT_BEFORE,
	EXPIRES_AT,
	OWNER_SUSPENDED,
	OWNER_VERIFIED,
	SERVICES,
	SCOPES,
	NETWORKS,
	SEAL
};

static bool
take_key(sqlite3_stmt *row, const char *id, struct ak_key *key, uint8_t *seal)
{
	int64_t scheme, state, suspended, verified;

	if (!take_text(row, ID, key->id, sizeof(key->id)) || strcmp(key->id, id) != 0 ||
	    !take_text(row, NAME, key->name, sizeof(key->name)) ||
	    !take_text(row, OWNER, key->owner, sizeof(key->owner)) ||
	    !take_number(row, SCHEME, AK_SCHEME_BLAKE2B, AK_SCHEME_BLAKE2B, &scheme) ||
	    !take_blob(row, DIGEST, key->digest, AK_DIGEST_LEN) ||
	    !take_number(row, STATE, AK_ENABLED, AK_ENDED, &state) ||
	    !take_time(row, NOT_BEFORE, &key->not_before) ||
	    !take_time(row, EXPIRES_AT, &key->expires_at) ||
	    !take_number(row, OWNER_SUSPENDED, 0, 1, &suspended) ||
	    !take_number(row, OWNER_VERIFIED, 0, 1, &verified) ||
	    !take_text(row, SERVICES, key->services, sizeof(key->services)) ||
	    !take_text(row, SCOPES, key->scopes, sizeof(key->scopes)) ||
	    !take_text(row, NETWORKS, key->networks, sizeof(key->networks)) ||
	    !take_blob(row, SEAL, seal, AK_SEAL_LEN))
		return false;
	key->scheme = (uint8_t)scheme;
	key->state = (enum ak_state)state;
	key->owner_suspended = suspended == 1;
	key->owner_verified = verified == 1;
	return true;
}

static enum ak_code
take_row(sqlite3_stmt *row, const char *id, struct ak_key *key,
    struct ak_store_meta *meta, struct ak_error *error)
{
	uint8_t stored[AK_SEAL_LEN] = { 0 }, computed[AK_SEAL_LEN];
	bool found = sqlite3_column_type(row, ID) != SQLITE_NULL;

	if (!take_number(row, META_GENERATION, 0, INT64_MAX, &meta->generation) ||
	    !take_number(row, META_PUBLISHED_AT, 0, AK_TIME_MAX, &meta->published_at))
		return damaged("meta", error);
	if (found && !take_key(row, id, key, stored))
		return damaged("a column", error);
	ak_key_seal(
	    key, computed); /* an unknown id takes the same work: SECURITY R10 */
	if (found && memcmp(stored, computed, AK_SEAL_LEN) != 0)
		return damaged("a seal", error);
	return AK_OK;
}

enum ak_code
ak_store_find(struct ak_store *store, const char *id, struct ak_key *key,
    struct ak_store_meta *meta, struct ak_error *error)
{
	sqlite3_stmt *find = NULL;
	enum ak_code code;
	int rc;

	memset(key, 0, sizeof(*key));
	memset(meta, 0, sizeof(*meta));
	rc = sqlite3_prepare_v2(store->db, ak_sql_store_find, -1, &find, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_text(find, 1, id, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK && (rc = sqlite3_step(find)) == SQLITE_ROW) {
		code = take_row(find, id, key, meta, error);
		if (code == AK_OK && (rc = sqlite3_step(find)) != SQLITE_DONE)
			code = rc == SQLITE_ROW ? damaged("an id twice", error)
						: from_sqlite(rc, store->db, error);
	} else if (rc == SQLITE_DONE)
		code = damaged("no meta", error);
	else
		code = from_sqlite(rc, store->db, error);
	sqlite3_finalize(find);
	if (code != AK_OK)
		memset(key, 0, sizeof(*key));
	return code;
}

static void
mark_of(const struct stat *st, struct ak_store_mark *mark)
{
	memset(mark, 0, sizeof(*mark));
	mark->dev = st->st_dev;
	mark->ino = st->st_ino;
	mark->size = st->st_size;
	mark->mtime = st->st_mtim;
}

void
ak_store_mark(const struct ak_store *store, struct ak_store_mark *mark)
{
	mark_of(&store->status, mark);
}

bool
ak_store_is_still(const char *path, const struct ak_store_mark *mark)
{
	struct ak_store_mark now;
	struct stat st;

	if (lstat(path, &st) != 0)
		return false;
	mark_of(&st, &now);
	return memcmp(&now, mark, sizeof(now)) == 0;
}
