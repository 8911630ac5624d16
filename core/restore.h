/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_RESTORE_H
#define AK_RESTORE_H

#include "backup.h"
#include "record.h"

/*
 * A restore: a backup takes the place of the master.
 *
 *	ak_restore_open()      copies and checks the backup; nothing has changed
 *	ak_restore_compare()   what it would change
 *	ak_restore_begin()     takes master/lock
 *	ak_restore_compare()   carries over what was ended since
 *	...                    changes to ak_restore_master(): a row of the audit
 *	ak_restore_finish()    keeps the present master, replaces it, publishes
 *
 * The present master may be damaged: that is what a restore is for.
 */
struct ak_restore;

/*
 * Open the backup `file` for the installation in `root`: a regular file of root or the
 * caller that nobody else may write. It is copied, migrated, and checked: pages,
 * tables, the chain of the audit, and every record.
 *
 *   restore  out, the caller closes it; NULL on error
 *
 * AK_E_NOT_FOUND   there is no such file, or no installation
 * AK_E_PERMISSION  only the installation's owner may
 * AK_E_STORE       the file is unsafe, damaged, tampered with, no backup, or newer
 */
enum ak_code ak_restore_open(const char *root, const char *file,
    struct ak_restore **restore, struct ak_error *error);

/* As ak_master_kept(), of the present master. */
const char *ak_restore_present_kept(const struct ak_restore *restore);

/* Close, undoing what was not finished, and set to NULL. */
void ak_restore_close(struct ak_restore **restore);

/* The backup as a master, borrowed: to be read, and changed after ak_restore_begin().
 */
struct ak_master *ak_restore_master(struct ak_restore *restore);

/* Why the present master cannot be read; NULL when it can. */
const char *ak_restore_present_why_not(const struct ak_restore *restore);

/* Whether it is older than the store, which tells alone what was ended since then. */
bool ak_restore_present_is_older(const struct ak_restore *restore);

/* What the store in place tells of keys that were ended since the backup was made. */
enum ak_store_tells {
	AK_STORE_TELLS_ALL,
	AK_STORE_TELLS_OLD, /* its delta is lost: what it was when it was written whole
			     */
	AK_STORE_TELLS_NOTHING /* it is missing, or damaged */
};
enum ak_store_tells ak_restore_store_tells(const struct ak_restore *restore);

/* What was ended since the backup was made, and would be live again. */
enum ak_ended {
	AK_ENDED_REVOKED,
	AK_ENDED_DELETED, /* the record: only what is revoked or over is deleted */
	AK_ENDED_DISABLED,
	AK_ENDED_SOONER, /* it was given an earlier end, or a rotation did */
	AK_ENDED_SUSPENDED, /* an owner */
	AK_ENDED_UNVERIFIED, /* an owner */
	AK_ENDED_KINDS
};

/* Told of each: a key's record as it is in the backup, or an owner's name. */
typedef void ak_ended_fn(enum ak_ended how, const struct ak_record *record,
    const char *owner, void *context);

/* How the backup and the present differ. */
struct ak_restore_view {
	int64_t keys_then, keys_now; /* now: AK_NO_TIME when nobody knows */
	int64_t made_since; /* keys that are not in the backup */
	int64_t changed_since; /* keys that are otherwise now, ended ones too */
	int64_t ended[AK_ENDED_KINDS];
	bool recovery_ended; /* its sealed tokens were deleted since */
	int64_t generation_then, generation_now;
};

/* Who carries over, and when: s since 1970 UTC. */
struct ak_restore_carry {
	const char *who;
	int64_t now;
};

/*
 * Compare the backup with the present: with the master, and where that cannot be read,
 * or is older, with the store, which logins obey.
 *
 *   carry  NULL to look only; otherwise what was ended since is ended in the backup
 *   fn     may be NULL
 */
enum ak_code ak_restore_compare(struct ak_restore *restore,
    const struct ak_restore_carry *carry, ak_ended_fn *fn, void *context,
    struct ak_restore_view *view, struct ak_error *error);

/* Take master/lock, and start a change of the backup's copy. */
enum ak_code ak_restore_begin(struct ak_restore *restore, struct ak_error *error);

/*
 * Replace the master by the backup's copy, whose generation becomes greater than any
 * before, and publish it. What is replaced is kept beside it.
 *
 *   kept  out: where
 *
 * When it is killed, the master is the old one or the new one, and the next command
 * publishes what is missing. On an error `error` says which it is, unless it is the
 * old one.
 */
enum ak_code ak_restore_finish(
    struct ak_restore *restore, int64_t now, char kept[4200], struct ak_error *error);

#endif
