/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_BULK_CHANGE_H
#define AK_BULK_CHANGE_H

#include "master.h"

/*
 * Many keys that come in no order touch pages all over the indexes by which lists are
 * made. Where they are as many as those that are here, it costs a quarter to do without
 * the indexes and to make them again.
 */
struct ak_bulk_change;

/*
 * Within a change, take the indexes of keys away, but for those that keep two keys of
 * one id or name apart. Lists and searches of this handle look at all keys until the
 * end; other handles see nothing of it.
 *
 *   bulk  out, for ak_bulk_change_end(), which frees it
 */
enum ak_code ak_bulk_change_begin(
    struct ak_master *master, struct ak_bulk_change **bulk, struct ak_error *error);

/*
 * Make them again, if `make`: within the change, before it is committed. Otherwise only
 * free: what undoes the change brings them back. NULL is fine.
 */
enum ak_code ak_bulk_change_end(struct ak_master *master, struct ak_bulk_change **bulk,
    bool make, struct ak_error *error);

#endif
