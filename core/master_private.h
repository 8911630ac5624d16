/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_MASTER_PRIVATE_H
#define AK_MASTER_PRIVATE_H

#include <sys/types.h>

#include <sqlite3.h>

#include "master.h"
#include "sql.h"

/* For the files of core that work on the master, and for nobody else. */
struct ak_master {
	sqlite3 *db;
	sqlite3_stmt *statements[AK_Q_COUNT]; /* prepared on first use */
	int lock; /* descriptor, -1: not held */
	struct ak_paths paths;
};

/*
 * A statement, ready to bind; it belongs to the master. Give it back to
 * ak_statement_done() before it is asked for again. NULL with `error` set.
 */
sqlite3_stmt *ak_statement(
    struct ak_master *master, enum ak_query query, struct ak_error *error);

/* Reset a statement and drop what is bound to it. NULL is fine. */
void ak_statement_done(sqlite3_stmt *statement);

/* Bind a text, NULL when it is NULL. The text must live until the statement is done. */
int ak_bind_text(sqlite3_stmt *statement, int at, const char *text);

/* Bind a text, NULL when it is "". */
int ak_bind_optional(sqlite3_stmt *statement, int at, const char *text);

/* Bind a time, NULL for AK_NO_TIME. */
int ak_bind_time(sqlite3_stmt *statement, int at, int64_t when);

/* Copy a text column; NULL reads as "". False when it does not fit. */
bool ak_column_text(sqlite3_stmt *row, int column, char *to, size_t size);

/* A time column; NULL reads as AK_NO_TIME. */
int64_t ak_column_time(sqlite3_stmt *row, int column);

/* Step a statement that gives no rows, and finish with it. */
enum ak_code ak_run(struct ak_master *master, sqlite3_stmt *statement, int bound,
    struct ak_error *error);

/* What to do after a row. */
enum ak_row { AK_ROW_NEXT, AK_ROW_STOP, AK_ROW_DAMAGED };

typedef enum ak_row ak_row_fn(sqlite3_stmt *row, void *context);

/*
 * Hand each row of a bound statement to `fn` until it wants no more, and finish with
 * the statement. `bound` is what binding returned. AK_E_STORE for a damaged row.
 */
enum ak_code ak_each(struct ak_master *master, sqlite3_stmt *statement, int bound,
    ak_row_fn *fn, void *context, struct ak_error *error);

/* Set an error from what SQLite last said on `db`. */
enum ak_code ak_fail_sqlite(
    sqlite3 *db, int rc, const char *what, struct ak_error *error);

/*
 * Make an empty file that nobody else can open, whatever the umask is, in place of one
 * that may be there: SECURITY R24.
 */
enum ak_code ak_make_file(const char *path, struct ak_error *error);

/* The number of a group by its name; AK_E_NOT_FOUND when there is none. */
enum ak_code ak_group_id(const char *name, gid_t *gid, struct ak_error *error);

/*
 * Build the store of the master's present transaction in paths.store_new, complete,
 * with owner and mode, and on disk. Nothing is in place yet.
 */
enum ak_code ak_publish_build(
    struct ak_master *master, int64_t now, struct ak_error *error);

/* Rename what was built into place and force the folder to disk. */
enum ak_code ak_publish_swap(struct ak_master *master, struct ak_error *error);

/* Take away what was built and is not wanted. */
void ak_publish_drop(struct ak_master *master);

#endif
