/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_STORE_H
#define AK_STORE_H

#include <sys/types.h>
#include <sys/stat.h>
#include <time.h>

#include "btree.h"
#include "delta.h"
#include "error.h"
#include "key.h"
#include "pack.h"

#define AK_STORE_APPLICATION_ID 0x414b5331 /* "AKS1" */
#define AK_STORE_VERSION 1
#define AK_STORE_VERSION_DELTA 2 /* of a store that has a delta */

/*
 * The published store, keys.db: read by every login, written only by publish. Open,
 * read and close within one call. It is a SQLite database that is read here without
 * SQLite: see btree.h. What has changed since a big one was written stands in a second
 * file: see delta.h. Layout: authkey-store(5).
 */
struct ak_store {
	const char *path; /* borrowed, for messages */
	struct ak_btree tree;
	struct stat status;
	struct ak_store_meta meta; /* what the file itself says */
	struct ak_delta delta;
};

/*
 * Which files a store is. A publish makes a new file and puts the generation into the
 * nanoseconds of its mtime, so two publishings never have the same mark, even when
 * the file system gives out an inode number again at once. One that did not keep that
 * time, because it knows of seconds alone or of none behind 2038, marks nothing.
 */
#define AK_STORE_MARKS 1000000000 /* nanoseconds of a second */
struct ak_file_mark {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec mtime;
};
struct ak_store_mark {
	struct ak_file_mark store, delta;
	uint64_t tag; /* of the delta, 0: there is none */
	bool kept; /* each file has the time that its publishing gave it */
};

/*
 * Open the store at `path` (absolute, taken literally, borrowed), and its delta when it
 * has one. Both must belong to `owner` or root and be safe as trusted.h says. A store
 * whose delta is not there is no store: it may hold keys that were revoked since.
 *
 *   store  out, caller's memory, to be closed; closed already on error
 *
 * AK_E_STORE       missing, unsafe, damaged or another version
 * AK_E_PERMISSION  this process may not read it
 */
enum ak_code ak_store_open(
    const char *path, uid_t owner, struct ak_store *store, struct ak_error *error);

/* The same for the file alone, without its delta: for publish, never for a login. */
enum ak_code ak_store_open_alone(
    const char *path, uid_t owner, struct ak_store *store, struct ak_error *error);

/*
 * Whether the file at `path` may be published over: AK_E_STORE for a store of a newer
 * version, which modules of that version read. AK_OK for whatever else is there or not.
 */
enum ak_code ak_store_not_newer(const char *path, uid_t owner, struct ak_error *error);

/*
 * Look a key up by its id. An unknown id takes the same work as a known one.
 *
 *   id     eight base58 characters, or "" to ask for `meta` alone
 *   key    out, caller's memory; all zero when no key has the id, and on error
 *   meta   out, caller's memory: the last publishing, as the delta says where there is
 * one
 *
 * AK_OK        answered: key->id is empty when there is no such key
 * AK_E_STORE   damaged: not the pages or records that publish writes
 */
enum ak_code ak_store_find(struct ak_store *store, const char *id, struct ak_key *key,
    struct ak_store_meta *meta, struct ak_error *error);

/*
 * Hand each id that ak_store_find() can find to `fn`, in no order, some more than once,
 * and perhaps some that it does not find. For authkey doctor, never for a login.
 */
typedef void ak_store_id_fn(const char *id, void *context);
void ak_store_ids(struct ak_store *store, ak_store_id_fn *fn, void *context);

/*
 * When what was found for this id is refused: as many reads as for any other key. A
 * login that succeeds has no use for them. A store that is closed already is fine.
 */
void ak_store_even_out(struct ak_store *store, const char *id);

/* The mark of the open files. */
void ak_store_mark(const struct ak_store *store, struct ak_store_mark *mark);

/*
 * Whether the store at `path` is the marked one still, for certain: one lstat for each
 * file.
 */
bool ak_store_is_still(const char *path, const struct ak_store_mark *mark);

/* Close; a store that is closed already is fine. */
void ak_store_close(struct ak_store *store);

#endif
