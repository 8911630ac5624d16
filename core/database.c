/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "database.h"

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
ak_statement(struct ak_database *d, enum ak_query query, struct ak_error *error)
{
	int rc;

	if (d->statements[query] == NULL) {
		rc = sqlite3_prepare_v3(d->handle, ak_queries[query], -1,
		    SQLITE_PREPARE_PERSISTENT, &d->statements[query], NULL);
		if (rc != SQLITE_OK) {
			ak_fail_sqlite(d->handle, rc, d->path, error);
			return NULL;
		}
	}
	return d->statements[query];
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

const char *
ak_column(sqlite3_stmt *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	return text != NULL ? (const char *)text : "";
}

/* Not snprintf(3): a publish of a million keys copies sixteen million texts. */
bool
ak_column_text(sqlite3_stmt *row, int column, char *to, size_t size)
{
	const char *text = ak_column(row, column);
	size_t len = strlen(text);
	/* What stands behind a NUL is damage: a list of networks must not end there. */
	bool fits = len < size && len == (size_t)sqlite3_column_bytes(row, column);

	if (len >= size)
		len = size - 1;
	if (len > 0)
		memcpy(to, text, len);
	to[len] = '\0';
	return fits;
}

int64_t
ak_column_time(sqlite3_stmt *row, int column)
{
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		return AK_NO_TIME;
	return sqlite3_column_int64(row, column);
}

bool
ak_column_was_lost(const struct ak_database *d)
{
	return sqlite3_errcode(d->handle) == SQLITE_NOMEM;
}

enum ak_code
ak_each(struct ak_database *d, sqlite3_stmt *statement, int bound, ak_row_fn *fn,
    void *context, struct ak_error *error)
{
	enum ak_row next = AK_ROW_NEXT;
	enum ak_code code = AK_OK;
	int rc = bound;

	if (rc == SQLITE_OK)
		while (next == AK_ROW_NEXT &&
		       (rc = sqlite3_step(statement)) == SQLITE_ROW) {
			next = fn(statement, context);
			if (ak_column_was_lost(d)) {
				rc = SQLITE_NOMEM;
				break;
			}
		}
	if (next == AK_ROW_DAMAGED && rc != SQLITE_NOMEM)
		code = ak_fail(
		    error, AK_E_STORE, "%s: is damaged; restore a backup", d->path);
	else if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		code = ak_fail_sqlite(d->handle, rc, d->path, error);
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
ak_run(
    struct ak_database *d, sqlite3_stmt *statement, int bound, struct ak_error *error)
{
	return ak_each(d, statement, bound, pass_over, NULL, error);
}

static int
bind_all(sqlite3_stmt *statement, const struct ak_value *values, int count)
{
	int rc =
	    sqlite3_bind_parameter_count(statement) == count ? SQLITE_OK : SQLITE_RANGE;

	for (int i = 0; rc == SQLITE_OK && i < count; i++)
		rc = values[i].text != NULL
			 ? ak_bind_text(statement, i + 1, values[i].text)
			 : sqlite3_bind_int64(statement, i + 1, values[i].number);
	return rc;
}

enum ak_code
ak_write(struct ak_database *d, enum ak_query query, const struct ak_value *values,
    int count, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(d, query, error);

	if (s == NULL)
		return error->code;
	return ak_run(d, s, bind_all(s, values, count), error);
}

/* The answer to ak_ask(). */
struct answer {
	bool there;
	int64_t number;
};

static enum ak_row
take_answer(sqlite3_stmt *row, void *context)
{
	*(struct answer *)context =
	    (struct answer){ true, sqlite3_column_int64(row, 0) };
	return AK_ROW_STOP;
}

enum ak_code
ak_ask(struct ak_database *d, enum ak_query query, const struct ak_value *values,
    int count, bool *there, int64_t *number, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(d, query, error);
	struct answer answer = { false, 0 };
	enum ak_code code;

	if (s == NULL)
		return error->code;
	code = ak_each(d, s, bind_all(s, values, count), take_answer, &answer, error);
	*there = answer.there;
	*number = answer.number;
	return code;
}

enum ak_code
ak_execute(struct ak_database *d, const char *sql, struct ak_error *error)
{
	int rc = sqlite3_exec(d->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? AK_OK : ak_fail_sqlite(d->handle, rc, d->path, error);
}

enum ak_code
ak_pragma(
    struct ak_database *d, const char *sql, int64_t *value, struct ak_error *error)
{
	sqlite3_stmt *pragma = NULL;
	int rc = sqlite3_prepare_v2(d->handle, sql, -1, &pragma, NULL);

	*value = 0;
	if (rc == SQLITE_OK && (rc = sqlite3_step(pragma)) == SQLITE_ROW) {
		*value = sqlite3_column_int64(pragma, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(pragma);
	return rc == SQLITE_OK ? AK_OK : ak_fail_sqlite(d->handle, rc, d->path, error);
}

enum ak_code
ak_database_open(struct ak_database *d, const char *path, struct ak_error *error)
{
	int rc;

	snprintf(d->path, sizeof(d->path), "%s", path);
	rc = sqlite3_open_v2(
	    path, &d->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
	if (rc != SQLITE_OK)
		return ak_fail_sqlite(d->handle, rc, path, error);
	sqlite3_busy_timeout(d->handle, AK_BUSY_MS);
	sqlite3_db_config(d->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(d->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* What is deleted, a sealed token for one, does not linger in free pages. */
	return ak_execute(d,
	    "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; "
	    "PRAGMA secure_delete = ON;",
	    error);
}

enum ak_code
ak_database_use_wal(struct ak_database *d, struct ak_error *error)
{
	enum ak_code code;

	for (int waited = 0;; waited += 10) {
		code = ak_execute(d, "PRAGMA journal_mode = WAL", error);
		if (code == AK_OK || waited >= AK_BUSY_MS ||
		    sqlite3_errcode(d->handle) != SQLITE_BUSY)
			return code;
		sqlite3_sleep(10);
	}
}

void
ak_database_close(struct ak_database *d)
{
	for (int i = 0; i < AK_Q_COUNT; i++)
		sqlite3_finalize(d->statements[i]);
	memset(d->statements, 0, sizeof(d->statements));
	sqlite3_close(d->handle);
	d->handle = NULL;
}

/* Both numbers as they stood at one moment: whoever migrates sets them together. */
static enum ak_code
get_numbers(struct ak_database *d, int64_t *version, int64_t *application,
    struct ak_error *error)
{
	enum ak_code code = ak_execute(d, "SAVEPOINT numbers", error);

	if (code != AK_OK)
		return code;
	if ((code = ak_pragma(d, "PRAGMA user_version", version, error)) == AK_OK)
		code = ak_pragma(d, "PRAGMA application_id", application, error);
	return code == AK_OK ? ak_execute(d, "RELEASE numbers", error) : code;
}

/* Is it of its kind, and of which version? */
static enum ak_code
get_version(struct ak_database *d, const struct ak_kind *kind, int64_t *version,
    struct ak_error *error)
{
	int64_t application;
	enum ak_code code = get_numbers(d, version, &application, error);

	if (code != AK_OK)
		return code;
	if (application != kind->application_id && (application != 0 || *version != 0))
		return ak_fail(error, AK_E_STORE, "%s: is not %s", d->path, kind->name);
	/* Both numbers are set by the first migration, and no version is below it. */
	if (*version < 0 || (*version == 0 && application != 0))
		return ak_fail(error, AK_E_STORE,
		    "%s: is damaged (version %d); restore a backup", d->path,
		    (int)*version);
	if (*version > kind->migration_count)
		return ak_fail(error, AK_E_STORE,
		    "%s: was made by a newer authkey (version %d, known here "
		    "%d); " AK_UPGRADE,
		    d->path, (int)*version, kind->migration_count);
	return AK_OK;
}

/* One migration and its number, in a transaction that the caller has begun. */
static enum ak_code
migrate_once(struct ak_database *d, const struct ak_kind *kind, int64_t version,
    struct ak_error *error)
{
	char numbers[128];
	enum ak_code code;

	snprintf(numbers, sizeof(numbers),
	    "PRAGMA application_id = %d; PRAGMA user_version = %d;",
	    kind->application_id, (int)version + 1);
	if ((code = ak_execute(d, kind->migrations[version], error)) == AK_OK)
		code = ak_execute(d, numbers, error);
	return code;
}

enum ak_code
ak_database_migrate(struct ak_database *d, const struct ak_kind *kind,
    ak_before_fn *before, void *context, struct ak_error *error)
{
	int64_t version = -1;
	enum ak_code code = get_version(d, kind, &version, error);

	if (code != AK_OK || version == kind->migration_count ||
	    (code = ak_execute(d, "BEGIN IMMEDIATE", error)) != AK_OK)
		return code;
	/* Another command may have migrated it: look again now that it is our turn. */
	code = get_version(d, kind, &version, error);
	if (code == AK_OK && before != NULL && version > 0 &&
	    version < kind->migration_count)
		code = before(version, context, error);
	for (; code == AK_OK && version < kind->migration_count; version++)
		code = migrate_once(d, kind, version, error);
	if (code == AK_OK)
		code = ak_execute(d, "COMMIT", error);
	if (sqlite3_get_autocommit(d->handle) == 0)
		sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
	return code;
}

enum ak_code
ak_database_look(
    struct ak_database *d, const struct ak_kind *kind, struct ak_error *error)
{
	int64_t version = -1;
	enum ak_code code = get_version(d, kind, &version, error);

	if (code == AK_OK && version < kind->migration_count)
		return ak_fail(error, AK_E_STORE,
		    "%s: was made by an older authkey; any command brings it up to "
		    "date",
		    d->path);
	return code == AK_OK ? ak_execute(d, "PRAGMA query_only = 1", error) : code;
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
