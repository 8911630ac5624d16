/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_TOTALS_H
#define AK_TOTALS_H

#include "database.h"

/*
 * Counts of whole days on their way into day_total. All keys have a part in few rows
 * there, so that they are added up in memory: a row is touched once for many additions.
 */
struct ak_totals;

enum ak_part { AK_PART_REASON, AK_PART_SERVICE, AK_PART_RHOST, AK_PART_HOUR };

/* What is added. */
struct ak_sum {
	int64_t uses;
	int64_t refusals;
};

/* NULL with `error` set when there is no memory. `database` is that of usage. */
struct ak_totals *ak_totals_new(struct ak_database *database, struct ak_error *error);

/*
 * Add to what a part has of a day under a name, which is copied. When there are too
 * many, they are written. Within a transaction.
 */
enum ak_code ak_totals_add(struct ak_totals *totals, enum ak_part part, int64_t day,
    const char *name, struct ak_sum sum, struct ak_error *error);

/* Write what is left. */
enum ak_code ak_totals_end(struct ak_totals *totals, struct ak_error *error);

/* Free and set to NULL; NULL is fine. What was not written is lost. */
void ak_totals_free(struct ak_totals **totals);

#endif
