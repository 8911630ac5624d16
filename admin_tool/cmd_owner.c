/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "owner.h"
#include "record.h"

enum {
	OWNER,
	NAME,
	USER_ID,
	EMAIL,
	EXTERNAL_ID,
	VERIFIED,
	VERIFIED_AT,
	VERIFIED_BY,
	SUSPENDED,
	SUSPENDED_AT,
	SUSPENDED_BY,
	SUSPEND_REASON,
	FIELDS
};
static const struct out_field fields[FIELDS] = {
	[OWNER] = { "owner", "OWNER", OUT_TEXT, NULL },
	[NAME] = { "name", "NAME", OUT_TEXT, NULL },
	[USER_ID] = { "user_id", "USER ID", OUT_TEXT, NULL },
	[EMAIL] = { "email", "E-MAIL", OUT_TEXT, NULL },
	[EXTERNAL_ID] = { "external_id", "EXTERNAL ID", OUT_TEXT, NULL },
	[VERIFIED] = { "verified", "VERIFIED", OUT_BOOL, NULL },
	[VERIFIED_AT] = { "verified_at", "VERIFIED AT", OUT_TIME, NULL },
	[VERIFIED_BY] = { "verified_by", "VERIFIED BY", OUT_TEXT, NULL },
	[SUSPENDED] = { "suspended", "SUSPENDED", OUT_BOOL, NULL },
	[SUSPENDED_AT] = { "suspended_at", "SUSPENDED AT", OUT_TIME, NULL },
	[SUSPENDED_BY] = { "suspended_by", "SUSPENDED BY", OUT_TEXT, NULL },
	[SUSPEND_REASON] = { "suspend_reason", "SUSPENDED BECAUSE", OUT_TEXT, NULL },
};
static const int columns[] = { OWNER, NAME, EMAIL, VERIFIED, SUSPENDED, -1 };
static const struct out_shape owner_sheet = { fields, FIELDS, false, NULL };
static const struct out_shape owner_list = { fields, FIELDS, true, columns };

static void
view(const struct ak_owner *o, struct out_cell cells[FIELDS])
{
	const struct out_cell filled[FIELDS] = {
		[OWNER].text = o->name,
		[NAME].text = o->full_name,
		[USER_ID].text = o->user_id,
		[EMAIL].text = o->email,
		[EXTERNAL_ID].text = o->external_id,
		[VERIFIED].number = o->verified_at != AK_NO_TIME,
		[VERIFIED_AT].number = o->verified_at,
		[VERIFIED_BY].text = o->verified_by,
		[SUSPENDED].number = o->suspended_at != AK_NO_TIME,
		[SUSPENDED_AT].number = o->suspended_at,
		[SUSPENDED_BY].text = o->suspended_by,
		[SUSPEND_REASON].text = o->suspend_reason,
	};

	memcpy(cells, filled, sizeof(filled));
}

static void
show(struct cli *cli, const struct ak_owner *owner)
{
	struct out_cell cells[FIELDS];

	view(owner, cells);
	out_one(&cli->out, &owner_sheet, cells);
}

static bool
has_key(const struct ak_record *record, void *context)
{
	(void)record;
	*(bool *)context = true;
	return false;
}

/* Read an owner who was set or owns keys. A mistyped name must not pass for one. */
static bool
read_owner(struct cli *cli, const char *name, struct ak_owner *owner)
{
	struct ak_filter filter = { .owner = name, .expires_before = AK_NO_TIME };
	bool found;

	if (ak_owner_get(cli->master, name, owner, &found, &cli->error) != AK_OK ||
	    (!found && ak_record_list(cli->master, &filter, has_key, &found,
			   &cli->error) != AK_OK))
		return false;
	if (!found)
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "%s owns no key and was never described; see: authkey owner list",
		    name);
	return found;
}

/* What a command does to an owner. False: it is so already. */
struct owner_plan {
	bool (*change)(struct cli *cli, struct ak_owner *owner, const void *values);
	bool may_be_new;
	const char *done, *already, *at_stake;
};

