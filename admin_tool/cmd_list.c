/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "key_view.h"
#include "last_use.h"
#include "list.h"
#include "owner_access.h"
#include "pick.h"
#include "usage_access.h"
#include "words.h"

struct values {
	const char *owner, *status, *tag, *service, *sort, *after;
	int64_t expires_before, unused_since, limit;
};

static const char *const states[] = { "enabled", "disabled", "revoked", "expired",
	"pending", NULL };
static const char *const sorts[] = { "created_at", "name", "owner", "expires_at",
	"last_used", NULL };

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "owner", 0, OPTION_TEXT, AT(owner), "USER", "keys of this owner" },
	{ "status", 0, OPTION_TEXT, AT(status),
	    "enabled|disabled|revoked|expired|pending", "keys of this status" },
	{ "tag", 0, OPTION_TEXT, AT(tag), "TAG", "keys with this tag" },
	{ "service", 0, OPTION_TEXT, AT(service), "NAME",
	    "keys that may be used for this PAM service" },
	{ "expires-before", 0, OPTION_WHEN, AT(expires_before), "WHEN",
	    "keys that end before: 30d, 2027-01-31" },
	{ "unused-since", 0, OPTION_SINCE, AT(unused_since), "WHEN",
	    "keys that were not used since (90d: for 90 days), nor made since" },
	{ "limit", 0, OPTION_NUMBER, AT(limit), "N", "no more than so many" },
	{ "after", 0, OPTION_TEXT, AT(after), "KEY",
	    "those that follow this key, for the next page" },
	{ "sort", 0, OPTION_TEXT, AT(sort),
	    "created_at|name|owner|expires_at|last_used",
	    "by this field (created_at); last_used: the longest unused first" },
	OPTION_END,
};

/* The listing as it goes along. */
struct listing {
	struct cli *cli;
	const struct ak_filter *filter;
	int64_t unused_since; /* or AK_NO_TIME */
	int64_t left; /* rows; -1: any number */
	bool by_use;
	char suspended[AK_WORDS_MAX]; /* owners of listed keys */
	char alarms[AK_WORDS_MAX]; /* listed decoys that were tried */
	bool failed; /* cli->error says why */
};

/* Whether a record fits what the database cannot ask for. */
static bool
fits(struct listing *l, const struct ak_record *record)
{
	struct ak_key_usage usage;

	if (l->unused_since == AK_NO_TIME)
		return true;
	if (record->created_at > l->unused_since)
		return false;
	l->failed = !usage_of_key(l->cli, record->key.id, &usage);
	return !l->failed && usage.last_at < l->unused_since;
}

/* Give a row. False behind the last. */
static bool
give(const struct ak_record *record, void *context)
{
	struct listing *l = context;
	int64_t alarms;

	if (!fits(l, record))
		return !l->failed;
	key_row(l->cli, record);
	if (record->key.owner_suspended)
		ak_words_add(l->suspended, record->key.owner);
	if (record->key.decoy && usage_of_decoy(l->cli, record->key.id, &alarms) &&
	    alarms > 0)
		ak_words_add(l->alarms, record->key.id);
	if (l->left > 0)
		l->left--;
	return l->left != 0;
}

/* By use: a key of those whose order usage.db knows. */
static bool
give_used(const char *id, void *context)
{
	struct listing *l = context;
	struct ak_record record;
	bool found;

	l->failed = ak_record_by_id(
			l->cli->master, id, &record, &found, &l->cli->error) != AK_OK;
	if (l->failed)
		return false;
	return !found || !ak_record_fits(&record, l->filter) || give(&record, l);
}

static enum ak_code
give_by_use(struct listing *l)
{
	struct cli *cli = l->cli;
	char *few;
	enum ak_code code = ak_record_few(cli->master, l->filter, &few, &cli->error);

	if (code == AK_OK)
		code = ak_last_use_list(
		    cli->usage, few, l->filter->after, give_used, l, &cli->error);
	free(few);
	return code;
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
		why = "keys sort by created_at, name, owner, expires_at or last_used";
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
say_empty(struct cli *cli, const char *owner)
{
	struct ak_owner known;
	bool empty = true;

	if (ak_record_all(cli->master, is_empty, &empty, &cli->error) != AK_OK)
		return cli_fail(cli);
	if (empty)
		cli_say(
		    cli, "There are no keys yet. The first one: authkey create NAME");
	else if (owner != NULL && !owner_read(cli, owner, &known))
		cli_say(cli, "%s", cli->error.text);
	else
		cli_say(cli, "No key fits. All of them: authkey list");
	return EXIT_DONE;
}

/* Who asks for keys that nobody used must not get one whose use is not counted yet. */
static bool
count_all(struct cli *cli, const struct listing *l)
{
	int64_t records;

	return (l->unused_since == AK_NO_TIME && !l->by_use) ||
	       usage_fold_all(cli, &records);
}

/* The status of a key is its own; its owner's comes on top of it. */
static void
say_suspended(const struct listing *l)
{
	const char *at = l->suspended, *owner;
	size_t len;

	while (
	    !out_wants_data(&l->cli->out) && (owner = ak_words_next(&at, &len)) != NULL)
		cli_say(l->cli,
		    "%.*s is suspended: none of the owner's keys opens "
		    "anything.",
		    (int)len, owner);
}

/* Whoever tries a decoy has read what only a thief reads. */
static void
say_alarms(const struct listing *l)
{
	const char *at = l->alarms, *id;
	size_t len;

	while ((id = ak_words_next(&at, &len)) != NULL)
		cli_warn(l->cli, "the decoy %.*s was tried; see: authkey log %.*s",
		    (int)len, id, (int)len, id);
}

static enum cli_exit
list(struct cli *cli, const struct ak_filter *filter, struct listing *l)
{
	enum ak_code code;

	out_begin(&cli->out, &key_list);
	code = l->by_use ? give_by_use(l)
			 : ak_record_list(cli->master, filter, give, l, &cli->error);
	if (code != AK_OK || l->failed)
		return cli_fail(cli);
	out_end(&cli->out);
	if (cli->out.rows == 0)
		return say_empty(cli, filter->owner);
	say_suspended(l);
	say_alarms(l);
	return EXIT_DONE;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	struct ak_filter filter = { AK_FILTER_ANY, .owner = v->owner, .tag = v->tag,
		.service = v->service, .text = arguments[0], .status = v->status,
		.now = cli->now, .sort = v->sort, .page = v->limit > 0 };
	struct listing listing = { .cli = cli,
		.filter = &filter,
		.unused_since = v->unused_since,
		.left = v->limit > 0 ? v->limit : -1,
		.by_use = v->sort != NULL && strcmp(v->sort, "last_used") == 0 };
	struct ak_record after;
	enum cli_exit end;

	filter.expires_before = v->expires_before;
	if (!check(cli, v))
		return EXIT_USAGE;
	if (!cli_open(cli) || !count_all(cli, &listing))
		return cli_fail(cli);
	if (v->after != NULL) {
		if ((end = pick_one(cli, v->after, &after)) != EXIT_DONE)
			return end;
		filter.after = &after;
	}
	return list(cli, &filter, &listing);
}

const struct command cmd_list = {
	.name = "list",
	.group = GROUP_KEYS,
	.arguments = "[TEXT]",
	.summary = "list keys, never their tokens",
	.about = "TEXT is looked for in names, descriptions and owners, or is an id.",
	.example = "authkey list --owner alice --status enabled\n"
		   "authkey list --expires-before 30d --sort expires_at --json\n"
		   "authkey list --unused-since 90d --sort last_used",
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &key_list,
	.run = run,
};
