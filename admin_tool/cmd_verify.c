/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "command.h"
#include "judge.h"

static const struct out_shape answer = { judge_fields, VERIFY_FIELDS, false, NULL };

static enum cli_exit
run(struct cli *cli, const void *values, char **arguments)
{
	struct out_cell cells[VERIFY_FIELDS] = { { .text = NULL } };
	struct judgement j;
	enum cli_exit end = judge(cli, values, &j);

	(void)arguments;
	if (end != EXIT_DONE)
		return end;
	judge_cells(&j, cells);
	if (!out_wants_data(&cli->out))
		puts(cells[JUDGE_VERDICT].text);
	else
		out_one(&cli->out, &answer, cells);
	judge_say(cli, &j);
	return judge_exit(&j);
}

const struct command cmd_verify = {
	.name = "verify",
	.group = GROUP_LOGINS,
	.arguments = "",
	.summary = "say whether a token opens a service now",
	.about =
	    "Reads the token from stdin, or asks for it at a terminal; asks the "
	    "published store, as the module does; changes nothing. Exits 0 for "
	    "VALID, 5 when the store cannot answer, and 1 for every other verdict.",
	.example =
	    "authkey verify --user alice --service nginx --from 192.0.2.7 < token",
	.options = judge_options,
	.values_size = sizeof(struct judge_values),
	.answer = &answer,
	.run = run,
};
