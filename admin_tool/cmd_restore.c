/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "change.h"
#include "command.h"
#include "prompt.h"
#include "restore.h"
#include "text.h"

/* So many keys are named one by one, and more only counted; JSON has them all. */
#define NAMED_MAX 50

struct values {
	bool dry_run, revive;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "revive", 0, OPTION_FLAG, AT(revive), NULL,
	    "bring back also what was ended since, in whatever way" },
	{ "dry-run", 0, OPTION_FLAG, AT(dry_run), NULL,
	    "check the backup, say what it would change, and change nothing" },
	OPTION_END,
};

enum {
	FILE_NAME,
	KEYS,
	KEYS_BEFORE,
	LOST,
	CHANGED,
	REVOKED,
	DELETED,
	DISABLED,
	SOONER,
	SUSPENDED,
	UNVERIFIED,
	RECOVERY,
	REVIVED,
	GENERATION,
	GENERATION_BEFORE,
	KEPT,
	FIELDS
};
static const struct out_field fields[FIELDS] = {
	[FILE_NAME] = { "file", "FILE", OUT_TEXT, NULL },
	[KEYS] = { "keys", "KEYS", OUT_NUMBER, NULL },
	[KEYS_BEFORE] = { "keys_before", "KEYS BEFORE", OUT_NUMBER, NULL },
	[LOST] = { "lost", "MADE SINCE, LOST", OUT_NUMBER, NULL },
	[CHANGED] = { "changed", "CHANGED SINCE", OUT_NUMBER, NULL },
	[REVOKED] = { "revoked_since", "REVOKED SINCE", OUT_NESTED, NULL },
	[DELETED] = { "deleted_since", "DELETED SINCE", OUT_NESTED, NULL },
	[DISABLED] = { "disabled_since", "DISABLED SINCE", OUT_NESTED, NULL },
	[SOONER] = { "ends_sooner_since", "GIVEN AN EARLIER END SINCE", OUT_NESTED,
	    NULL },
	[SUSPENDED] = { "suspended_since", "SUSPENDED SINCE", OUT_NESTED, NULL },
	[UNVERIFIED] = { "unverified_since", "NOT VERIFIED ANY MORE SINCE", OUT_NESTED,
	    NULL },
	[RECOVERY] = { "recovery_off_since", "RECOVERY SWITCHED OFF SINCE", OUT_BOOL,
	    NULL },
	[REVIVED] = { "revived", "REVIVED", OUT_BOOL, NULL },
	[GENERATION] = { "generation_of_backup", "GENERATION OF THE BACKUP", OUT_NUMBER,
	    NULL },
	[GENERATION_BEFORE] = { "generation_before", "GENERATION BEFORE", OUT_NUMBER,
	    NULL },
	[KEPT] = { "kept", "KEPT", OUT_TEXT, NULL },
};
static const struct out_shape answer = { fields, FIELDS, false, NULL };

static const char *const how_ended[AK_ENDED_KINDS] = {
	[AK_ENDED_REVOKED] = "was revoked",
	[AK_ENDED_DELETED] = "was deleted",
	[AK_ENDED_DISABLED] = "was disabled",
	[AK_ENDED_SOONER] = "was given an earlier end",
	[AK_ENDED_SUSPENDED] = "was suspended",
	[AK_ENDED_UNVERIFIED] = "lost the mark of being verified",
};

/* One restore: what it finds, and what it answers. */
struct work {
	struct cli *cli;
	struct ak_restore *restore;
	const char *file;
	bool revive;
	bool failed; /* memory is out */
	struct ak_restore_view view;
	json_t *ended[AK_ENDED_KINDS]; /* ids and owners */
	char kept[4200];
};

static int64_t
count_ended(const struct work *w)
{
	int64_t count = 0;

	for (int how = 0; how < AK_ENDED_KINDS; how++)
		count += w->view.ended[how];
	return count;
}

static void
take_ended(
    enum ak_ended how, const struct ak_record *record, const char *owner, void *context)
{
	struct work *w = context;
	char label[TEXT_LABEL_MAX];
	const char *name = owner;

	if (record != NULL) {
		text_label(record, label);
		name = label;
	}
	if (count_ended(w) <= NAMED_MAX)
		cli_warn(w->cli, "%s %s after the backup was made, %s", name,
		    how_ended[how],
		    w->revive ? "and will be LIVE again" : "and will stay so");
	if (json_array_append_new(w->ended[how],
		json_string(record != NULL ? record->key.id : owner)) != 0)
		w->failed = true;
}

/* Compare, and say what there is to say of it once. */
static enum ak_code
look(struct work *w)
{
	static const char *const known[] = {
		[AK_STORE_TELLS_ALL] = "what was revoked or suspended since is known "
				       "from the store, keys.db, alone",
		[AK_STORE_TELLS_OLD] = "the store, keys.db, has lost its delta and "
				       "tells alone what was revoked or suspended "
				       "before it was written; revoke once more what "
				       "was later",
		[AK_STORE_TELLS_NOTHING] =
		    "the store cannot be read either, and "
		    "nothing tells what was revoked or suspended "
		    "since; revoke it once more",
	};
	struct cli *cli = w->cli;
	const struct ak_restore_view *v = &w->view;
	const char *why = ak_restore_present_why_not(w->restore);
	bool older = ak_restore_present_is_older(w->restore);
	enum ak_code code;

	for (int how = 0; how < AK_ENDED_KINDS; how++)
		w->failed = w->failed || (w->ended[how] = json_array()) == NULL;
	code =
	    ak_restore_compare(w->restore, NULL, take_ended, w, &w->view, &cli->error);
	if (code != AK_OK)
		return code;
	if (w->failed)
		return ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
	if (count_ended(w) > NAMED_MAX)
		cli_warn(cli, "%lld were ended after the backup was made, %s",
		    (long long)count_ended(w),
		    w->revive ? "and will be LIVE again" : "and will stay so");
	if (v->recovery_ended)
		cli_warn(cli,
		    "recovery was switched off after the backup was made; its sealed "
		    "tokens %s",
		    w->revive ? "come back" : "stay deleted");
	if (why != NULL || older)
		cli_warn(cli,
		    "the present master %s%s; %s; keys that were deleted since may be "
		    "LIVE again, and sealed tokens come back",
		    older ? "is older than the store" : "cannot be read: ",
		    older ? "" : why, known[ak_restore_store_tells(w->restore)]);
	if (v->keys_now == AK_NO_TIME)
		cli_say(cli, "Keys in %s: %lld.", w->file, (long long)v->keys_then);
	else
		cli_say(cli,
		    "Keys in %s: %lld, now: %lld; made since, and lost: %lld; changed "
		    "since: %lld.",
		    w->file, (long long)v->keys_then, (long long)v->keys_now,
		    (long long)v->made_since, (long long)v->changed_since);
	return AK_OK;
}

