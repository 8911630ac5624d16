/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "digest.h"
#include "progress.h"
#include "scan_files.h"
#include "seen.h"
#include "toggle.h"

struct values {
	bool disable;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "disable", 0, OPTION_FLAG, AT(disable), NULL,
	    "switch off the live keys that are found" },
	OPTION_END,
};
#undef AT

enum { FILE_NAME, LINE, OFFSET, KEY, ID, OWNER, NAME, STATUS, LIVE, PLACE, FIELDS };
static const struct out_field fields[FIELDS] = {
	[FILE_NAME] = { "file", NULL, OUT_TEXT, NULL },
	[LINE] = { "line", NULL, OUT_NUMBER, NULL },
	[OFFSET] = { "offset", NULL, OUT_NUMBER, NULL },
	[KEY] = { "key", "API AUTH KEY", OUT_TEXT, NULL },
	[ID] = { "id", NULL, OUT_TEXT, NULL },
	[OWNER] = { "owner", "OWNER", OUT_TEXT, NULL },
	[NAME] = { "name", "NAME", OUT_TEXT, NULL },
	[STATUS] = { "status", "STATUS", OUT_STATUS, NULL },
	[LIVE] = { "live", NULL, OUT_BOOL, NULL },
	[PLACE] = { "place", "PLACE", OUT_TEXT, NULL },
};
static const int columns[] = { KEY, STATUS, OWNER, NAME, PLACE, -1 };
static const struct out_shape answer = { fields, FIELDS, true, columns };

/* What the status of a token is whose key has none. */
#define UNKNOWN "unknown" /* no key has the id */
#define NO_SECRET "wrong secret" /* a key has the id, and another secret */
#define DECOY "decoy" /* stands where somebody has left it */
#define DAMAGED "damaged" /* the key's record cannot be read */

struct scanning {
	struct cli *cli;
	struct scan_reader reader;
	struct progress progress;
	struct picks live; /* keys */
	bool to_the_end; /* keys are to be switched off, whoever reads of it */
	struct seen seen; /* tokens */
	size_t places, tokens, live_tokens, damaged_tokens;
	bool failed; /* cli->error says why */
};

/* What is known of a token. */
struct verdict {
	struct ak_record record; /* all zero when no key has the id, or it is damaged */
	const char *status;
	bool live;
	uint64_t mark; /* of the token, for struct seen */
};

/* It opens something now, or will without anybody switching it on. */
static bool
is_live(const struct ak_record *record, int64_t now)
{
	return record->key.state == AK_ENABLED && !record->key.decoy &&
	       (record->key.expires_at == AK_NO_TIME || now < record->key.expires_at);
}

static bool
take_record(const struct ak_record *record, void *context)
{
	((struct verdict *)context)->record = *record;
	return false;
}

static void
take_damage(const char *id, void *context)
{
	(void)id;
	((struct verdict *)context)->status = DAMAGED;
}

/*
 * Without a master nobody can say that a token is harmless. A damaged record says
 * nothing of its own key, and must not keep others from being switched off.
 */
static bool
judge(struct cli *cli, const struct ak_scan_find *find, struct verdict *v)
{
	uint8_t digest[AK_DIGEST_LEN];

	ak_digest(find->text, find->len, digest);
	*v = (struct verdict){ .status = UNKNOWN, .live = cli->master == NULL };
	memcpy(&v->mark, digest, sizeof(v->mark));
	if (cli->master == NULL)
		return true;
	if (ak_record_readable(cli->master, find->token.id, take_record, take_damage, v,
		&cli->error) != AK_OK)
		return false;
	if (v->record.key.id[0] == '\0')
		return true;
	if (!ak_digest_same(digest, v->record.key.digest)) {
		v->status = NO_SECRET;
		return true;
	}
	v->live = is_live(&v->record, cli->now);
	v->status =
	    v->record.key.decoy ? DECOY : ak_record_status(&v->record, cli->now);
	return true;
}

static void
give(struct scanning *s, const struct ak_scan_find *find, const struct verdict *v)
{
	char file[OUT_CELL_MAX], place[OUT_CELL_MAX + 32], key[TEXT_MASKED_MAX];
	struct ak_record masked = { .tags = "" };

	memcpy(masked.prefix, find->token.prefix, sizeof(masked.prefix));
	memcpy(masked.key.id, find->token.id, sizeof(masked.key.id));
	text_mask(&masked, s->cli->out.utf8 || s->cli->out.format == OUT_JSON, key);
	/* A file may be called like a token. */
	snprintf(file, sizeof(file), "%s", s->reader.file);
	text_hide_tokens(file);
	snprintf(place, sizeof(place), "%s:%llu", file, (unsigned long long)find->line);
	out_row(&s->cli->out, (struct out_cell[FIELDS]){
				  [FILE_NAME].text = file,
				  [LINE].number = (int64_t)find->line,
				  [OFFSET].number = (int64_t)find->offset,
				  [KEY].text = key,
				  [ID].text = find->token.id,
				  [OWNER].text = v->record.key.owner,
				  [NAME].text = v->record.key.name,
				  [STATUS].text = v->status,
				  [LIVE].number = v->live,
				  [PLACE].text = place,
			      });
}

