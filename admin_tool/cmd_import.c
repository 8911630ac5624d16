/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "bulk_change.h"
#include "change.h"
#include "command.h"
#include "import.h"
#include "lines.h"
#include "progress.h"

struct values {
	bool replace, dry_run;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "replace", 0, OPTION_FLAG, AT(replace), NULL,
	    "where the file contradicts what is here, the file is right; but what is "
	    "revoked or suspended here stays so" },
	{ "dry-run", 0, OPTION_FLAG, AT(dry_run), NULL,
	    "check everything and change nothing" },
	OPTION_END,
};

enum {
	FILE_NAME,
	HASH,
	KEYS_ADDED,
	KEYS_REPLACED,
	KEYS_SAME,
	KEYS_KEPT_REVOKED,
	OWNERS_ADDED,
	OWNERS_REPLACED,
	OWNERS_SAME,
	FIELDS
};
static const struct out_field fields[FIELDS] = {
	[FILE_NAME] = { "file", "FILE", OUT_TEXT, NULL },
	[HASH] = { "blake2b", "BLAKE2B-256", OUT_TEXT, NULL },
	[KEYS_ADDED] = { "keys_added", "KEYS ADDED", OUT_NUMBER, NULL },
	[KEYS_REPLACED] = { "keys_replaced", "KEYS REPLACED", OUT_NUMBER, NULL },
	[KEYS_SAME] = { "keys_same", "KEYS THAT WERE SO", OUT_NUMBER, NULL },
	[KEYS_KEPT_REVOKED] = { "keys_kept_revoked", "KEYS KEPT REVOKED", OUT_NUMBER,
	    NULL },
	[OWNERS_ADDED] = { "owners_added", "OWNERS ADDED", OUT_NUMBER, NULL },
	[OWNERS_REPLACED] = { "owners_replaced", "OWNERS REPLACED", OUT_NUMBER, NULL },
	[OWNERS_SAME] = { "owners_same", "OWNERS THAT WERE SO", OUT_NUMBER, NULL },
};
static const struct out_shape answer = { fields, FIELDS, false, NULL };

/* A line has about so many bytes. */
#define LINE_USUAL 300
/* Below so many lines the indexes of keys are kept up to date line by line. */
#define BULK_LINES 20000

/* One import: where it reads, and what has come of it. */
struct work {
	struct import import;
	struct lines lines;
	struct progress progress;
	const char *name;
	char hash[LINES_HASH_TEXT];
	struct out_cell cells[FIELDS];
};

static enum ak_code
read_lines(struct cli *cli, struct work *w)
{
	struct lines *l = &w->lines;
	enum lines_answer next;
	enum ak_code code = AK_OK;
	const char *line;
	size_t len;

	while (code == AK_OK && w->import.mistakes < IMPORT_MISTAKES &&
	       (next = lines_next(l, &line, &len)) != LINES_END) {
		progress_at(&w->progress, l->bytes);
		w->import.line = l->number;
		if (next == LINES_ONE)
			code = import_line(&w->import, line, len);
		else if (next == LINES_TOO_LONG) {
			import_mistake(&w->import, "", "is longer than 65,536 bytes");
			break;
		} else
			code = ak_fail_errno(&cli->error, w->name, "");
	}
	return code == AK_OK ? import_end(&w->import) : code;
}

/*
 * Whether so much comes that it is worth making the indexes of all keys anew. Without
 * them, who has the name of a key is found by looking at all: that is asked again and
 * again where names are taken from others.
 */
static enum ak_code
is_bulk(struct cli *cli, const struct work *w, bool *bulk)
{
	int64_t lines = w->lines.size / LINE_USUAL, owners, keys = 0;
	enum ak_code code = AK_OK;

	if (lines >= BULK_LINES && !w->import.replace)
		code = ak_record_count(cli->master, &owners, &keys, &cli->error);
	*bulk = lines >= BULK_LINES && !w->import.replace && lines >= keys;
	return code;
}

