/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_COUNT_H
#define AK_COUNT_H

#include <sys/types.h>

#include "totals.h"
#include "usage_record.h"

/*
 * One use of a token, as it is sorted: uses that are the same up to `hour` are counted
 * together. All fields up to there are compared as bytes, so that there is no padding.
 */
struct ak_use {
	char id[AK_ID_LEN]; /* zero: of an id that no key has */
	uint32_t day; /* since 1970-01-01 */
	enum ak_reason reason;
	struct ak_address address;
	char service[AK_USAGE_SERVICE_MAX + 1];
	bool has_address;
	uint8_t hour; /* of the day */
	int64_t time;
};
#define AK_LIKE offsetof(struct ak_use, hour) /* the same in everything */
#define AK_LIKE_DAY offsetof(struct ak_use, reason) /* the same key and day */
#define AK_LIKE_KEY offsetof(struct ak_use, day) /* the same key */

/* How many of `count` uses, which are sorted, are like the first in `len` bytes. */
size_t ak_count_run(struct ak_use *const *uses, size_t count, size_t len);

/* The address of a use, or "". */
const char *ak_count_address(const struct ak_use *use, char text[AK_NETWORK_TEXT]);

/* Where it is counted, and from whose file it comes. */
struct ak_counter {
	struct ak_database *db;
	struct ak_totals *totals;
	uid_t uid;
	int64_t hours_from; /* the first day whose hours are kept */
};

/*
 * Count uses of one key, which are sorted, and stand in one array as they came. Within
 * a transaction.
 */
enum ak_code ak_count_key(const struct ak_counter *counter, struct ak_use *const *uses,
    size_t count, struct ak_error *error);

#endif
