/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store_vfs.h"

#define UNUSED __attribute__((unused))

struct file {
	sqlite3_file base;
	int fd;
};

static int
file_close(UNUSED sqlite3_file *file)
{
	return SQLITE_OK;
}

static int
file_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset)
{
	int fd = ((struct file *)file)->fd;
	size_t got = 0, want = (size_t)amount;
	ssize_t n;

	while (got < want) {
		n = pread(fd, (char *)to + got, want - got, offset + (off_t)got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return SQLITE_IOERR_READ;
		if (n == 0) {
			memset((char *)to + got, 0, want - got);
			return SQLITE_IOERR_SHORT_READ;
		}
		got += (size_t)n;
	}
	return SQLITE_OK;
}

static int
file_write(UNUSED sqlite3_file *file, UNUSED const void *from, UNUSED int amount,
    UNUSED sqlite3_int64 offset)
{
	return SQLITE_READONLY;
}

static int
file_truncate(UNUSED sqlite3_file *file, UNUSED sqlite3_int64 size)
{
	return SQLITE_READONLY;
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct stat st;

	if (fstat(((struct file *)file)->fd, &st) != 0)
		return SQLITE_IOERR_FSTAT;
	*size = st.st_size;
	return SQLITE_OK;
}

/* Sync, lock and unlock: there is nothing to do for a file that never changes. */
static int
file_nothing(UNUSED sqlite3_file *file, UNUSED int how)
{
	return SQLITE_OK;
}

static int
file_is_reserved(UNUSED sqlite3_file *file, int *reserved)
{
	*reserved = 0;
	return SQLITE_OK;
}

static int
file_control(UNUSED sqlite3_file *file, UNUSED int op, UNUSED void *arg)
{
	return SQLITE_NOTFOUND;
}

static int
file_sector_size(UNUSED sqlite3_file *file)
{
	return 4096;
}

static int
file_characteristics(UNUSED sqlite3_file *file)
{
	return SQLITE_IOCAP_IMMUTABLE;
}

static const sqlite3_io_methods file_methods = {
	.iVersion = 1, /* no xFetch: nothing is mapped */
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_nothing,
	.xFileSize = file_size,
	.xLock = file_nothing,
	.xUnlock = file_nothing,
	.xCheckReservedLock = file_is_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
};

static int
vfs_open(UNUSED sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
    int *out_flags)
{
	struct file *f = (struct file *)file;

	f->base.pMethods = NULL;
	if (name == NULL || (flags & SQLITE_OPEN_MAIN_DB) == 0)
		return SQLITE_CANTOPEN;
	f->fd = (int)strtol(name, NULL, 10);
	f->base.pMethods = &file_methods;
	if (out_flags != NULL)
		*out_flags = SQLITE_OPEN_READONLY;
	return SQLITE_OK;
}

static int
vfs_delete(UNUSED sqlite3_vfs *vfs, UNUSED const char *name, UNUSED int sync)
{
	return SQLITE_READONLY;
}

static int
vfs_access(
    UNUSED sqlite3_vfs *vfs, UNUSED const char *name, UNUSED int flags, int *result)
{
	*result = 0;
	return SQLITE_OK;
}

static int
vfs_full_path(UNUSED sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	snprintf(out, (size_t)size, "%s", name);
	return SQLITE_OK;
}

static int
vfs_randomness(UNUSED sqlite3_vfs *vfs, int size, char *out)
{
	memset(out, 0, (size_t)size);
	return size;
}

static int
vfs_sleep(UNUSED sqlite3_vfs *vfs, UNUSED int microseconds)
{
	return 0;
}

static int
vfs_current_time(UNUSED sqlite3_vfs *vfs, double *now)
{
	*now = 0;
	return SQLITE_ERROR;
}

static int
vfs_last_error(UNUSED sqlite3_vfs *vfs, UNUSED int size, UNUSED char *out)
{
	return 0;
}

static sqlite3_vfs store_vfs = {
	.iVersion = 1,
	.szOsFile = sizeof(struct file),
	.mxPathname = 16,
	.zName = AK_STORE_VFS,
	.xOpen = vfs_open,
	.xDelete = vfs_delete,
	.xAccess = vfs_access,
	.xFullPathname = vfs_full_path,
	.xRandomness = vfs_randomness,
	.xSleep = vfs_sleep,
	.xCurrentTime = vfs_current_time,
	.xGetLastError = vfs_last_error,
};

int
ak_store_vfs_register(void)
{
	if (sqlite3_vfs_find(AK_STORE_VFS) != NULL)
		return SQLITE_OK;
	return sqlite3_vfs_register(&store_vfs, 0);
}
