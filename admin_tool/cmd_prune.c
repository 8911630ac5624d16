/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "bulk.h"
#include "command.h"
#include "purge.h"

#define OLDER_THAN_DEFAULT "90d"

struct values {
	const char *older_than;
};

static const struct option_spec options[] = {
	{ "older-than", 0, OPTION_TEXT, offsetof(struct values, older_than), "D",
	    "how long ago they ended at least (" OLDER_THAN_DEFAULT ")" },
	OPTION_END,
};

/* Those that fit have ended long ago: that is what they were chosen by. */
static enum change
prune(struct cli *cli, struct ak_record *record, const void *context)
{
	(void)cli;
	(void)record;
	(void)context;
	return CHANGE_DELETE;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	const char *text = v->older_than != NULL ? v->older_than : OLDER_THAN_DEFAULT;
	struct picks picks = { NULL, 0, 0 };
	char tail[64];
	int64_t length;
	const char *why = ak_duration_why_not(text, &length);
	const int64_t ended_by = why == NULL ? cli->now - length : 0;
	const struct bulk_choice ended = { .ended_by = &ended_by };
	static const struct change_plan plan = { prune, NULL, "Deleted", "", NULL };
	const struct bulk bulk = { &plan, "Delete", "keys", tail,
		"Nothing was deleted.", false, false };
	enum cli_exit end;

	(void)arguments;
	if (why != NULL)
		return cli_usage(cli, "--older-than: %s", why);
	snprintf(tail, sizeof(tail), ", which ended %s ago or earlier", text);
	if (!cli_open(cli))
		return cli_fail(cli);
	if ((end = bulk_change(cli, &ended, &bulk, &picks)) == EXIT_DONE)
		purge_report(cli, &picks);
	picks_free(&picks);
	return end;
}

const struct command cmd_prune = {
	.name = "prune",
	.group = GROUP_KEYS,
	.arguments = "",
	.summary = "delete the records of keys long revoked or expired",
	.about = "At a terminal it asks first, with the count; elsewhere it needs -y. "
		 "The audit keeps a row of each.",
	.example = "authkey prune --older-than 365d -y",
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &purge_answer,
	.run = run,
};
