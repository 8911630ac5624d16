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

/*
 * Put the usage file of a user aside as UID.old and a new one in its place, by
 * renaming alone. UID.old, if there is one, is lost: the caller has read it to its end
 * and knows that nobody writes to it any more.
 */
enum ak_code ak_usage_file_rotate(
    const struct ak_paths *paths, uid_t uid, uint64_t cap, struct ak_error *error);

#endif
