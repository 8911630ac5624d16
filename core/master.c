/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "master_private.h"
#include "store.h"
#include "trusted.h"

#define LOCK_WAIT_MS 10000
#define LOCK_STEP_MS 20

enum ak_code
ak_paths_of(const char *root, struct ak_paths *p, struct ak_error *error)
{
	char *real = realpath(root, NULL);
	size_t len;

	memset(p, 0, sizeof(*p));
	if (real == NULL) {
		if (errno == ENOENT)
			return ak_fail(error, AK_E_NOT_FOUND,
			    "%s: there is no installation; run: authkey init", root);
		return ak_fail_errno(error, root, "");
	}
	len = strlen(real);
	if (len >= sizeof(p->root)) {
		free(real);
		return ak_fail(error, AK_E_USAGE, "the path of the folder is too long");
	}
	memcpy(p->root, real, len + 1);
	free(real);
	snprintf(p->master_folder, sizeof(p->master_folder), "%s/master", p->root);
	snprintf(p->master, sizeof(p->master), "%s/master/master.db", p->root);
	snprintf(
	    p->master_new, sizeof(p->master_new), "%s/master/master.db.new", p->root);
	snprintf(p->lock, sizeof(p->lock), "%s/master/lock", p->root);
	snprintf(p->store, sizeof(p->store), "%s/keys.db", p->root);
	snprintf(p->store_new, sizeof(p->store_new), "%s/keys.db.new", p->root);
	snprintf(p->usage_folder, sizeof(p->usage_folder), "%s/usage.d", p->root);
	return AK_OK;
}

enum ak_code
ak_fail_sqlite(sqlite3 *db, int rc, const char *what, struct ak_error *error)
{
	const char *why = db != NULL ? sqlite3_errmsg(db) : sqlite3_errstr(rc);

	/* The shared memory of a write-ahead log is a file that may not fit either. */
	if ((rc & 0xff) == SQLITE_IOERR && db != NULL &&
	    sqlite3_system_errno(db) == ENOSPC)
		rc = SQLITE_FULL;
	switch (rc & 0xff) {
	case SQLITE_NOMEM:
		return ak_fail(error, AK_E_NOMEM, "%s: out of memory", what);
	case SQLITE_FULL:
		return ak_fail(error, AK_E_STORE,
		    "%s: no space left on the device; make room and try again", what);
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return ak_fail(error, AK_E_PERMISSION, "%s: %s", what, why);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ak_fail(error, AK_E_STORE,
		    "%s: another program holds it; try again when it is done", what);
	case SQLITE_CONSTRAINT:
		return ak_fail(error, AK_E_CONFLICT, "%s: %s", what, why);
	default:
		return ak_fail(error, AK_E_STORE, "%s: %s", what, why);
	}
}

sqlite3_stmt *
ak_statement(struct ak_master *m, enum ak_query query, struct ak_error *error)
{
	int rc;

	if (m->statements[query] == NULL) {
		rc = sqlite3_prepare_v3(m->db, ak_queries[query], -1,
		    SQLITE_PREPARE_PERSISTENT, &m->statements[query], NULL);
		if (rc != SQLITE_OK) {
			ak_fail_sqlite(m->db, rc, m->paths.master, error);
			return NULL;
		}
	}
	return m->statements[query];
}

