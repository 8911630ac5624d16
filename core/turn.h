/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_TURN_H
#define AK_TURN_H

#include "error.h"

/*
 * master/lock: one command at a time changes keys, in the order in which they came.
 *
 * Who holds the lock, a flock(2) of the file, may change keys, and nobody else. Who
 * comes gets a place in line first, which is a byte of the file behind all that are
 * taken, locked as an open file description (F_OFD_SETLK): so one that publishes
 * without pause does not get ahead of a revocation that waits. A place orders those who
 * come; it guards nothing. A command that is killed gives back both. One that was
 * stopped in line is passed once nothing has moved for a second, and in any case by
 * those whose patience is half over.
 *
 * Nothing of the process is changed by waiting: no signal, no timer, no thread.
 */

/* The byte that a merge of the store locks: publish_merge.c. Places are behind it. */
#define AK_TURN_MERGE 0

/*
 * Wait for a turn.
 *
 *   path      the file, which is made, for its owner alone; borrowed
 *   patience  ms: how long at most
 *   fd        out: to be given back with ak_turn_give(); -1 on error
 *
 * AK_E_STORE       the turn did not come; the text names who has it, where it can
 * AK_E_PERMISSION  this process may not write the file
 */
enum ak_code ak_turn_take(
    const char *path, int patience, int *fd, struct ak_error *error);

/* End a turn, and set to -1. Fine when there is none. */
void ak_turn_give(int *fd);

#endif
