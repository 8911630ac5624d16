/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "change.h"
#include "command.h"
#include "prompt.h"
#include "purge.h"

/* So many keys are named one by one, and more only counted. */
#define NAMED_MAX 20

enum { ID, LABEL, FIELDS };
static const struct out_field fields[FIELDS] = {
	[ID] = { "id", "ID", OUT_TEXT, NULL },
	[LABEL] = { "label", "KEY", OUT_TEXT, NULL },
};
const struct out_shape purge_answer = { fields, FIELDS, true, NULL };

static void
fail_live(struct cli *cli, const char *label, const char *id)
{
	ak_fail(&cli->error, AK_E_CONFLICT,
	    "%s is not revoked, and only what is revoked can be deleted; first: "
	    "authkey revoke %s",
	    label, id);
}

static enum change
purge(struct cli *cli, struct ak_record *record, const void *context)
{
	char label[TEXT_LABEL_MAX];

	(void)context;
	if (record->key.state == AK_ENDED)
		return CHANGE_DELETE;
	text_label(record, label);
	fail_live(cli, label, record->key.id);
	return CHANGE_REFUSED;
}

static const struct change_plan plan = { purge, NULL, "Deleted", "", NULL };

/* Nobody is asked about what cannot be. */
static enum cli_exit
check(struct cli *cli, const struct picks *picks)
{
	for (size_t i = 0; i < picks->count; i++)
		if (!picks->at[i].ended) {
			fail_live(cli, picks->at[i].label, picks->at[i].id);
			return cli_fail(cli);
		}
	return EXIT_DONE;
}

static bool
is_sure(const struct cli *cli, const struct picks *picks)
{
	char question[TEXT_LABEL_MAX + 64];

	if (picks->count == 1)
		snprintf(question, sizeof(question), "Delete the record of %s? [y/N] ",
		    picks->at[0].label);
	else
		snprintf(question, sizeof(question), "Delete %zu records? [y/N] ",
		    picks->count);
	return !cli_may_ask(cli) || prompt_sure(cli, question);
}

/* The records are gone: what is left of them is what was picked. */
void
purge_report(struct cli *cli, const struct picks *picks)
{
	for (size_t i = 0; i < picks->count && picks->count <= NAMED_MAX; i++)
		cli_say(cli, "Deleted the record of %s.", picks->at[i].label);
	if (picks->count > NAMED_MAX)
		cli_say(cli, "Deleted the records of %zu keys.", picks->count);
	if (!out_wants_data(&cli->out))
		return;
	out_begin(&cli->out, &purge_answer);
	for (size_t i = 0; i < picks->count; i++)
		out_row(
		    &cli->out, (struct out_cell[FIELDS]){ [ID].text = picks->at[i].id,
				   [LABEL].text = picks->at[i].label });
	out_end(&cli->out);
}

static enum cli_exit
run(struct cli *cli, const void *values, char **keys)
{
	struct picks picks = { NULL, 0, 0 };
	enum cli_exit end;

	(void)values;
	if (!cli_open(cli))
		return cli_fail(cli);
	if ((end = pick_all(cli, keys, &picks)) == EXIT_DONE)
		end = check(cli, &picks);
	if (end == EXIT_DONE && !is_sure(cli, &picks)) {
		cli_say(cli, "Nothing was deleted.");
		end = EXIT_NO;
	}
	if (end == EXIT_DONE && (end = change_keys(cli, &picks, &plan)) == EXIT_DONE)
		purge_report(cli, &picks);
	picks_free(&picks);
	return end;
}

const struct command cmd_purge = {
	.name = "purge",
	.group = GROUP_KEYS,
	.arguments = "KEY...",
	.summary = "delete the records of revoked keys",
	.about =
	    "At a terminal it asks first. Keys that are not revoked are left alone, "
	    "and so are all others of the command.",
	.example = "authkey purge 7QxR2mNd",
	.least = 1,
	.most = -1,
	.answer = &purge_answer,
	.run = run,
};