/* Change an owner in one transaction and one publish, since it decides about keys. */
static enum cli_exit
change_owner(struct cli *cli, const char *name, const struct owner_plan *plan,
    const void *values)
{
	struct ak_owner owner;
	enum cli_exit end;
	bool found;

	if (ak_master_begin(cli->master, &cli->error) != AK_OK ||
	    !(plan->may_be_new ? ak_owner_get(cli->master, name, &owner, &found,
				     &cli->error) == AK_OK
			       : read_owner(cli, name, &owner))) {
		ak_master_rollback(cli->master);
		return cli_fail(cli);
	}
	if (!plan->change(cli, &owner, values)) {
		ak_master_rollback(cli->master);
		cli_say(cli, "%s %s; nothing to do.", name, plan->already);
	} else {
		if (ak_owner_put(cli->master, &owner, &cli->error) != AK_OK) {
			ak_master_rollback(cli->master);
			return cli_fail(cli);
		}
		if ((end = cli_commit(cli, plan->at_stake)) != EXIT_DONE)
			return end;
		cli_say(cli, "%s %s.", plan->done, name);
	}
	if (out_wants_data(&cli->out))
		show(cli, &owner);
	return EXIT_DONE;
}

static enum cli_exit
run_plan(struct cli *cli, const char *name, const struct owner_plan *plan,
    const void *values)
{
	const char *why = ak_owner_why_not(name);

	if (why != NULL)
		return cli_usage(cli, "USER: %s", why);
	if (!cli_open(cli))
		return cli_fail(cli);
	return change_owner(cli, name, plan, values);
}

struct set_values {
	const char *name, *user_id, *email, *external_id;
};

#define AT(field) offsetof(struct set_values, field)
static const struct option_spec set_options[] = {
	{ "name", 0, OPTION_TEXT, AT(name), "TEXT",
	    "the person's name; '' takes it away" },
	{ "user-id", 0, OPTION_TEXT, AT(user_id), "TEXT",
	    "a user id of another system" },
	{ "email", 0, OPTION_TEXT, AT(email), "TEXT", "e-mail address" },
	{ "external-id", 0, OPTION_TEXT, AT(external_id), "TEXT",
	    "number in a customer or personnel system" },
	OPTION_END,
};
#undef AT

/* Which option goes to which field; all hold AK_PERSONAL_MAX bytes. */
static const struct {
	size_t from, to;
	const char *option;
} personal[] = {
	{ offsetof(struct set_values, name), offsetof(struct ak_owner, full_name),
	    "name" },
	{ offsetof(struct set_values, user_id), offsetof(struct ak_owner, user_id),
	    "user-id" },
	{ offsetof(struct set_values, email), offsetof(struct ak_owner, email),
	    "email" },
	{ offsetof(struct set_values, external_id),
	    offsetof(struct ak_owner, external_id), "external-id" },
};
#define PERSONAL_COUNT (sizeof(personal) / sizeof(personal[0]))

static const char *
given_at(const void *values, size_t i)
{
	return *(const char *const *)((const char *)values + personal[i].from);
}

static bool
set(struct cli *cli, struct ak_owner *owner, const void *values)
{
	bool changed = false;

	(void)cli;
	for (size_t i = 0; i < PERSONAL_COUNT; i++) {
		const char *value = given_at(values, i);
		char *to = (char *)owner + personal[i].to;

		if (value == NULL || strcmp(value, to) == 0)
			continue;
		snprintf(to, AK_PERSONAL_MAX + 1, "%s", value);
		changed = true;
	}
	return changed;
}

static const struct owner_plan setting = { set, true, "Described", "is so already",
	NULL };

static enum cli_exit
run_set(struct cli *cli, const void *values, char **arguments)
{
	const char *why = NULL;
	size_t given = 0;

	for (size_t i = 0; i < PERSONAL_COUNT; i++) {
		const char *value = given_at(values, i);

		if (value == NULL)
			continue;
		given++;
		if (strlen(value) > AK_PERSONAL_MAX)
			why = "it has at most 256 bytes";
		else if (ak_description_why_not(value) != NULL)
			why =
			    "it is UTF-8 text on one line, without control characters";
		if (why != NULL)
			return cli_usage(cli, "--%s: %s", personal[i].option, why);
	}
	if (given == 0)
		return cli_usage(cli, "what to set is missing");
	return run_plan(cli, arguments[0], &setting, values);
}

