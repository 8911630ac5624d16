/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_RESTORE_PRIVATE_H
#define AK_RESTORE_PRIVATE_H

#include "copy.h"
#include "restore.h"
#include "store.h"

/* For restore.c, restore_check.c and restore_compare.c; the check is for backup.c, too.
 */
struct ak_restore {
	struct ak_scratch scratch; /* the backup's copy */
	struct ak_master *then; /* it, open */
	struct ak_master *now; /* the present master; holds the lock */
	bool readable; /* the present master is open */
	struct ak_error why_not; /* when it is not */
	struct ak_store store; /* what logins obey, when `published` */
	bool published;
	enum ak_store_tells tells;
	struct ak_store_meta meta; /* of the store */
};

/* Is the open copy whole, of the tables that migrations make, and read by us? */
enum ak_code ak_restore_check(struct ak_master *then, struct ak_error *error);

#endif
