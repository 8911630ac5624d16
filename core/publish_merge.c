/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "publish_private.h"
#include "store.h"
#include "trusted.h"
#include "turn.h"

/*
 * One command at a time merges, and no other command waits for it: the lock is another
 * one on the file of master/lock, which goes with its descriptor. -1: it is taken.
 */
static int
take_turn(const struct ak_master *m)
{
	struct flock lock = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = AK_TURN_MERGE,
		.l_len = 1 };
	int fd = ak_above_standard_streams(
	    open(m->paths.lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));

	if (fd >= 0 && fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* What the store is built from, and what it is. */
struct merge {
	struct ak_publishing then; /* when it was begun */
	struct ak_store_meta meta;
	gid_t gid;
};

/* The whole store as it is at one moment. Changes go on meanwhile. */
static enum ak_code
build(struct ak_master *m, struct merge *merge, int64_t now, struct ak_error *error)
{
	struct ak_installation is;
	enum ak_code code;

	if ((code = ak_master_snapshot(m, error)) != AK_OK)
		return code;
	if ((code = ak_master_installation(m, &is, error)) == AK_OK &&
	    (code = ak_publishing_get(m, &merge->then, error)) == AK_OK &&
	    merge->then.tag != 0 &&
	    (code = ak_group_id(is.unix_group, &merge->gid, error)) == AK_OK) {
		merge->meta = (struct ak_store_meta){ is.generation, now, 0 };
		code = ak_publish_build_store(
		    m, m->paths.merge_new, &merge->meta, merge->gid, error);
	}
	ak_master_snapshot_end(m);
	return code;
}

/*
 * Put the store in place with a delta of what has changed since it was begun, unless
 * another command has published a whole one meanwhile, or there was no room to note
 * all.
 */
static enum ak_code
finish(struct ak_master *m, struct merge *merge, int64_t now, bool keep_floor,
    bool *merged, struct ak_error *error)
{
	struct ak_publishing is;
	struct ak_installation installation;
	enum ak_code code;
	bool fits = false;

	if ((code = ak_store_not_newer(m->paths.store, geteuid(), error)) != AK_OK ||
	    (code = ak_publishing_get(m, &is, error)) != AK_OK ||
	    is.tag != merge->then.tag || is.room <= 0 || merge->meta.delta == 0 ||
	    (code = ak_master_installation(m, &installation, error)) != AK_OK ||
	    (code = ak_delta_forget(m, merge->meta.generation - 1, error)) != AK_OK)
		return code;
	merge->meta.generation = installation.generation;
	merge->meta.published_at = keep_floor ? ak_master_floor(m, now) : now;
	if ((code = ak_delta_build(m, &merge->meta, merge->gid, &fits, error)) !=
		AK_OK ||
	    !fits)
		return code;
	if (rename(m->paths.merge_new, m->paths.store_new) != 0)
		return ak_fail_errno(error, m->paths.store_new, "");
	if ((code = ak_execute(&m->db, "COMMIT", error)) != AK_OK)
		return code;
	*merged = true;
	m->built_whole = true;
	m->built_tag = merge->meta.delta;
	return ak_publish_swap(m, error);
}

enum ak_code
ak_publish_merge(struct ak_master *m, int64_t now, bool keep_floor, bool *merged,
    struct ak_error *error)
{
	struct merge merge = { .then = { 0, 0 } };
	int turn = take_turn(m);
	enum ak_code code;

	*merged = false;
	if (turn < 0)
		return AK_OK;
	ak_publish_begin(m);
	if (keep_floor)
		now = ak_master_floor(m, now);
	if ((code = build(m, &merge, now, error)) == AK_OK && merge.then.tag != 0 &&
	    (code = ak_master_begin(m, error)) == AK_OK) {
		code = finish(m, &merge, now, keep_floor, merged, error);
		ak_master_rollback(m);
	}
	if (merge.then.tag != 0)
		unlink(m->paths.merge_new);
	close(turn);
	return code;
}
