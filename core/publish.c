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
#include "store.h"

/* The store that is being built: its own connection, so that it is done before COMMIT.
 */
struct build {
	sqlite3 *db;
	sqlite3_stmt *insert;
	const char *path;
	struct ak_master *master;
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

static bool
insert(struct build *b, const char *id, const uint8_t *record, size_t len)
{
	int rc;

	if ((rc = ak_bind_text(b->insert, 1, id)) == SQLITE_OK &&
	    (rc = sqlite3_bind_blob(b->insert, 2, record, (int)len, SQLITE_STATIC)) ==
		SQLITE_OK &&
	    (rc = sqlite3_step(b->insert)) == SQLITE_DONE)
		rc = sqlite3_reset(b->insert);
	if (rc != SQLITE_OK)
		ak_fail_sqlite(b->db, rc, b->path, b->error);
	return rc == SQLITE_OK;
}

static bool
insert_key(const struct ak_record *record, void *context)
{
	uint8_t packed[AK_PACKED_MAX];

	return insert(
	    context, record->key.id, packed, ak_key_pack(&record->key, packed));
}

/*
 * A key whose record is damaged opens nothing. It must not keep the others from being
 * revoked, so it is left out, and whoever publishes says so.
 */
static void
leave_out(const char *id, void *context)
{
	struct ak_master *m = ((struct build *)context)->master;

	if (m->left_out++ == 0)
		memcpy(m->left_out_id, id, sizeof(m->left_out_id));
}

int64_t
ak_master_left_out(const struct ak_master *m, char id[AK_ID_LEN + 1])
{
	memcpy(id, m->left_out_id, sizeof(m->left_out_id));
	return m->left_out;
}

/* The publishing itself first, under the empty id, and then every key. */
static enum ak_code
insert_all(struct ak_master *m, struct build *b, const struct ak_store_meta *meta)
{
	uint8_t packed[AK_META_PACKED_LEN];
	enum ak_code code;
	int rc = sqlite3_prepare_v2(b->db, ak_sql_store_insert, -1, &b->insert, NULL);

	if (rc != SQLITE_OK)
		return ak_fail_sqlite(b->db, rc, b->path, b->error);
	b->error->code = AK_OK; /* insert() reports through it */
	ak_meta_pack(meta, packed);
	if (!insert(b, "", packed, sizeof(packed)))
		return b->error->code;
	b->master = m;
	m->left_out = 0;
	m->left_out_id[0] = '\0';
	code = ak_record_all_readable(m, insert_key, leave_out, b, b->error);
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

/* Read it as a login will, before it takes the place of one that works. */
static enum ak_code
read_back(const char *path, int64_t generation, struct ak_error *error)
{
	struct ak_store_meta meta;
	struct ak_store store;
	struct ak_key key;
	enum ak_code code;

	if ((code = ak_store_open(path, geteuid(), &store, error)) != AK_OK)
		return code;
	if ((code = ak_store_find(&store, "", &key, &meta, error)) == AK_OK &&
	    meta.generation != generation)
		code = ak_fail(
		    error, AK_E_STORE, "%s: reads differently than written", path);
	ak_store_close(&store);
	return code;
}

enum ak_code
ak_publish_build(struct ak_master *m, int64_t now, struct ak_error *error)
{
	const char *path = m->paths.store_new;
	struct ak_installation is;
	struct ak_store_meta meta;
	struct build b;
	enum ak_code code;
	gid_t gid;

	if ((code = ak_master_installation(m, &is, error)) != AK_OK ||
	    (code = ak_group_id(is.unix_group, &gid, error)) != AK_OK)
		return code;
	meta = (struct ak_store_meta){ is.generation, now };
	if ((code = open_build(&b, path, error)) == AK_OK &&
	    (code = insert_all(m, &b, &meta)) == AK_OK)
		code = execute(&b, "COMMIT");
	code = close_build(&b, code);
	if (code == AK_OK)
		code = finish(path, gid, is.generation, now, error);
	if (code == AK_OK)
		code = read_back(path, is.generation, error);
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
