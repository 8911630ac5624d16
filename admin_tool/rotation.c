/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "rotate.h"
#include "rotation.h"
#include "text.h"
#include "usage_access.h"

static bool
is_alive(const struct cli *cli, const struct ak_record *record)
{
	return record->key.state != AK_ENDED && (record->key.expires_at == AK_NO_TIME ||
						    record->key.expires_at > cli->now);
}

bool
rotation_old(struct cli *cli, const struct ak_record *record, char id[AK_ID_LEN + 1])
{
	struct ak_record old;
	bool found = false;

	memset(id, 0, AK_ID_LEN + 1);
	if (record->replaced_by[0] != '\0' && is_alive(cli, record)) {
		memcpy(id, record->key.id, AK_ID_LEN + 1);
		return true;
	}
	if (ak_key_replaces(cli->master, record->key.id, id, &cli->error) != AK_OK ||
	    ak_record_by_id(cli->master, id, &old, &found, &cli->error) != AK_OK)
		return false;
	if (!found || !is_alive(cli, &old))
		id[0] = '\0';
	return true;
}

/* So many keys on or back are looked at: an import may have made a ring of them. */
#define CHAIN_MAX 32

void
rotation_last(struct cli *cli, const struct ak_record *record, char id[AK_ID_LEN + 1])
{
	struct ak_record at = *record;
	char next[AK_ID_LEN + 1];
	bool found = true;

	for (int i = 0; found && i < CHAIN_MAX; i++) {
		memcpy(id, at.key.id, AK_ID_LEN + 1);
		memcpy(next, at.replaced_by, sizeof(next));
		if (next[0] == '\0' || ak_record_by_id(cli->master, next, &at, &found,
					   &cli->error) != AK_OK)
			return;
	}
}

/* Name a replaced key if it still opens. */
static void
warn_of(struct cli *cli, const struct ak_record *old, const char *command)
{
	char label[TEXT_LABEL_MAX], until[AK_WHEN_TEXT + 8] = "";

	if (old->key.state != AK_ENABLED || !is_alive(cli, old))
		return;
	text_label(old, label);
	if (old->key.expires_at != AK_NO_TIME) {
		memcpy(until, ", until ", 8);
		ak_when_format(old->key.expires_at, until + 8);
	}
	cli_warn(cli,
	    "%s, whose place it took, still opens%s; end it, too: authkey %s %s", label,
	    until, command, old->key.id);
}

void
rotation_warn(struct cli *cli, const char *id, const char *command)
{
	char old_id[AK_ID_LEN + 1];
	struct ak_record old;
	bool found = true;

	for (int i = 0; i < CHAIN_MAX; i++, id = old.key.id) {
		if (ak_key_replaces(cli->master, id, old_id, &cli->error) != AK_OK ||
		    ak_record_by_id(cli->master, old_id, &old, &found, &cli->error) !=
			AK_OK ||
		    !found)
			return;
		warn_of(cli, &old, command);
	}
}

enum { SERVICE, ADDRESS, LAST_DAY, USES, MOVED_DAY, FIELDS };
static const struct out_field fields[FIELDS] = {
	[SERVICE] = { "service", "OLD TOKEN USED FOR", OUT_TEXT, "no service" },
	[ADDRESS] = { "address", "FROM", OUT_TEXT, "no address" },
	[LAST_DAY] = { "last_day", "LAST DAY", OUT_TEXT, NULL },
	[USES] = { "uses", "USES SINCE", OUT_NUMBER, NULL },
	[MOVED_DAY] = { "moved_day", "NEW TOKEN SINCE", OUT_TEXT, "not yet" },
};
static const struct out_shape table = { fields, FIELDS, true, NULL };

/* A caller as cells; the texts of its days. */
struct caller_view {
	struct out_cell cells[FIELDS];
	char days[2][AK_WHEN_TEXT];
};

static const char *
day_text(int64_t day, char text[AK_WHEN_TEXT])
{
	if (day == AK_NO_TIME)
		return NULL;
	ak_when_format(day, text);
	text[strcspn(text, "T")] = '\0';
	return text;
}

