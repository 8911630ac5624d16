/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "command.h"
#include "edit_form.h"
#include "key_view.h"
#include "keywords.h"
#include "service_note.h"

#define AT(field) offsetof(struct edit_values, field)
static const struct option_spec options[] = {
	{ "name", 0, OPTION_TEXT, AT(name), "NAME", "the new name" },
	{ "description", 'd', OPTION_TEXT, AT(description), "TEXT", "what it is for" },
	{ "service", 0, OPTION_TEXTS, AT(lists.services), "CHANGE", "PAM services" },
	{ "scope", 0, OPTION_TEXTS, AT(lists.scopes), "CHANGE", "scopes" },
	{ "from", 0, OPTION_TEXTS, AT(lists.networks), "CHANGE", "networks" },
	{ "tag", 0, OPTION_TEXTS, AT(lists.tags), "CHANGE", "tags" },
	{ "expires", 0, OPTION_TEXT, AT(expires), "WHEN|never", "when it ends" },
	{ "not-before", 0, OPTION_TEXT, AT(not_before), "WHEN|none", "when it begins" },
	PAM_HOST_OPTION(AT(pam_dir)),
	OPTION_END,
};

static const char *
set_text(const char *value, const char *(*why_not)(const char *), char *to, size_t size)
{
	const char *why;

	if (value == NULL)
		return NULL;
	if ((why = why_not(value)) == NULL)
		snprintf(to, size, "%s", value);
	return why;
}

/* Change a record as the values say. AK_E_USAGE names the option that is off. */
static enum ak_code
apply(struct cli *cli, const struct edit_values *v, struct ak_record *r)
{
	const char *why, *option = "name";

	if ((why = set_text(
		 v->name, ak_name_why_not, r->key.name, sizeof(r->key.name))) == NULL) {
		option = "description";
		why = set_text(v->description, ak_description_why_not, r->description,
		    sizeof(r->description));
	}
	if (why == NULL)
		why = keywords_each(keywords_change, &v->lists, r, &option);
	if (why == NULL) {
		option = "expires";
		why = text_take_time(v->expires, "never", cli->now, &r->key.expires_at);
	}
	if (why == NULL) {
		option = "not-before";
		why =
		    text_take_time(v->not_before, "none", cli->now, &r->key.not_before);
	}
	if (why == NULL && r->key.expires_at != AK_NO_TIME &&
	    r->key.not_before >= r->key.expires_at)
		why = "the key must begin before it ends";
	if (why != NULL)
		return ak_fail(&cli->error, AK_E_USAGE, "--%s: %s", option, why);
	return AK_OK;
}

/* An edit within its transaction: the record before it and after it. */
struct edit {
	const struct edit_values *values;
	struct ak_record *before, *after;
};

static enum change
change(struct cli *cli, struct ak_record *record, const void *context)
{
	const struct edit *edit = context;
	char label[TEXT_LABEL_MAX];

	*edit->before = *record;
	if (record->key.state == AK_ENDED) {
		text_label(record, label);
		ak_fail(&cli->error, AK_E_CONFLICT,
		    "%s is revoked, and its record stays as it is", label);
		return CHANGE_REFUSED;
	}
	if (apply(cli, edit->values, record) != AK_OK)
		return CHANGE_REFUSED;
	*edit->after = *record;
	return memcmp(edit->before, record, sizeof(*record)) != 0 ? CHANGE_WRITE
								  : CHANGE_NONE;
}

/* What can be edited, for the comparison afterwards. */
static const int editable[] = { KEY_NAME, KEY_DESCRIPTION, KEY_SERVICES, KEY_SCOPES,
	KEY_NETWORKS, KEY_TAGS, KEY_EXPIRES_AT, KEY_NOT_BEFORE };

static void
say_differences(const struct cli *cli, const struct ak_record *before,
    const struct ak_record *after)
{
	struct key_view views[2];
	char texts[2][OUT_CELL_MAX];
	const char *was, *is;

	key_view(cli, before, NULL, &views[0]);
	key_view(cli, after, NULL, &views[1]);
	for (size_t i = 0; i < sizeof(editable) / sizeof(editable[0]); i++) {
		int f = editable[i];

		was = out_cell_text(&cli->out, key_sheet.fields[f].kind,
		    &views[0].cells[f], out_unknown(&key_sheet.fields[f]), texts[0]);
		is = out_cell_text(&cli->out, key_sheet.fields[f].kind,
		    &views[1].cells[f], out_unknown(&key_sheet.fields[f]), texts[1]);
		if (strcmp(was, is) != 0)
			cli_say(
			    cli, "  %s: %s -> %s", key_sheet.fields[f].name, was, is);
	}
}

