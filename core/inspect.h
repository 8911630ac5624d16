/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_INSPECT_H
#define AK_INSPECT_H

#include "usage.h"

/*
 * A look at an installation that may be broken: nothing is migrated, locked or
 * published, and no file's mode is held against it. Where a command was killed and has
 * left a write-ahead log, SQLite makes its index anew; otherwise no file is made. For
 * authkey doctor; whoever works with keys uses ak_master_open().
 */

/*
 * Open the master for reading alone.
 *
 *   paths   of ak_paths_of()
 *   master  out, the caller closes it with ak_master_close(); NULL on error
 *
 * AK_E_NOT_FOUND   there is none
 * AK_E_PERMISSION  the caller may not read it
 * AK_E_STORE       damaged, or of another version
 */
enum ak_code ak_master_inspect(
    const struct ak_paths *paths, struct ak_master **master, struct ak_error *error);

/* Look for damage in every page of the master: AK_E_STORE, and what it is. */
enum ak_code ak_master_check(struct ak_master *master, struct ak_error *error);

/* The same as ak_master_inspect() for the database of usage: ak_usage_close(). */
enum ak_code ak_usage_inspect(
    const struct ak_paths *paths, struct ak_usage **usage, struct ak_error *error);

/*
 * Whether a file in the master's folder is one that restore, master.db.TIME.N, or an
 * upgrade, master-schema-3.db, has put aside.
 */
bool ak_is_aside(const char *name);

/* `count` tokens are sealed in the file; -1: it cannot be read. */
typedef void ak_sealed_aside_fn(const char *path, int64_t count, void *context);

/*
 * Name the files that were put aside and hold sealed tokens, or may: those that cannot
 * be read.
 *
 * AK_E_NOT_FOUND, AK_E_PERMISSION  the master's folder is not there, or not for the
 * caller
 */
enum ak_code ak_sealed_aside(const struct ak_paths *paths, ak_sealed_aside_fn *fn,
    void *context, struct ak_error *error);

#endif
