/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_FOLD_PRIVATE_H
#define AK_FOLD_PRIVATE_H

#include <sys/stat.h>

#include "tally.h"

/* For fold.c, which knows users and their files, and fold_file.c, which reads one. */
#define AK_FOLD_CHUNK (1 << 20)

/*
 * One fold. First it only looks, and ends with that when nothing is due: a log that is
 * followed folds each second, and a disk need not be written to for that.
 */
struct ak_fold {
	struct ak_usage *usage;
	struct ak_span span;
	const struct ak_fold_rules *rules;
	ak_fold_note_fn *note;
	void *context;
	struct ak_error *error;
	bool looking;
	bool due; /* there is something to write, or to rename */
};

enum ak_file_state {
	AK_FILE_MISSING,
	AK_FILE_FINE,
	AK_FILE_SPOILT, /* the user's own, which cannot be read any more */
	AK_FILE_STRANGE, /* nothing of the user's */
	AK_FILE_SHUT /* at this time */
};

/* One usage file: where it is read, and what was found. */
struct ak_fold_file {
	char name[64];
	uid_t uid;
	int fd;
	enum ak_file_state state;
	struct stat status;
	struct ak_usage_head head;
	int64_t known; /* what was kept as the offset */
	int64_t begin; /* where this fold began to read */
	int64_t offset; /* of the first byte that is not read */
	int64_t dropped; /* that were known before */
	int64_t strange; /* bytes that are no record */
	struct ak_tally *tally;
	uint8_t chunk[AK_FOLD_CHUNK];
};

/*
 * Keep what is wrong with a file, NULL for nothing, and say it unless it was said
 * before. Who only looks sees whether there is something to keep.
 */
enum ak_code ak_fold_fault(struct ak_fold *fold, const char *name, const char *text);

/*
 * Fold one file of the user file->uid, named with `ending`, within the transaction of
 * the fold. One struct serves many files, one after the other; what was found stays in
 * it until the next.
 */
enum ak_code ak_fold_file(
    struct ak_fold *fold, struct ak_fold_file *file, const char *ending);

#endif
