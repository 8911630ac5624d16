/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "publish_private.h"
#include "store.h"

/* The store that is being built: its own connection, so that it is done before COMMIT.
 */
struct build {
	sqlite3 *db;
	sqlite3_stmt *insert;
	const char *path;
	struct ak_master *master;
	int64_t keys;
	struct ak_error *error;
};

/* Bytes of an entry: of a group with thousands of members, and the most that is taken.
 */
#define GROUP_USUAL 65536
#define GROUP_MAX (64 << 20)

/* What getgrnam_r() says of a group with so much room; 0 leaves `gid` where there is
 * none. */
static int
look_up_group(const char *name, size_t room, gid_t *gid)
{
	struct group group, *found = NULL;
	char *buffer = malloc(room); /* the stack of a host's thread is small */
	int rc = ENOMEM;

	if (buffer != NULL)
		rc = getgrnam_r(name, &group, buffer, room, &found);
	if (found != NULL)
		*gid = group.gr_gid;
	free(buffer);
	return rc;
}

enum ak_code
ak_group_id(const char *name, gid_t *gid, struct ak_error *error)
{
	size_t room = GROUP_USUAL;
	int rc;

	*gid = (gid_t)-1;
	while ((rc = look_up_group(name, room, gid)) == ERANGE && room < GROUP_MAX)
		room *= 2;
	if (rc != 0) {
		errno = rc;
		return ak_fail_errno(error, "the group database", "");
	}
	if (*gid == (gid_t)-1)
		return ak_fail(error, AK_E_NOT_FOUND,
		    "there is no group %s on this system; run: groupadd --system %s",
		    name, name);
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
	struct build *b = context;
	uint8_t packed[AK_PACKED_MAX];

	b->keys++;
	return insert(b, record->key.id, packed, ak_key_pack(&record->key, packed));
}

void
ak_publish_begin(struct ak_master *m)
{
	m->left_out = 0;
	m->left_out_id[0] = '\0';
}

void
ak_publish_leave_out(struct ak_master *m, const char *id)
{
	if (m->left_out++ == 0)
		memcpy(m->left_out_id, id, sizeof(m->left_out_id));
}

static void
leave_out(const char *id, void *context)
{
	ak_publish_leave_out(((struct build *)context)->master, id);
}

int64_t
ak_master_left_out(const struct ak_master *m, char id[AK_ID_LEN + 1])
{
	memcpy(id, m->left_out_id, sizeof(m->left_out_id));
	return m->left_out;
}

/* The tag of a store that has a delta: random, so that it never comes again. */
static uint64_t
new_tag(void)
{
	uint64_t tag;

	do {
		randombytes_buf(&tag, sizeof(tag));
		tag &= INT64_MAX; /* a number of SQLite */
	} while (tag == 0);
	return tag;
}

/*
 * Every key, and then the publishing itself under the empty id: whether there are so
 * many that a delta is worth its while is known by then.
 */
static enum ak_code
insert_all(struct ak_master *m, struct build *b, struct ak_store_meta *meta)
{
	uint8_t packed[AK_META_PACKED_MAX];
	enum ak_code code;
	int rc = sqlite3_prepare_v2(b->db, ak_sql_store_insert, -1, &b->insert, NULL);

	if (rc != SQLITE_OK)
		return ak_fail_sqlite(b->db, rc, b->path, b->error);
	b->error->code = AK_OK; /* insert() reports through it */
	b->master = m;
	code = ak_record_all_readable(m, insert_key, leave_out, b, b->error);
	if (code != AK_OK || b->error->code != AK_OK)
		return code != AK_OK ? code : b->error->code;
	meta->delta = b->keys >= m->limits.from ? new_tag() : 0;
	insert(b, "", packed, ak_meta_pack(meta, packed));
	return b->error->code;
}

enum ak_code
ak_publish_seal_file(const char *path, gid_t gid, const struct ak_store_meta *meta,
    struct ak_error *error)
{
	struct timespec mark = { meta->published_at,
		meta->generation % AK_STORE_MARKS };
	struct timespec times[2] = { mark, mark };
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
read_back(const char *path, const struct ak_store_meta *meta, struct ak_error *error)
{
	struct ak_store store;
	enum ak_code code;

	if ((code = ak_store_open_alone(path, geteuid(), &store, error)) != AK_OK)
		return code;
	if (memcmp(&store.meta, meta, sizeof(*meta)) != 0)
		code = ak_fail(
		    error, AK_E_STORE, "%s: reads differently than written", path);
	ak_store_close(&store);
	return code;
}

enum ak_code
ak_publish_build_store(struct ak_master *m, const char *path,
    struct ak_store_meta *meta, gid_t gid, struct ak_error *error)
{
	struct build b;
	enum ak_code code;