/* What was to be taken away, and was not there: most likely it is mistyped. */
static bool
say_not_there(const struct cli *cli, const char *label, const struct ak_record *before,
    const struct edit_values *v)
{
	struct ak_record trial = *before;
	const char *option, *why;

	why = keywords_each(keywords_not_there, &v->lists, &trial, &option);
	if (why != NULL)
		cli_say(cli, "%s: --%s: %s.", label, option, why);
	return why != NULL;
}

static void
say_changed(struct cli *cli, const char *label, const struct ak_record *before,
    const struct ak_record *after, const struct edit_values *v)
{
	cli_say(cli, "Changed %s:", label);
	say_differences(cli, before, after);
	say_not_there(cli, label, before, v);
	service_note(cli, after->key.services, before->key.services, v->pam_dir);
	if (after->key.expires_at != AK_NO_TIME && after->key.expires_at <= cli->now)
		cli_say(cli, "It has expired: the key opens nothing.");
}

static enum cli_exit
edit_key(struct cli *cli, const struct ak_record *record, const struct edit_values *v)
{
	struct ak_record before, after;
	struct edit edit = { v, &before, &after };
	const struct change_plan plan = { change, &edit, "Changed", "is so already",
		NULL };
	struct picks picks = { NULL, 0, 0 };
	enum cli_exit end;

	if (!picks_add(cli, &picks, record))
		return cli_fail(cli);
	if ((end = change_keys(cli, &picks, &plan)) == EXIT_DONE) {
		if (picks.at[0].changed)
			say_changed(cli, picks.at[0].label, &before, &after, v);
		else if (!say_not_there(cli, picks.at[0].label, &before, v))
			cli_say(
			    cli, "%s is so already; nothing to do.", picks.at[0].label);
		if (out_wants_data(&cli->out))
			key_answer(cli, &key_sheet, &after, NULL, false);
	}
	picks_free(&picks);
	return end;
}

static bool
says_something(const struct edit_values *v)
{
	return v->name != NULL || v->description != NULL || v->expires != NULL ||
	       v->not_before != NULL || v->lists.services.count > 0 ||
	       v->lists.scopes.count > 0 || v->lists.networks.count > 0 ||
	       v->lists.tags.count > 0;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct edit_values *v = given;
	struct ak_record record, trial;
	struct edit_form form = { 0 };
	enum cli_exit end;

	if (!says_something(v) && !cli_may_ask(cli))
		return cli_usage(cli, "what to change is missing");
	if (!cli_open(cli))
		return cli_fail(cli);
	if ((end = pick_one(cli, arguments[0], &record)) != EXIT_DONE)
		return end;
	if (!says_something(v)) {
		if (record.key.state != AK_ENDED &&
		    !edit_form_ask(cli, &record, &form)) {
			cli_say(cli, "Nothing was changed.");
			return EXIT_NO;
		}
		v = &form.values;
	}
	/* What is off is off before the lock is taken. */
	trial = record;
	if (apply(cli, v, &trial) != AK_OK)
		return cli_fail(cli);
	return edit_key(cli, &record, v);
}

const struct command cmd_edit = {
	.name = "edit",
	.group = GROUP_KEYS,
	.arguments = "KEY",
	.summary = "change the name, description or restrictions of a key",
	.about =
	    "CHANGE is +x to add, -x to take away, =x,y or x,y to replace, = to empty "
	    "(no service is all services, no network is anywhere); it may be repeated. "
	    "Without options, at a terminal, it asks, with the "
	    "present values to be edited. It says what changed.",
	.example = "authkey edit deploy --service +sshd --expires 90d\n"
		   "authkey edit alice/deploy --from =192.0.2.0/24,2001:db8::/32",
	.least = 1,
	.most = 1,
	.options = options,
	.values_size = sizeof(struct edit_values),
	.answer = &key_sheet,
	.at_stake = CLI_STILL_LIVE,
	.run = run,
};
