/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_RENAME_H
#define AK_RENAME_H

/*
 * Two renames for which Linux has flags, also where a file system knows none of them
 * (NFS, many of FUSE, OpenZFS before 2.2), which the kernel answers with EINVAL, and an
 * older one, or a sandbox, with ENOSYS. Both return 0, or -1 with errno. Source:
 * rename(2).
 */

/*
 * Rename `from` to `to`, a name that must be free: EEXIST when it is not. Without the
 * flag it is a link, which never replaces anything, and then the removal of `from`: who
 * is killed between them leaves both names. EPERM or EOPNOTSUPP where there are no hard
 * links either, or `from` is a folder: nothing has changed then.
 */
int ak_rename_new(const char *from, const char *to);

/*
 * `new` takes the place of `path`, which becomes `old`, over what has that name. With
 * the flag there is a `path` at every moment; who is killed leaves what `path` was as
 * `new`. Without it `path` is missing for a moment: who is killed then leaves `new`,
 * which is to be renamed to it.
 */
int ak_rename_aside(const char *path, const char *new, const char *old);

#endif
