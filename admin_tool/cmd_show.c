/* SPDX-License-Identifier: BSD-2-Clause */
#include "command.h"
#include "key_view.h"
#include "pick.h"

static enum cli_exit
run(struct cli *cli, const void *values, char **arguments)
{
	struct ak_record record;
	enum cli_exit end;

	(void)values;
	if (!cli_open(cli))
		return cli_fail(cli);
	if ((end = pick_one(cli, arguments[0], &record)) == EXIT_DONE)
		key_answer(cli, &key_sheet, &record, NULL);
	return end;
}

const struct command cmd_show = {
	.name = "show",
	.arguments = "KEY",
	.summary = "show everything about a key but its token",
	.example = "authkey show alice/deploy",
	.least = 1,
	.most = 1,
	.answer = &key_sheet,
	.run = run,
};
