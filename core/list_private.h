/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_LIST_PRIVATE_H
#define AK_LIST_PRIVATE_H

#include "list.h"

/* For list.c, filter.c and few.c, and for nobody else. */
enum ak_sort { AK_BY_AGE, AK_BY_NAME, AK_BY_WHOM, AK_BY_END, AK_BY_USE, AK_SORTS };

/* The columns to sort by; the last is none of the master's, but of last_use.h. */
extern const char *const ak_sort_columns[AK_SORTS];

enum ak_sort ak_filter_sort(const struct ak_filter *filter);

/* The state that an index finds keys in, for a status that is one; AK_ENABLED: none. */
enum ak_state ak_filter_state(const struct ak_filter *filter);

/* A part of a filter whose keys an index has together: the words of key_chosen.sql. */
struct ak_set {
	const char *name, *text;
	int64_t number;
};
#define AK_SETS_MAX 5

/*
 * The sets in each of which all keys are that fit. None when the order by itself leads
 * from the first of them to the last.
 */
size_t ak_filter_sets(const struct ak_filter *filter, struct ak_set sets[AK_SETS_MAX]);

/* Whether the order alone does not lead to the keys that fit. */
bool ak_filter_sieves(const struct ak_filter *filter);

/* How the keys that fit are looked for, when they are few. */
enum ak_means { AK_BY_INDEX, AK_BY_ALL_MEANS };

/* The ids of few keys as a JSON array, NULL when there are more than `most`. */
enum ak_code ak_few_find(struct ak_master *master, const struct ak_filter *filter,
    enum ak_means means, int64_t most, char **few, struct ak_error *error);

/* So many are few. */
#define AK_FEW INT64_C(100000)

#endif
