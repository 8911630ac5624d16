/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "key_view.h"
#include "rotate.h"
#include "rotation.h"
#include "usage_access.h"

static const struct out_field fields[KEY_FIELDS] = {
	[KEY_ID] = { "id", "ID", OUT_TEXT, NULL },
	[KEY_NAME] = { "name", "NAME", OUT_TEXT, NULL },
	[KEY_DESCRIPTION] = { "description", "DESCRIPTION", OUT_TEXT, NULL },
	[KEY_OWNER] = { "owner", "OWNER", OUT_TEXT, NULL },
	[KEY_STATUS] = { "status", "STATUS", OUT_STATUS, NULL },
	[KEY_KEY] = { "key", "API AUTH KEY", OUT_TEXT, NULL },
	[KEY_CREATED_AT] = { "created_at", "CREATED", OUT_TIME, NULL },
	[KEY_ACTIVATED_AT] = { "activated_at", "SWITCHED ON", OUT_TIME, NULL },
	[KEY_EXPIRES_AT] = { "expires_at", "EXPIRES", OUT_TIME, "never" },
	[KEY_NOT_BEFORE] = { "not_before", "NOT BEFORE", OUT_TIME, NULL },
	[KEY_LAST_USED_AT] = { "last_used_at", "LAST USED", OUT_AGO, "never" },
	[KEY_LAST_USED_FROM] = { "last_used_from", "LAST USED FROM", OUT_TEXT, NULL },
	[KEY_LAST_USED_SERVICE] = { "last_used_service", "LAST USED FOR", OUT_TEXT,
	    NULL },
	[KEY_USES] = { "uses", "USES", OUT_NUMBER, NULL },
	[KEY_REFUSALS] = { "refusals", "REFUSALS", OUT_NUMBER, NULL },
	[KEY_SERVICES] = { "services", "SERVICES", OUT_WORDS, "all" },
	[KEY_SCOPES] = { "scopes", "SCOPES", OUT_WORDS, "none" },
	[KEY_NETWORKS] = { "networks", "NETWORKS", OUT_WORDS, "anywhere" },
	[KEY_TAGS] = { "tags", "TAGS", OUT_WORDS, "none" },
	[KEY_REVOKED_AT] = { "revoked_at", "REVOKED", OUT_TIME, NULL },
	[KEY_REVOKED_BY] = { "revoked_by", "REVOKED BY", OUT_TEXT, NULL },
	[KEY_REVOKE_REASON] = { "revoke_reason", "REVOKED BECAUSE", OUT_TEXT, NULL },
	[KEY_REPLACED_BY] = { "replaced_by", "REPLACED BY", OUT_TEXT, NULL },
	[KEY_REPLACES] = { "replaces", "REPLACES", OUT_TEXT, NULL },
	[KEY_DRAINING_SINCE] = { "draining_since", "DRAINING SINCE", OUT_TIME, NULL },
	[KEY_DECOY] = { "decoy", NULL, OUT_BOOL, NULL },
	[KEY_OLD_CALLERS] = { "old_callers", NULL, OUT_NESTED, NULL },
};

static const int columns[] = { KEY_NAME, KEY_OWNER, KEY_LAST_USED_AT, KEY_KEY,
	KEY_CREATED_AT, KEY_STATUS, -1 };
static const int ends_columns[] = { KEY_EXPIRES_AT, KEY_NAME, KEY_OWNER,
	KEY_LAST_USED_AT, KEY_KEY, KEY_STATUS, -1 };
static const int notice_lines[] = { KEY_NAME, KEY_OWNER, KEY_KEY, KEY_STATUS,
	KEY_CREATED_AT, -1 };

const struct out_shape key_list = { fields, KEY_OLD_CALLERS, true, columns };
const struct out_shape key_ends = { fields, KEY_OLD_CALLERS, true, ends_columns };
const struct out_shape key_sheet = { fields, KEY_FIELDS, false, NULL };
const struct out_shape key_notice = { fields, KEY_OLD_CALLERS, false, notice_lines };

/*
 * People see of a decoy that it is one, since that it is enabled means nothing else,
 * and of a key whose successor has its name that it goes.
 */
static const char *
status_of(const struct cli *cli, const struct ak_record *record)
{
	const char *status = ak_record_status(record, cli->now);

	if (out_wants_data(&cli->out) || strcmp(status, "enabled") != 0)
		return status;
	if (record->key.decoy)
		return "decoy";
	return record->replaced_by[0] != '\0' ? "replaced" : status;
}

