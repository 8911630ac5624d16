/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_DATABASE_H
#define AK_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

#include <sqlite3.h>

#include "error.h"
#include "sql.h"
#include "when.h"

/*
 * A SQLite database of the tool's half, and the statements of schema/queries/ that run
 * on it: what master.c and usage.c share. For files of core alone.
 */
struct ak_database {
	sqlite3 *handle;
	sqlite3_stmt *statements[AK_Q_COUNT]; /* prepared on first use */
	char path[4096];
};

/* What a database must be. */
struct ak_kind {
	const char *name; /* "an authkey master", for messages */
	int application_id;
	const char *const *migrations;
	int migration_count;
};

#define AK_BUSY_MS 10000 /* how long another command is waited for */

/*
 * Open the file at `path`, which exists and which nobody else may write. Defensive,
 * durable (synchronous=FULL). AK_E_STORE, AK_E_PERMISSION, AK_E_NOMEM.
 */
enum ak_code ak_database_open(
    struct ak_database *database, const char *path, struct ak_error *error);

/*
 * Called before an older database, of version 1 or later, is migrated: nobody else
 * writes it, and nothing is migrated unless AK_OK comes back.
 */
typedef enum ak_code ak_before_fn(
    int64_t version, void *context, struct ak_error *error);

/*
 * Bring an older database up to date, in one transaction, and check that it is of its
 * kind. An empty file (version 0) is of any kind. Of many that do so at once, one does.
 *
 *   before  may be NULL
 *
 * AK_E_STORE when it is of another kind or made by a newer version.
 */
enum ak_code ak_database_migrate(struct ak_database *database,
    const struct ak_kind *kind, ak_before_fn *before, void *context,
    struct ak_error *error);

/*
 * Only check that it is of its kind and up to date, and let nothing change it through
 * this handle. AK_E_STORE when it is not.
 */
enum ak_code ak_database_look(
    struct ak_database *database, const struct ak_kind *kind, struct ak_error *error);

/*
 * Use a write-ahead log from now on, in which readers and a writer do not wait for each
 * other. Two that switch a file to it at the same moment refuse each other at once,
 * whatever wait they have set, so this tries again for as long.
 */
enum ak_code ak_database_use_wal(struct ak_database *database, struct ak_error *error);

/* Close, undoing what was not committed. Fine when it is not open. */
void ak_database_close(struct ak_database *database);

/* Run SQL without parameters and without rows. */
enum ak_code ak_execute(
    struct ak_database *database, const char *sql, struct ak_error *error);

/* One number that a database keeps of itself: "PRAGMA user_version". */
enum ak_code ak_pragma(struct ak_database *database, const char *sql, int64_t *value,
    struct ak_error *error);

/*
 * A statement, ready to bind; it belongs to the database. Give it back to
 * ak_statement_done() before it is asked for again. NULL with `error` set.
 */
sqlite3_stmt *ak_statement(
    struct ak_database *database, enum ak_query query, struct ak_error *error);

/* Reset a statement and drop what is bound to it. */
void ak_statement_done(sqlite3_stmt *statement);

/* Bind a text, NULL when it is NULL. The text must live until the statement is done. */
int ak_bind_text(sqlite3_stmt *statement, int at, const char *text);

/* Bind a text, NULL when it is "". */
int ak_bind_optional(sqlite3_stmt *statement, int at, const char *text);

/* Bind a time, NULL for AK_NO_TIME. */
int ak_bind_time(sqlite3_stmt *statement, int at, int64_t when);

/* A text column, borrowed until the next row; NULL reads as "". */
const char *ak_column(sqlite3_stmt *row, int column);

/* Copy a text column; NULL reads as "". False when it is too long or has a NUL. */
bool ak_column_text(sqlite3_stmt *row, int column, char *to, size_t size);

/* A time column; NULL reads as AK_NO_TIME. */
int64_t ak_column_time(sqlite3_stmt *row, int column);

/*
 * Whether there was no memory for a column of the row that was just read. Such a column
 * reads as NULL, and a key without restrictions is another key: the row is none.
 */
bool ak_column_was_lost(const struct ak_database *database);

/* What to do after a row. */
enum ak_row { AK_ROW_NEXT, AK_ROW_STOP, AK_ROW_DAMAGED };

typedef enum ak_row ak_row_fn(sqlite3_stmt *row, void *context);

/*
 * Hand each row of a bound statement to `fn` until it wants no more, and finish with
 * the statement. `bound` is what binding returned. AK_E_STORE for a damaged row.
 */
enum ak_code ak_each(struct ak_database *database, sqlite3_stmt *statement, int bound,
    ak_row_fn *fn, void *context, struct ak_error *error);

/* Step a statement that gives no rows, or none that matter, and finish with it. */
enum ak_code ak_run(struct ak_database *database, sqlite3_stmt *statement, int bound,
    struct ak_error *error);

/* What a parameter is bound to: the text, or the number where there is none. */
struct ak_value {
	const char *text; /* borrowed */
	int64_t number;
};
#define AK_TEXT(text)   \
	{               \
		text, 0 \
	}
#define AK_NUMBER(number)    \
	{                    \
		NULL, number \
	}

/* Values for all parameters of a statement, in their order, and how many they are. */
#define AK_VALUES(...)                                               \
	(const struct ak_value[]){ __VA_ARGS__ },                    \
	    (int)(sizeof((const struct ak_value[]){ __VA_ARGS__ }) / \
		  sizeof(struct ak_value))

/* Run a statement that gives no rows. `values` and `count`: AK_VALUES(). */
enum ak_code ak_write(struct ak_database *database, enum ak_query query,
    const struct ak_value *values, int count, struct ak_error *error);

/*
 * Ask a statement for one row: was there one, and which number is its first column (0
 * when there is no row)?
 */
enum ak_code ak_ask(struct ak_database *database, enum ak_query query,
    const struct ak_value *values, int count, bool *there, int64_t *number,
    struct ak_error *error);

/* Set an error from what SQLite last said of `what`. */
enum ak_code ak_fail_sqlite(
    sqlite3 *handle, int rc, const char *what, struct ak_error *error);

/*
 * Make an empty file that nobody else can open, whatever the umask is, in place of one
 * that may be there: SECURITY R24.
 */
enum ak_code ak_make_file(const char *path, struct ak_error *error);

#endif
