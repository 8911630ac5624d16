/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "progress.h"
#include "scan_files.h"

#define STDIN_NAME "-"

/* Too large for the stack. One thread, one scan. */
static struct ak_scan scan;

static void
fail(struct cli *cli, struct scan_reader *r, const char *file, int why)
{
	progress_clear(r->progress);
	cli_warn(cli, "%s: %s; it is not scanned", file, strerror(why));
	if (r->trouble == EXIT_DONE)
		r->trouble = why == ENOENT || why == ENOTDIR ? EXIT_NOT_FOUND
			     : why == EACCES || why == EPERM ? EXIT_PERMISSION
							     : EXIT_STORE;
}

/* Scan what is open. False when `found` has ended it. */
static bool
scan_open(struct cli *cli, struct scan_reader *r, int fd)
{
	bool more = true;
	ssize_t n;
	size_t size;
	char *to;

	ak_scan_begin(&scan);
	do {
		to = ak_scan_room(&scan, &size);
		if ((n = read(fd, to, size)) > 0) {
			more = ak_scan_took(&scan, (size_t)n, r->found, r->context);
			r->bytes += n;
			progress_at(r->progress, r->bytes);
		} else if (n < 0 && errno != EINTR)
			fail(cli, r, r->file, errno);
	} while (more && (n > 0 || (n < 0 && errno == EINTR)));
	r->files += n == 0;
	return more;
}

/*
 * The file that is called r->file, and opened as `path`, with `flags` of open(2); of a
 * file in a folder `regular` is asked for.
 */
static bool
scan_one(
    struct cli *cli, struct scan_reader *r, const char *path, int flags, bool regular)
{
	struct stat st;
	bool more = true;
	int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC | flags);

	if (fd < 0 || fstat(fd, &st) != 0)
		fail(cli, r, r->file, errno);
	else if (!regular || S_ISREG(st.st_mode)) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
		more = scan_open(cli, r, fd);
	}
	if (fd >= 0)
		close(fd);
	return more;
}

/* One entry of a folder. */
static bool
scan_entry(struct cli *cli, struct scan_reader *r, const FTSENT *entry)
{
	r->file = entry->fts_path;
	switch (entry->fts_info) {
	case FTS_F:
		/* It may be another thing by now: a pipe would hold it up for ever. */
		return scan_one(
		    cli, r, entry->fts_accpath, O_NOFOLLOW | O_NONBLOCK, true);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		fail(cli, r, entry->fts_path, entry->fts_errno);
		return true;
	default: /* links, devices, folders on the way in and out */
		return true;
	}
}

/* In the same order each time. */
static int
by_name(const FTSENT **one, const FTSENT **other)
{
	return strcmp((*one)->fts_name, (*other)->fts_name);
}

/*
 * fts(3) goes into each folder, and looks whether it is the one that it has seen: whose
 * folders these are cannot lead a scan elsewhere with a link in the place of one.
 */
static bool
scan_folder(struct cli *cli, struct scan_reader *r, char *path)
{
	char *const paths[] = { path, NULL };
	FTS *walk = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW, by_name);
	const FTSENT *entry;
	bool more = walk != NULL;

	if (walk == NULL) {
		fail(cli, r, path, errno);
		return true;
	}
	while (more && (errno = 0, entry = fts_read(walk)) != NULL)
		more = scan_entry(cli, r, entry);
	if (more && errno != 0)
		fail(cli, r, path, errno);
	fts_close(walk);
	return more;
}

static bool
scan_argument(struct cli *cli, struct scan_reader *r, char *path)
{
	struct stat st;

	r->file = path;
	if (strcmp(path, STDIN_NAME) == 0)
		return scan_open(cli, r, STDIN_FILENO);
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return scan_folder(cli, r, path);
	return scan_one(cli, r, path, 0, false);
}

bool
scan_files(struct cli *cli, char *const *files, struct scan_reader *r)
{
	static char name[] = STDIN_NAME;
	static char *const only_stdin[] = { name, NULL };
	bool more = true;

	r->trouble = EXIT_DONE;
	for (files = files[0] != NULL ? files : only_stdin; more && *files != NULL;
	     files++)
		more = scan_argument(cli, r, *files);
	ak_scan_wipe(&scan);
	progress_clear(r->progress);
	return more;
}

int64_t
scan_files_size(char *const *files)
{
	int64_t all = files[0] != NULL ? 0 : -1;
	struct stat st;

	for (; all >= 0 && *files != NULL; files++)
		all = strcmp(*files, STDIN_NAME) != 0 && stat(*files, &st) == 0 &&
			      S_ISREG(st.st_mode)
			  ? all + st.st_size
			  : -1;
	return all;
}
