/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "bulk.h"
#include "command.h"
#include "key_view.h"

struct values {
	struct bulk_choice choice;
	const char *reason;
};

static const struct option_spec options[] = {
	{ "reason", 0, OPTION_TEXT, offsetof(struct values, reason), "TEXT",
	    "why; kept with the record" },
	BULK_OPTIONS(struct values),
	OPTION_END,
};

static enum change
revoke(struct cli *cli, struct ak_record *record, const void *context)
{
	const char *reason = context;

	if (record->key.state == AK_ENDED)
		return CHANGE_NONE;
	record->key.state = AK_ENDED;
	record->revoked_at = cli->now;
	cli_actor(record->revoked_by);
	snprintf(record->revoke_reason, sizeof(record->revoke_reason), "%s",
	    reason != NULL ? reason : "");
	return CHANGE_WRITE;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **keys)
{
	const struct values *v = given;
	const struct change_plan plan = { revoke, v->reason, "Revoked",
		"is revoked already", "is revoked already" };
	const struct bulk bulk = { &plan, "Revoke", "keys", " for good",
		"Nothing was revoked.", true, true };
	const char *why = v->reason != NULL ? ak_description_why_not(v->reason) : NULL;

	if (why != NULL)
		return cli_usage(cli, "%s", why);
	return bulk_run(cli, keys, &v->choice, &bulk);
}

const struct command cmd_revoke = {
	.name = "revoke",
	.group = GROUP_KEYS,
	.arguments = "[KEY...]",
	.summary = "end keys for good",
	.about = "When it exits 0, the next login with the key is refused, in every "
		 "process. The record stays, with who and why. At a terminal it asks "
		 "first; -y says yes. Without one, --owner and --tag need -y. "
		 "When other keys fit by the time of the answer, nothing is revoked.",
	.example = "authkey revoke alice/deploy --reason 'seen in a public log'\n"
		   "authkey revoke --owner bob -y",
	.most = -1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &key_list,
	.at_stake = CLI_STILL_LIVE,
	.run = run,
};
