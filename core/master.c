/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "publish_private.h"
#include "sql.h"
#include "store.h"
#include "trusted.h"
#include "turn.h"

const struct ak_kind ak_master_kind = { "an authkey master", AK_MASTER_APPLICATION_ID,
	ak_migrations, AK_MIGRATION_COUNT };

void
ak_master_one_thread(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum ak_code
ak_master_lock(struct ak_master *m, struct ak_error *error)
{
	return ak_turn_take(m->paths.lock, m->patience, &m->lock, error);
}

/*
 * Nobody but the caller may be able to swap the master: root must never open a SQLite
 * file that somebody else can write (SECURITY, finding 1).
 */
static enum ak_code
check_folder(const struct ak_paths *paths, struct ak_error *error)
{
	const char *folder = paths->master_folder;
	struct stat st;
	enum ak_code code;

	if ((code = ak_trusted_folders(folder, geteuid(), error)) != AK_OK ||
	    (code = ak_own_folder(paths->root, error)) != AK_OK)
		return code;
	if (lstat(folder, &st) != 0) {
		if (errno == ENOENT)
			return ak_fail(error, AK_E_NOT_FOUND,
			    "%s: there is no installation; run: authkey init",
			    paths->root);
		return ak_fail_errno(error, folder, "");
	}
	if (geteuid() != 0 && st.st_uid != geteuid())
		return ak_fail(error, AK_E_PERMISSION,
		    "%s: belongs to another user; run the command as root, with sudo",
		    folder);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return ak_fail(error, AK_E_STORE,
		    "%s: must be a folder that only its owner may enter; chown root "
		    "and "
		    "chmod 700 it",
		    folder);
	return AK_OK;
}

struct ak_master *
ak_master_new(struct ak_error *error)
{
	struct ak_master *m = calloc(1, sizeof(*m));

	if (m == NULL)
		ak_fail(error, AK_E_NOMEM, "out of memory");
	else {
		m->lock = -1;
		m->patience = AK_BUSY_MS;
		m->limits = (struct ak_delta_limits){ AK_DELTA_FROM, AK_DELTA_ROWS };
	}
	return m;
}

enum ak_code
ak_master_find(const char *root, struct ak_master **out, struct ak_error *error)
{
	struct ak_master *m;
	enum ak_code code;

	*out = NULL;
	if ((m = ak_master_new(error)) == NULL)
		return error->code;
	if ((code = ak_paths_of(root, &m->paths, error)) == AK_OK &&
	    (code = check_folder(&m->paths, error)) == AK_OK)
		*out = m;
	else
		ak_master_close(&m);
	return code;
}

/* What becomes of a master that was opened: ak_master_upgrade, or look. */
typedef enum ak_code prepare_fn(struct ak_master *master, struct ak_error *error);

static enum ak_code
look(struct ak_master *m, struct ak_error *error)
{
	return ak_database_look(&m->db, &ak_master_kind, error);
}

static enum ak_code
attach(struct ak_master *m, prepare_fn *prepare, struct ak_error *error)
{
	enum ak_code code;

	if (access(m->paths.master, F_OK) != 0 && errno == ENOENT)
		return ak_fail(error, AK_E_NOT_FOUND,
		    "%s: there is no installation; run: authkey init", m->paths.root);
	if ((code = ak_database_open(&m->db, m->paths.master, error)) == AK_OK &&
	    (code = prepare(m, error)) == AK_OK &&
	    /* Readers of a write-ahead log never hold a revocation up. */
	    (code = ak_database_use_wal(&m->db, error)) == AK_OK)
		code =
		    ak_execute(&m->db, "PRAGMA cache_size = " AK_MASTER_CACHE, error);
	return code;
}

enum ak_code
ak_master_attach(struct ak_master *m, struct ak_error *error)
{
	return attach(m, ak_master_upgrade, error);
}

static enum ak_code
open_master(const char *root, prepare_fn *prepare, struct ak_master **out,
    struct ak_error *error)
{
	enum ak_code code = ak_master_find(root, out, error);

	if (*out != NULL && (code = attach(*out, prepare, error)) != AK_OK)
		ak_master_close(out);
	return code;
}

enum ak_code
ak_master_open(const char *root, struct ak_master **out, struct ak_error *error)
{
	return open_master(root, ak_master_upgrade, out, error);
}

enum ak_code
ak_master_look(const char *root, struct ak_master **out, struct ak_error *error)
{
	return open_master(root, look, out, error);
}

void
ak_master_close(struct ak_master **master)
{
	struct ak_master *m = *master;

	if (m == NULL)
		return;
	*master = NULL;
	ak_database_close(&m->db);
	ak_turn_give(&m->lock);
	free(m);
}

const char *
ak_master_kept(const struct ak_master *m)
{
	return m->kept;
}

const struct ak_paths *
ak_master_paths(const struct ak_master *m)
{
	return &m->paths;
}

enum ak_code
ak_master_snapshot(struct ak_master *m, struct ak_error *error)
{
	return ak_execute(&m->db, "BEGIN", error);
}

void
ak_master_snapshot_end(struct ak_master *m)
{
	if (sqlite3_get_autocommit(m->db.handle) == 0)
		sqlite3_exec(m->db.handle, "ROLLBACK", NULL, NULL, NULL);
}

static enum ak_code
begin(struct ak_master *m, struct ak_error *error)
{
	enum ak_code code;

	if ((code = ak_master_lock(m, error)) != AK_OK)
		return code;
	if ((code = ak_execute(&m->db, "BEGIN IMMEDIATE", error)) != AK_OK)
		ak_turn_give(&m->lock);
	return code;
}

enum ak_code
ak_master_begin(struct ak_master *m, struct ak_error *error)
{
	enum ak_code code;

	if ((code = begin(m, error)) == AK_OK &&
	    (code = ak_master_not_older(m, error)) != AK_OK)
		ak_master_rollback(m);
	return code;
}

void
ak_master_rollback(struct ak_master *m)
{
	if (m->lock < 0)
		return;
	ak_master_snapshot_end(m);
	ak_publish_drop(m);
	ak_turn_give(&m->lock);
}

enum ak_code
ak_master_end(
    struct ak_master *m, int64_t published_at, bool whole, struct ak_error *error)
{
	enum ak_code code;

	if ((code = ak_store_not_newer(m->paths.store, geteuid(), error)) == AK_OK &&
	    (code = ak_publish_build(m, published_at, whole, error)) == AK_OK &&
	    (code = ak_execute(&m->db, "COMMIT", error)) == AK_OK)
		code = ak_publish_swap(m, error);
	ak_master_rollback(m);
	return code;
}

enum ak_code
ak_master_commit(struct ak_master *m, int64_t now, struct ak_error *error)
{
	sqlite3_stmt *next = ak_statement(&m->db, AK_Q_generation_next, error);
	enum ak_code code =
	    next != NULL ? ak_run(&m->db, next, SQLITE_OK, error) : error->code;

	if (code == AK_OK)
		return ak_master_end(m, ak_master_floor(m, now), false, error);
	ak_master_rollback(m);
	return code;
}

enum ak_code
ak_master_keep(struct ak_master *m, struct ak_error *error)
{
	enum ak_code code = ak_execute(&m->db, "COMMIT", error);

	ak_master_rollback(m);
	return code;
}

/* A store that has a delta is written while others change keys. */
enum ak_code
ak_master_publish(struct ak_master *m, int64_t now, struct ak_error *error)
{
	enum ak_code code;
	bool merged = false;

	if (ak_master_not_older(m, error) == AK_OK &&
	    ((code = ak_publish_merge(m, now, false, &merged, error)) != AK_OK ||
		merged))
		return code;
	if ((code = begin(m, error)) != AK_OK)
		return code;
	if ((code = ak_master_overtake(m, error)) == AK_OK)
		return ak_master_end(m, now, true, error);
	ak_master_rollback(m);
	return code;
}

enum ak_code
ak_master_merge(struct ak_master *m, int64_t now, bool *merged, struct ak_error *error)
{
	struct ak_publishing p;
	enum ak_code code = ak_publishing_get(m, &p, error);

	*merged = false;
	if (code != AK_OK || p.tag == 0 || p.room > m->limits.rows / 2)
		return code;
	return ak_publish_merge(m, now, true, merged, error);
}

bool
ak_master_is_crowded(struct ak_master *m)
{
	struct ak_publishing p;
	struct ak_error ignored;

	return ak_publishing_get(m, &p, &ignored) == AK_OK && p.tag != 0 &&
	       p.room < m->limits.rows / 4;
}

enum ak_code
ak_master_publish_locked(struct ak_master *m, int64_t now, struct ak_error *error)
{
	enum ak_code code = ak_execute(&m->db, "BEGIN IMMEDIATE", error);

	if (code == AK_OK && (code = ak_master_overtake(m, error)) == AK_OK)
		return ak_master_end(m, ak_master_floor(m, now), true, error);
	ak_master_rollback(m);
	return code;
}
