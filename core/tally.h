/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_TALLY_H
#define AK_TALLY_H

#include "usage_private.h"

/*
 * A batch of usage records of one user on its way into the tables. Records are sorted
 * and counted in memory, so that a table is touched once for each group of like ones.
 */
#define AK_TALLY_MAX 65536

struct ak_tally;

/* Between which times uses count. */
struct ak_span {
	int64_t now; /* s since 1970 UTC: none is later */
	int64_t unknown_from; /* s: none of an id that no key has is before */
	int64_t kept_from; /* s: events are kept from then on, hours from that day on */
};

/*
 * Begin with the records of a user. What claims a time outside of the span, or before
 * its key was made, gets the nearest. NULL with `error` set when there is no memory.
 */
struct ak_tally *ak_tally_new(struct ak_database *database, uid_t uid,
    const struct ak_span *span, struct ak_error *error);

/* Add a record; the batch is written when it is full. Within a transaction. */
enum ak_code ak_tally_add(struct ak_tally *tally, const struct ak_usage_record *record,
    struct ak_error *error);

/* Write what is left. */
enum ak_code ak_tally_end(struct ak_tally *tally, struct ak_error *error);

/* How many records were added, and how many of those written claimed another time. */
int64_t ak_tally_records(const struct ak_tally *tally);
int64_t ak_tally_clamped(const struct ak_tally *tally);

void ak_tally_free(struct ak_tally **tally);

#endif
