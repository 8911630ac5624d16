/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "copy.h"
#include "rename.h"

#define PAGES_AT_ONCE 256
#define PAGE 4096 /* bytes; for what people are told alone */

/* What SQLite may have left beside a file when it was killed. */
static const char *const beside[] = { "-journal", "-wal", "-shm" };

static void
drop_beside(const char *path)
{
	char side[4300];

	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		snprintf(side, sizeof(side), "%s%s", path, beside[i]);
		unlink(side);
	}
}

enum ak_code
ak_scratch_take(
    const struct ak_paths *paths, struct ak_scratch *s, struct ak_error *error)
{
	snprintf(s->path, sizeof(s->path), "%s/copy.new", paths->master_folder);
	s->folder = open(paths->master_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->folder < 0)
		return ak_fail_errno(error, paths->master_folder, "");
	if (flock(s->folder, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			ak_fail(error, AK_E_STORE,
			    "%s: another backup or restore is at work; try again when "
			    "it is done",
			    paths->master_folder);
		else
			ak_fail_errno(error, paths->master_folder, "");
		close(s->folder);
		s->folder = -1;
		return error->code;
	}
	drop_beside(s->path);
	return ak_make_file(s->path, error);
}

void
ak_scratch_drop(struct ak_scratch *s)
{
	if (s->folder < 0)
		return;
	unlink(s->path);
	drop_beside(s->path);
	close(s->folder);
	s->folder = -1;
}

enum ak_code
ak_copy_database(struct ak_database *from, struct ak_database *to, ak_copy_fn *fn,
    void *context, struct ak_error *error)
{
	sqlite3_backup *copy =
	    sqlite3_backup_init(to->handle, "main", from->handle, "main");
	int rc, total;

	if (copy == NULL)
		return ak_fail_sqlite(
		    to->handle, sqlite3_errcode(to->handle), to->path, error);
	while ((rc = sqlite3_backup_step(copy, PAGES_AT_ONCE)) == SQLITE_OK)
		if (fn != NULL) {
			total = sqlite3_backup_pagecount(copy);
			fn((int64_t)PAGE * (total - sqlite3_backup_remaining(copy)),
			    (int64_t)PAGE * total, context);
		}
	if (sqlite3_backup_finish(copy) == SQLITE_OK && rc == SQLITE_DONE)
		return AK_OK;
	return ak_fail_sqlite(to->handle, rc, to->path, error);
}

/*
 * A copy becomes a database without a write-ahead log, which is
 * one file and can be read where nothing can be written.
 */
enum ak_code
ak_copy_master(struct ak_database *master, const char *path, ak_copy_fn *fn,
    void *context, struct ak_error *error)
{
	struct ak_database copy = { .handle = NULL };
	enum ak_code code;

	if ((code = ak_database_open(&copy, path, error)) == AK_OK &&
	    (code = ak_execute(&copy,
		 "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", error)) ==
		AK_OK &&
	    (code = ak_copy_database(master, &copy, fn, context, error)) == AK_OK)
		code = ak_execute(&copy, "PRAGMA journal_mode = DELETE", error);
	ak_database_close(&copy);
	return code;
}

/* What was opened, which is told of as `path`, is on the disk, and closed. */
static enum ak_code
sync_opened(int fd, const char *path, struct ak_error *error)
{
	error->code = AK_OK;
	if (fd < 0 || fsync(fd) != 0)
		ak_fail_errno(error, path, "");
	if (fd >= 0)
		close(fd);
	return error->code;
}

enum ak_code
ak_copy_aside(struct ak_database *master, const char *path, struct ak_error *error)
{
	enum ak_code code;

	drop_beside(path);
	if ((code = ak_make_file(path, error)) == AK_OK &&
	    (code = ak_copy_master(master, path, NULL, NULL, error)) == AK_OK)
		code = sync_opened(
		    open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), path, error);
	if (code != AK_OK) {
		unlink(path);
		drop_beside(path);
	}
	return code;
}

enum ak_code
ak_copy_bytes(int from, int to, const char *name, struct ak_error *error)
{
	char bytes[65536];
	ssize_t n, put;

	while ((n = read(from, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		for (ssize_t done = 0; n > 0 && done < n; done += put)
			if ((put = write(to, bytes + done, (size_t)(n - done))) < 0)
				n = -1;
		if (n < 0)
			return ak_fail_errno(error, name, "");
	}
	return AK_OK;
}

int
ak_open_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = slash == NULL   ? strdup(".")
		     : slash == path ? strdup("/")
				     : strndup(path, (size_t)(slash - path));
	int folder = name != NULL ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(name);
	return folder;
}

enum ak_code
ak_sync_folder_of(const char *path, struct ak_error *error)
{
	return sync_opened(ak_open_folder_of(path), path, error);
}

/* Bytes and mode on disk, and then the name. */
static enum ak_code
finish_file(int from, int fd, const char *made, const char *to, bool replace,
    struct ak_error *error)
{
	enum ak_code code;

	if ((code = ak_copy_bytes(from, fd, to, error)) != AK_OK)
		return code;
	if (fsync(fd) != 0)
		return ak_fail_errno(error, to, "");
	if ((replace ? rename(made, to) : ak_rename_new(made, to)) != 0) {
		if (errno == EEXIST)
			return ak_fail(error, AK_E_CONFLICT,
			    "%s: is there already; choose another name", to);
		return ak_fail_errno(error, to,
		    errno == EPERM || errno == EOPNOTSUPP
			? "; where a file system has no hard links, write to another "
			  "one and copy the file from there"
			: "");
	}
	return ak_sync_folder_of(to, error);
}

enum ak_code
ak_copy_file(int from, const char *to, bool replace, struct ak_error *error)
{
	char made[4400];
	enum ak_code code;
	int fd;

	if ((size_t)snprintf(made, sizeof(made), "%s.XXXXXX", to) >= sizeof(made))
		return ak_fail(error, AK_E_USAGE, "the path of the file is too long");
	if ((fd = mkostemp(made, O_CLOEXEC)) < 0)
		return ak_fail_errno(error, to, "");
	code = finish_file(from, fd, made, to, replace, error);
	close(fd);
	if (code != AK_OK)
		unlink(made); /* not there any more when it was renamed */
	return code;
}
