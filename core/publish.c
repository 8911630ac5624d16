/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "master_private.h"
#include "record.h"
#include "seal.h"

/* The store that is being built: its own connection, so that it is done before COMMIT.
 */
struct build {
	sqlite3 *db;
	sqlite3_stmt *insert;
	const char *path;
	struct ak_error *error;
};

enum ak_code
ak_group_id(const char *name, gid_t *gid, struct ak_error *error)
{
	struct group group, *found = NULL;
	char buffer[65536]; /* a group with thousands of members */
	int rc = getgrnam_r(name, &group, buffer, sizeof(buffer), &found);

	if (rc != 0) {
		errno = rc;
		return ak_fail_errno(error, "the group database", "");
	}
	if (found == NULL)
		return ak_fail(error, AK_E_NOT_FOUND,
		    "there is no group %s on this system; run: groupadd --system %s",
		    name, name);
	*gid = group.gr_gid;
	return AK_OK;
}

static enum ak_code
execute(struct build *b, const char *sql)
{
	int rc = sqlite3_exec(b->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? AK_OK : ak_fail_sqlite(b->db, rc, b->path, b->error);
}

/* No journal and no sync: a store that is not finished is never looked at. */
static enum ak_code
open_build(struct build *b, const char *path, struct ak_error *error)
{
	enum ak_code code;
	int rc;

	memset(b, 0, sizeof(*b));
	b->path = path;
	b->error = error;
	if ((code = ak_make_file(path, error)) != AK_OK)
		return code;
	rc = sqlite3_open_v2(
	    path, &b->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
	if (rc != SQLITE_OK)
		return ak_fail_sqlite(b->db, rc, path, error);
	code = execute(b, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
			  "PRAGMA locking_mode = EXCLUSIVE; BEGIN");
	if (code == AK_OK)
		code = execute(b, ak_sql_store);
	return code;
}

static enum ak_code
close_build(struct build *b, enum ak_code code)
{
	sqlite3_finalize(b->insert);
	if (sqlite3_close(b->db) != SQLITE_OK && code == AK_OK)
		code =
		    ak_fail(b->error, AK_E_STORE, "%s: could not be closed", b->path);
	return code;
}

static enum ak_code
insert_meta(struct build *b, int64_t generation, int64_t now)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(b->db, ak_sql_store_insert_meta, -1, &s, NULL);

	if (rc == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 1, generation)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 2, now)) == SQLITE_OK)
		rc = sqlite3_step(s);
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? AK_OK : ak_fail_sqlite(b->db, rc, b->path, b->error);
}

/* The parameters of store_insert_key.sql. */
static int
bind_key(sqlite3_stmt *s, const struct ak_key *key, const uint8_t *seal)
{
	int rc;

	if ((rc = ak_bind_text(s, 1, key->id)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 2, key->name)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 3, key->owner)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int(s, 4, key->scheme)) == SQLITE_OK &&
	    (rc = sqlite3_bind_blob(s, 5, key->digest, AK_DIGEST_LEN, SQLITE_STATIC)) ==
		SQLITE_OK &&
	    (rc = sqlite3_bind_int(s, 6, (int)key->state)) == SQLITE_OK &&
	    (rc = ak_bind_time(s, 7, key->not_before)) == SQLITE_OK &&
	    (rc = ak_bind_time(s, 8, key->expires_at)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int(s, 9, key->owner_suspended)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int(s, 10, key->owner_verified)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 11, key->services)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 12, key->scopes)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 13, key->networks)) == SQLITE_OK)
		rc = sqlite3_bind_blob(s, 14, seal, AK_SEAL_LEN, SQLITE_STATIC);
	return rc;
}

static bool
insert_key(const struct ak_record *record, void *context)
{
	struct build *b = context;
	uint8_t seal[AK_SEAL_LEN];
	int rc;

	ak_key_seal(&record->key, seal);
	if ((rc = bind_key(b->insert, &record->key, seal)) == SQLITE_OK &&
	    (rc = sqlite3_step(b->insert)) == SQLITE_DONE)
		rc = sqlite3_reset(b->insert);
	if (rc == SQLITE_OK)
		return true;
	ak_fail_sqlite(b->db, rc, b->path, b->error);
	return false;
}

static enum ak_code
insert_keys(struct ak_master *m, struct build *b)
{
	enum ak_code code;
	int rc =
	    sqlite3_prepare_v2(b->db, ak_sql_store_insert_key, -1, &b->insert, NULL);

	if (rc != SQLITE_OK)
		return ak_fail_sqlite(b->db, rc, b->path, b->error);
	b->error->code = AK_OK; /* insert_key() reports through it */
	code = ak_record_all(m, insert_key, b, b->error);
	return code != AK_OK ? code : b->error->code;
}

/*
 * Owner, mode and mark, and all of it on disk. The generation stands in the
 * nanoseconds of the mtime: ak_store_is_still() tells two publishings apart by it.
 */
static enum ak_code
finish(const char *path, gid_t gid, int64_t generation, int64_t now,
    struct ak_error *error)
{
	struct timespec times[2] = { { .tv_sec = now,
					 .tv_nsec = generation % 1000000000 },
		{ .tv_sec = now, .tv_nsec = generation % 1000000000 } };
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return ak_fail_errno(error, path, "");
	error->code = AK_OK;
	if (fchown(fd, (uid_t)-1, gid) != 0 || fchmod(fd, 0640) != 0 ||
	    futimens(fd, times) != 0 || fsync(fd) != 0)
		ak_fail_errno(error, path, "");
	close(fd);
	return error->code;
}

enum ak_code
ak_publish_build(struct ak_master *m, int64_t now, struct ak_error *error)
{
	const char *path = m->paths.store_new;
	struct ak_installation is;
	struct build b;
	enum ak_code code;
	gid_t gid;

	if ((code = ak_master_installation(m, &is, error)) != AK_OK ||
	    (code = ak_group_id(is.unix_group, &gid, error)) != AK_OK)
		return code;
	if ((code = open_build(&b, path, error)) == AK_OK &&
	    (code = insert_meta(&b, is.generation, now)) == AK_OK &&
	    (code = insert_keys(m, &b)) == AK_OK)
		code = execute(&b, "COMMIT");
	code = close_build(&b, code);
	if (code == AK_OK)
		code = finish(path, gid, is.generation, now, error);
	return code;
}

enum ak_code
ak_publish_swap(struct ak_master *m, struct ak_error *error)
{
	int folder;

	if (rename(m->paths.store_new, m->paths.store) != 0)
		return ak_fail_errno(error, m->paths.store,
		    "; the change is kept but not published: run authkey publish");
	folder = open(m->paths.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || fsync(folder) != 0) {
		ak_fail_errno(error, m->paths.root,
		    "; the change is published but may be lost if the power fails now");
		if (folder >= 0)
			close(folder);
		return error->code;
	}
	close(folder);
	return AK_OK;
}

void
ak_publish_drop(struct ak_master *m)
{
	unlink(m->paths.store_new);
}
