/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "restore_private.h"

/* What cannot be restored is no backup: it is opened and read as a restore does. */
static enum ak_code
check(const struct ak_master *m, const char *path, struct ak_error *error)
{
	struct ak_master *copy = ak_master_new(error);
	enum ak_code code;

	if (copy == NULL)
		return error->code;
	copy->paths = m->paths;
	if ((code = ak_database_open(&copy->db, path, error)) == AK_OK) {
		memcpy(copy->db.path, m->paths.master, sizeof(copy->db.path));
		code = ak_restore_check(copy, error);
	}
	ak_master_close(&copy);
	return code;
}

/* The snapshot begins when something is read. */
static enum ak_code
fill_at_one_moment(struct ak_master *m, const char *path, ak_copy_fn *fn, void *context,
    struct ak_error *error)
{
	struct ak_installation is;
	enum ak_code code = ak_master_snapshot(m, error);

	if (code == AK_OK && (code = ak_master_installation(m, &is, error)) == AK_OK)
		code = ak_copy_master(&m->db, path, fn, context, error);
	ak_master_snapshot_end(m);
	return code == AK_OK ? check(m, path, error) : code;
}

/*
 * Whether `path` is in a folder of the installation: a backup in the master's place
 * would meet its write-ahead log, and in the store's it would lock everybody out.
 */
static bool
is_inside(const struct ak_paths *paths, const char *path)
{
	const char *const folders[] = { paths->root, paths->master_folder,
		paths->usage_folder };
	struct stat folder, ours;
	int fd = ak_open_folder_of(path);
	bool inside = false;

	if (fd >= 0 && fstat(fd, &folder) == 0)
		for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
			inside |= stat(folders[i], &ours) == 0 &&
				  ours.st_dev == folder.st_dev &&
				  ours.st_ino == folder.st_ino;
	if (fd >= 0)
		close(fd);
	return inside;
}

/* A file to propose where `path` is a folder, and otherwise the path; whether it is. */
static bool
is_folder(const char *path, char file[PATH_MAX])
{
	size_t len = strlen(path);
	struct stat st;
	bool folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	while (folder && len > 0 && path[len - 1] == '/')
		len--;
	snprintf(file, PATH_MAX, "%.*s%s", (int)len, path, folder ? "/authkey.db" : "");
	return folder;
}

enum ak_code
ak_backup_write(struct ak_master *m, const char *path, bool replace, ak_copy_fn *fn,
    void *context, struct ak_error *error)
{
	struct ak_scratch scratch = { .folder = -1 };
	char file[PATH_MAX];
	struct stat there;
	enum ak_code code;
	int from = -1;
	bool folder;

	folder = is_folder(path, file);
	if (is_inside(&m->paths, file))
		return ak_fail(error, AK_E_USAGE,
		    "%s: is in the installation's own folder; choose a place that its "
		    "loss leaves alone",
		    path);
	if (folder)
		return ak_fail(error, AK_E_USAGE,
		    "%s: is a folder; name a file in it: %s", path, file);
	if (lstat(path, &there) == 0 && (!replace || !S_ISREG(there.st_mode)))
		return ak_fail(error, AK_E_CONFLICT,
		    "%s: is there already; choose another name", path);
	if ((code = ak_scratch_take(&m->paths, &scratch, error)) == AK_OK)
		code = fill_at_one_moment(m, scratch.path, fn, context, error);
	if (code == AK_OK &&
	    (from = open(scratch.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		code = ak_fail_errno(error, scratch.path, "");
	if (code == AK_OK)
		code = ak_copy_file(from, path, replace, error);
	if (from >= 0)
		close(from);
	ak_scratch_drop(&scratch);
	return code;
}
