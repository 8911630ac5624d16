/* SPDX-License-Identifier: BSD-2-Clause */
#include "command.h"

enum { STORE, GENERATION, FIELDS };
static const struct out_field fields[FIELDS] = {
	[STORE] = { "store", "STORE", OUT_TEXT, NULL },
	[GENERATION] = { "generation", "GENERATION", OUT_NUMBER, NULL },
};
static const struct out_shape answer = { fields, FIELDS, false, NULL };

static enum cli_exit
run(struct cli *cli, const void *values, char **arguments)
{
	struct ak_installation is;
	struct ak_error why;
	bool older;

	(void)values;
	(void)arguments;
	/* Not cli_open(), which would publish by itself first. */
	if (ak_master_open(cli->dir, &cli->master, &cli->error) != AK_OK)
		return cli_fail(cli);
	cli_say_kept(cli, ak_master_kept(cli->master));
	older = ak_master_not_older(cli->master, &why) != AK_OK;
	if (ak_master_publish(cli->master, cli->now, &cli->error) != AK_OK ||
	    ak_master_installation(cli->master, &is, &cli->error) != AK_OK)
		return cli_fail(cli);
	cli_say(cli, "Published %s.", ak_master_paths(cli->master)->store);
	if (older)
		cli_warn(cli,
		    "the master was older than what was published before: what was "
		    "revoked since is LIVE again");
	if (out_wants_data(&cli->out))
		out_one(&cli->out, &answer,
		    (struct out_cell[FIELDS]){
			[STORE].text = ak_master_paths(cli->master)->store,
			[GENERATION].number = is.generation });
	return cli_check_published(cli) ? EXIT_DONE : EXIT_STORE;
}

const struct command cmd_publish = {
	.name = "publish",
	.group = GROUP_SETUP,
	.arguments = "",
	.summary = "write the store anew from the master",
	.about =
	    "Every command that changes keys does it by itself. It repairs a store "
	    "that is damaged or missing, or whose owner or mode is off.",
	.example = "authkey publish",
	.answer = &answer,
	.run = run,
};