static enum cli_exit
run_show(struct cli *cli, const void *values, char **arguments)
{
	struct ak_owner owner;

	(void)values;
	if (!cli_open(cli) || !read_owner(cli, arguments[0], &owner))
		return cli_fail(cli);
	show(cli, &owner);
	return EXIT_DONE;
}

static bool
list_one(const struct ak_owner *owner, void *context)
{
	struct out_cell cells[FIELDS];

	view(owner, cells);
	out_row(context, cells);
	return true;
}

static enum cli_exit
run_list(struct cli *cli, const void *values, char **arguments)
{
	(void)values;
	(void)arguments;
	if (!cli_open(cli))
		return cli_fail(cli);
	out_begin(&cli->out, &owner_list);
	if (ak_owner_list(cli->master, list_one, &cli->out, &cli->error) != AK_OK)
		return cli_fail(cli);
	out_end(&cli->out);
	if (cli->out.rows == 0)
		cli_say(
		    cli, "Nobody owns a key yet. The first one: authkey create NAME");
	return EXIT_DONE;
}

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
	"is suspended already", "nobody was suspended: the keys are STILL LIVE" };

static enum cli_exit
run_suspend(struct cli *cli, const void *given, char **arguments)
{
	const struct suspend_values *v = given;
	const char *why = v->reason != NULL ? ak_description_why_not(v->reason) : NULL;

	if (why != NULL)
		return cli_usage(cli, "--reason: %s", why);
	return run_plan(cli, arguments[0], &suspending, given);
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
	"is not suspended", NULL };

static enum cli_exit
run_resume(struct cli *cli, const void *values, char **arguments)
{
	return run_plan(cli, arguments[0], &resuming, values);
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
	"is verified already", NULL };
static const struct owner_plan unverifying = { undo_verify, false,
	"No longer verified:", "is not verified",
	"nothing was changed: the keys are STILL LIVE" };

static enum cli_exit
run_verify(struct cli *cli, const void *given, char **arguments)
{
	const struct verify_values *v = given;

	return run_plan(cli, arguments[0], v->undo ? &unverifying : &verifying, given);
}

#define ONE_USER .arguments = "USER", .least = 1, .most = 1

const struct command cmd_owner_set = {
	.name = "owner set",
	ONE_USER,
	.summary = "describe the person behind a PAM user",
	.example =
	    "authkey owner set alice --name 'Alice Archer' --email alice@example.org",
	.options = set_options,
	.values_size = sizeof(struct set_values),
	.answer = &owner_sheet,
	.run = run_set,
};

const struct command cmd_owner_show = {
	.name = "owner show",
	ONE_USER,
	.summary = "show everything about an owner",
	.answer = &owner_sheet,
	.run = run_show,
};

const struct command cmd_owner_list = {
	.name = "owner list",
	.arguments = "",
	.summary = "list who owns keys or was described",
	.answer = &owner_list,
	.run = run_list,
};

const struct command cmd_owner_suspend = {
	.name = "owner suspend",
	ONE_USER,
	.summary = "refuse all keys of an owner until they are resumed",
	.options = suspend_options,
	.values_size = sizeof(struct suspend_values),
	.answer = &owner_sheet,
	.run = run_suspend,
};

const struct command cmd_owner_resume = {
	.name = "owner resume",
	ONE_USER,
	.summary = "end a suspension",
	.answer = &owner_sheet,
	.run = run_resume,
};

const struct command cmd_owner_verify = {
	.name = "owner verify",
	ONE_USER,
	.summary = "note that the owner's identity was verified",
	.about =
	    "Services whose PAM line says require_verified_owner admit verified owners "
	    "alone.",
	.options = verify_options,
	.values_size = sizeof(struct verify_values),
	.answer = &owner_sheet,
	.run = run_verify,
};
