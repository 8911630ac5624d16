/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SCAN_FILES_H
#define SCAN_FILES_H

#include "cli.h"
#include "scan.h"

/* What is told of the files as they are read, and about tokens in them. */
struct scan_reader {
	ak_scan_fn *found;
	void *context;
	const char *file; /* the file at hand, "-" for stdin; borrowed */
	size_t files; /* read to their end */
	int64_t bytes; /* of all */
	struct progress *progress;
	enum cli_exit trouble; /* of the first that could not be read, or EXIT_DONE */
};

/*
 * Scan files, folders with all that is in them, and stdin for "-" or an empty list. In
 * folders no link is followed and nothing is opened but files. What cannot be read is
 * said, noted in `trouble`, and the rest goes on.
 *
 *   files  ends with NULL
 *
 * False when `found` has ended it.
 */
bool scan_files(struct cli *cli, char *const *files, struct scan_reader *reader);

/* The bytes of all files, or -1 where nobody knows: folders, pipes, stdin. */
int64_t scan_files_size(char *const *files);

#endif
