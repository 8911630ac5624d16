/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "owner_access.h"

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

static const struct owner_plan setting = { set, true, "Described", "is so already" };

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
		else
			why = ak_description_why_not(value);
		if (why != NULL)
			return cli_usage(cli, "--%s: %s", personal[i].option, why);
	}
	if (given == 0)
		return cli_usage(cli, "what to set is missing");
	return owner_change(cli, arguments[0], &setting, values);
}

static enum cli_exit
run_show(struct cli *cli, const void *values, char **arguments)
{
	const char *why = ak_owner_why_not(arguments[0]);
	struct ak_owner owner;

	(void)values;
	if (why != NULL)
		return cli_usage(cli, "USER: %s", why);
	if (!cli_open(cli) || !owner_read(cli, arguments[0], &owner))
		return cli_fail(cli);
	owner_show(cli, &owner);
	return EXIT_DONE;
}

static bool
list_one(const struct ak_owner *owner, void *context)
{
	owner_row(context, owner);
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
	if (ak_owner_list(cli->master, list_one, cli, &cli->error) != AK_OK)
		return cli_fail(cli);
	out_end(&cli->out);
	if (cli->out.rows == 0)
		cli_say(
		    cli, "Nobody owns a key yet. The first one: authkey create NAME");
	return EXIT_DONE;
}

#define ONE_USER .arguments = "USER", .least = 1, .most = 1

const struct command cmd_owner_set = {
	.name = "owner set",
	.group = GROUP_OWNERS,
	ONE_USER,
	.summary = "describe the person behind a PAM user",
	.example =
	    "authkey owner set alice --name 'Alice Archer' --email a@example.org",
	.options = set_options,
	.values_size = sizeof(struct set_values),
	.answer = &owner_sheet,
	.run = run_set,
};

const struct command cmd_owner_show = {
	.name = "owner show",
	.group = GROUP_OWNERS,
	ONE_USER,
	.summary = "show everything about an owner",
	.example = "authkey owner show alice",
	.answer = &owner_sheet,
	.run = run_show,
};

const struct command cmd_owner_list = {
	.name = "owner list",
	.group = GROUP_OWNERS,
	.arguments = "",
	.summary = "list who owns keys or was described",
	.example = "authkey owner list --format csv",
	.answer = &owner_list,
	.run = run_list,
};
