/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "command.h"
#include "owner_access.h"

struct suspend_values {
	const char *reason;
};

static const struct option_spec suspend_options[] = {
	{ "reason", 0, OPTION_TEXT, offsetof(struct suspend_values, reason), "TEXT",
	    "why; kept with the owner" },
	OPTION_END,
};

static bool
suspend(struct cli *cli, struct ak_owner *owner, const void *given)
{
	const struct suspend_values *v = given;

	if (owner->suspended_at != AK_NO_TIME)
		return false;
	owner->suspended_at = cli->now;
	cli_actor(owner->suspended_by);
	snprintf(owner->suspend_reason, sizeof(owner->suspend_reason), "%s",
	    v->reason != NULL ? v->reason : "");
	return true;
}

static const struct owner_plan suspending = { suspend, false, "Suspended",
	"is suspended already" };

static enum cli_exit
run_suspend(struct cli *cli, const void *given, char **arguments)
{
	const struct suspend_values *v = given;
	const char *why = v->reason != NULL ? ak_description_why_not(v->reason) : NULL;

	if (why != NULL)
		return cli_usage(cli, "--reason: %s", why);
	return owner_change(cli, arguments[0], &suspending, given);
}

static bool
resume(struct cli *cli, struct ak_owner *owner, const void *values)
{
	(void)cli;
	(void)values;
	if (owner->suspended_at == AK_NO_TIME)
		return false;
	owner->suspended_at = AK_NO_TIME;
	owner->suspended_by[0] = '\0';
	owner->suspend_reason[0] = '\0';
	return true;
}

static const struct owner_plan resuming = { resume, false, "Resumed",
	"is not suspended" };

static enum cli_exit
run_resume(struct cli *cli, const void *values, char **arguments)
{
	return owner_change(cli, arguments[0], &resuming, values);
}

struct verify_values {
	bool undo;
};

static const struct option_spec verify_options[] = {
	{ "undo", 0, OPTION_FLAG, offsetof(struct verify_values, undo), NULL,
	    "take it back: the owner is not verified" },
	OPTION_END,
};

static bool
verify(struct cli *cli, struct ak_owner *owner, const void *values)
{
	(void)values;
	if (owner->verified_at != AK_NO_TIME)
		return false;
	owner->verified_at = cli->now;
	cli_actor(owner->verified_by);
	return true;
}

static bool
undo_verify(struct cli *cli, struct ak_owner *owner, const void *values)
{
	(void)cli;
	(void)values;
	if (owner->verified_at == AK_NO_TIME)
		return false;
	owner->verified_at = AK_NO_TIME;
	owner->verified_by[0] = '\0';
	return true;
}

static const struct owner_plan verifying = { verify, false, "Verified",
	"is verified already" };
static const struct owner_plan unverifying = { undo_verify, false,
	"No longer verified:", "is not verified" };

static enum cli_exit
run_verify(struct cli *cli, const void *given, char **arguments)
{
	const struct verify_values *v = given;

	if (v->undo)
		cli->at_stake = CLI_STILL_LIVE;
	return owner_change(
	    cli, arguments[0], v->undo ? &unverifying : &verifying, given);
}

#define ONE_USER .arguments = "USER", .least = 1, .most = 1

const struct command cmd_owner_suspend = {
	.name = "owner suspend",
	.group = GROUP_OWNERS,
	ONE_USER,
	.summary = "refuse an owner's keys until they are resumed",
	.example = "authkey owner suspend alice --reason 'on leave'",
	.options = suspend_options,
	.values_size = sizeof(struct suspend_values),
	.answer = &owner_sheet,
	.at_stake = CLI_STILL_LIVE,
	.run = run_suspend,
};

const struct command cmd_owner_resume = {
	.name = "owner resume",
	.group = GROUP_OWNERS,
	ONE_USER,
	.summary = "end a suspension",
	.example = "authkey owner resume alice",
	.answer = &owner_sheet,
	.run = run_resume,
};

const struct command cmd_owner_verify = {
	.name = "owner verify",
	.group = GROUP_OWNERS,
	ONE_USER,
	.summary = "note that the owner's identity was verified",
	.about =
	    "Services whose PAM line says require_verified_owner admit verified owners "
	    "alone.",
	.example = "authkey owner verify alice",
	.options = verify_options,
	.values_size = sizeof(struct verify_values),
	.answer = &owner_sheet,
	.run = run_verify,
};
