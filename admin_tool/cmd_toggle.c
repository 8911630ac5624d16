/* SPDX-License-Identifier: BSD-2-Clause */
#include "bulk.h"
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

struct values {
	struct bulk_choice choice;
};

static const struct option_spec options[] = { BULK_OPTIONS(struct values), OPTION_END };

static enum cli_exit
run_enable(struct cli *cli, const void *given, char **keys)
{
	static const struct bulk bulk = { &enabling, "Enable", "keys", "",
		"Nothing was enabled.", false, false };
	const struct values *v = given;

	return bulk_run(cli, keys, &v->choice, &bulk);
}

static enum cli_exit
run_disable(struct cli *cli, const void *given, char **keys)
{
	static const struct bulk bulk = { &toggle_off, "Disable", "keys", "",
		"Nothing was disabled.", false, true };
	const struct values *v = given;

	return bulk_run(cli, keys, &v->choice, &bulk);
}

const struct command cmd_enable = {
	.name = "enable",
	.group = GROUP_KEYS,
	.arguments = "[KEY...]",
	.summary = "switch keys on",
	.about =
	    "The next login with the key succeeds again. A revoked key stays revoked. "
	    "With --owner or --tag it asks first; without a terminal they need -y.",
	.example = "authkey enable deploy",
	.most = -1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &key_list,
	.run = run_enable,
};

const struct command cmd_disable = {
	.name = "disable",
	.group = GROUP_KEYS,
	.arguments = "[KEY...]",
	.summary = "switch keys off",
	.about = "When it exits 0, the next login with the key is refused, in every "
		 "process. `authkey enable` switches it on again. With --owner or "
		 "--tag it asks first; without a terminal they need -y.",
	.example = "authkey disable alice/deploy bob/backup\n"
		   "authkey disable --tag staging -y",
	.most = -1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &key_list,
	.at_stake = CLI_STILL_LIVE,
	.run = run_disable,
};