static bool
found(const struct ak_scan_find *find, void *context)
{
	struct scanning *s = context;
	struct verdict v;

	if (!judge(s->cli, find, &v) || (v.live && s->cli->master != NULL &&
					    !picks_add(s->cli, &s->live, &v.record))) {
		s->failed = true;
		return false;
	}
	s->places++;
	if (seen_first(&s->seen, v.mark)) {
		s->tokens++;
		s->live_tokens += v.live;
		s->damaged_tokens += strcmp(v.status, DAMAGED) == 0;
	}
	progress_clear(&s->progress);
	give(s, find, &v);
	return s->to_the_end || ferror(stdout) == 0; /* nobody reads any more */
}

/* A hook or a build host has no installation: there a token is known by its shape. */
static bool
open_master(struct cli *cli, const struct values *v)
{
	if (cli_open(cli))
		return true;
	if (v->disable ||
	    (cli->error.code != AK_E_NOT_FOUND && cli->error.code != AK_E_PERMISSION))
		return false;
	cli_say(cli, "No key is looked up: %s. Every token counts as live.",
	    cli->error.text);
	return true;
}

static void
say(const struct scanning *s)
{
	char size[PROGRESS_SIZE_MAX], places[48] = "";

	progress_size(s->reader.bytes, size);
	if (s->places > s->tokens)
		snprintf(places, sizeof(places), " in %zu places", s->places);
	cli_say(s->cli, "%zu token%s found%s, %zu of them live, in %zu file%s of %s.",
	    s->tokens, s->tokens == 1 ? "" : "s", places, s->live_tokens,
	    s->reader.files, s->reader.files == 1 ? "" : "s", size);
}

/* Within a transaction. The scan may have taken hours, and keys be deleted by now. */
static enum ak_code
disable(struct cli *cli, void *context)
{
	struct picks *picks = context, still = { NULL, 0, 0 };
	struct ak_record record;
	enum ak_code code = AK_OK;
	bool there;

	for (size_t i = 0; i < picks->count && code == AK_OK; i++) {
		code = ak_record_by_id(
		    cli->master, picks->at[i].id, &record, &there, &cli->error);
		if (code == AK_OK && there && !picks_append(cli, &still, &record))
			code = cli->error.code;
	}
	picks_free(picks);
	*picks = still;
	return code == AK_OK ? change_each(cli, picks, &toggle_off) : code;
}

/* A store that was published before the damage may have these keys still. */
static void
say_damaged(struct scanning *s)
{
	if (s->damaged_tokens == 0)
		return;
	if (!s->cli->in_force)
		cli_warn(s->cli,
		    "tokens of keys whose records are damaged: %zu; they may be live "
		    "until authkey publish leaves them out of the store, and authkey "
		    "restore FILE brings them back",
		    s->damaged_tokens);
	if (s->reader.trouble == EXIT_DONE)
		s->reader.trouble = EXIT_STORE;
}

static enum cli_exit
finish(struct scanning *s, const struct values *v)
{
	enum cli_exit end;

	if (s->failed)
		return cli_fail(s->cli);
	say(s);
	if (v->disable && s->live.count > 0) {
		if ((end = change_run(s->cli, disable, &s->live)) != EXIT_DONE)
			return end;
		change_say(s->cli, &s->live, &toggle_off);
	}
	say_damaged(s);
	return s->live_tokens > 0 ? EXIT_NO : s->reader.trouble;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **files)
{
	const struct values *v = given;
	struct scanning s = { .cli = cli, .to_the_end = v->disable };
	enum cli_exit end;

	s.reader = (struct scan_reader){
		.found = found, .context = &s, .progress = &s.progress
	};
	if (v->disable)
		cli->at_stake = CLI_STILL_LIVE;
	if (!open_master(cli, v))
		return cli_fail(cli);
	if (files[0] == NULL && cli_may_ask(cli))
		cli_say(cli, "Reading standard input, up to Ctrl-D.");
	/* Lines as they are found: a table would keep them all in memory. */
	cli->out.stream = cli->out.format == OUT_TABLE;
	out_begin(&cli->out, &answer);
	progress_begin(
	    &s.progress, cli, "scanned", PROGRESS_BYTES, scan_files_size(files));
	scan_files(cli, files, &s.reader);
	out_end(&cli->out);
	end = finish(&s, v);
	picks_free(&s.live);
	seen_free(&s.seen);
	return end;
}

const struct command cmd_scan = {
	.name = "scan",
	.group = GROUP_SAFETY,
	.arguments = "[FILE...]",
	.summary = "find tokens in files, and whose they are",
	.about = "Any files, folders, or stdin for - and without FILE. Exits 1 when a "
		 "live key's token is found, also when --disable has switched the key "
		 "off, and 0 when there is none. Where no installation can be read, as "
		 "in a commit hook, every token counts as live.",
	.example = "authkey scan --disable /srv/www /var/log\n"
		   "git diff --cached --text --unified=0 | grep '^+' | authkey scan",
	.most = -1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &answer,
	.run = run,
};
