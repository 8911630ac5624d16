/* SPDX-License-Identifier: BSD-2-Clause */
#include "change.h"
#include "key_view.h"

/* So many keys are named one by one, and more only counted. */
#define NAMED_MAX 20

/* Change one key within the transaction, as it is now. */
static enum ak_code
change_one(struct cli *cli, struct pick *pick, const struct change_plan *plan)
{
	struct ak_record record;
	enum ak_code code;
	bool found;

	code = ak_record_by_id(cli->master, pick->id, &record, &found, &cli->error);
	if (code != AK_OK)
		return code;
	if (!found)
		return ak_fail(&cli->error, AK_E_NOT_FOUND, "%s was deleted just now",
		    pick->label);
	switch (plan->change(cli, &record, plan->context)) {
	case CHANGE_NONE:
		return AK_OK;
	case CHANGE_REFUSED:
		return cli->error.code;
	case CHANGE_WRITE:
		code = ak_record_update(cli->master, &record, &cli->error);
		break;
	case CHANGE_DELETE:
		code = ak_record_delete(cli->master, pick->id, &cli->error);
		break;
	}
	pick->changed = true;
	return code;
}

enum cli_exit
change_keys(struct cli *cli, struct picks *picks, const struct change_plan *plan)
{
	enum ak_code code = ak_master_begin(cli->master, &cli->error);
	enum cli_exit end = EXIT_DONE;
	bool changed = false;

	for (size_t i = 0; i < picks->count && code == AK_OK; i++) {
		code = change_one(cli, &picks->at[i], plan);
		changed = changed || picks->at[i].changed;
	}
	if (code == AK_OK && changed)
		return cli_commit(cli);
	if (code != AK_OK)
		end = cli_fail(cli);
	ak_master_rollback(cli->master);
	return end;
}

static void
say(const struct cli *cli, const struct picks *picks, const struct change_plan *plan)
{
	size_t changed = 0;

	for (size_t i = 0; i < picks->count; i++) {
		const struct pick *pick = &picks->at[i];

		changed += pick->changed;
		if (picks->count > NAMED_MAX)
			continue;
		if (pick->changed)
			cli_say(cli, "%s %s.", plan->done, pick->label);
		else
			cli_say(
			    cli, "%s %s; nothing to do.", pick->label, plan->already);
	}
	if (picks->count > NAMED_MAX)
		cli_say(cli, "%s %zu keys; %zu needed nothing.", plan->done, changed,
		    picks->count - changed);
}

enum cli_exit
change_report(
    struct cli *cli, const struct picks *picks, const struct change_plan *plan)
{
	struct ak_record record;
	bool found;

	say(cli, picks, plan);
	if (!out_wants_data(&cli->out))
		return EXIT_DONE;
	out_begin(&cli->out, &key_list);
	for (size_t i = 0; i < picks->count; i++) {
		if (ak_record_by_id(cli->master, picks->at[i].id, &record, &found,
			&cli->error) != AK_OK)
			return cli_fail(cli);
		if (found)
			key_row(cli, &record);
	}
	out_end(&cli->out);
	return EXIT_DONE;
}
