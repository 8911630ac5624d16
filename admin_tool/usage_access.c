/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <unistd.h>

#include "progress.h"
#include "stats.h"
#include "usage_access.h"

/* A file that somebody fills as fast as it is read must not hold the command for ever.
 */
#define PASSES_MAX 256

static void
note(const char *name, const char *text, void *context)
{
	cli_warn(context, "usage.d/%s: %s", name, text);
}

static bool
open_usage(struct cli *cli)
{
	cli->usage_tried = true;
	return cli->usage != NULL || ak_usage_open(ak_master_paths(cli->master),
					 &cli->usage, &cli->error) == AK_OK;
}

static bool
fold(struct cli *cli, int64_t records)
{
	struct ak_installation is;
	struct ak_fold_rules rules;

	if (ak_master_installation(cli->master, &is, &cli->error) != AK_OK)
		return false;
	rules = (struct ak_fold_rules){ is.retention, (uint64_t)is.usage_cap, records };
	return ak_usage_fold(cli->usage, cli->now, &rules, note, cli, &cli->error) ==
	       AK_OK;
}

bool
usage_fold_more(struct cli *cli)
{
	return fold(cli, AK_FOLD_SOME);
}

bool
usage_open(struct cli *cli)
{
	if (!open_usage(cli))
		return false;
	if (!usage_fold_more(cli))
		cli_warn(cli, "what was recorded of late is not counted: %s",
		    cli->error.text);
	return true;
}

struct ak_usage *
usage_ready(struct cli *cli)
{
	if (!cli->usage_tried && !usage_open(cli))
		cli_warn(cli, "nothing is known of usage: %s", cli->error.text);
	return cli->usage;
}

bool
usage_of_key(struct cli *cli, const char *id, struct ak_key_usage *key_usage)
{
	struct ak_usage *usage = usage_ready(cli);

	if (usage == NULL)
		return false;
	if (ak_key_usage_get(usage, id, key_usage, &cli->error) == AK_OK)
		return true;
	cli_warn(cli, "nothing is known of usage: %s", cli->error.text);
	ak_usage_close(&cli->usage);
	return false;
}

static bool
add_alarms(const struct ak_stat *stat, void *context)
{
	if (strcmp(stat->name, ak_reason_word(AK_DECOY)) == 0)
		*(int64_t *)context += stat->refusals;
	return true;
}

bool
usage_of_decoy(struct cli *cli, const char *id, int64_t *alarms)
{
	const struct ak_stats_filter filter = { .since = 0, .key_id = id };
	struct ak_usage *usage = usage_ready(cli);

	*alarms = 0;
	if (usage == NULL)
		return false;
	if (ak_usage_stats(
		usage, AK_BY_REASON, &filter, add_alarms, alarms, &cli->error) == AK_OK)
		return true;
	cli_warn(cli, "nothing is known of usage: %s", cli->error.text);
	return false;
}

/* All that was ever read. */
struct total {
	int64_t records, bytes;
};

static bool
add_source(const struct ak_usage_source *source, void *context)
{
	struct total *total = context;

	total->records += source->records;
	total->bytes += source->records * AK_USAGE_LEN + source->strange;
	return true;
}

/* Fold once; how much that was. */
static bool
fold_once(struct cli *cli, int64_t most, struct total *folded)
{
	struct total before = { 0, 0 }, after = { 0, 0 };

	if (ak_usage_sources(cli->usage, add_source, &before, &cli->error) != AK_OK ||
	    !fold(cli, most) ||
	    ak_usage_sources(cli->usage, add_source, &after, &cli->error) != AK_OK)
		return false;
	folded->records = after.records - before.records;
	folded->bytes = after.bytes - before.bytes;
	return true;
}

bool
usage_fold_all(struct cli *cli, int64_t *records)
{
	bool watched = isatty(STDERR_FILENO) && !cli->quiet;
	int64_t most = watched ? AK_FOLD_SOME : AK_FOLD_ALL;
	struct total folded = { 0, most * AK_USAGE_LEN };
	bool done = open_usage(cli);
	struct progress progress;

	*records = 0;
	progress_begin(&progress, cli, "records folded", PROGRESS_COUNT, -1);
	for (int pass = 0;
	     done && pass < PASSES_MAX && folded.bytes >= most * AK_USAGE_LEN; pass++) {
		done = fold_once(cli, most, &folded);
		*records += done ? folded.records : 0;
		progress_at(&progress, *records);
	}
	progress_clear(&progress);
	return done;
}
