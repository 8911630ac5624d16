/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "command.h"
#include "judge.h"

enum { VERDICT, VALID, BECAUSE, ID, NAME, OWNER, FIELDS };
static const struct out_field fields[FIELDS] = {
	[VERDICT] = { "verdict", "VERDICT", OUT_STATUS, NULL },
	[VALID] = { "valid", "VALID", OUT_BOOL, NULL },
	[BECAUSE] = { "because", "BECAUSE", OUT_TEXT, NULL },
	[ID] = { "id", "ID", OUT_TEXT, NULL },
	[NAME] = { "name", "NAME", OUT_TEXT, NULL },
	[OWNER] = { "owner", "OWNER", OUT_TEXT, NULL },
};
static const struct out_shape answer = { fields, FIELDS, false, NULL };

static enum cli_exit
run(struct cli *cli, const void *values, char **arguments)
{
	struct judgement j;
	const struct ak_verdict *verdict = &j.verdict;
	enum cli_exit end = judge(cli, values, &j);

	(void)arguments;
	if (end != EXIT_DONE)
		return end;
	if (!out_wants_data(&cli->out))
		puts(ak_reason_word(verdict->reason));
	else
		out_one(&cli->out, &answer,
		    (struct out_cell[FIELDS]){
			[VERDICT].text = ak_reason_word(verdict->reason),
			[VALID].number = verdict->reason == AK_VALID,
			[BECAUSE].text = ak_reason_text(verdict->reason),
			[ID].text = verdict->token.id,
			[NAME].text = verdict->key.name,
			[OWNER].text = verdict->key.owner });
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
	    "published store, as the module does; changes nothing. Exits 0 for VALID "
	    "and 1 for every other verdict.",
	.example =
	    "authkey verify --user alice --service nginx --from 192.0.2.7 < token",
	.options = judge_options,
	.values_size = sizeof(struct judge_values),
	.answer = &answer,
	.run = run,
};
