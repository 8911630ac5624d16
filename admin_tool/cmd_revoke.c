/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "command.h"
#include "key_view.h"
#include "owner_access.h"
#include "prompt.h"

struct values {
	const char *reason, *owner, *tag;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "reason", 0, OPTION_TEXT, AT(reason), "TEXT", "why; kept with the record" },
	{ "owner", 0, OPTION_TEXT, AT(owner), "U",
	    "all keys of this owner, in place of KEY" },
	{ "tag", 0, OPTION_TEXT, AT(tag), "T",
	    "all keys with this tag, in place of KEY" },
	OPTION_END,
};

static enum change
revoke(struct cli *cli, struct ak_record *record, const void *context)
{
	const char *reason = context;

	if (record->key.state == AK_ENDED)
		return CHANGE_NONE;
	record->key.state = AK_ENDED;
	record->sealed_len = 0; /* nobody needs it any more */
	record->revoked_at = cli->now;
	cli_actor(record->revoked_by);
	snprintf(record->revoke_reason, sizeof(record->revoke_reason), "%s",
	    reason != NULL ? reason : "");
	return CHANGE_WRITE;
}

/* All keys of an owner or tag. */
struct selection {
	struct cli *cli;
	struct picks *picks;
	bool failed;
};

static bool
select_live(const struct ak_record *record, void *context)
{
	struct selection *s = context;

	if (record->key.state != AK_ENDED && !picks_add(s->cli, s->picks, record))
		s->failed = true;
	return !s->failed;
}

/* They were not named one by one, so somebody must say yes to them. */
static enum cli_exit
select_keys(struct cli *cli, const struct values *v, struct picks *picks)
{
	struct ak_filter filter = {
		.owner = v->owner, .tag = v->tag, .expires_before = AK_NO_TIME
	};
	struct selection selection = { cli, picks, false };
	struct ak_owner owner;

	if (ak_record_list(
		cli->master, &filter, select_live, &selection, &cli->error) != AK_OK ||
	    selection.failed)
		return cli_fail(cli);
	if (picks->count == 0 && v->owner != NULL && !owner_read(cli, v->owner, &owner))
		return cli_fail(cli);
	if (picks->count == 0) {
		cli_say(cli, "No key fits that is not revoked already; nothing to do.");
		return EXIT_DONE;
	}
	if (!cli->yes && !cli_may_ask(cli))
		return cli_usage(cli,
		    "it would revoke %zu keys for good; say yes with -y", picks->count);
	return EXIT_DONE;
}

/* It is for good, so somebody who can be asked is. What is revoked needs no asking. */
static bool
is_sure(const struct cli *cli, const struct picks *picks)
{
	char question[TEXT_LABEL_MAX + 64];
	size_t live = 0, last = 0;

	for (size_t i = 0; i < picks->count; i++)
		if (!picks->at[i].ended) {
			live++;
			last = i;
		}
	if (live == 0 || cli->yes || !cli_may_ask(cli))
		return true;
	for (size_t i = 0; i < picks->count && live > 1; i++)
		if (!picks->at[i].ended)
			cli_say(cli, "  %s", picks->at[i].label);
	if (live == 1)
		snprintf(question, sizeof(question), "Revoke %s for good? [y/N] ",
		    picks->at[last].label);
	else
		snprintf(question, sizeof(question), "Revoke %zu keys for good? [y/N] ",
		    live);
	return prompt_sure(cli, question);
}

static const char *
check(const struct values *v, char *const *keys)
{
	bool many = v->owner != NULL || v->tag != NULL;
	const char *why = NULL;

	if (many && keys[0] != NULL)
		return "name keys, or an owner or tag, and not both";
	if (!many && keys[0] == NULL)
		return "KEY, --owner or --tag is missing";
	if (v->owner != NULL)
		why = ak_owner_why_not(v->owner);
	if (why == NULL && v->tag != NULL)
		why = ak_scope_why_not(v->tag);
	if (why == NULL && v->reason != NULL)
		why = ak_description_why_not(v->reason);
	return why;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **keys)
{
	const struct values *v = given;
	const struct change_plan plan = { revoke, v->reason, "Revoked",
		"is revoked already", "is revoked already" };
	struct picks picks = { NULL, 0, 0 };
	const char *why = check(v, keys);
	enum cli_exit end;

	if (why != NULL)
		return cli_usage(cli, "%s", why);
	if (!cli_open(cli))
		return cli_fail(cli);
	end =
	    keys[0] != NULL ? pick_all(cli, keys, &picks) : select_keys(cli, v, &picks);
	if (end == EXIT_DONE && !is_sure(cli, &picks)) {
		cli_say(cli, "Nothing was revoked.");
		end = EXIT_NO;
	}
	if (end == EXIT_DONE && (end = change_keys(cli, &picks, &plan)) == EXIT_DONE)
		end = change_report(cli, &picks, &plan);
	picks_free(&picks);
	return end;
}

const struct command cmd_revoke = {
	.name = "revoke",
	.arguments = "[KEY...]",
	.summary = "end keys for good",
	.about = "When it exits 0, the next login with the key is refused, in every "
		 "process. The record stays, with who and why. At a terminal it asks "
		 "first; -y says yes. Without one, --owner and --tag need -y.",
	.example = "authkey revoke alice/deploy --reason 'seen in a public log'\n"
		   "authkey revoke --owner bob -y",
	.most = -1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &key_list,
	.at_stake = CLI_STILL_LIVE,
	.run = run,
};
