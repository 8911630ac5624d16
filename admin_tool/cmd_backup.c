/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sys/stat.h>

#include "backup.h"
#include "change.h"
#include "command.h"
#include "progress.h"
#include "record.h"

struct values {
	bool force;
};

static const struct option_spec options[] = {
	{ "force", 0, OPTION_FLAG, offsetof(struct values, force), NULL,
	    "replace a file of this name" },
	OPTION_END,
};

enum { FILE_NAME, KEYS, GENERATION, BYTES, FIELDS };
static const struct out_field fields[FIELDS] = {
	[FILE_NAME] = { "file", "FILE", OUT_TEXT, NULL },
	[KEYS] = { "keys", "KEYS", OUT_NUMBER, NULL },
	[GENERATION] = { "generation", "GENERATION", OUT_NUMBER, NULL },
	[BYTES] = { "bytes", "BYTES", OUT_NUMBER, NULL },
};
static const struct out_shape answer = { fields, FIELDS, false, NULL };

struct work {
	struct cli *cli;
	struct progress progress;
	bool begun;
	const struct out_cell *cells;
};

static void
show(int64_t done, int64_t total, void *context)
{
	struct work *w = context;

	if (!w->begun)
		progress_begin(&w->progress, w->cli, "copied", PROGRESS_BYTES, total);
	w->begun = true;
	progress_at(&w->progress, done);
}

static enum ak_code
note(struct cli *cli, void *context)
{
	const struct work *w = context;

	return change_note(cli, "backup", &answer, NULL, w->cells);
}

static bool
write_backup(struct cli *cli, const char *path, bool force)
{
	struct work w = { .cli = cli };
	struct ak_error why;
	enum ak_code code =
	    ak_backup_write(cli->master, path, force, show, &w, &cli->error);

	if (w.begun)
		progress_clear(&w.progress);
	if (code == AK_E_CONFLICT && !force) {
		why = cli->error;
		ak_fail(
		    &cli->error, code, "%.400s, or replace it with --force", why.text);
	}
	return code == AK_OK;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	const char *path = arguments[0];
	struct out_cell cells[FIELDS] = { [FILE_NAME].text = path };
	struct work w = { .cli = cli, .cells = cells };
	struct ak_installation is;
	struct stat made;
	enum cli_exit end;
	int64_t owners;

	if (*path == '\0' || strcmp(path, "-") == 0)
		return cli_usage(cli, "FILE is missing; a backup is a file");
	if (!cli_open(cli) ||
	    ak_record_count(cli->master, &owners, &cells[KEYS].number, &cli->error) !=
		AK_OK ||
	    ak_master_installation(cli->master, &is, &cli->error) != AK_OK ||
	    !write_backup(cli, path, v->force))
		return cli_fail(cli);
	cells[GENERATION].number = is.generation;
	cells[BYTES].number = stat(path, &made) == 0 ? made.st_size : 0;
	if ((end = change_run_quietly(cli, note, &w)) != EXIT_DONE)
		return end;
	cli_say(cli, "Wrote %lld key%s to %s; keep it where only root can read it.",
	    (long long)cells[KEYS].number, cells[KEYS].number == 1 ? "" : "s", path);
	if (out_wants_data(&cli->out))
		out_one(&cli->out, &answer, cells);
	return EXIT_DONE;
}

const struct command cmd_backup = {
	.name = "backup",
	.group = GROUP_FILES,
	.arguments = "FILE",
	.summary = "copy all keys, owners, settings and the audit to a file",
	.about =
	    "Other commands and logins go on meanwhile. The copy is checked before it "
	    "gets its name; only its owner may read it. Usage is not in it. authkey "
	    "restore brings it back.",
	.example = "authkey backup /root/authkey-$(date +%F).db",
	.least = 1,
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &answer,
	.run = run,
};
