/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "command.h"
#include "key_view.h"
#include "pick.h"
#include "rotation.h"
#include "stats.h"
#include "usage_access.h"

enum { NAME, FIRST_SEEN, USES, REFUSALS, FIELDS };
#define REST                                                        \
	[FIRST_SEEN] = { "first_seen_at", "SINCE", OUT_AGO, NULL }, \
	[USES] = { "uses", "USES", OUT_NUMBER, NULL },              \
	[REFUSALS] = { "refusals", "REFUSALS", OUT_NUMBER, NULL }
static const struct out_field addresses[FIELDS] = {
	[NAME] = { "address", "FROM", OUT_TEXT, "no address" },
	REST,
};
static const struct out_field services[FIELDS] = {
	[NAME] = { "service", "FOR", OUT_TEXT, "no service" },
	REST,
};
static const int columns[] = { NAME, USES, REFUSALS, -1 };

/* What people read below the key: who uses it, and for what. */
static const struct {
	enum ak_stats_by by;
	struct out_shape shape;
} tables[] = {
	{ AK_BY_RHOST, { addresses, FIELDS, true, NULL } },
	{ AK_BY_SERVICE, { services, FIELDS, true, columns } },
};

static bool
take(const struct ak_stat *stat, void *context)
{
	struct cli *cli = context;

	if (cli->out.rows == 0)
		putchar('\n');
	out_row(&cli->out, (struct out_cell[FIELDS]){ [NAME].text = stat->name,
			       [FIRST_SEEN].number = stat->first_at,
			       [USES].number = stat->uses,
			       [REFUSALS].number = stat->refusals });
	return true;
}

static enum cli_exit
show_usage(struct cli *cli, const char *id)
{
	const struct ak_stats_filter filter = { .since = 0, .key_id = id };
	struct ak_usage *usage = usage_ready(cli);
	enum ak_code code = AK_OK;

	for (size_t i = 0;
	     usage != NULL && code == AK_OK && i < sizeof(tables) / sizeof(tables[0]);
	     i++) {
		out_begin(&cli->out, &tables[i].shape);
		code = ak_usage_stats(
		    usage, tables[i].by, &filter, take, cli, &cli->error);
		out_end(&cli->out);
	}
	return code == AK_OK ? EXIT_DONE : cli_fail(cli);
}

static enum cli_exit
run(struct cli *cli, const void *values, char **arguments)
{
	char old[AK_ID_LEN + 1];
	struct ak_record record;
	enum cli_exit end;

	(void)values;
	if (!cli_open(cli))
		return cli_fail(cli);
	if ((end = pick_one(cli, arguments[0], &record)) != EXIT_DONE)
		return end;
	key_answer(cli, &key_sheet, &record, NULL, false);
	if (record.key.owner_suspended && !out_wants_data(&cli->out))
		cli_say(cli, "The owner %s is suspended: the key opens nothing.",
		    record.key.owner);
	if (out_wants_data(&cli->out))
		return EXIT_DONE;
	if (!rotation_old(cli, &record, old))
		return cli_fail(cli);
	end = rotation_show(cli, old);
	return end == EXIT_DONE ? show_usage(cli, record.key.id) : end;
}

const struct command cmd_show = {
	.name = "show",
	.group = GROUP_KEYS,
	.arguments = "KEY",
	.summary = "show everything about a key but its token",
	.about = "Below it stands from where and for which services the key was used: "
		 "how often, and since when an address was let in with it. While a "
		 "replaced key lives on, either key tells who uses the old token, and "
		 "who has come with the new one.",
	.example = "authkey show alice/deploy",
	.least = 1,
	.most = 1,
	.answer = &key_sheet,
	.run = run,
};
