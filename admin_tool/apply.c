/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "apply.h"
#include "change.h"
#include "live_key.h"
#include "owner_access.h"
#include "rotation.h"
#include "text.h"

#define PRUNED "not in the applied file"

static bool
given(const struct apply *a, const char *name)
{
	return key_json_given(KEY_JSON_KEY, a->given, name);
}

static enum ak_code
mistake(struct apply *a, const char *field, const char *why)
{
	a->mistakes++;
	cli_warn(a->cli, "%s: %s%s%s%s", a->where, field[0] != '\0' ? "field " : "",
	    field, field[0] != '\0' ? ": " : "", why);
	return AK_OK;
}

static enum ak_code
conflict(struct apply *a, const struct ak_record *here, const char *why)
{
	char text[TEXT_LABEL_MAX + 128], label[TEXT_LABEL_MAX];

	text_label(here, label);
	snprintf(text, sizeof(text), "%s %s", label, why);
	a->conflicts++;
	return mistake(a, "", text);
}

/* Note that the file names this; false when it has before. */
static bool
see(struct apply *a, const char *kind, const char *name)
{
	char key[AK_OWNER_MAX + AK_NAME_MAX + 16];

	snprintf(key, sizeof(key), "%s %s", kind, name);
	if (json_object_get(a->seen, key) != NULL)
		return false;
	if (json_object_set_new(a->seen, key, json_true()) != 0)
		mistake(a, "", "memory is out"); /* nothing may count as not named */
	return true;
}

/* A row of the answer; takes `changes` over. `r` is NULL for an owner. */
static enum ak_code
add_row(struct apply *a, const char *action, const struct ak_record *r,
    const char *owner, json_t *changes)
{
	char masked[TEXT_MASKED_MAX];
	json_t *row;

	if (r != NULL)
		text_mask(
		    r, a->cli->out.utf8 || a->cli->out.format == OUT_JSON, masked);
	row = json_pack("{s:s, s:s?, s:s, s:s?, s:s?, s:o}", "action", action, "id",
	    r != NULL ? r->key.id : NULL, "owner", owner, "name",
	    r != NULL ? r->key.name : NULL, "key", r != NULL ? masked : NULL, "changes",
	    changes);
	if (row != NULL && json_array_append_new(a->rows, row) == 0)
		return AK_OK;
	return ak_fail(&a->cli->error, AK_E_NOMEM, "out of memory");
}

/* Write a key that is here, if anything of it changes. */
static enum ak_code
write_key(struct apply *a, const char *action, const struct ak_record *was,
    const struct ak_record *is)
{
	struct cli *cli = a->cli;
	enum ak_code code;

	if (memcmp(was, is, sizeof(*is)) == 0)
		return AK_OK;
	if ((code = ak_record_update(cli->master, is, &cli->error)) == AK_E_CONFLICT)
		return conflict(a, was, "cannot have a name that another key has");
	if (code != AK_OK || (code = change_note_key(cli, was, is)) != AK_OK)
		return code;
	return add_row(
	    a, action, is, is->key.owner, change_differences_of_key(cli, was, is));
}

/* What comes with a new state. */
static void
follow_state(struct apply *a, const struct ak_record *was, struct ak_record *is)
{
	const struct ak_record *item = &a->item.key;

	if (is->key.state == was->key.state)
		return;
	if (is->key.state == AK_ENABLED)
		is->activated_at = a->cli->now;
	if (is->key.state != AK_ENDED)
		return;
	is->revoked_at =
	    item->revoked_at != AK_NO_TIME ? item->revoked_at : a->cli->now;
	if (item->revoked_by[0] != '\0')
		memcpy(is->revoked_by, item->revoked_by, sizeof(is->revoked_by));
	else
		cli_actor(is->revoked_by);
	memcpy(is->revoke_reason, item->revoke_reason, sizeof(is->revoke_reason));
}

/* What a key is made of cannot be another. NULL, or what it is. */
static const char *
contradiction(const struct apply *a, const struct ak_record *here)
{
	const struct ak_record *item = &a->item.key;

	if (given(a, "owner") && strcmp(item->key.owner, here->key.owner) != 0)
		return "has another owner";
	if (given(a, "digest") &&
	    memcmp(item->key.digest, here->key.digest, AK_DIGEST_LEN) != 0)
		return "has another digest, and so another token";
	if (given(a, "prefix") && strcmp(item->prefix, here->prefix) != 0)
		return "has another prefix";
	if (given(a, "decoy") && item->key.decoy != here->key.decoy)
		return here->key.decoy ? "is a decoy" : "is no decoy";
	if (here->key.state == AK_ENDED && given(a, "status") &&
	    item->key.state != AK_ENDED)
		return "is revoked, and that is for good";
	return NULL;
}

