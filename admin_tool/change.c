/* SPDX-License-Identifier: BSD-2-Clause */
#include <unistd.h>

#include "audit.h"
#include "change.h"
#include "command.h"
#include "json_arena.h"
#include "key_view.h"
#include "progress.h"

/* So many keys are named one by one, and more only counted. */
#define NAMED_MAX 20

/* What is not there has empty lists, and knows nothing else. */
static json_t *
value_of(enum out_kind kind, const struct out_cell *cell)
{
	if (cell != NULL)
		return out_json_cell(kind, cell);
	return kind == OUT_WORDS ? json_array() : json_null();
}

json_t *
change_differences(const struct out_shape *shape, const struct out_cell *was,
    const struct out_cell *is)
{
	json_t *all = json_object(), *from, *to;
	bool failed = all == NULL;

	for (size_t i = 0; i < shape->count; i++) {
		enum out_kind kind = shape->fields[i].kind;

		from = value_of(kind, was != NULL ? &was[i] : NULL);
		to = value_of(kind, is != NULL ? &is[i] : NULL);
		failed = failed || from == NULL || to == NULL ||
			 (!json_equal(from, to) &&
			     json_object_set_new(all, shape->fields[i].name,
				 json_pack("[O, O]", from, to)) != 0);
		json_decref(from);
		json_decref(to);
	}
	if (!failed)
		return all;
	json_decref(all);
	return NULL;
}

enum ak_code
change_note(struct cli *cli, const char *subject, const struct out_shape *shape,
    const struct out_cell *was, const struct out_cell *is)
{
	json_t *detail = change_differences(shape, was, is);
	char *text = detail != NULL ? json_dumps(detail, JSON_COMPACT) : NULL;
	char who[AK_OWNER_MAX + 1], tty[64];
	struct ak_audit entry = { .at = cli->now,
		.who = who,
		.tty = tty,
		.action = cli->command->name,
		.subject = subject,
		.detail = text };
	enum ak_code code = AK_OK;

	cli_actor(who);
	if (ttyname_r(STDIN_FILENO, tty, sizeof(tty)) != 0)
		tty[0] = '\0';
	if (text == NULL)
		code = ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
	else if (json_object_size(detail) > 0) {
		cli->notes++;
		text_hide_tokens(text); /* a file may be called like one */
		code = ak_audit_add(cli->master, &entry, &cli->error);
	}
	out_wipe(text);
	json_decref(detail);
	return code;
}

/* The cells of a record for the audit: what it is, not what became of it. */
static const struct out_cell *
cells_of(const struct cli *cli, const struct ak_record *record, struct key_view *view)
{
	if (record == NULL)
		return NULL;
	key_view(cli, record, NULL, view);
	view->cells[KEY_KEY].text = NULL;
	view->cells[KEY_STATUS].text = ak_record_status(record, cli->now);
	return view->cells;
}

json_t *
change_differences_of_key(
    struct cli *cli, const struct ak_record *was, const struct ak_record *is)
{
	struct key_view views[2];

	return change_differences(
	    &key_sheet, cells_of(cli, was, &views[0]), cells_of(cli, is, &views[1]));
}

enum ak_code
change_note_key(
    struct cli *cli, const struct ak_record *was, const struct ak_record *is)
{
	struct key_view views[2];

	return change_note(cli, is != NULL ? is->key.id : was->key.id, &key_sheet,
	    cells_of(cli, was, &views[0]), cells_of(cli, is, &views[1]));
}

typedef enum ak_code change_end(struct cli *cli);

/*
 * End a change. Where nothing was to change, logins may still obey an older store: then
 * it is published now, or it is said that they do.
 */
static enum ak_code
finish(struct cli *cli)
{
	enum ak_code code;
	bool healed;

	if (cli->notes > 0) {
		code = ak_master_commit(cli->master, cli->now, &cli->error);
		cli->in_force = cli->in_force || code == AK_OK;
		return code;
	}
	return ak_master_settle(cli->master, cli->now, &healed, &cli->error);
}

