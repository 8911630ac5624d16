/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "rename.h"

/* None of these renames has another reason to be invalid: they are of plain names. */
static bool
knows_no_flags(int error)
{
	return error == EINVAL || error == ENOSYS;
}

int
ak_rename_new(const char *from, const char *to)
{
	int error;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (!knows_no_flags(errno) || link(from, to) != 0)
		return -1;
	if (unlink(from) == 0)
		return 0;
	error = errno;
	unlink(to);
	errno = error;
	return -1;
}

int
ak_rename_aside(const char *path, const char *new, const char *old)
{
	if (renameat2(AT_FDCWD, new, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
		return rename(new, old);
	if (!knows_no_flags(errno) || rename(path, old) != 0)
		return -1;
	return rename(new, path);
}
