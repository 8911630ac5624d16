/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "bulk.h"
#include "command.h"
#include "list.h"
#include "owner_access.h"
#include "prompt.h"
#include "rotation.h"

/* So many keys are named before a question. */
#define NAMED_MAX 20

/* The choosing of what a plan changes. */
struct choosing {
	struct cli *cli;
	const struct bulk *bulk;
	struct picks *picks;
	bool failed;
};

/* Tried on a copy: what needs nothing, or may not be, is not chosen. */
static bool
choose_one(const struct ak_record *record, void *context)
{
	struct choosing *c = context;
	const struct change_plan *plan = c->bulk->plan;
	struct ak_record copy = *record;
	enum change change = plan->change(c->cli, &copy, plan->context);

	if (change == CHANGE_WRITE || change == CHANGE_DELETE)
		c->failed = !picks_append(c->cli, c->picks, record);
	return !c->failed;
}

static enum ak_code
choose(struct cli *cli, const struct bulk_choice *choice, const struct bulk *bulk,
    struct picks *picks)
{
	struct ak_filter filter = { .owner = choice->owner,
		.tag = choice->tag,
		.ended_by = choice->ended_by != NULL ? *choice->ended_by : AK_NO_TIME,
		.expires_before = AK_NO_TIME,
		.expires_after = AK_NO_TIME };
	struct choosing choosing = { cli, bulk, picks, false };
	enum ak_code code =
	    ak_record_list(cli->master, &filter, choose_one, &choosing, &cli->error);

	return choosing.failed ? cli->error.code : code;
}

/* Whether each of `now` is among `asked`: both are in the order of age. */
static bool
were_asked(const struct picks *now, const struct picks *asked)
{
	size_t at = 0;

	for (size_t i = 0; i < now->count; i++, at++) {
		while (
		    at < asked->count && strcmp(now->at[i].id, asked->at[at].id) != 0)
			at++;
		if (at == asked->count)
			return false;
	}
	return true;
}

struct bulk_work {
	const struct bulk_choice *choice;
	const struct bulk *bulk;
	struct picks *picks; /* in: those asked about; out: those that fit now */
};

static enum ak_code
work(struct cli *cli, void *context)
{
	const struct bulk_work *w = context;
	struct picks now = { NULL, 0, 0 };
	enum ak_code code = choose(cli, w->choice, w->bulk, &now);

	if (code == AK_OK && !cli->yes && !were_asked(&now, w->picks))
		code = ak_fail(&cli->error, AK_E_CONFLICT,
		    "%s By now other %s fit than the %zu that the question was about; "
		    "repeat the command",
		    w->bulk->undone, w->bulk->what, w->picks->count);
	if (code == AK_OK)
		code = change_each(cli, &now, w->bulk->plan);
	picks_free(w->picks);
	*w->picks = now;
	return code;
}

/* Name those that it is about: all that were chosen, and of named keys those in use. */
static size_t
name_them(const struct cli *cli, const struct picks *picks, bool named, size_t *last)
{
	size_t count = 0;

	for (size_t i = 0; i < picks->count; i++) {
		if (named && picks->at[i].ended)
			continue;
		*last = i;
		if (count++ < NAMED_MAX && cli != NULL)
			cli_say(cli, "  %s", picks->at[i].label);
	}
	return count;
}

/* Whether somebody who can be asked says yes. */
static bool
is_sure(const struct cli *cli, const struct picks *picks, const struct bulk *bulk,
    bool named)
{
	char question[TEXT_LABEL_MAX + 128];
	size_t last = 0, count = name_them(NULL, picks, named, &last);

	if (count == 0 || cli->yes || !cli_may_ask(cli))
		return true;
	if (count == 1)
		snprintf(question, sizeof(question), "%s %s%s? [y/N] ", bulk->verb,
		    picks->at[last].label, bulk->tail);
	else {
		name_them(cli, picks, named, &last);
		if (count > NAMED_MAX)
			cli_say(cli, "  and %zu more", count - NAMED_MAX);
		snprintf(question, sizeof(question), "%s %zu %s%s? [y/N] ", bulk->verb,
		    count, bulk->what, bulk->tail);
	}
	if (prompt_sure(cli, question))
		return true;
	cli_say(cli, "%s", bulk->undone);
	return false;
}

enum cli_exit
bulk_change(struct cli *cli, const struct bulk_choice *choice, const struct bulk *bulk,
    struct picks *picks)
{
	struct bulk_work todo = { choice, bulk, picks };
	struct ak_owner owner;

	if (choose(cli, choice, bulk, picks) != AK_OK)
		return cli_fail(cli);
	if (picks->count == 0) {
		if (choice->owner != NULL && !owner_read(cli, choice->owner, &owner))
			return cli_fail(cli);
		cli_say(cli, "No %s fit; nothing to do.", bulk->what);
	} else if (!cli->yes && !cli_may_ask(cli))
		return cli_usage(cli, "it would %c%s %zu %s%s; say yes with -y",
		    tolower((unsigned char)bulk->verb[0]), bulk->verb + 1, picks->count,
		    bulk->what, bulk->tail);
	if (!is_sure(cli, picks, bulk, false))
		return EXIT_NO;
	return change_run(cli, work, &todo);
}

static enum cli_exit
change_named(
    struct cli *cli, char *const *keys, const struct bulk *bulk, struct picks *picks)
{
	enum cli_exit end = pick_all(cli, keys, picks);

	if (end != EXIT_DONE)
		return end;
	if (bulk->asks && !is_sure(cli, picks, bulk, true))
		return EXIT_NO;
	return change_keys(cli, picks, bulk->plan);
}

static const char *
check(const struct bulk_choice *choice, char *const *keys)
{
	bool many = choice->owner != NULL || choice->tag != NULL;
	const char *why = NULL;

	if (many && keys[0] != NULL)
		return "name keys, or an owner or tag, and not both";
	if (!many && keys[0] == NULL)
		return "KEY, --owner or --tag is missing";
	if (choice->owner != NULL)
		why = ak_owner_why_not(choice->owner);
	if (why == NULL && choice->tag != NULL)
		why = ak_scope_why_not(choice->tag);
	return why;
}

enum cli_exit
bulk_run(struct cli *cli, char *const *keys, const struct bulk_choice *choice,
    const struct bulk *bulk)
{
	struct picks picks = { NULL, 0, 0 };
	const char *why = check(choice, keys);
	enum cli_exit end;

	if (why != NULL)
		return cli_usage(cli, "%s", why);
	if (!cli_open(cli))
		return cli_fail(cli);
	end = keys[0] != NULL ? change_named(cli, keys, bulk, &picks)
			      : bulk_change(cli, choice, bulk, &picks);
	if (end == EXIT_DONE)
		end = change_report(cli, &picks, bulk->plan);
	for (size_t i = 0; bulk->ends && end == EXIT_DONE && i < picks.count; i++)
		rotation_warn(cli, picks.at[i].id, cli->command->name);
	picks_free(&picks);
	return end;
}
