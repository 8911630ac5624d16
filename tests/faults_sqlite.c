/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands in for the functions of SQLite that core calls, where the linker wraps them:
 * SQLite's own calls of itself go on as ever. One that fails has done nothing.
 */
#include <stddef.h>

#include <sqlite3.h>

#include "faults.h"

/* WRAP(what it gives, name, parameters, arguments, what it gives when it fails) */
#define WRAPPED(X)                                                                     \
	X(int, sqlite3_step, (sqlite3_stmt * s), (s), faults_error())                  \
	X(int, sqlite3_exec,                                                           \
	    (sqlite3 * db, const char *sql, int (*fn)(void *, int, char **, char **),  \
		void *context, char **message),                                        \
	    (db, sql, fn, context, message), faults_error())                           \
	X(int, sqlite3_prepare_v2,                                                     \
	    (sqlite3 * db, const char *sql, int n, sqlite3_stmt **s,                   \
		const char **end),                                                     \
	    (db, sql, n, s, end), (*s = NULL, faults_error()))                         \
	X(int, sqlite3_prepare_v3,                                                     \
	    (sqlite3 * db, const char *sql, int n, unsigned flags, sqlite3_stmt **s,   \
		const char **end),                                                     \
	    (db, sql, n, flags, s, end), (*s = NULL, faults_error()))                  \
	X(int, sqlite3_open_v2,                                                        \
	    (const char *path, sqlite3 **db, int flags, const char *vfs),              \
	    (path, db, flags, vfs), (*db = NULL, faults_error()))                      \
	X(int, sqlite3_bind_int64, (sqlite3_stmt * s, int at, sqlite3_int64 n),        \
	    (s, at, n), faults_error())                                                \
	X(int, sqlite3_bind_int, (sqlite3_stmt * s, int at, int n), (s, at, n),        \
	    faults_error())                                                            \
	X(int, sqlite3_bind_null, (sqlite3_stmt * s, int at), (s, at), faults_error()) \
	X(int, sqlite3_bind_blob,                                                      \
	    (sqlite3_stmt * s, int at, const void *b, int n, void (*end)(void *)),     \
	    (s, at, b, n, end), faults_error())                                        \
	X(int, sqlite3_bind_text,                                                      \
	    (sqlite3_stmt * s, int at, const char *b, int n, void (*end)(void *)),     \
	    (s, at, b, n, end), faults_error())                                        \
	X(int, sqlite3_busy_timeout, (sqlite3 * db, int ms), (db, ms), faults_error()) \
	X(sqlite3_backup *, sqlite3_backup_init,                                       \
	    (sqlite3 * to, const char *a, sqlite3 *from, const char *b),               \
	    (to, a, from, b), NULL)                                                    \
	X(int, sqlite3_backup_step, (sqlite3_backup * b, int pages), (b, pages),       \
	    faults_error())

#define STAND_IN(type, name, parameters, arguments, failed)                         \
	type __real_##name parameters;                                              \
	type __wrap_##name parameters;                                              \
	type __wrap_##name parameters                                               \
	{                                                                           \
		return faults_hit(FAULT_SQLITE) ? failed : __real_##name arguments; \
	}
WRAPPED(STAND_IN)
