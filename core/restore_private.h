/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_RESTORE_PRIVATE_H
#define AK_RESTORE_PRIVATE_H

#include "copy.h"
#include "restore.h"
#include "store.h"

/* For restore*.c; the check is for backup.c, too. */
struct ak_restore {
	struct ak_scratch scratch; /* the backup's copy */
	struct ak_master *then; /* it, open */
	struct ak_master *now; /* the present master; holds the lock */
	bool readable; /* the present master is open */
	bool older; /* and is older than the store, which tells the rest */
	struct ak_error why_not; /* when it is not */
	struct ak_store store; /* what logins obey, when `published` */
	bool published;
	enum ak_store_tells tells;
	struct ak_store_meta meta; /* of the store */
};

/* Is the open copy whole, of the tables that migrations make, and read by us? */
enum ak_code ak_restore_check(struct ak_master *then, struct ak_error *error);

/*
 * What is known of a key at present, by the master, or by the store where that tells
 * more; false when nothing is.
 */
bool ak_restore_look_up(
    struct ak_restore *r, const char *id, struct ak_record *now, bool *found);

/*
 * Whether a key that is not there at present was there, and so was deleted. The audit
 * knows: whatever was restored meanwhile, it has a row of each key that was. Of an
 * audit that cannot be read it is taken to have one: no key comes to life because
 * nobody knows.
 */
bool ak_restore_was_deleted(struct ak_restore *r, const char *id);

/*
 * Whether the backup is of this installation, `same`: both audits begin alike. A
 * present one that cannot be read is taken to.
 */
enum ak_code ak_restore_is_of_here(
    struct ak_restore *r, bool *same, struct ak_error *error);

#endif
