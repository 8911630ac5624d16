/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_PUBLISH_PRIVATE_H
#define AK_PUBLISH_PRIVATE_H

#include "master_private.h"
#include "pack.h"

/* For publish.c and publish_delta.c. */

/* What the master knows of the store in place: schema/migrations/006_delta.sql. */
struct ak_publishing {
	uint64_t tag; /* 0: the store has no delta */
	int64_t room;
};
enum ak_code ak_publishing_get(
    struct ak_master *master, struct ak_publishing *publishing, struct ak_error *error);
enum ak_code ak_publishing_put(struct ak_master *master,
    const struct ak_publishing *publishing, struct ak_error *error);

/*
 * Forget what has changed since a generation, or one before it: a whole store has it
 * now. With AK_DELTA_ALL nothing stays, whatever a backup has brought along.
 */
#define AK_DELTA_ALL INT64_MAX
enum ak_code ak_delta_forget(
    struct ak_master *master, int64_t generation, struct ak_error *error);

/*
 * Build the delta of all that has changed in paths.delta_new, complete, with owner and
 * mode, and on disk, and note how much more fits.
 *
 *   meta  the publishing, with the tag of the store that it is to
 *   fits  out: false when it is too large; nothing is built then
 */
enum ak_code ak_delta_build(struct ak_master *master, const struct ak_store_meta *meta,
    gid_t gid, bool *fits, struct ak_error *error);

/*
 * Owner, mode and mark, and all of it on disk. The generation stands in the
 * nanoseconds of the mtime: ak_store_is_still() tells two publishings apart by it.
 */
enum ak_code ak_publish_seal_file(const char *path, gid_t gid,
    const struct ak_store_meta *meta, struct ak_error *error);

/* From now on those are counted that are left out of a publishing. */
void ak_publish_begin(struct ak_master *master);

/*
 * Build the whole store at `path`, as in ak_publish_build(); meta->delta is an output:
 * its tag, or 0 when there are so few keys that it has no delta.
 */
enum ak_code ak_publish_build_store(struct ak_master *master, const char *path,
    struct ak_store_meta *meta, gid_t gid, struct ak_error *error);

/*
 * Publish a whole store without holding other commands up: it is built of what is
 * committed while they go on, and what they change meanwhile is in its delta.
 *
 *   keep_floor  as in ak_master_commit(); otherwise `now` becomes the floor
 *   merged      out: false when there is no delta to merge, or another command merges
 *               or has published the whole store itself
 */
enum ak_code ak_publish_merge(struct ak_master *master, int64_t now, bool keep_floor,
    bool *merged, struct ak_error *error);

#endif
