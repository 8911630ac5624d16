/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "rename.h"
#include "usage_private.h"

/* The path of a user's file, or of the one that is put aside or being made for him. */
static void
path_of(const struct ak_paths *paths, uid_t uid, const char *ending, char path[4096])
{
	snprintf(
	    path, 4096, "%.*s/%u%s", 4000, paths->usage_folder, (unsigned)uid, ending);
}

/* An empty usage file of that user at `path`, complete. */
static enum ak_code
make(const char *path, uid_t uid, uint64_t cap, struct ak_error *error)
{
	struct ak_usage_head head = { .cap = cap };
	uint8_t packed[AK_USAGE_LEN];
	enum ak_code code;
	int fd;

	if ((code = ak_make_file(path, error)) != AK_OK)
		return code;
	if ((fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		return ak_fail_errno(error, path, "");
	randombytes_buf(head.id, sizeof(head.id));
	ak_usage_head_pack(&head, packed);
	error->code = AK_OK;
	if (write(fd, packed, sizeof(packed)) != (ssize_t)sizeof(packed) ||
	    (geteuid() != uid && fchown(fd, uid, (gid_t)-1) != 0) || fsync(fd) != 0)
		ak_fail_errno(error, path, "");
	close(fd);
	return error->code;
}

enum ak_code
ak_usage_file_make(const struct ak_paths *paths, uid_t uid, uint64_t cap, bool *made,
    struct ak_error *error)
{
	char path[4096], new[4096];
	enum ak_code code;
	struct stat st;

	path_of(paths, uid, "", path);
	path_of(paths, uid, ".init", new);
	*made = false;
	if (lstat(path, &st) == 0) {
		if (st.st_nlink > 1)
			unlink(new); /* its other name, of who was killed here */
		return AK_OK;
	}
	if ((code = make(new, uid, cap, error)) != AK_OK)
		return code;
	if (ak_rename_new(new, path) == 0)
		*made = true;
	else if (errno != EEXIST)
		code = ak_fail_errno(error, path, "");
	if (!*made)
		unlink(new);
	return code;
}

static enum ak_code
move(const char *from, const char *to, struct ak_error *error)
{
	return rename(from, to) == 0 ? AK_OK : ak_fail_errno(error, to, "");
}

/* Only root can have put it there, and he may want it back. */
static enum ak_code
clear_way(const char *path, uid_t uid, int64_t now, struct ak_error *error)
{
	char away[4200];
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? AK_OK : ak_fail_errno(error, path, "");
	if (S_ISREG(st.st_mode) && st.st_uid == uid)
		return AK_OK;
	snprintf(away, sizeof(away), "%s.%lld", path, (long long)now);
	if (ak_rename_new(path, away) != 0)
		return ak_fail_errno(error, path, "; move it away");
	return AK_OK;
}

enum ak_code
ak_usage_file_back(const struct ak_paths *paths, uid_t uid, struct ak_error *error)
{
	char path[4096], new[4096];
	struct stat st;

	path_of(paths, uid, "", path);
	path_of(paths, uid, ".new", new);
	return lstat(path, &st) != 0 && errno == ENOENT ? move(new, path, error)
							: AK_OK;
}

/*
 * Who is killed within leaves the old file as UID.new, or the new one while there is no
 * UID; the fold reads UID.new too, and the next rotation then ends what this one began.
 * UID.new is never less than a whole file: it is made under another name.
 */
enum ak_code
ak_usage_file_rotate(const struct ak_paths *paths, uid_t uid, uint64_t cap, int64_t now,
    struct ak_error *error)
{
	char path[4096], init[4096], new[4096], old[4096];
	enum ak_code code;
	struct stat st;

	path_of(paths, uid, "", path);
	path_of(paths, uid, ".init", init);
	path_of(paths, uid, ".new", new);
	path_of(paths, uid, ".old", old);
	if ((code = clear_way(new, uid, now, error)) != AK_OK ||
	    (code = clear_way(old, uid, now, error)) != AK_OK)
		return code;
	if (lstat(new, &st) == 0)
		return move(new, old, error);
	if ((code = make(init, uid, cap, error)) != AK_OK ||
	    (code = move(init, new, error)) != AK_OK)
		return code;
	if (ak_rename_aside(path, new, old) != 0)
		return ak_fail_errno(error, path, "");
	return AK_OK;
}
