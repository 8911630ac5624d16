/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_BACKUP_H
#define AK_BACKUP_H

#include "master.h"

/*
 * A backup is the master at one moment, as one SQLite file: keys, owners, audit,
 * settings, and tokens kept for recovery. Usage is not in it.
 */

/* Called now and then: bytes that are done, and of how many. */
typedef void ak_copy_fn(int64_t done, int64_t total, void *context);

/*
 * Write a backup while other commands may go on. It is checked before it gets its name,
 * is on disk then, and nobody else may read it (0600).
 *
 *   path     of the backup; its folder is there
 *   replace  whether a file of this name may be replaced
 *   fn       may be NULL
 *
 * AK_E_USAGE       the path is a folder, or in one of the installation
 * AK_E_CONFLICT    there is a file of this name, and `replace` is not set
 * AK_E_STORE       the master is damaged, the disk is full, another backup is made
 * AK_E_PERMISSION  the caller may not write there
 */
enum ak_code ak_backup_write(struct ak_master *master, const char *path, bool replace,
    ak_copy_fn *fn, void *context, struct ak_error *error);

#endif