static enum ak_code
change_key(struct apply *a, const struct ak_record *here)
{
	struct ak_record is = *here;
	const char *why = contradiction(a, here);

	if (!see(a, "key", here->key.id))
		return mistake(a, "", "names a key that was named before");
	if (why != NULL)
		return conflict(a, here, why);
	if (here->key.state == AK_ENDED)
		return AK_OK;
	key_json_merge(KEY_JSON_KEY, &a->item, a->given, &is);
	follow_state(a, here, &is);
	if (is.key.not_before != AK_NO_TIME && is.key.expires_at != AK_NO_TIME &&
	    is.key.not_before >= is.key.expires_at)
		return mistake(a, "not_before", "must be earlier than expires_at");
	return write_key(a, is.key.state == AK_ENDED ? "revoke" : "change", here, &is);
}

/* A key with its digest is added as it is: its token is somewhere already. */
static enum ak_code
add_key(struct apply *a)
{
	struct ak_record *r = &a->item.key;
	struct cli *cli = a->cli;
	struct key_json_mistake m;
	enum ak_code code;

	if (!key_json_is_whole(KEY_JSON_KEY, &a->item, a->given, &m))
		return mistake(a, m.field, m.why);
	see(a, "key", r->key.id);
	if ((code = ak_record_add(cli->master, r, &cli->error)) == AK_E_CONFLICT)
		return conflict(a, r, "cannot have a name that another key has");
	if (code != AK_OK || (code = change_note_key(cli, NULL, r)) != AK_OK)
		return code;
	return add_row(
	    a, "add", r, r->key.owner, change_differences_of_key(cli, NULL, r));
}

/* A key without one is made; its token is shown once. */
static enum ak_code
make_key(struct apply *a)
{
	struct apply_made *made = &a->made[a->made_count];
	const struct ak_record *item = &a->item.key;
	struct cli *cli = a->cli;
	struct ak_record r;
	enum ak_code code;

	ak_record_init(&r, cli->now);
	key_json_merge(KEY_JSON_KEY, &a->item, a->given, &r);
	memcpy(r.key.owner, item->key.owner, sizeof(r.key.owner));
	memcpy(r.prefix, a->installation.prefix, sizeof(r.prefix));
	cli_actor(r.created_by);
	r.key.decoy = item->key.decoy;
	r.no_recovery = item->no_recovery;
	if (r.key.state != AK_ENABLED)
		r.activated_at = AK_NO_TIME;
	if (!given(a, "expires_at") && a->installation.default_expiry != AK_NO_TIME)
		r.key.expires_at = cli->now + a->installation.default_expiry;
	if (r.key.not_before != AK_NO_TIME && r.key.expires_at != AK_NO_TIME &&
	    r.key.not_before >= r.key.expires_at)
		return mistake(a, "not_before", "must be earlier than expires_at");
	if ((code = ak_record_issue(cli->master, &r, made->token, &cli->error)) !=
		AK_OK ||
	    (code = change_note_key(cli, NULL, &r)) != AK_OK)
		return code;
	memcpy(made->id, r.key.id, sizeof(made->id));
	a->made_count++;
	see(a, "key", r.key.id);
	return add_row(
	    a, "create", &r, r.key.owner, change_differences_of_key(cli, NULL, &r));
}

static enum ak_code
apply_key(struct apply *a)
{
	const struct ak_record *item = &a->item.key;
	struct ak_record here;
	enum ak_code code;
	bool found;

	if (given(a, "id"))
		code = ak_record_by_id(
		    a->cli->master, item->key.id, &here, &found, &a->cli->error);
	else if (!given(a, "owner"))
		return mistake(a, "owner", "is missing");
	else if (!given(a, "name"))
		return mistake(a, "name", "is missing");
	else
		code = live_key_find(
		    a->cli, item->key.owner, item->key.name, &here, &found);
	if (code != AK_OK)
		return code;
	if (found)
		return change_key(a, &here);
	if (given(a, "digest"))
		return add_key(a);
	if (given(a, "id"))
		return mistake(a, "id",
		    "there is no such key; without id and digest, one is made");
	return item->key.state == AK_ENDED ? AK_OK : make_key(a);
}

