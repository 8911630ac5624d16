/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_TRUSTED_H
#define AK_TRUSTED_H

#include <sys/stat.h>

#include "error.h"

/*
 * Open a file for reading only if nobody but `owner` and root could have made or
 * changed it: a regular file with one link at most, owned by one of them, not writable
 * by group or others, and so is every folder above it (a root-owned sticky folder, such
 * as /tmp, passes). No symbolic link anywhere in the path; a FIFO or device is
 * refused at once and never waited for. So is a file that was mounted by itself and
 * then replaced, which its path would lead to for ever: SECURITY R26.
 *
 *   path    absolute, taken literally
 *   fd      out: open, close-on-exec and above 2, the caller closes it; -1 on error
 *   status  out: the open file's
 *
 * AK_E_STORE       missing or unsafe; the text says which part and the remedy
 * AK_E_PERMISSION  this process may not read it
 */
enum ak_code ak_trusted_open(const char *path, uid_t owner, int *fd,
    struct stat *status, struct ak_error *error);

/* The same for a file in the folder of one that was opened so just now. */
enum ak_code ak_trusted_beside(const char *path, uid_t owner, int *fd,
    struct stat *status, struct ak_error *error);

/*
 * The same for the folders above a path alone: everything before its last slash.
 */
enum ak_code ak_trusted_folders(const char *path, uid_t owner, struct ak_error *error);

/*
 * Is it a folder of the caller's own, in which nobody else may make, rename or replace
 * a file? Stricter than the above: a sticky folder is none. AK_E_STORE, with a remedy.
 */
enum ak_code ak_own_folder(const char *path, struct ak_error *error);

/*
 * Move a descriptor above 2, so that a host which closed its standard streams finds
 * them closed: SECURITY R13. Takes and returns what open(2) does.
 */
int ak_above_standard_streams(int fd);

#endif
