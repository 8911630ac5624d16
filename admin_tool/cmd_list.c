/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "key_view.h"
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

/* A key that is to be sorted by its last use. */
struct used {
	char id[AK_ID_LEN + 1];
	int64_t last_at;
	size_t place; /* among those of the same time */
};

/* The listing as it goes along. */
struct listing {
	struct cli *cli;
	const char *status;
	int64_t unused_since; /* or AK_NO_TIME */
	const char *after; /* by use: the id to pass first; NULL: passed */
	int64_t left; /* rows; -1: any number */
	bool by_use; /* keep them in `kept` */
	struct used *kept;
	size_t count, room;
	char suspended[AK_WORDS_MAX]; /* owners of listed keys */
	char alarms[AK_WORDS_MAX]; /* listed decoys that were tried */
	bool failed; /* cli->error says why */
};

/* Whether a record fits what the database cannot ask for. */
static bool
fits(struct listing *l, const struct ak_record *record)
{
	struct ak_key_usage usage;

	if (l->status != NULL &&
	    strcmp(l->status, ak_record_status(record, l->cli->now)) != 0)
		return false;
	if (l->unused_since == AK_NO_TIME)
		return true;
	if (record->created_at > l->unused_since)
		return false;
	l->failed = !usage_of_key(l->cli, record->key.id, &usage);
	return !l->failed && usage.last_at < l->unused_since;
}

/* Give a row, unless it is of another page. False behind the last. */
static bool
give(struct listing *l, const struct ak_record *record)
{
	int64_t alarms;

	if (l->after != NULL) {
		if (strcmp(l->after, record->key.id) == 0)
			l->after = NULL;
		return true;
	}
	if (!fits(l, record))
		return !l->failed;
	if (l->left == 0)
		return false;
	key_row(l->cli, record);
	if (record->key.owner_suspended)
		ak_words_add(l->suspended, record->key.owner);
	if (record->key.decoy && usage_of_decoy(l->cli, record->key.id, &alarms) &&
	    alarms > 0)
		ak_words_add(l->alarms, record->key.id);
	if (l->left > 0)
		l->left--;
	return true;
}

static bool
keep(struct listing *l, const struct ak_record *record)
{
	size_t room = l->room * 2 + 64;
	struct ak_key_usage usage;
	struct used *more;

	if (l->count == l->room) {
		if ((more = reallocarray(l->kept, room, sizeof(*more))) == NULL) {
			ak_fail(&l->cli->error, AK_E_NOMEM, "out of memory");
			l->failed = true;
			return false;
		}
		l->kept = more;
		l->room = room;
	}
	if (!usage_of_key(l->cli, record->key.id, &usage)) {
		l->failed = true;
		return false;
	}
	l->kept[l->count] =
	    (struct used){ .last_at = usage.last_at, .place = l->count };
	memcpy(l->kept[l->count++].id, record->key.id, AK_ID_LEN);
	return true;
}

static bool
take(const struct ak_record *record, void *context)
{
	struct listing *l = context;

	return l->by_use ? keep(l, record) : give(l, record);
}

/* The longest unused first: what was never used is before all times. */
static int
by_last_use(const void *one, const void *other)
{
	const struct used *a = one, *b = other;

	if (a->last_at != b->last_at)
		return a->last_at < b->last_at ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

static void
give_kept(struct listing *l)
{
	struct ak_record record;
	bool found, more = true;

	if (l->count > 0)
		qsort(l->kept, l->count, sizeof(l->kept[0]), by_last_use);
	for (size_t i = 0; i < l->count && more && !l->failed; i++) {
		l->failed = ak_record_by_id(l->cli->master, l->kept[i].id, &record,
				&found, &l->cli->error) != AK_OK;
		if (!l->failed && found)
			more = give(l, &record);
	}
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
	code = ak_record_list(cli->master, filter, take, l, &cli->error);
	if (code == AK_OK && l->by_use)
		give_kept(l);
	free(l->kept);
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
	bool by_use = v->sort != NULL && strcmp(v->sort, "last_used") == 0;
	struct ak_filter filter = { v->owner, v->tag, v->service, v->expires_before,
		arguments[0], by_use ? NULL : v->sort, NULL };
	struct listing listing = { .cli = cli,
		.status = v->status,
		.unused_since = v->unused_since,
		.left = v->limit > 0 ? v->limit : -1,
		.by_use = by_use };
	struct ak_record after;
	enum cli_exit end;

	if (!check(cli, v))
		return EXIT_USAGE;
	if (!cli_open(cli) || !count_all(cli, &listing))
		return cli_fail(cli);
	if (v->after != NULL) {
		if ((end = pick_one(cli, v->after, &after)) != EXIT_DONE)
			return end;
		if (by_use)
			listing.after = after.key.id;
		else
			filter.after = &after;
	}
	return list(cli, &filter, &listing);
}

const struct command cmd_list = {
	.name = "list",
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
