/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_STATS_H
#define AK_STATS_H

#include "usage.h"

/* What statistics are grouped by. */
enum ak_stats_by {
	AK_BY_DAY,
	AK_BY_HOUR, /* of the day, UTC */
	AK_BY_SERVICE,
	AK_BY_RHOST,
	AK_BY_REASON,
	AK_BY_OWNER,
	AK_BY_KEY,
	AK_BY_COUNT
};

/* What they are called: "day", "hour" ... */
extern const char *const ak_stats_words[AK_BY_COUNT];

/* Which uses count; NULL is any. */
struct ak_stats_filter {
	int64_t since; /* s since 1970 UTC; the whole UTC day in which it lies counts */
	const char *key_id;
	const char *owner;
};

/* One group. `name` is "" where a record had none: no address, no service. */
struct ak_stat {
	const char *name; /* borrowed */
	int64_t uses;
	int64_t refusals;
	int64_t first_at; /* of an address: its first use, or AK_NO_TIME */
};

typedef bool ak_stat_fn(const struct ak_stat *stat, void *context);

/* The groups of a statistic, ordered by name. */
enum ak_code ak_usage_stats(struct ak_usage *usage, enum ak_stats_by by,
    const struct ak_stats_filter *filter, ak_stat_fn *fn, void *context,
    struct ak_error *error);

/* A single event. Texts are borrowed, "" where there was none. */
struct ak_event {
	int64_t seq;
	int64_t time;
	const char *key_id;
	const char *reason; /* its word */
	const char *service;
	const char *address;
	int64_t uid; /* whose processes say so */
	int64_t last_seq; /* of all events: what is folded later comes after it */
};

typedef bool ak_event_fn(const struct ak_event *event, void *context);

/*
 * The newest `most` events that were folded after `seq`, of one key or of all (NULL),
 * in the order of their times.
 */
enum ak_code ak_usage_events(struct ak_usage *usage, const char *key_id, int64_t seq,
    int64_t most, ak_event_fn *fn, void *context, struct ak_error *error);

/* What one user's processes recorded, since there is an installation. */
struct ak_usage_source {
	int64_t uid;
	int64_t records;
	int64_t dropped; /* the file was full */
	int64_t clamped; /* claimed a time that cannot be */
	int64_t strange; /* bytes that are no record */
};

typedef bool ak_usage_source_fn(const struct ak_usage_source *source, void *context);

enum ak_code ak_usage_sources(struct ak_usage *usage, ak_usage_source_fn *fn,
    void *context, struct ak_error *error);

#endif