static void
view(const struct ak_rotation_caller *caller, struct caller_view *v)
{
	*v = (struct caller_view){ .cells = { [SERVICE].text = caller->service,
				       [ADDRESS].text = caller->address,
				       [USES].number = caller->uses } };
	v->cells[LAST_DAY].text = day_text(caller->last_day, v->days[0]);
	v->cells[MOVED_DAY].text = day_text(caller->moved_day, v->days[1]);
}

static bool
add_caller(const struct ak_rotation_caller *caller, void *context)
{
	json_t *all = context, *one = json_object();
	struct caller_view v;
	bool added = one != NULL;

	view(caller, &v);
	for (size_t i = 0; i < FIELDS; i++)
		added = added && json_object_set_new(one, fields[i].name,
				     out_json_cell(fields[i].kind, &v.cells[i])) == 0;
	return json_array_append_new(all, one) == 0 && added;
}

json_t *
rotation_callers(struct cli *cli, const char *id)
{
	struct ak_usage *usage = id[0] != '\0' ? usage_ready(cli) : NULL;
	json_t *all = json_array();

	if (id[0] == '\0')
		return all;
	if (usage != NULL &&
	    ak_rotation_callers(usage, id, add_caller, all, &cli->error) == AK_OK)
		return all;
	if (usage != NULL)
		cli_warn(cli, "nothing is known of usage: %s", cli->error.text);
	json_decref(all);
	return NULL;
}

static bool
put_caller(const struct ak_rotation_caller *caller, void *context)
{
	struct cli *cli = context;
	struct caller_view v;

	if (cli->out.rows == 0)
		putchar('\n');
	view(caller, &v);
	out_row(&cli->out, v.cells);
	return true;
}

enum cli_exit
rotation_show(struct cli *cli, const char *id)
{
	struct ak_usage *usage = id[0] != '\0' ? usage_ready(cli) : NULL;
	enum ak_code code;

	if (usage == NULL)
		return EXIT_DONE;
	out_begin(&cli->out, &table);
	code = ak_rotation_callers(usage, id, put_caller, cli, &cli->error);
	out_end(&cli->out);
	return code == AK_OK ? EXIT_DONE : cli_fail(cli);
}

/* The search for keys that have drained. */
struct search {
	struct cli *cli;
	struct picks *picks;
	bool failed;
};

static bool
pick_drained(const struct ak_record *record, void *context)
{
	struct search *s = context;
	bool over = false;

	s->failed = ak_rotation_is_over(s->cli->usage, record->key.id, &over,
			&s->cli->error) != AK_OK ||
		    (over && !picks_add(s->cli, s->picks, record));
	return !s->failed;
}

static enum change
end_drained(struct cli *cli, struct ak_record *record, const void *context)
{
	char actor[AK_OWNER_MAX + 1], reason[128];

	(void)context;
	if (record->key.state == AK_ENDED || record->draining_since == AK_NO_TIME)
		return CHANGE_NONE;
	cli_actor(actor);
	snprintf(
	    reason, sizeof(reason), "replaced by %s, and drained", record->replaced_by);
	ak_record_revoke(record, cli->now, actor, reason);
	return CHANGE_WRITE;
}

enum cli_exit
rotation_end_drained(struct cli *cli, size_t *ended)
{
	static const struct change_plan plan = { end_drained, NULL, "Drained and ended",
		"was ended just now", "was ended just now" };
	struct picks picks = { NULL, 0, 0 };
	struct search search = { cli, &picks, false };
	enum cli_exit end = EXIT_DONE;

	*ended = 0;
	if (ak_key_draining(cli->master, pick_drained, &search, &cli->error) != AK_OK ||
	    search.failed)
		end = cli_fail(cli);
	else if (picks.count > 0 &&
		 (end = change_keys(cli, &picks, &plan)) == EXIT_DONE)
		change_say(cli, &picks, &plan);
	for (size_t i = 0; i < picks.count; i++)
		*ended += picks.at[i].changed;
	picks_free(&picks);
	return end;
}
