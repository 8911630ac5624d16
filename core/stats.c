/* SPDX-License-Identifier: BSD-2-Clause */
#include "stats.h"
#include "usage_private.h"

#define DAY 86400

const char *const ak_stats_words[AK_BY_COUNT] = {
	[AK_BY_DAY] = "day",
	[AK_BY_HOUR] = "hour",
	[AK_BY_SERVICE] = "service",
	[AK_BY_RHOST] = "rhost",
	[AK_BY_REASON] = "reason",
	[AK_BY_OWNER] = "owner",
	[AK_BY_KEY] = "key",
};

/* A search: whom to tell about each row. One of the functions is set. */
struct search {
	ak_stat_fn *stat;
	ak_event_fn *event;
	ak_usage_source_fn *source;
	void *context;
};

static enum ak_row
next_if(bool more)
{
	return more ? AK_ROW_NEXT : AK_ROW_STOP;
}

static enum ak_row
take_stat(sqlite3_stmt *row, void *context)
{
	const struct search *search = context;
	const struct ak_stat stat = { ak_column(row, 0), sqlite3_column_int64(row, 1),
		sqlite3_column_int64(row, 2), ak_column_time(row, 3) };

	return next_if(search->stat(&stat, search->context));
}

/* Keys have their own tables; what is asked of all of them together, its totals. */
static enum ak_query
query_of(enum ak_stats_by by, const struct ak_stats_filter *filter)
{
	if (by == AK_BY_OWNER || by == AK_BY_KEY)
		return AK_Q_stats_by_key;
	return filter->key_id == NULL && filter->owner == NULL ? AK_Q_stats_total
							       : AK_Q_stats_of_keys;
}

enum ak_code
ak_usage_stats(struct ak_usage *u, enum ak_stats_by by,
    const struct ak_stats_filter *filter, ak_stat_fn *fn, void *context,
    struct ak_error *error)
{
	const enum ak_query query = query_of(by, filter);
	sqlite3_stmt *s = ak_statement(&u->db, query, error);
	struct search search = { .stat = fn, .context = context };
	int rc;

	if (s == NULL)
		return error->code;
	if ((rc = sqlite3_bind_int64(s, 1, filter->since / DAY)) == SQLITE_OK)
		rc = ak_bind_text(s, 2, ak_stats_words[by]);
	if (rc == SQLITE_OK && query != AK_Q_stats_total &&
	    (rc = ak_bind_text(s, 3, filter->key_id)) == SQLITE_OK)
		rc = ak_bind_text(s, 4, filter->owner);
	return ak_each(&u->db, s, rc, take_stat, &search, error);
}

static enum ak_row
take_event(sqlite3_stmt *row, void *context)
{
	const struct search *search = context;
	const struct ak_event event = { sqlite3_column_int64(row, 0),
		sqlite3_column_int64(row, 1), ak_column(row, 2), ak_column(row, 3),
		ak_column(row, 4), ak_column(row, 5), sqlite3_column_int64(row, 6),
		sqlite3_column_int64(row, 7) };

	return next_if(search->event(&event, search->context));
}

enum ak_code
ak_usage_events(struct ak_usage *u, const char *key_id, int64_t seq, int64_t most,
    ak_event_fn *fn, void *context, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&u->db, AK_Q_event_list, error);
	struct search search = { .event = fn, .context = context };
	int rc;

	if (s == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, key_id)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 2, seq)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 3, most);
	return ak_each(&u->db, s, rc, take_event, &search, error);
}

static enum ak_row
take_source(sqlite3_stmt *row, void *context)
{
	const struct search *search = context;
	const struct ak_usage_source source = { sqlite3_column_int64(row, 0),
		sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 2),
		sqlite3_column_int64(row, 3), sqlite3_column_int64(row, 4) };

	return next_if(search->source(&source, search->context));
}

enum ak_code
ak_usage_sources(
    struct ak_usage *u, ak_usage_source_fn *fn, void *context, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&u->db, AK_Q_usage_source_list, error);
	struct search search = { .source = fn, .context = context };

	if (s == NULL)
		return error->code;
	return ak_each(&u->db, s, SQLITE_OK, take_source, &search, error);
}
