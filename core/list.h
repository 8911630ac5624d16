/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_LIST_H
#define AK_LIST_H

#include "record.h"

/*
 * What to list. NULL and AK_NO_TIME are "any": begin with AK_FILTER_ANY. The texts and
 * the record are borrowed.
 */
struct ak_filter {
	const char *owner;
	const char *tag;
	const char *service; /* keys that may be used for it: named, or for all */
	const char *text; /* in the name, description or owner, or the id */
	const char *status; /* a word of ak_record_status() */
	int64_t now; /* s since 1970 UTC, for `status` */
	int64_t expires_before, expires_after; /* keys that end, then */
	int64_t ended_by; /* keys that were revoked or expired then, or earlier */
	const char *sort; /* name, owner, expires_at or created_at, the default */
	const struct ak_record *after; /* only those that follow it in this order */
	bool page; /* only the first few are wanted, not all of them */
};

#define AK_FILTER_ANY                                              \
	.expires_before = AK_NO_TIME, .expires_after = AK_NO_TIME, \
	.ended_by = AK_NO_TIME

/* Whether a record fits; what it follows is not looked at. */
bool ak_record_fits(const struct ak_record *record, const struct ak_filter *filter);

/*
 * The records that fit, as they are at one moment, in their order; those that sort
 * alike by age, then by name and id.
 *
 * Nothing is held in memory but the ids of few keys. In every order a page costs what
 * is on it, however many keys there are, when many of them fit; when few fit, it costs
 * as much as those do, if it is their owner, tag, status or time that tells them.
 * `service` and `text` are held against one key after the other until the page is full.
 */
enum ak_code ak_record_list(struct ak_master *master, const struct ak_filter *filter,
    ak_record_fn *fn, void *context, struct ak_error *error);

/*
 * When few keys fit, their ids, as a JSON array: `few` is NULL when they are many, or
 * nobody knows. The caller frees.
 */
enum ak_code ak_record_few(struct ak_master *master, const struct ak_filter *filter,
    char **few, struct ak_error *error);

#endif