void
key_view(const struct cli *cli, const struct ak_record *record, const char *token,
    struct key_view *view)
{
	const struct ak_key *key = &record->key;

	*view =
	    (struct key_view){ .cells = {
				   [KEY_ID].text = key->id,
				   [KEY_NAME].text = key->name,
				   [KEY_DESCRIPTION].text = record->description,
				   [KEY_OWNER].text = key->owner,
				   [KEY_STATUS].text = status_of(cli, record),
				   [KEY_KEY].text =
				       token != NULL ? token : view->masked,
				   [KEY_CREATED_AT].number = record->created_at,
				   [KEY_ACTIVATED_AT].number = record->activated_at,
				   [KEY_EXPIRES_AT].number = key->expires_at,
				   [KEY_NOT_BEFORE].number = key->not_before,
				   [KEY_LAST_USED_AT] = { .number = AK_NO_TIME,
				       .text = "unknown" },
				   [KEY_USES].number = AK_NO_TIME,
				   [KEY_REFUSALS].number = AK_NO_TIME,
				   [KEY_SERVICES].text = key->services,
				   [KEY_SCOPES].text = key->scopes,
				   [KEY_NETWORKS].text = key->networks,
				   [KEY_TAGS].text = record->tags,
				   [KEY_REVOKED_AT].number = record->revoked_at,
				   [KEY_REVOKED_BY].text = record->revoked_by,
				   [KEY_REVOKE_REASON].text = record->revoke_reason,
				   [KEY_REPLACED_BY].text = record->replaced_by,
				   [KEY_DRAINING_SINCE].number = record->draining_since,
				   [KEY_DECOY].number = key->decoy,
				   [KEY_OLD_CALLERS].nested = json_null(),
			       } };
	/* JSON is UTF-8 whatever the locale is. */
	text_mask(record, cli->out.utf8 || cli->out.format == OUT_JSON, view->masked);
}

/* What is known of a key's use. One that was made just now has none. */
static void
view_usage(struct cli *cli, const char *id, bool is_new, struct key_view *view)
{
	struct ak_key_usage *usage = &view->usage;

	*usage = (struct ak_key_usage){ .last_at = AK_NO_TIME };
	if (!is_new && !usage_of_key(cli, id, usage))
		return;
	view->cells[KEY_LAST_USED_AT] = (struct out_cell){ .number = usage->last_at };
	view->cells[KEY_LAST_USED_FROM].text = usage->last_address;
	view->cells[KEY_LAST_USED_SERVICE].text = usage->last_service;
	view->cells[KEY_USES].number = usage->uses;
	view->cells[KEY_REFUSALS].number = usage->refusals;
}

/* The other end of replaced_by, which people see of one key alone. */
static void
view_replaces(struct cli *cli, const char *id, struct key_view *view)
{
	if (ak_key_replaces(cli->master, id, view->replaces, &cli->error) == AK_OK)
		view->cells[KEY_REPLACES].text = view->replaces;
	else
		cli_warn(cli, "%s", cli->error.text);
}

/* Who has yet to go on from the old key to the new one. */
static json_t *
view_callers(struct cli *cli, const struct ak_record *record, struct key_view *view)
{
	char old[AK_ID_LEN + 1];
	json_t *callers;

	if (!rotation_old(cli, record, old)) {
		cli_warn(cli, "%s", cli->error.text);
		return NULL;
	}
	if ((callers = rotation_callers(cli, old)) != NULL)
		view->cells[KEY_OLD_CALLERS].nested = callers;
	return callers;
}

void
key_row(struct cli *cli, const struct ak_record *record)
{
	struct key_view view;

	key_view(cli, record, NULL, &view);
	view_usage(cli, record->key.id, false, &view);
	if (out_wants_data(&cli->out))
		view_replaces(cli, record->key.id, &view);
	out_row(&cli->out, view.cells);
}

void
key_answer(struct cli *cli, const struct out_shape *shape,
    const struct ak_record *record, const char *token, bool is_new)
{
	struct key_view view;
	json_t *callers = NULL;

	key_view(cli, record, token, &view);
	view_usage(cli, record->key.id, is_new, &view);
	view_replaces(cli, record->key.id, &view);
	if (shape == &key_sheet && out_wants_data(&cli->out))
		callers = view_callers(cli, record, &view);
	out_one(&cli->out, shape, view.cells);
	json_decref(callers);
}
