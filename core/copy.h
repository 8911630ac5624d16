/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_COPY_H
#define AK_COPY_H

#include "backup.h"
#include "master_private.h"

/*
 * Copies of the master, for backup.c and restore.c. SQLite opens files of the master's
 * folder alone: next to a file in another's folder it would obey journals that this
 * other put there (SECURITY, finding 1). What comes from outside or goes there is
 * copied as bytes.
 */

/* A file in the master's folder that one command at a time works with. */
struct ak_scratch {
	int folder; /* locked; -1: there is none */
	char path[4200];
};

/* Take it, empty, with no old journal beside it. AK_E_STORE when another has it. */
enum ak_code ak_scratch_take(
    const struct ak_paths *paths, struct ak_scratch *scratch, struct ak_error *error);

/* Take the file away and let others have it; fine when it is not taken. */
void ak_scratch_drop(struct ak_scratch *scratch);

/* Copy what `from` holds at one moment over all of `to`, in one transaction. */
enum ak_code ak_copy_database(struct ak_database *from, struct ak_database *to,
    ak_copy_fn *fn, void *context, struct ak_error *error);

/* Copy a master into a file of its folder that is there and empty. */
enum ak_code ak_copy_master(struct ak_database *master, const char *path,
    ak_copy_fn *fn, void *context, struct ak_error *error);

/*
 * Copy a master into a file of its folder that is made, 0600, and forced to disk, to be
 * renamed: what stands in its place is none yet. There is no file after an error.
 */
enum ak_code ak_copy_aside(
    struct ak_database *master, const char *path, struct ak_error *error);

/*
 * Copy a file that is open to one that `to` names: made beside it, forced to disk,
 * and then renamed. AK_E_CONFLICT when there is one and `replace` is not set.
 */
enum ak_code ak_copy_file(
    int from, const char *to, bool replace, struct ak_error *error);

/* All bytes from here to the end of one descriptor to another. */
enum ak_code ak_copy_bytes(int from, int to, const char *name, struct ak_error *error);

/* Open the folder in which `path` is or will be; -1 with errno. The caller closes it.
 */
int ak_open_folder_of(const char *path);

/* Force to disk what was renamed within the folder of `path`. */
enum ak_code ak_sync_folder_of(const char *path, struct ak_error *error);

#endif
