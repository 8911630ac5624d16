/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_MASTER_H
#define AK_MASTER_H

#include "error.h"
#include "key.h"
#include "token.h"

/*
 * The master, master/master.db: the source of truth. Only the administrator's tool
 * opens it; the module never does. One handle, one thread.
 *
 * Every change goes
 *
 *	ak_master_begin()      takes master/lock and starts a transaction
 *	ak_record_...()        any number of changes
 *	ak_master_commit()     builds the new store, commits, renames it into place
 *
 * so that the store follows the master before the caller says that it is done.
 */
struct ak_master;

/*
 * For a program of one thread, before all else: SQLite does without locks, and without
 * counting what memory it has, which is a tenth of a big import.
 */
void ak_master_one_thread(void);

#define AK_MASTER_APPLICATION_ID 0x414b4d31 /* "AKM1" */
#define AK_GROUP_MAX 64
#define AK_GROUP_DEFAULT "authkey"

#define AK_RECOVERY_KEY_LEN 32 /* a public key of X25519 */

/* What an installation has decided. */
struct ak_installation {
	char prefix[AK_PREFIX_MAX + 1];
	char unix_group[AK_GROUP_MAX + 1]; /* whose members may read the store */
	int64_t generation;
	int64_t default_expiry; /* s from a key's creation, or AK_NO_TIME */
	int64_t retention; /* s: how long single usage events are kept */
	int64_t usage_cap; /* bytes of one usage file */
	bool recovery; /* tokens are kept sealed to the key below */
	uint8_t recovery_key[AK_RECOVERY_KEY_LEN];
};

/* Paths of an installation, all absolute. */
struct ak_paths {
	char root[3584];
	char master_folder[4096];
	char master[4096];
	char master_new[4096]; /* where init builds the master */
	char lock[4096];
	char store[4096];
	char store_new[4096]; /* where the next store is built */
	char delta_new[4096]; /* and its delta: delta.h */
	char merge_new[4096]; /* where both become one store */
	char usage[4096]; /* usage.db */
	char usage_folder[4096];
};

/*
 * The paths under `root`, which is made absolute. AK_E_NOT_FOUND when there is no such
 * folder, AK_E_PERMISSION when it may not be entered.
 */
enum ak_code ak_paths_of(
    const char *root, struct ak_paths *paths, struct ak_error *error);

/*
 * Make an installation: its folders (the root too, its parent must exist), an empty
 * master and an empty store.
 *
 *   root        folder, borrowed
 *   wanted      prefix and unix_group, "" for the default; nothing else is read
 *   now         s since 1970 UTC
 *   made        out: false when there was an installation, which stays as it is
 *
 * AK_E_USAGE       the prefix may not be one
 * AK_E_CONFLICT    the installation that is there has another prefix or group
 * AK_E_NOT_FOUND   there is no such group on this system
 * AK_E_PERMISSION  the caller may not write there
 * AK_E_STORE       unsafe folders, input or output error
 */
enum ak_code ak_master_init(const char *root, const struct ak_installation *wanted,
    int64_t now, bool *made, struct ak_error *error);

/*
 * Open the master of the installation in `root`. An older one is migrated, after a
 * backup of it was made in its folder.
 *
 *   master  out, the caller closes it; NULL on error
 *
 * AK_E_NOT_FOUND   there is no installation
 * AK_E_PERMISSION  only its owner, mostly root, may
 * AK_E_STORE       unsafe modes, damaged, or made by a newer version
 */
enum ak_code ak_master_open(
    const char *root, struct ak_master **master, struct ak_error *error);

/* The same to look only: migrates nothing, AK_E_STORE where that is due, and every
 * change fails. */
enum ak_code ak_master_look(
    const char *root, struct ak_master **master, struct ak_error *error);

/*
 * Where the master is kept as it was before opening it has migrated it; "" when it was
 * up to date, or another command has migrated it. Borrowed.
 */
const char *ak_master_kept(const struct ak_master *master);