void
ak_statement_done(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

int
ak_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	return sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

int
ak_bind_optional(sqlite3_stmt *statement, int at, const char *text)
{
	return ak_bind_text(statement, at, text[0] != '\0' ? text : NULL);
}

int
ak_bind_time(sqlite3_stmt *statement, int at, int64_t when)
{
	if (when == AK_NO_TIME)
		return sqlite3_bind_null(statement, at);
	return sqlite3_bind_int64(statement, at, when);
}

bool
ak_column_text(sqlite3_stmt *row, int column, char *to, size_t size)
{
	const unsigned char *text = sqlite3_column_text(row, column);
	int n = snprintf(to, size, "%s", text != NULL ? (const char *)text : "");

	return n >= 0 && (size_t)n < size;
}

int64_t
ak_column_time(sqlite3_stmt *row, int column)
{
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		return AK_NO_TIME;
	return sqlite3_column_int64(row, column);
}

enum ak_code
ak_each(struct ak_master *m, sqlite3_stmt *statement, int bound, ak_row_fn *fn,
    void *context, struct ak_error *error)
{
	enum ak_row next = AK_ROW_NEXT;
	enum ak_code code = AK_OK;
	int rc = bound;

	if (rc == SQLITE_OK)
		while (
		    next == AK_ROW_NEXT && (rc = sqlite3_step(statement)) == SQLITE_ROW)
			next = fn(statement, context);
	if (next == AK_ROW_DAMAGED)
		code = ak_fail(error, AK_E_STORE, "%s: is damaged; restore a backup",
		    m->paths.master);
	else if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		code = ak_fail_sqlite(m->db, rc, m->paths.master, error);
	ak_statement_done(statement);
	return code;
}

static enum ak_row
pass_over(sqlite3_stmt *row, void *context)
{
	(void)row;
	(void)context;
	return AK_ROW_NEXT;
}

enum ak_code
ak_run(struct ak_master *m, sqlite3_stmt *statement, int bound, struct ak_error *error)
{
	return ak_each(m, statement, bound, pass_over, NULL, error);
}

static enum ak_code
execute(struct ak_master *m, const char *sql, struct ak_error *error)
{
	int rc = sqlite3_exec(m->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? AK_OK
			       : ak_fail_sqlite(m->db, rc, m->paths.master, error);
}

/* One number of the header: PRAGMA NAME. */
static enum ak_code
get_pragma(struct ak_master *m, const char *sql, int64_t *value, struct ak_error *error)
{
	sqlite3_stmt *pragma = NULL;
	int rc = sqlite3_prepare_v2(m->db, sql, -1, &pragma, NULL);

	if (rc == SQLITE_OK && (rc = sqlite3_step(pragma)) == SQLITE_ROW) {
		*value = sqlite3_column_int64(pragma, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(pragma);
	return rc == SQLITE_OK ? AK_OK
			       : ak_fail_sqlite(m->db, rc, m->paths.master, error);
}

static enum ak_code
lock(struct ak_master *m, struct ak_error *error)
{
	static const struct timespec step = { 0, LOCK_STEP_MS * 1000000L };

	m->lock = open(m->paths.lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (m->lock < 0)
		return ak_fail_errno(error, m->paths.lock, "");
	fchmod(m->lock, 0600); /* whatever the umask took away: SECURITY R24 */
	for (int waited = 0; flock(m->lock, LOCK_EX | LOCK_NB) != 0;
	     waited += LOCK_STEP_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR) {
			ak_fail_errno(error, m->paths.lock, "");
			close(m->lock);
			m->lock = -1;
			return error->code;
		}
		if (waited >= LOCK_WAIT_MS) {
			close(m->lock);
			m->lock = -1;
			return ak_fail(error, AK_E_STORE,
			    "%s: another authkey command is at work for more than %d "
			    "seconds; see who holds it: fuser %s",
			    m->paths.lock, LOCK_WAIT_MS / 1000, m->paths.lock);
		}
		nanosleep(&step, NULL);
	}
	return AK_OK;
}

/* Closing the descriptor gives the lock back. */
static void
unlock(struct ak_master *m)
{
	if (m->lock >= 0)
		close(m->lock);
	m->lock = -1;
}

/* Run what is missing of schema/migrations/, each in one transaction with its number.
 */
static enum ak_code
migrate(struct ak_master *m, int64_t from, struct ak_error *error)
{
	enum ak_code code = AK_OK;
	char number[64];

	for (int64_t i = from; i < AK_MIGRATION_COUNT && code == AK_OK; i++) {
		snprintf(
		    number, sizeof(number), "PRAGMA user_version = %d;", (int)i + 1);
		if ((code = execute(m, "BEGIN IMMEDIATE", error)) == AK_OK &&
		    (code = execute(m, ak_migrations[i], error)) == AK_OK &&
		    (code = execute(m, number, error)) == AK_OK)
			code = execute(m, "COMMIT", error);
	}
	return code;
}

/* Is it a master, and of which version? Bring an older one up to date. */
static enum ak_code
check_version(struct ak_master *m, struct ak_error *error)
{
	int64_t application, version;
	enum ak_code code;

	if ((code = get_pragma(m, "PRAGMA application_id", &application, error)) !=
		AK_OK ||
	    (code = get_pragma(m, "PRAGMA user_version", &version, error)) != AK_OK)
		return code;
	if (application != AK_MASTER_APPLICATION_ID)
		return ak_fail(
		    error, AK_E_STORE, "%s: is not an authkey master", m->paths.master);
	if (version > AK_MIGRATION_COUNT)
		return ak_fail(error, AK_E_STORE,
		    "%s: was made by a newer authkey (version %d, known here %d); "
		    "upgrade "
		    "authkey",
		    m->paths.master, (int)version, AK_MIGRATION_COUNT);
	if (version == AK_MIGRATION_COUNT)
		return AK_OK;
	if ((code = lock(m, error)) != AK_OK)
		return code;
	if ((code = get_pragma(m, "PRAGMA user_version", &version, error)) == AK_OK)
		code = migrate(m, version, error);
	unlock(m);
	return code;
}

static enum ak_code
open_database(struct ak_master *m, struct ak_error *error)
{
	int rc = sqlite3_open_v2(m->paths.master, &m->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);

	if (rc != SQLITE_OK)
		return ak_fail_sqlite(m->db, rc, m->paths.master, error);
	sqlite3_busy_timeout(m->db, LOCK_WAIT_MS);
	sqlite3_db_config(m->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(m->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return execute(
	    m, "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;", error);
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

	if ((code = ak_trusted_folders(folder, geteuid(), error)) != AK_OK)
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

static struct ak_master *
new_master(struct ak_error *error)
{
	struct ak_master *m = calloc(1, sizeof(*m));

	if (m == NULL)
		ak_fail(error, AK_E_NOMEM, "out of memory");
	else
		m->lock = -1;
	return m;
}

enum ak_code
ak_master_open(const char *root, struct ak_master **out, struct ak_error *error)
{
	struct ak_master *m;
	enum ak_code code;

	*out = NULL;
	if ((m = new_master(error)) == NULL)
		return error->code;
	code = ak_paths_of(root, &m->paths, error);
	if (code == AK_OK)
		code = check_folder(&m->paths, error);
	if (code == AK_OK && access(m->paths.master, F_OK) != 0 && errno == ENOENT)
		code = ak_fail(error, AK_E_NOT_FOUND,
		    "%s: there is no installation; run: authkey init", m->paths.root);
	if (code == AK_OK && (code = open_database(m, error)) == AK_OK &&
	    (code = check_version(m, error)) == AK_OK)
		/* Readers of a write-ahead log never hold a revocation up. */
		code = execute(m, "PRAGMA journal_mode = WAL", error);
	if (code == AK_OK)
		*out = m;
	else
		ak_master_close(&m);
	return code;
}

void
ak_master_close(struct ak_master **master)
{
	struct ak_master *m = *master;

	if (m == NULL)
		return;
	*master = NULL;
	for (int i = 0; i < AK_Q_COUNT; i++)
		sqlite3_finalize(m->statements[i]);
	sqlite3_close(m->db); /* undoes an open transaction */
	unlock(m);
	free(m);
}

const struct ak_paths *
ak_master_paths(const struct ak_master *m)
{
	return &m->paths;
}

enum ak_code
ak_master_installation(
    struct ak_master *m, struct ak_installation *installation, struct ak_error *error)
{
	sqlite3_stmt *get = ak_statement(m, AK_Q_installation_get, error);
	enum ak_code code = AK_OK;
	int rc;

	memset(installation, 0, sizeof(*installation));
	if (get == NULL)
		return error->code;
	if ((rc = sqlite3_step(get)) != SQLITE_ROW)
		code = rc == SQLITE_DONE
			   ? ak_fail(error, AK_E_STORE,
				 "%s: is damaged: no installation; restore a backup",
				 m->paths.master)
			   : ak_fail_sqlite(m->db, rc, m->paths.master, error);
	else if (!ak_column_text(
		     get, 0, installation->prefix, sizeof(installation->prefix)) ||
		 !ak_column_text(get, 1, installation->unix_group,
		     sizeof(installation->unix_group)))
		code = ak_fail(error, AK_E_STORE, "%s: is damaged: prefix or group",
		    m->paths.master);
	else
		installation->generation = sqlite3_column_int64(get, 2);
	ak_statement_done(get);
	return code;
}

enum ak_code
ak_master_begin(struct ak_master *m, struct ak_error *error)
{
	enum ak_code code;

	if ((code = lock(m, error)) != AK_OK)
		return code;
	if ((code = execute(m, "BEGIN IMMEDIATE", error)) != AK_OK)
		unlock(m);
	return code;
}

void
ak_master_rollback(struct ak_master *m)
{
	if (m->lock < 0)
		return;
	if (sqlite3_get_autocommit(m->db) == 0)
		sqlite3_exec(m->db, "ROLLBACK", NULL, NULL, NULL);
	ak_publish_drop(m);
	unlock(m);
}

/* Build, commit, rename; the transaction and the lock end here in every case. */
static enum ak_code
publish_and_commit(struct ak_master *m, int64_t now, struct ak_error *error)
{
	enum ak_code code;

	if ((code = ak_publish_build(m, now, error)) == AK_OK &&
	    (code = execute(m, "COMMIT", error)) == AK_OK)
		code = ak_publish_swap(m, error);
	ak_master_rollback(m);
	return code;
}

enum ak_code
ak_master_commit(struct ak_master *m, int64_t now, struct ak_error *error)
{
	sqlite3_stmt *next = ak_statement(m, AK_Q_generation_next, error);
	enum ak_code code =
	    next != NULL ? ak_run(m, next, SQLITE_OK, error) : error->code;

	if (code == AK_OK)
		return publish_and_commit(m, now, error);
	ak_master_rollback(m);
	return code;
}

enum ak_code
ak_master_publish(struct ak_master *m, int64_t now, struct ak_error *error)
{
	enum ak_code code = ak_master_begin(m, error);

	return code == AK_OK ? publish_and_commit(m, now, error) : code;
}

static bool
store_is_current(struct ak_master *m, int64_t generation)
{
	struct ak_error ignored;
	struct ak_store_meta meta;
	struct ak_store store;
	struct ak_key key;
	bool current;

	if (ak_store_open(m->paths.store, geteuid(), &store, &ignored) != AK_OK)
		return false;
	current = ak_store_find(&store, "", &key, &meta, &ignored) == AK_OK &&
		  meta.generation == generation;
	ak_store_close(&store);
	return current;
}

enum ak_code
ak_master_heal(struct ak_master *m, int64_t now, bool *healed, struct ak_error *error)
{
	struct ak_installation is;
	enum ak_code code;

	*healed = false;
	if ((code = ak_master_installation(m, &is, error)) != AK_OK ||
	    store_is_current(m, is.generation))
		return code;
	/* Another command may be between its commit and its rename: look again. */
	if ((code = ak_master_begin(m, error)) != AK_OK)
		return code;
	if ((code = ak_master_installation(m, &is, error)) != AK_OK ||
	    store_is_current(m, is.generation)) {
		ak_master_rollback(m);
		return code;
	}
	*healed = true;
	return publish_and_commit(m, now, error);
}

/* A folder of this mode, whatever the umask is; one that is there stays as it is. */
static enum ak_code
make_folder(const char *path, mode_t mode, struct ak_error *error)
{
	if (mkdir(path, mode) != 0)
		return errno == EEXIST ? AK_OK : ak_fail_errno(error, path, "");
	return chmod(path, mode) == 0 ? AK_OK : ak_fail_errno(error, path, "");
}

enum ak_code
ak_make_file(const char *path, struct ak_error *error)
{
	int fd;

	if (unlink(path) != 0 && errno != ENOENT)
		return ak_fail_errno(error, path, "");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return ak_fail_errno(error, path, "");
	if (fchmod(fd, 0600) != 0) {
		ak_fail_errno(error, path, "");
		close(fd);
		return error->code;
	}
	close(fd);
	return AK_OK;
}

/* Fill a new master: the tables and the one row of the installation. */
static enum ak_code
fill(struct ak_master *m, const struct ak_installation *is, struct ak_error *error)
{
	sqlite3_stmt *insert;
	enum ak_code code;
	int rc;

	if ((code = migrate(m, 0, error)) != AK_OK)
		return code;
	if ((insert = ak_statement(m, AK_Q_installation_insert, error)) == NULL)
		return error->code;
	if ((rc = ak_bind_text(insert, 1, is->prefix)) == SQLITE_OK)
		rc = ak_bind_text(insert, 2, is->unix_group);
	return ak_run(m, insert, rc, error);
}

/*
 * Make the master beside its place and rename it there when it is whole: an init that
 * is killed leaves no half of one.
 */
static enum ak_code
make_master(const struct ak_paths *paths, const struct ak_installation *is,
    struct ak_error *error)
{
	struct ak_master *m = new_master(error);
	enum ak_code code;

	if (m == NULL)
		return error->code;
	m->paths = *paths;
	memcpy(m->paths.master, paths->master_new, sizeof(m->paths.master));
	if ((code = lock(m, error)) == AK_OK && access(paths->master, F_OK) != 0) {
		if ((code = ak_make_file(m->paths.master, error)) == AK_OK &&
		    (code = open_database(m, error)) == AK_OK)
			code = fill(m, is, error);
		if (code == AK_OK && rename(m->paths.master, paths->master) != 0)
			code = ak_fail_errno(error, paths->master, "");
	}
	ak_master_close(&m);
	return code;
}

/* The folders of an installation, each safe, and their paths. */
static enum ak_code
make_folders(const char *root, struct ak_paths *paths, struct ak_error *error)
{
	enum ak_code code;

	if ((code = make_folder(root, 0755, error)) != AK_OK ||
	    (code = ak_paths_of(root, paths, error)) != AK_OK ||
	    (code = ak_trusted_folders(paths->store, geteuid(), error)) != AK_OK ||
	    (code = make_folder(paths->master_folder, 0700, error)) != AK_OK)
		return code;
	return make_folder(paths->usage_folder, 0755, error);
}

/* Does what was asked for clash with what is there? */
static enum ak_code
compare(const struct ak_installation *wanted, const struct ak_installation *is,
    struct ak_error *error)
{
	if (wanted->prefix[0] != '\0' && strcmp(wanted->prefix, is->prefix) != 0)
		return ak_fail(error, AK_E_CONFLICT,
		    "the installation is there already, with the prefix %s",
		    is->prefix);
	if (wanted->unix_group[0] != '\0' &&
	    strcmp(wanted->unix_group, is->unix_group) != 0)
		return ak_fail(error, AK_E_CONFLICT,
		    "the installation is there already, with the group %s",
		    is->unix_group);
	return AK_OK;
}

enum ak_code
ak_master_init(const char *root, const struct ak_installation *wanted, int64_t now,
    bool *made, struct ak_error *error)
{
	struct ak_installation is = *wanted;
	struct ak_master *m = NULL;
	struct ak_paths paths;
	const char *why;
	enum ak_code code;
	bool healed;
	gid_t gid;

	*made = false;
	if (is.prefix[0] == '\0')
		memcpy(is.prefix, AK_PREFIX_DEFAULT, sizeof(AK_PREFIX_DEFAULT));
	if (is.unix_group[0] == '\0')
		memcpy(is.unix_group, AK_GROUP_DEFAULT, sizeof(AK_GROUP_DEFAULT));
	if ((why = ak_prefix_why_not(is.prefix)) != NULL)
		return ak_fail(error, AK_E_USAGE, "prefix: %s", why);
	if ((code = make_folders(root, &paths, error)) != AK_OK)
		return code;
	if (access(paths.master, F_OK) != 0) {
		if ((code = ak_group_id(is.unix_group, &gid, error)) != AK_OK ||
		    (code = make_master(&paths, &is, error)) != AK_OK)
			return code;
		*made = true;
	}
	if ((code = ak_master_open(root, &m, error)) == AK_OK &&
	    (code = ak_master_installation(m, &is, error)) == AK_OK &&
	    (code = compare(wanted, &is, error)) == AK_OK)
		code = ak_master_heal(m, now, &healed, error);
	ak_master_close(&m);
	return code;
}
