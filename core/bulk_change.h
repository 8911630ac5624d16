/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_BULK_CHANGE_H
#define AK_BULK_CHANGE_H

#include "master.h"

/*
 * Many keys that come in no order touch pages all over the indexes by which lists are
 * made, and each of them has triggers to run. Where they are as many as those that are
 * here, it costs less to do without both and to make them again.
 */
struct ak_bulk_change;

/*
 * Within a change that only adds keys until the end, take the indexes of keys away, but
 * for those that keep two keys of one id or name apart, and what is done with each new
 * key; the checks of their table wait for the end, too. Lists and searches of this
 * handle look at all keys until then, and find no new one by its tags; other handles
 * see nothing of it.
 *
 *   bulk  out, for ak_bulk_change_end(), which frees it
 */
enum ak_code ak_bulk_change_begin(
    struct ak_master *master, struct ak_bulk_change **bulk, struct ak_error *error);

/*
 * Check the keys, note their tags and make what was taken away again, if `make`: within
 * the change, before it is committed. Otherwise only free: what undoes the change
 * brings all back. NULL is fine.
 *
 * AK_E_CONFLICT  a key that was added is one that its table does not take
 */
enum ak_code ak_bulk_change_end(struct ak_master *master, struct ak_bulk_change **bulk,
    bool make, struct ak_error *error);

#endif
