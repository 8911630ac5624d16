/* SPDX-License-Identifier: BSD-2-Clause */
#include "command.h"
#include "rotation.h"
#include "usage_access.h"

enum { RECORDS, DRAINED, FIELDS };
static const struct out_field fields[FIELDS] = {
	[RECORDS] = { "records", "RECORDS", OUT_NUMBER, NULL },
	[DRAINED] = { "drained", "KEYS DRAINED", OUT_NUMBER, NULL },
};
static const struct out_shape answer = { fields, FIELDS, false, NULL };

static enum cli_exit
run(struct cli *cli, const void *values, char **arguments)
{
	enum cli_exit end;
	int64_t records;
	size_t drained;
	bool merged;

	(void)values;
	(void)arguments;
	if (!cli_open(cli) || !usage_fold_all(cli, &records))
		return cli_fail(cli);
	cli_say(cli, "Folded %lld usage record%s.", (long long)records,
	    records == 1 ? "" : "s");
	if ((end = rotation_end_drained(cli, &drained)) != EXIT_DONE)
		return end;
	if (ak_master_merge(cli->master, cli->now, &merged, &cli->error) != AK_OK)
		return cli_fail(cli);
	if (merged) {
		cli_say(cli, "Merged what has changed into the store.");
		cli_check_published(cli);
	}
	if (out_wants_data(&cli->out))
		out_one(&cli->out, &answer,
		    (struct out_cell[FIELDS]){ [RECORDS].number = records,
			[DRAINED].number = (int64_t)drained });
	return EXIT_DONE;
}

const struct command cmd_fold = {
	.name = "fold",
	.group = GROUP_LOGINS,
	.arguments = "",
	.summary = "count recorded uses, end drained keys, merge a big store",
	.about =
	    "It counts what the services have recorded; every command that shows "
	    "usage does that by itself, for what is new. It ends the keys that "
	    "authkey rotate --drain has left, once all their callers have come with "
	    "the new token. And it merges what has changed into a big store, once "
	    "that is much, so that no other command has to. On a host where nobody "
	    "looks a timer runs it, so that the files of usage.d do not fill up.",
	.example = "authkey fold\nsystemctl enable --now authkey-fold.timer",
	.answer = &answer,
	.run = run,
};