	if ((code = open_build(&b, path, error)) == AK_OK &&
	    (code = insert_all(m, &b, meta)) == AK_OK && meta->delta != 0)
		code = execute(&b, "PRAGMA user_version = 2"); /* not for old readers */
	if (code == AK_OK)
		code = execute(&b, "COMMIT");
	code = close_build(&b, code);
	if (code == AK_OK)
		code = ak_publish_seal_file(path, gid, meta, error);
	return code == AK_OK ? read_back(path, meta, error) : code;
}

static enum ak_code
build_whole(
    struct ak_master *m, struct ak_store_meta *meta, gid_t gid, struct ak_error *error)
{
	const struct ak_publishing none = { 0, 0 };
	enum ak_code code;
	bool fits;

	if ((code = ak_publish_build_store(m, m->paths.store_new, meta, gid, error)) !=
		AK_OK ||
	    (code = ak_delta_forget(m, AK_DELTA_ALL, error)) != AK_OK)
		return code;
	return meta->delta != 0 ? ak_delta_build(m, meta, gid, &fits, error)
				: ak_publishing_put(m, &none, error);
}

/* Is the store in place the one whose changes the master has noted, and all right? */
static bool
takes_delta(struct ak_master *m, const struct ak_publishing *p, gid_t gid)
{
	struct ak_error ignored;
	struct ak_store store;
	bool takes;

	if (p->tag == 0 || p->room <= 0 ||
	    ak_store_open_alone(m->paths.store, geteuid(), &store, &ignored) != AK_OK)
		return false;
	takes = store.meta.delta == p->tag && store.status.st_uid == geteuid() &&
		store.status.st_gid == gid && (store.status.st_mode & 07777) == 0640;
	ak_store_close(&store);
	return takes;
}

enum ak_code
ak_publish_build(struct ak_master *m, int64_t now, bool whole, struct ak_error *error)
{
	struct ak_installation is;
	struct ak_publishing p;
	struct ak_store_meta meta;
	enum ak_code code;
	gid_t gid;

	if ((code = ak_master_installation(m, &is, error)) != AK_OK ||
	    (code = ak_group_id(is.unix_group, &gid, error)) != AK_OK ||
	    (code = ak_publishing_get(m, &p, error)) != AK_OK)
		return code;
	ak_publish_begin(m);
	m->built_whole = whole || !takes_delta(m, &p, gid);
	meta = (struct ak_store_meta){ is.generation, now, p.tag };
	if (!m->built_whole) {
		bool fits;

		code = ak_delta_build(m, &meta, gid, &fits, error);
		m->built_whole = code == AK_OK && !fits;
	}
	if (m->built_whole)
		code = build_whole(m, &meta, gid, error);
	m->built_tag = meta.delta;
	return code;
}

#define NOT_PUBLISHED "; the change is kept but not published: run authkey publish"
#define NOT_SYNCED "; the change is published but may be lost if the power fails now"

static enum ak_code
sync_root(const struct ak_master *m, const char *hint, struct ak_error *error)
{
	int folder = open(m->paths.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	error->code = AK_OK;
	if (folder < 0 || fsync(folder) != 0)
		ak_fail_errno(error, m->paths.root, hint);
	if (folder >= 0)
		close(folder);
	return error->code;
}

static enum ak_code
move(const char *from, const char *to, struct ak_error *error)
{
	if (rename(from, to) == 0)
		return AK_OK;
	return ak_fail_errno(error, to, NOT_PUBLISHED);
}

/* Take away the deltas of stores that are gone; `kept` is the one in use, or "". */
static void
drop_old_deltas(const struct ak_master *m, const char *kept)
{
	char path[sizeof(m->paths.root) + NAME_MAX + 2];
	DIR *root = opendir(m->paths.root);
	const struct dirent *entry;

	if (root == NULL)
		return;
	/* No other thread has this folder. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((entry = readdir(root)) != NULL) {
		if (!ak_delta_is_name(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", m->paths.root, entry->d_name);
		if (strcmp(path, kept) != 0)
			unlink(path);
	}
	closedir(root);
}

/*
 * A change within the delta is one rename. With a whole store its delta comes first,
 * and is on disk first: at every moment the store in place has the delta that it names.
 */
enum ak_code
ak_publish_swap(struct ak_master *m, struct ak_error *error)
{
	const struct ak_paths *p = &m->paths;
	char delta[sizeof(p->store) + 32] = "";
	enum ak_code code;

	if (m->built_tag != 0) {
		if (!ak_delta_path(p->store, m->built_tag, delta, sizeof(delta)))
			return ak_fail(error, AK_E_STORE, "%s: is too long", p->store);
		if ((code = move(p->delta_new, delta, error)) != AK_OK ||
		    (code = sync_root(m, m->built_whole ? NOT_PUBLISHED : NOT_SYNCED,
			 error)) != AK_OK)
			return code;
	}
	if (!m->built_whole)
		return AK_OK;
	if ((code = move(p->store_new, p->store, error)) != AK_OK ||
	    (code = sync_root(m, NOT_SYNCED, error)) != AK_OK)
		return code;
	drop_old_deltas(m, delta);
	return AK_OK;
}

void
ak_publish_drop(struct ak_master *m)
{
	unlink(m->paths.store_new);
	unlink(m->paths.delta_new);
}
