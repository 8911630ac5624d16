/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef STATS_PICTURE_H
#define STATS_PICTURE_H

#include "out.h"
#include "stats.h"

#define STATS_NAME_MAX (AK_OWNER_MAX + AK_NAME_MAX + 2)

/* A group of a statistic. */
struct stats_row {
	char name[STATS_NAME_MAX];
	int64_t uses, refusals;
	int64_t first_at; /* or AK_NO_TIME */
};

/* A statistic: its groups, and the days of its window in which there was something. */
struct stats {
	enum ak_stats_by by;
	int64_t since, until; /* s since 1970 UTC; whole days count */
	const struct stats_row *rows;
	size_t count;
	const struct stats_row *days;
	size_t day_count;
};

/* Whether an address was let in for the first time within the window. */
bool stats_is_new(const struct stats *stats, const struct stats_row *row);

/* What people read where a group has no name. */
const char *stats_name(const struct stats *stats, const struct stats_row *row);

/*
 * Draw it for people: a line of the days, a table with bars that fits the terminal,
 * the total. Refusals are red, and have another sign than uses where there is no red.
 */
void stats_draw(const struct out *out, const struct stats *stats);

#endif
