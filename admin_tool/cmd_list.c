/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "command.h"
#include "key_view.h"
#include "pick.h"

struct values {
	const char *owner, *status, *tag, *service, *sort, *after;
	int64_t expires_before, limit;
};

static const char *const states[] = { "enabled", "disabled", "revoked", "expired",
	"pending", NULL };
static const char *const sorts[] = { "created_at", "name", "owner", "expires_at",
	NULL };

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "owner", 0, OPTION_TEXT, AT(owner), "U", "keys of this owner" },
	{ "status", 0, OPTION_TEXT, AT(status), "S",
	    "enabled, disabled, revoked, expired or pending keys" },
	{ "tag", 0, OPTION_TEXT, AT(tag), "T", "keys with this tag" },
	{ "service", 0, OPTION_TEXT, AT(service), "S",
	    "keys that may be used for this PAM service" },
	{ "expires-before", 0, OPTION_WHEN, AT(expires_before), "WHEN",
	    "keys that end before: 30d, 2027-01-31" },
	{ "limit", 0, OPTION_NUMBER, AT(limit), "N", "no more than so many" },
	{ "after", 0, OPTION_TEXT, AT(after), "KEY",
	    "those that follow this key, for the next page" },
	{ "sort", 0, OPTION_TEXT, AT(sort), "FIELD",
	    "created_at, name, owner or expires_at (created_at)" },
	OPTION_END,
};

/* The listing as it goes along. */
struct listing {
	struct cli *cli;
	const char *status;
	const char *after; /* the id to pass first; NULL: passed */
	int64_t left; /* rows; -1: any number */
};

static bool
take(const struct ak_record *record, void *context)
{
	struct listing *l = context;

	if (l->after != NULL) {
		if (strcmp(l->after, record->key.id) == 0)
			l->after = NULL;
		return true;
	}
	if (l->status != NULL &&
	    strcmp(l->status, ak_record_status(record, l->cli->now)) != 0)
		return true;
	if (l->left == 0)
		return false;
	key_row(l->cli, record);
	if (l->left > 0)
		l->left--;
	return true;
}

static bool
is_one_of(const char *word, const char *const *words)
{
	while (*words != NULL && strcmp(word, *words) != 0)
		words++;
	return *words != NULL;
}

/* What cannot match anything is a mistake and not an empty list. */
static bool
check(struct cli *cli, const struct values *v)
{
	const char *why = NULL, *option = NULL;

	if (v->owner != NULL && (why = ak_owner_why_not(v->owner)) != NULL)
		option = "--owner";
	else if (v->tag != NULL && (why = ak_scope_why_not(v->tag)) != NULL)
		option = "--tag";
	else if (v->service != NULL && (why = ak_service_why_not(v->service)) != NULL)
		option = "--service";
	else if (v->status != NULL && !is_one_of(v->status, states)) {
		option = "--status";
		why = "a key is enabled, disabled, revoked, expired or pending";
	} else if (v->sort != NULL && !is_one_of(v->sort, sorts)) {
		option = "--sort";
		why = "keys sort by created_at, name, owner or expires_at";
	}
	if (option != NULL)
		cli_usage(cli, "%s: %s", option, why);
	return option == NULL;
}

/* An empty answer says why, and what makes the first key. */
static bool
is_empty(const struct ak_record *record, void *context)
{
	(void)record;
	*(bool *)context = false;
	return false;
}

static enum cli_exit
say_empty(struct cli *cli)
{
	bool empty = true;

	if (ak_record_all(cli->master, is_empty, &empty, &cli->error) != AK_OK)
		return cli_fail(cli);
	if (empty)
		cli_say(
		    cli, "There are no keys yet. The first one: authkey create NAME");
	else
		cli_say(cli, "No key fits. All of them: authkey list");
	return EXIT_DONE;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	struct ak_filter filter = { v->owner, v->tag, v->service, v->expires_before,
		arguments[0], v->sort };
	struct listing listing = { cli, v->status, NULL, v->limit > 0 ? v->limit : -1 };
	struct ak_record after;
	enum cli_exit end;

	if (!check(cli, v))
		return EXIT_USAGE;
	if (!cli_open(cli))
		return cli_fail(cli);
	if (v->after != NULL) {
		if ((end = pick_one(cli, v->after, &after)) != EXIT_DONE)
			return end;
		listing.after = after.key.id;
	}
	out_begin(&cli->out, &key_list);
	if (ak_record_list(cli->master, &filter, take, &listing, &cli->error) != AK_OK)
		return cli_fail(cli);
	out_end(&cli->out);
	return cli->out.rows > 0 ? EXIT_DONE : say_empty(cli);
}

const struct command cmd_list = {
	.name = "list",
	.arguments = "[TEXT]",
	.summary = "list keys, never their tokens",
	.about = "TEXT is looked for in names, descriptions and owners, or is an id.",
	.example = "authkey list --owner alice --status enabled\n"
		   "authkey list --expires-before 30d --sort expires_at --json",
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &key_list,
	.run = run,
};
