/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_USAGE_PRIVATE_H
#define AK_USAGE_PRIVATE_H

#include "database.h"
#include "usage.h"

/* For the files of core that work on usage, and for nobody else. */
struct ak_usage {
	struct ak_database db;
	const struct ak_paths *paths;
};

extern const struct ak_kind ak_usage_kind;

/* A database that is not open yet; NULL with `error` set. */
struct ak_usage *ak_usage_new(const struct ak_paths *paths, struct ak_error *error);

/* Attach the master, a path or URI, in which keys are looked up: it is only read. */
enum ak_code ak_usage_attach(
    struct ak_usage *usage, const char *master, struct ak_error *error);

/*
 * Put the usage file of a user aside as UID.old and a new one in its place, by
 * renaming alone. A UID.old of that user, if there is one, is lost: the caller has read
 * it to its end and knows that nobody writes to it any more, or that it cannot be read.
 * What stands there and is no regular file of that user is moved out of the way, with
 * `now` (s since 1970 UTC) in its name.
 */
enum ak_code ak_usage_file_rotate(const struct ak_paths *paths, uid_t uid, uint64_t cap,
    int64_t now, struct ak_error *error);

/*
 * Rename a user's UID.new, which the caller has found to be a whole file, to UID, where
 * there is none: a fold was killed between the renames of ak_usage_file_rotate().
 */
enum ak_code ak_usage_file_back(
    const struct ak_paths *paths, uid_t uid, struct ak_error *error);

#endif
