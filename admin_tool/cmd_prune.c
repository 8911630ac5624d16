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

/* When a key has ended for good, or AK_NO_TIME: a revocation ends it, whatever else. */
static int64_t
ended_at(const struct ak_record *record, int64_t now)
{
	if (record->key.state == AK_ENDED)
		return record->revoked_at;
	return record->key.expires_at <= now ? record->key.expires_at : AK_NO_TIME;
}

static enum change
prune(struct cli *cli, struct ak_record *record, const void *context)
{
	const int64_t *length = context;
	int64_t end = ended_at(record, cli->now);

	return end != AK_NO_TIME && end <= cli->now - *length ? CHANGE_DELETE
							      : CHANGE_NONE;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	static const struct bulk_choice all = { NULL, NULL };
	const struct values *v = given;
	const char *text = v->older_than != NULL ? v->older_than : OLDER_THAN_DEFAULT;
	struct picks picks = { NULL, 0, 0 };
	char tail[64];
	int64_t length;
	const char *why = ak_duration_why_not(text, &length);
	const struct change_plan plan = { prune, &length, "Deleted", "", NULL };
	const struct bulk bulk = { &plan, "Delete", "keys", tail,
		"Nothing was deleted.", false, false };
	enum cli_exit end;

	(void)arguments;
	if (why != NULL)
		return cli_usage(cli, "--older-than: %s", why);
	snprintf(tail, sizeof(tail), ", which ended %s ago or earlier", text);
	if (!cli_open(cli))
		return cli_fail(cli);
	if ((end = bulk_change(cli, &all, &bulk, &picks)) == EXIT_DONE)
		purge_report(cli, &picks);
	picks_free(&picks);
	return end;
}

const struct command cmd_prune = {
	.name = "prune",
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