static void
fill_cells(const struct work *w, struct out_cell cells[FIELDS])
{
	const struct ak_restore_view *v = &w->view;
	const struct out_cell filled[FIELDS] = {
		[FILE_NAME].text = w->file,
		[KEYS].number = v->keys_then,
		[KEYS_BEFORE].number = v->keys_now,
		[LOST].number = v->made_since,
		[CHANGED].number = v->changed_since,
		[REVOKED].nested = w->ended[AK_ENDED_REVOKED],
		[DELETED].nested = w->ended[AK_ENDED_DELETED],
		[DISABLED].nested = w->ended[AK_ENDED_DISABLED],
		[SOONER].nested = w->ended[AK_ENDED_SOONER],
		[SUSPENDED].nested = w->ended[AK_ENDED_SUSPENDED],
		[UNVERIFIED].nested = w->ended[AK_ENDED_UNVERIFIED],
		[RECOVERY].number = v->recovery_ended,
		[REVIVED].number = w->revive,
		[GENERATION].number = v->generation_then,
		[GENERATION_BEFORE].number = v->generation_now,
		[KEPT].text = w->kept,
	};

	memcpy(cells, filled, sizeof(filled));
}

/* Under the lock: carry over, note, replace. */
static enum ak_code
restore(struct work *w)
{
	struct cli *cli = w->cli;
	char who[AK_OWNER_MAX + 1];
	struct ak_restore_carry carry = { .who = who };
	const struct ak_restore_view agreed = w->view;
	struct out_cell cells[FIELDS];
	enum ak_code code;

	cli_actor(who);
	if ((code = ak_restore_begin(w->restore, &cli->error)) != AK_OK)
		return code;
	(void)cli_tick(cli);
	carry.now = cli->now;
	if ((code = ak_restore_compare(w->restore, w->revive ? NULL : &carry, NULL,
		 NULL, &w->view, &cli->error)) != AK_OK)
		return code;
	if (!cli->yes && memcmp(&agreed, &w->view, sizeof(agreed)) != 0)
		return ak_fail(&cli->error, AK_E_CONFLICT,
		    "keys were changed in the meantime, and nothing is restored; run "
		    "it again");
	fill_cells(w, cells);
	cli->master = ak_restore_master(w->restore);
	code = change_note(cli, "restore", &answer, NULL, cells);
	cli->master = NULL;
	if (code != AK_OK)
		return code;
	return ak_restore_finish(w->restore, cli->now, w->kept, &cli->error);
}

static enum cli_exit
decide(struct work *w, bool dry_run)
{
	struct cli *cli = w->cli;
	struct out_cell cells[FIELDS];

	if (look(w) != AK_OK)
		return cli_fail(cli);
	if (!dry_run && !cli->yes && !cli_may_ask(cli))
		return cli_usage(
		    cli, "it would replace all keys by the backup's; say yes with -y");
	if (!dry_run && !prompt_sure(cli, "Replace all keys by the backup's? [y/N] ")) {
		cli_say(cli, "Nothing was restored.");
		return EXIT_NO;
	}
	if (!dry_run && restore(w) != AK_OK)
		return cli_fail(cli);
	if (!dry_run)
		cli_say(cli, "Restored %s. What it replaced is kept in %s", w->file,
		    w->kept);
	fill_cells(w, cells);
	if (out_wants_data(&cli->out))
		out_one(&cli->out, &answer, cells);
	return EXIT_DONE;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	struct work w = { .cli = cli, .file = arguments[0], .revive = v->revive };
	enum cli_exit end;

	if (ak_restore_open(cli->dir, w.file, &w.restore, &cli->error) != AK_OK)
		return cli_fail(cli);
	cli_say_kept(cli, ak_restore_present_kept(w.restore));
	end = decide(&w, v->dry_run);
	for (int how = 0; how < AK_ENDED_KINDS; how++)
		json_decref(w.ended[how]);
	ak_restore_close(&w.restore);
	return end;
}

const struct command cmd_restore = {
	.name = "restore",
	.group = GROUP_FILES,
	.arguments = "FILE",
	.summary = "put a backup in the place of all that there is",
	.about =
	    "The backup is checked first, and what it would change is said. What was "
	    "revoked, deleted, disabled, suspended or otherwise ended since it was "
	    "made stays so, unless --revive is given. It also mends a master that is "
	    "damaged. What it "
	    "replaces is kept beside it.",
	.example = "authkey restore --dry-run /root/authkey-2026-06-30.db\n"
		   "authkey restore /root/authkey-2026-06-30.db",
	.least = 1,
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &answer,
	.run = run,
};