static enum ak_code
finish_quietly(struct cli *cli)
{
	return ak_master_keep(cli->master, &cli->error);
}

static enum cli_exit
run(struct cli *cli, change_work *work, change_end *end_change, void *context)
{
	enum ak_code code = ak_master_begin(cli->master, &cli->error);
	enum cli_exit end;
	bool begun = code == AK_OK;
	bool worked;

	cli->notes = 0;
	/* What it is to tell of logins: it comes after those that were let in so far.
	 */
	(void)cli_tick(cli);
	worked = begun && (code = work(cli, context)) == AK_OK;
	/* What was read of a file, or noted for the audit, may lack a part. */
	if (worked && json_arena_was_short()) {
		code = ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
		worked = false;
	}
	if (worked)
		code = end_change(cli);
	/* Whatever the system's reason is: what was to be in force is not. */
	if (code != AK_OK && worked == begun)
		cli->error.code = AK_E_STORE;
	end = code == AK_OK ? EXIT_DONE : cli_fail(cli);
	if (worked)
		cli_check_published(cli);
	ak_master_rollback(cli->master);
	return end;
}

enum cli_exit
change_run(struct cli *cli, change_work *work, void *context)
{
	return run(cli, work, finish, context);
}

enum cli_exit
change_run_quietly(struct cli *cli, change_work *work, void *context)
{
	return run(cli, work, finish_quietly, context);
}

/* Change one key within the transaction, as it is now. */
static enum ak_code
change_one(struct cli *cli, struct pick *pick, const struct change_plan *plan)
{
	struct ak_record record, before;
	size_t notes = cli->notes;
	enum ak_code code;
	bool found;

	code = ak_record_by_id(cli->master, pick->id, &record, &found, &cli->error);
	if (code != AK_OK)
		return code;
	if (!found)
		return ak_fail(&cli->error, AK_E_NOT_FOUND, "%s was deleted just now",
		    pick->label);
	before = record;
	switch (plan->change(cli, &record, plan->context)) {
	case CHANGE_NONE:
		return AK_OK;
	case CHANGE_REFUSED:
		return cli->error.code;
	case CHANGE_WRITE:
		if ((code = ak_record_update(cli->master, &record, &cli->error)) ==
		    AK_OK)
			code = change_note_key(cli, &before, &record);
		break;
	case CHANGE_DELETE:
		if ((code = ak_record_delete(cli->master, pick->id, &cli->error)) ==
		    AK_OK)
			code = change_note_key(cli, &before, NULL);
		break;
	}
	pick->changed = cli->notes > notes;
	return code;
}

enum ak_code
change_each(struct cli *cli, struct picks *picks, const struct change_plan *plan)
{
	enum ak_code code = AK_OK;
	struct progress progress;

	progress_begin(
	    &progress, cli, "keys changed", PROGRESS_COUNT, (int64_t)picks->count);
	for (size_t i = 0; i < picks->count && code == AK_OK; i++) {
		code = change_one(cli, &picks->at[i], plan);
		progress_at(&progress, (int64_t)i);
	}
	progress_clear(&progress);
	return code;
}

/* The picked keys and what is to become of them. */
struct keys_work {
	struct picks *picks;
	const struct change_plan *plan;
};

static enum ak_code
work_on_keys(struct cli *cli, void *context)
{
	const struct keys_work *work = context;

	return change_each(cli, work->picks, work->plan);
}

enum cli_exit
change_keys(struct cli *cli, struct picks *picks, const struct change_plan *plan)
{
	struct keys_work work = { picks, plan };

	return change_run(cli, work_on_keys, &work);
}

void
change_say(
    const struct cli *cli, const struct picks *picks, const struct change_plan *plan)
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
			cli_say(cli, "%s %s; nothing to do.", pick->label,
			    pick->ended ? plan->ended : plan->already);
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

	change_say(cli, picks, plan);
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