static enum ak_code
apply_owner(struct apply *a)
{
	struct ak_owner was, is;
	json_t *differences = NULL;
	struct cli *cli = a->cli;
	enum ak_code code;
	bool found;

	if (!key_json_given(KEY_JSON_OWNER, a->given, "owner"))
		return mistake(a, "owner", "is missing");
	if (!see(a, "owner", a->item.owner.name))
		return mistake(a, "owner", "was named before");
	code = ak_owner_get(cli->master, a->item.owner.name, &was, &found, &cli->error);
	if (code != AK_OK)
		return code;
	is = was;
	key_json_merge(KEY_JSON_OWNER, &a->item, a->given, &is);
	if (memcmp(&was, &is, sizeof(is)) == 0)
		return AK_OK;
	code = owner_put(cli, &was, &is, &differences);
	if (code == AK_OK)
		return add_row(a, "change", NULL, is.name, differences);
	json_decref(differences);
	return code;
}

static enum ak_code
take_header(struct apply *a)
{
	if (a->header_where != NULL)
		return mistake(a, "type", "there is one header, in the first line");
	if (a->item.header.version != KEY_JSON_VERSION)
		return mistake(a, "version", "is not 1");
	a->header = a->item.header;
	a->header_where = a->where;
	return AK_OK;
}

/* With --prune, what a cut export lacks would be revoked. */
static enum ak_code
check_counts(struct apply *a)
{
	struct key_json_mistake m;

	if (a->header_where == NULL ||
	    key_json_is_all(
		&a->header, a->counts[KEY_JSON_OWNER], a->counts[KEY_JSON_KEY], &m))
		return AK_OK;
	a->where = a->header_where;
	return mistake(a, m.field, m.why);
}

static enum ak_code
apply_item(struct apply *a, const json_t *item)
{
	enum key_json_type type =
	    (enum key_json_type)json_integer_value(json_object_get(item, "type"));
	struct key_json_mistake m;

	a->where = json_string_value(json_object_get(item, "where"));
	if (!key_json_read(
		json_object_get(item, "object"), &type, &a->item, &a->given, &m))
		return mistake(a, m.field, m.why);
	a->counts[type]++;
	switch (type) {
	case KEY_JSON_KEY:
		return apply_key(a);
	case KEY_JSON_OWNER:
		return apply_owner(a);
	case KEY_JSON_HEADER:
		return take_header(a);
	case KEY_JSON_TYPES:
		break;
	}
	return AK_OK;
}

static bool
is_seen(const struct apply *a, const char *id)
{
	char key[AK_ID_LEN + 8];

	snprintf(key, sizeof(key), "key %s", id);
	return json_object_get(a->seen, key) != NULL;
}

/* The keys that the file does not name; a replaced one goes with what replaced it. */
static bool
prune_one(const struct ak_record *record, void *context)
{
	struct apply *a = context;
	char last[AK_ID_LEN + 1], actor[AK_OWNER_MAX + 1];
	struct ak_record is = *record;

	rotation_last(a->cli, record, last);
	if (record->key.state == AK_ENDED || is_seen(a, record->key.id) ||
	    is_seen(a, last))
		return true;
	cli_actor(actor);
	ak_record_revoke(&is, a->cli->now, actor, PRUNED);
	a->cli->error.code = write_key(a, "revoke", record, &is);
	return a->cli->error.code == AK_OK;
}

static enum ak_code
prune(struct apply *a)
{
	enum ak_code code;

	a->cli->error.code = AK_OK;
	code = ak_record_all(a->cli->master, prune_one, a, &a->cli->error);
	return code != AK_OK ? code : a->cli->error.code;
}

void
apply_clear(struct apply *a)
{
	json_decref(a->rows);
	json_decref(a->seen);
	a->rows = NULL;
	a->seen = NULL;
	if (a->made != NULL)
		sodium_memzero(a->made, a->made_count * sizeof(*a->made));
	a->made_count = 0;
	a->mistakes = 0;
	a->conflicts = 0;
	a->header_where = NULL;
	memset(a->counts, 0, sizeof(a->counts));
}

enum ak_code
apply_work(struct cli *cli, void *context)
{
	struct apply *a = context;
	enum ak_code code;
	json_t *item;
	size_t i;

	apply_clear(a);
	a->rows = json_array();
	a->seen = json_object();
	if (a->rows == NULL || a->seen == NULL)
		return ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
	code = ak_master_installation(cli->master, &a->installation, &cli->error);
	json_array_foreach(a->items, i, item)
	{
		if (code == AK_OK && a->mistakes < APPLY_MISTAKES)
			code = apply_item(a, item);
	}
	if (code == AK_OK && a->mistakes == 0)
		code = check_counts(a);
	if (code == AK_OK && a->mistakes == 0 && a->prune)
		code = prune(a);
	if (code != AK_OK || a->mistakes == 0)
		return code;
	return ak_fail(&cli->error,
	    a->mistakes > a->conflicts ? AK_E_USAGE : AK_E_CONFLICT,
	    "nothing was changed");
}