/* Close, undoing a change that was not committed, and set to NULL. */
void ak_master_close(struct ak_master **master);

/* Borrowed, as long as the master is open. */
const struct ak_paths *ak_master_paths(const struct ak_master *master);

enum ak_code ak_master_installation(struct ak_master *master,
    struct ak_installation *installation, struct ak_error *error);

/* Write what may be decided anew, within a change: all but the group, the
 * generation and the recovery key. */
enum ak_code ak_master_configure(struct ak_master *master,
    const struct ak_installation *installation, struct ak_error *error);

/*
 * Read several things as they are at one moment: between these two, changes of other
 * commands are not seen. Holds nobody up. ak_master_snapshot_end() is fine without one.
 */
enum ak_code ak_master_snapshot(struct ak_master *master, struct ak_error *error);
void ak_master_snapshot_end(struct ak_master *master);

/*
 * AK_E_STORE, with the way out, when the master is older than the store: as a file, or
 * with its whole folder, it was put back, and not with a restore. To publish it would
 * bring to life what was revoked since. AK_OK also where the store cannot be read.
 */
enum ak_code ak_master_not_older(struct ak_master *master, struct ak_error *error);

/*
 * Take the lock, waiting up to ten seconds for those who came before, and start a
 * change. AK_E_STORE when they do not end, or the master is older than the store.
 */
enum ak_code ak_master_begin(struct ak_master *master, struct ak_error *error);

/*
 * End a change: the store is built beside the old one and forced to disk, the master
 * is committed, the store renamed into place. On AK_OK the next login obeys it; on an
 * error nothing has changed, in the master or in the store, but in one case: when
 * the last rename fails, `error` says so, and the next command publishes again.
 *
 *   now  s since 1970 UTC; the later of it and of the last publishing becomes the floor
 *        under the clock
 */
enum ak_code ak_master_commit(
    struct ak_master *master, int64_t now, struct ak_error *error);

/*
 * End a change that has found nothing to change. "Nothing to do" is only true when
 * logins obey what the master says: a store that is behind is published now.
 *
 *   healed  out: it was behind
 */
enum ak_code ak_master_settle(
    struct ak_master *master, int64_t now, bool *healed, struct ak_error *error);

/*
 * End a change that logins have nothing to do with, such as a row of the audit: it is
 * committed, and nothing is published.
 */
enum ak_code ak_master_keep(struct ak_master *master, struct ak_error *error);

/* Undo a change and give the lock back. Fine when there is none. */
void ak_master_rollback(struct ak_master *master);

/*
 * Publish the master as it is, whether it has changed or not, and also when it is older
 * than the store. `now` becomes the floor under the clock, also when the last
 * publishing claims a later time.
 */
enum ak_code ak_master_publish(
    struct ak_master *master, int64_t now, struct ak_error *error);

/*
 * Merge a delta that has become large into the store, so that no later change has to
 * wait until the whole store is written. Others change keys meanwhile.
 *
 *   merged  out: it was large, and nobody else did it
 */
enum ak_code ak_master_merge(
    struct ak_master *master, int64_t now, bool *merged, struct ak_error *error);

/*
 * Has the delta less than a quarter of its room left? Then a change to come might have
 * to write the whole store, with the lock held: whoever made it so merges, when the
 * change is made and said. `fold` merges sooner, where it runs in time.
 */
bool ak_master_is_crowded(struct ak_master *master);

/*
 * Publish if the store is missing, unreadable or behind the master: a command was ended
 * between its commit and its rename. AK_E_STORE when the master is older than the
 * store.
 *
 *   healed  out: it was necessary
 */
enum ak_code ak_master_heal(
    struct ak_master *master, int64_t now, bool *healed, struct ak_error *error);

/*
 * How many keys the last publishing of this handle has left out, because their records
 * are damaged: they open nothing, and do not keep others from being revoked.
 *
 *   id  out: of the first, "" when that cannot be read either; the caller's memory
 */
int64_t ak_master_left_out(const struct ak_master *master, char id[AK_ID_LEN + 1]);

#endif
