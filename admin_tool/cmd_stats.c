/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "pick.h"
#include "prometheus.h"
#include "stats_picture.h"
#include "usage_access.h"

#define SINCE_DEFAULT (30 * INT64_C(86400))

struct values {
	const char *owner, *by, *prometheus;
	int64_t since;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "owner", 0, OPTION_TEXT, AT(owner), "USER", "keys of this owner alone" },
	{ "since", 0, OPTION_SINCE, AT(since), "WHEN",
	    "whole days since: 7d (ago), 2027-01-31 (30d)" },
	{ "by", 0, OPTION_TEXT, AT(by), "day|hour|service|rhost|reason|owner|key",
	    "what to group by; hour is the hour of the day, UTC (day)" },
	{ "prometheus", 0, OPTION_TEXT, AT(prometheus), "FILE",
	    "write all counts for Prometheus' textfile collector, whole or not at all; "
	    "- is stdout" },
	OPTION_END,
};

enum { NAME, USES, REFUSALS, FIRST_SEEN, NEW, FIELDS };
static const struct out_field fields[FIELDS] = {
	[NAME] = { "name", "NAME", OUT_TEXT, NULL },
	[USES] = { "uses", "USES", OUT_NUMBER, NULL },
	[REFUSALS] = { "refusals", "REFUSALS", OUT_NUMBER, NULL },
	[FIRST_SEEN] = { "first_seen_at", "FIRST SEEN", OUT_TIME, NULL },
	[NEW] = { "new", "NEW", OUT_BOOL, NULL },
};
static const struct out_shape answer = { fields, FIELDS, true, NULL };

struct rows {
	struct stats_row *at;
	size_t count, room;
	bool failed;
};

static bool
keep(const struct ak_stat *stat, void *context)
{
	struct rows *rows = context;
	struct stats_row *more;

	if (rows->count == rows->room) {
		more = reallocarray(rows->at, rows->room * 2 + 64, sizeof(*more));
		if (more == NULL) {
			rows->failed = true;
			return false;
		}
		rows->at = more;
		rows->room = rows->room * 2 + 64;
	}
	more = &rows->at[rows->count++];
	snprintf(more->name, sizeof(more->name), "%s", stat->name);
	more->uses = stat->uses;
	more->refusals = stat->refusals;
	more->first_at = stat->first_at;
	return true;
}

static bool
ask(struct cli *cli, enum ak_stats_by by, const struct ak_stats_filter *filter,
    struct rows *rows)
{
	if (ak_usage_stats(cli->usage, by, filter, keep, rows, &cli->error) != AK_OK)
		return false;
	if (rows->failed)
		ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
	return !rows->failed;
}

/* What happened most stands first. */
static int
by_count(const void *one, const void *other)
{
	const struct stats_row *a = one, *b = other;
	int64_t many = a->uses + a->refusals, more = b->uses + b->refusals;

	if (many != more)
		return many > more ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void
give(struct cli *cli, const struct stats *stats)
{
	out_begin(&cli->out, &answer);
	for (size_t i = 0; i < stats->count; i++)
		out_row(&cli->out,
		    (struct out_cell[FIELDS]){ [NAME].text = stats->rows[i].name,
			[USES].number = stats->rows[i].uses,
			[REFUSALS].number = stats->rows[i].refusals,
			[FIRST_SEEN].number = stats->rows[i].first_at,
			[NEW].number = stats_is_new(stats, &stats->rows[i]) });
	out_end(&cli->out);
}

static enum cli_exit
show(struct cli *cli, enum ak_stats_by by, const struct ak_stats_filter *filter)
{
	struct rows rows = { .count = 0 }, days = { .count = 0 };
	enum cli_exit end = EXIT_DONE;
	struct stats stats;

	if (!ask(cli, by, filter, &rows) ||
	    (!out_wants_data(&cli->out) && !ask(cli, AK_BY_DAY, filter, &days)))
		end = cli_fail(cli);
	if (rows.count > 0 && by != AK_BY_DAY && by != AK_BY_HOUR)
		qsort(rows.at, rows.count, sizeof(rows.at[0]), by_count);
	stats = (struct stats){ by, filter->since, cli->now, rows.at, rows.count,
		days.at, days.count };
	if (end == EXIT_DONE && out_wants_data(&cli->out))
		give(cli, &stats);
	else if (end == EXIT_DONE && rows.count > 0)
		stats_draw(&cli->out, &stats);
	else if (end == EXIT_DONE)
		cli_say(cli, "Nothing was recorded in that time.");
	free(rows.at);
	free(days.at);
	return end;
}

/* NULL, or what is off. */
static const char *
check(const struct values *v, char *const *arguments, enum ak_stats_by *by)
{
	const char *why = v->owner != NULL ? ak_owner_why_not(v->owner) : NULL;

	if (v->prometheus != NULL && (arguments[0] != NULL || v->owner != NULL ||
					 v->by != NULL || v->since != AK_NO_TIME))
		return "--prometheus writes all counts, and stands alone";
	*by = AK_BY_DAY;
	while (v->by != NULL && *by < AK_BY_COUNT &&
	       strcmp(ak_stats_words[*by], v->by) != 0)
		++*by;
	if (*by == AK_BY_COUNT)
		return "--by: statistics go by day, hour, service, rhost, reason, "
		       "owner "
		       "or key";
	return why;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	struct ak_stats_filter filter = { .since = v->since, .owner = v->owner };
	struct ak_record record;
	enum ak_stats_by by;
	const char *why = check(v, arguments, &by);
	enum cli_exit end;

	if (why != NULL)
		return cli_usage(cli, "%s", why);
	if (!cli_open(cli))
		return cli_fail(cli);
	if (arguments[0] != NULL) {
		if ((end = pick_one(cli, arguments[0], &record)) != EXIT_DONE)
			return end;
		filter.key_id = record.key.id;
	}
	if (!usage_open(cli))
		return cli_fail(cli);
	if (v->prometheus != NULL)
		return prometheus_write(cli, v->prometheus);
	if (v->since == AK_NO_TIME)
		filter.since = cli->now > SINCE_DEFAULT ? cli->now - SINCE_DEFAULT : 0;
	return show(cli, by, &filter);
}

const struct command cmd_stats = {
	.name = "stats",
	.group = GROUP_LOGINS,
	.arguments = "[KEY]",
	.summary = "count uses and refusals, with bars",
	.about =
	    "The window ends today and has whole days of UTC. Refusals are red, or "
	    "have "
	    "another sign; an address that was let in for the first time in the window "
	    "is marked new. What happened most stands first, days and hours in their "
	    "order. `others`, in data *, are what is not told apart: past 256 groups "
	    "of reason, "
	    "service, address and verifier that a key has on a day.",
	.example = "authkey stats deploy --by rhost --since 7d\n"
		   "authkey stats --prometheus /var/lib/node_exporter/authkey.prom",
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &answer,
	.run = run,
};
