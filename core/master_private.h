/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_MASTER_PRIVATE_H
#define AK_MASTER_PRIVATE_H

#include <sys/types.h>

#include "database.h"
#include "record.h"

/*
 * From how many keys on a store has a delta, and how many keys one may hold. Below, a
 * whole publish takes no longer than a person notices; a delta of so many keys is
 * written within 20 ms.
 */
struct ak_delta_limits {
	int64_t from, rows;
};
#define AK_DELTA_FROM 16384
#define AK_DELTA_ROWS 8192

/* For the files of core that work on the master, and for nobody else. */
struct ak_master {
	struct ak_database db;
	int lock; /* a turn, -1: none: turn.h */
	int patience; /* ms: how long a turn is waited for */
	struct ak_paths paths;
	struct ak_delta_limits limits;
	bool built_whole; /* what ak_publish_swap() moves: store and delta, or delta */
	uint64_t built_tag; /* of the delta, 0: there is none */
	int64_t left_out; /* keys that the last publishing could not read */
	char left_out_id[AK_ID_LEN + 1]; /* the first of them */
	char kept[4200]; /* the older master that was migrated, or "" */
};

extern const struct ak_kind ak_master_kind;

#define AK_MASTER_CACHE "-32000" /* KiB: changes touch pages all over the indexes */

/* A master that is not open yet; NULL with `error` set. */
struct ak_master *ak_master_new(struct ak_error *error);

/*
 * The two halves of ak_master_open(): find the installation and its folders, whatever
 * the database is; open it and bring it up to date.
 */
enum ak_code ak_master_find(
    const char *root, struct ak_master **master, struct ak_error *error);
enum ak_code ak_master_attach(struct ak_master *master, struct ak_error *error);

/*
 * Bring the open master up to date. An older one is copied first, to a file beside it
 * that `kept` names: master-schema-VERSION.db, or .1, .2 behind it where another backup
 * has that name. On an error, or when it is killed, the older master stays.
 */
enum ak_code ak_master_upgrade(struct ak_master *master, struct ak_error *error);

/*
 * Build, commit, rename; the transaction and the lock end here in every case.
 *
 *   published_at  s since 1970 UTC
 *   whole         as in ak_publish_build()
 */
enum ak_code ak_master_end(
    struct ak_master *master, int64_t published_at, bool whole, struct ak_error *error);

/*
 * Within a change: a master that is older than the store, and is to be published, gets
 * a generation that nobody has seen.
 */
enum ak_code ak_master_overtake(struct ak_master *master, struct ak_error *error);

/* Publish what is committed while master/lock is held, which is given back. */
enum ak_code ak_master_publish_locked(
    struct ak_master *master, int64_t now, struct ak_error *error);

/*
 * The floor under the clock for a publishing at `now`, or later: that of the store in
 * place when that is later (SECURITY R28).
 */
int64_t ak_master_floor(const struct ak_master *master, int64_t now);

/* Take master/lock, waiting for another command; ak_master_close() gives it back. */
enum ak_code ak_master_lock(struct ak_master *master, struct ak_error *error);

/* The number of a group by its name; AK_E_NOT_FOUND when there is none. */
enum ak_code ak_group_id(const char *name, gid_t *gid, struct ak_error *error);

/* The records that a statement gives, as ak_each() does. */
enum ak_code ak_record_each(struct ak_master *master, sqlite3_stmt *rows, int bound,
    ak_record_fn *fn, void *context, struct ak_error *error);

/* The records that a query without parameters gives. */
enum ak_code ak_record_query(struct ak_master *master, enum ak_query query,
    ak_record_fn *fn, void *context, struct ak_error *error);

/*
 * A key whose record is damaged opens nothing. It must not keep the others from being
 * revoked, so it is left out of the publishing, and whoever publishes says so.
 */
void ak_publish_leave_out(struct ak_master *master, const char *id);

/*
 * Build what logins will obey of the master's present transaction, complete, with owner
 * and mode, and on disk: the store in paths.store_new, a delta in paths.delta_new, or
 * both. Nothing is in place yet.
 *
 *   whole  the store in any case; otherwise a delta alone where one will do
 */
enum ak_code ak_publish_build(
    struct ak_master *master, int64_t now, bool whole, struct ak_error *error);

/* Rename what was built into place and force the folder to disk. */
enum ak_code ak_publish_swap(struct ak_master *master, struct ak_error *error);

/* Take away what was built and is not wanted. */
void ak_publish_drop(struct ak_master *master);

#endif
