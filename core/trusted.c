/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "trusted.h"

#define LOOKS 1000 /* for the name of a file that has none */

static bool
owned_by(const struct stat *st, uid_t owner)
{
	return st->st_uid == 0 || st->st_uid == owner;
}

static bool
others_write(const struct stat *st)
{
	return (st->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

static enum ak_code
check_folder(const char *path, uid_t owner, struct ak_error *error)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return ak_fail_errno(error, path, "");
	if (!S_ISDIR(st.st_mode))
		return ak_fail(error, AK_E_STORE,
		    "%s: is not a folder; name the store by its real path", path);
	if (!owned_by(&st, owner))
		return ak_fail(error, AK_E_STORE,
		    "%s: belongs to uid %u, who could swap the store; chown it to root",
		    path, (unsigned)st.st_uid);
	if (others_write(&st) && !((st.st_mode & S_ISVTX) != 0 && st.st_uid == 0))
		return ak_fail(error, AK_E_STORE,
		    "%s: group or others could swap the store; chmod go-w it", path);
	return AK_OK;
}

enum ak_code
ak_trusted_folders(const char *path, uid_t owner, struct ak_error *error)
{
	char folder[PATH_MAX];
	size_t len = strlen(path);
	enum ak_code code;

	if (path[0] != '/' || len >= sizeof(folder))
		return ak_fail(error, AK_E_STORE, "%s: is not an absolute path", path);
	memcpy(folder, path, len + 1);
	code = check_folder("/", owner, error);
	for (char *s = folder + 1; code == AK_OK && (s = strchr(s, '/')) != NULL; s++) {
		*s = '\0';
		code = check_folder(folder, owner, error);
		*s = '/';
	}
	return code;
}

enum ak_code
ak_own_folder(const char *path, struct ak_error *error)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return ak_fail_errno(error, path, "");
	if (!S_ISDIR(st.st_mode))
		return ak_fail(error, AK_E_STORE,
		    "%s: is not a folder; name it by its real path", path);
	if (st.st_uid != geteuid() && geteuid() != 0)
		return ak_fail(error, AK_E_PERMISSION,
		    "%s: belongs to another user; run the command as root, with sudo",
		    path);
	if (st.st_uid != geteuid() || others_write(&st))
		return ak_fail(error, AK_E_STORE,
		    "%s: others may put files there; use a folder of your own, chown "
		    "it "
		    "and chmod go-w it",
		    path);
	return AK_OK;
}

/*
 * Whether a file without a name was mounted by itself, so that its path leads to it for
 * ever, whatever is published. Linux before 5.8 does not say, nor where the call is
 * filtered; then it is, if the path still leads there after a while: in the middle of a
 * rename it does so for a moment.
 */
static bool
is_mounted_alone(const char *path, int fd, const struct stat *st)
{
	struct statx attributes;
	struct stat now;

	if (statx(fd, "", AT_EMPTY_PATH, 0, &attributes) == 0 &&
	    (attributes.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
		return (attributes.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
	for (int looks = 0; looks < LOOKS; looks++, sched_yield()) {
		if (lstat(path, &now) != 0)
			return errno != ENOENT;
		if (now.st_dev != st->st_dev || now.st_ino != st->st_ino)
			return false;
	}
	return true;
}

static enum ak_code
check_file(const char *path, uid_t owner, int fd, const struct stat *st,
    struct ak_error *error)
{
	if (!S_ISREG(st->st_mode))
		return ak_fail(error, AK_E_STORE,
		    "%s: is not a regular file; move it away and run: authkey publish",
		    path);
	if (st->st_nlink > 1)
		return ak_fail(error, AK_E_STORE,
		    "%s: has more than one name; run: authkey publish", path);
	if (!owned_by(st, owner))
		return ak_fail(error, AK_E_STORE,
		    "%s: belongs to uid %u instead of %u; run: authkey publish", path,
		    (unsigned)st->st_uid, (unsigned)owner);
	if (others_write(st))
		return ak_fail(error, AK_E_STORE,
		    "%s: group or others may write it; run: authkey publish", path);
	/* None is right too: a publish has put the next store in its place since. */
	if (st->st_nlink == 0 && is_mounted_alone(path, fd, st))
		return ak_fail(error, AK_E_STORE,
		    "%s: was mounted by itself and has been replaced since; mount its "
		    "folder",
		    path);
	return AK_OK;
}

int
ak_above_standard_streams(int fd)
{
	int higher;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return higher;
}

enum ak_code
ak_trusted_beside(
    const char *path, uid_t owner, int *fd, struct stat *status, struct ak_error *error)
{
	enum ak_code code;

	*fd = ak_above_standard_streams(
	    open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
	if (*fd < 0) {
		if (errno == ELOOP)
			return ak_fail(error, AK_E_STORE,
			    "%s: is a symbolic link; name the store by its real "
			    "path, or run: authkey publish",
			    path);
		if (errno == EACCES)
			return ak_fail(error, AK_E_PERMISSION,
			    "%s: uid %u may not read it; let its user check tokens: "
			    "authkey "
			    "verifier add USER, then restart the service",
			    path, (unsigned)geteuid());
		return ak_fail_errno(
		    error, path, errno == ENOENT ? "; run: authkey publish" : "");
	}
	if (fstat(*fd, status) != 0)
		code = ak_fail_errno(error, path, "");
	else
		code = check_file(path, owner, *fd, status, error);
	if (code != AK_OK) {
		close(*fd);
		*fd = -1;
	}
	return code;
}

enum ak_code
ak_trusted_open(
    const char *path, uid_t owner, int *fd, struct stat *status, struct ak_error *error)
{
	enum ak_code code = ak_trusted_folders(path, owner, error);

	*fd = -1;
	return code == AK_OK ? ak_trusted_beside(path, owner, fd, status, error) : code;
}
