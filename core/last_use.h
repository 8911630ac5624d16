/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_LAST_USE_H
#define AK_LAST_USE_H

#include "record.h"
#include "usage.h"

/* Called with the id of each key, borrowed; false ends it without an error. */
typedef bool ak_id_fn(const char *id, void *context);

/*
 * Keys in the order of their last use: what was never let in first, then the longest
 * unused; those alike by age, then by name and id. Holds no list in memory.
 *
 *   few    a JSON array of ids, of ak_record_few(): only these; NULL: all keys
 *   after  only those that follow this key; NULL: from the first on
 *
 * From one key that was let in to the next costs a step in an index. What was never let
 * in is looked for among all keys by their age.
 */
enum ak_code ak_last_use_list(struct ak_usage *usage, const char *few,
    const struct ak_record *after, ak_id_fn *fn, void *context, struct ak_error *error);

#endif
