/* SPDX-License-Identifier: BSD-2-Clause */
#include "change.h"
#include "command.h"
#include "key_view.h"
#include "toggle.h"

static enum change
enable(struct cli *cli, struct ak_record *record, const void *context)
{
	char label[TEXT_LABEL_MAX];

	(void)context;
	text_label(record, label);
	if (record->key.state == AK_ENDED) {
		ak_fail(&cli->error, AK_E_CONFLICT,
		    "%s is revoked, and that is for good; make a new key: authkey "
		    "create",
		    label);
		return CHANGE_REFUSED;
	}
	if (record->key.state == AK_ENABLED)
		return CHANGE_NONE;
	record->key.state = AK_ENABLED;
	record->activated_at = cli->now;
	return CHANGE_WRITE;
}

/* A revoked key is more than disabled: it stays as it is. */
static enum change
disable(struct cli *cli, struct ak_record *record, const void *context)
{
	(void)cli;
	(void)context;
	if (record->key.state != AK_ENABLED)
		return CHANGE_NONE;
	record->key.state = AK_SWITCHED_OFF;
	return CHANGE_WRITE;
}

static const struct change_plan enabling = { enable, NULL, "Enabled",
	"is enabled already", NULL };
const struct change_plan toggle_off = { disable, NULL, "Disabled",
	"is disabled already", "is revoked, which is more and for good" };

static enum cli_exit
toggle(struct cli *cli, char **keys, const struct change_plan *plan)
{
	struct picks picks = { NULL, 0, 0 };
	enum cli_exit end;

	if (!cli_open(cli))
		return cli_fail(cli);
	if ((end = pick_all(cli, keys, &picks)) == EXIT_DONE &&
	    (end = change_keys(cli, &picks, plan)) == EXIT_DONE)
		end = change_report(cli, &picks, plan);
	picks_free(&picks);
	return end;
}

static enum cli_exit
run_enable(struct cli *cli, const void *values, char **keys)
{
	(void)values;
	return toggle(cli, keys, &enabling);
}

static enum cli_exit
run_disable(struct cli *cli, const void *values, char **keys)
{
	(void)values;
	return toggle(cli, keys, &toggle_off);
}

const struct command cmd_enable = {
	.name = "enable",
	.arguments = "KEY...",
	.summary = "switch keys on",
	.about =
	    "The next login with the key succeeds again. A revoked key stays revoked.",
	.example = "authkey enable deploy",
	.least = 1,
	.most = -1,
	.answer = &key_list,
	.run = run_enable,
};

const struct command cmd_disable = {
	.name = "disable",
	.arguments = "KEY...",
	.summary = "switch keys off",
	.about = "When it exits 0, the next login with the key is refused, in every "
		 "process. `authkey enable` switches it on again.",
	.example = "authkey disable alice/deploy 7QxR2mNd",
	.least = 1,
	.most = -1,
	.answer = &key_list,
	.at_stake = CLI_STILL_LIVE,
	.run = run_disable,
};