static enum ak_code
read_all(struct cli *cli, struct work *w)
{
	struct ak_bulk_change *bulk = NULL;
	struct ak_error ignored;
	enum ak_code code;
	bool many;

	if ((code = is_bulk(cli, w, &many)) == AK_OK && many)
		code = ak_bulk_change_begin(cli->master, &bulk, &cli->error);
	if (code == AK_OK)
		code = read_lines(cli, w);
	if (code != AK_OK) {
		(void)ak_bulk_change_end(cli->master, &bulk, false, &ignored);
		return code;
	}
	return ak_bulk_change_end(cli->master, &bulk, true, &cli->error);
}

static void
fill_cells(struct work *w)
{
	const struct import *i = &w->import;
	const struct out_cell cells[FIELDS] = {
		[FILE_NAME].text = w->name,
		[HASH].text = w->hash,
		[KEYS_ADDED].number = i->keys.added,
		[KEYS_REPLACED].number = i->keys.replaced,
		[KEYS_SAME].number = i->keys.same,
		[KEYS_KEPT_REVOKED].number = i->kept_revoked,
		[OWNERS_ADDED].number = i->owners.added,
		[OWNERS_REPLACED].number = i->owners.replaced,
		[OWNERS_SAME].number = i->owners.same,
	};

	lines_hash(&w->lines, w->hash);
	memcpy(w->cells, cells, sizeof(cells));
}

static enum ak_code
work_on_import(struct cli *cli, void *context)
{
	struct work *w = context;
	const struct import *i = &w->import;
	enum ak_code code;

	progress_begin(&w->progress, cli, "imported", PROGRESS_BYTES, w->lines.size);
	code = read_all(cli, w);
	progress_clear(&w->progress);
	fill_cells(w);
	if (code != AK_OK ||
	    i->keys.added + i->keys.replaced + i->owners.added + i->owners.replaced ==
		0)
		return code;
	return change_note(cli, "import", &answer, NULL, w->cells);
}

/* All the work, and then none of it. */
static enum cli_exit
try_it(struct cli *cli, struct work *w)
{
	enum ak_code code = ak_master_begin(cli->master, &cli->error);

	if (code == AK_OK)
		code = work_on_import(cli, w);
	ak_master_rollback(cli->master);
	return code == AK_OK ? EXIT_DONE : cli_fail(cli);
}

static void
report(struct cli *cli, const struct work *w, bool dry_run)
{
	const struct import *i = &w->import;

	if (i->kept_revoked > 0)
		cli_warn(cli, "%lld keys of the file are revoked here, and stay so",
		    (long long)i->kept_revoked);
	cli_say(cli,
	    "%s keys: %lld, owners: %lld; replaced keys: %lld, owners: %lld; here "
	    "already: %lld, %lld.",
	    dry_run ? "Would add" : "Added", (long long)i->keys.added,
	    (long long)i->owners.added, (long long)i->keys.replaced,
	    (long long)i->owners.replaced, (long long)i->keys.same,
	    (long long)i->owners.same);
	if (out_wants_data(&cli->out))
		out_one(&cli->out, &answer, w->cells);
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	static struct work w; /* a buffer for lines is in it */
	const struct values *v = given;
	enum cli_exit end;

	if (arguments[0] == NULL && cli_may_ask(cli))
		return cli_usage(cli, "FILE is missing; - is stdin");
	if (!cli_open(cli))
		return cli_fail(cli);
	w.import.cli = cli;
	w.import.replace = v->replace;
	w.import.nameless = json_object();
	w.name = arguments[0] != NULL ? arguments[0] : "-";
	if (!lines_open(cli, arguments[0], &w.lines))
		end = cli_fail(cli);
	else if (v->dry_run)
		end = try_it(cli, &w);
	else
		end = change_run(cli, work_on_import, &w);
	if (end == EXIT_DONE)
		report(cli, &w, v->dry_run);
	lines_close(&w.lines);
	json_decref(w.import.nameless);
	return end;
}

const struct command cmd_import = {
	.name = "import",
	.group = GROUP_FILES,
	.arguments = "[FILE]",
	.summary = "add the keys and owners of an export",
	.about =
	    "All of them in one change, or none: each mistake is named with its line "
	    "and field. What is here already is passed over; what contradicts it is "
	    "refused, unless --replace is given. Without FILE, or with -, it reads "
	    "stdin.",
	.example = "authkey import keys.jsonl\n"
		   "ssh other-host sudo authkey export | authkey import --dry-run",
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &answer,
	.run = run,
};
