/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "apply_private.h"
#include "change.h"
#include "live_key.h"
#include "rotation.h"
#include "text.h"

#define PRUNED "not in the applied file"

static bool
given(const struct apply *a, const char *name)
{
	return key_json_given(KEY_JSON_KEY, a->given, name);
}

static enum ak_code
conflict(struct apply *a, const struct ak_record *here, const char *why)
{
	char text[TEXT_LABEL_MAX + 128], label[TEXT_LABEL_MAX];

	text_label(here, label);
	snprintf(text, sizeof(text), "%s %s", label, why);
	a->conflicts++;
	return apply_mistake(a, "", text);
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
	return apply_row(
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

	if (!apply_see(a, "key", here->key.id))
		return apply_mistake(a, "", "names a key that was named before");
	if (why != NULL)
		return conflict(a, here, why);
	if (here->key.state == AK_ENDED)
		return AK_OK;
	key_json_merge(KEY_JSON_KEY, &a->item, a->given, &is);
	follow_state(a, here, &is);
	if (is.replaced_by[0] == '\0')
		is.draining_since = AK_NO_TIME; /* there is none to go on to */
	if (strcmp(is.replaced_by, is.key.id) == 0)
		return apply_mistake(a, "replaced_by", "must be another key");
	if (is.key.not_before != AK_NO_TIME && is.key.expires_at != AK_NO_TIME &&
	    is.key.not_before >= is.key.expires_at)
		return apply_mistake(
		    a, "not_before", "must be earlier than expires_at");
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
		return apply_mistake(a, m.field, m.why);
	apply_see(a, "key", r->key.id);
	if ((code = ak_record_add(cli->master, r, &cli->error)) == AK_E_CONFLICT)
		return conflict(a, r, "cannot have a name that another key has");
	if (code != AK_OK || (code = change_note_key(cli, NULL, r)) != AK_OK)
		return code;
	return apply_row(
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
		return apply_mistake(
		    a, "not_before", "must be earlier than expires_at");
	if ((code = ak_record_issue(cli->master, &r, made->token, &cli->error)) !=
		AK_OK ||
	    (code = change_note_key(cli, NULL, &r)) != AK_OK)
		return code;
	memcpy(made->id, r.key.id, sizeof(made->id));
	a->made_count++;
	apply_see(a, "key", r.key.id);
	return apply_row(
	    a, "create", &r, r.key.owner, change_differences_of_key(cli, NULL, &r));
}

/* Whether the item says enough of which key it is about. */
static bool
is_named(struct apply *a)
{
	if (given(a, "id"))
		return true;
	if (!given(a, "owner"))
		apply_mistake(a, "owner", "is missing");
	else if (!given(a, "name"))
		apply_mistake(a, "name", "is missing");
	else if (a->item.key.replaced_by[0] != '\0')
		apply_mistake(a, "replaced_by", "needs the id of the key beside it");
	else
		return true;
	return false;
}

/* The key that the item is about, as it was before it was parked. */
static enum ak_code
find(struct apply *a, struct ak_record *here, bool *found)
{
	const struct ak_record *item = &a->item.key;
	struct cli *cli = a->cli;
	enum ak_code code;

	if (!given(a, "id"))
		return live_key_find(cli, item->key.owner, item->key.name, here, found);
	code = ak_record_by_id(cli->master, item->key.id, here, found, &cli->error);
	if (code == AK_OK && *found && apply_seen(a, "parked", here->key.id))
		memset(here->replaced_by, 0, sizeof(here->replaced_by));
	return code;
}

/* It ends, or another key has its name from now on. */
static bool
gives_name_up(const struct apply *a)
{
	const struct ak_record *item = &a->item.key;

	return (given(a, "status") && item->key.state == AK_ENDED) ||
	       item->replaced_by[0] != '\0';
}

/* It goes by its name now, and is to go by another one. */
static bool
changes_name(const struct apply *a, const struct ak_record *here)
{
	return given(a, "name") && strcmp(a->item.key.key.name, here->key.name) != 0 &&
	       here->key.state != AK_ENDED && here->replaced_by[0] == '\0';
}

/*
 * Keys that change names among themselves would meet half-way: each leaves its own
 * first, as one that is replaced does, until it is its turn.
 */
static enum ak_code
park(struct apply *a, const struct ak_record *here)
{
	struct ak_record parked = *here;

	memcpy(parked.replaced_by, here->key.id, sizeof(parked.replaced_by));
	apply_see(a, "parked", here->key.id);
	return ak_record_update(a->cli->master, &parked, &a->cli->error);
}

enum ak_code
apply_key_first(struct apply *a, json_t *item)
{
	struct ak_record here;
	enum ak_code code;
	bool found;

	if (!is_named(a))
		return AK_OK;
	if ((code = find(a, &here, &found)) != AK_OK)
		return code;
	if (found)
		apply_see(a, "kept", here.key.id);
	if (found && gives_name_up(a))
		return change_key(a, &here);
	if (found && changes_name(a, &here))
		code = park(a, &here);
	if (json_array_append(a->later, item) != 0)
		return ak_fail(&a->cli->error, AK_E_NOMEM, "out of memory");
	return code;
}

enum ak_code
apply_key_later(struct apply *a)
{
	struct ak_record here;
	enum ak_code code;
	bool found;

	if ((code = find(a, &here, &found)) != AK_OK)
		return code;
	if (found)
		return change_key(a, &here);
	if (given(a, "digest"))
		return add_key(a);
	if (given(a, "id"))
		return apply_mistake(a, "id",
		    "there is no such key; without id and digest, one is made");
	return a->item.key.key.state == AK_ENDED ? AK_OK : make_key(a);
}

/* The keys that the file does not name; a replaced one goes with what replaced it. */
static bool
prune_one(const struct ak_record *record, void *context)
{
	struct apply *a = context;
	char last[AK_ID_LEN + 1], actor[AK_OWNER_MAX + 1];
	struct ak_record is = *record;

	rotation_last(a->cli, record, last);
	if (record->key.state == AK_ENDED || apply_seen(a, "kept", record->key.id) ||
	    apply_seen(a, "kept", last))
		return true;
	cli_actor(actor);
	ak_record_revoke(&is, a->cli->now, actor, PRUNED);
	a->cli->error.code = write_key(a, "revoke", record, &is);
	return a->cli->error.code == AK_OK;
}

enum ak_code
apply_prune(struct apply *a)
{
	enum ak_code code;

	a->cli->error.code = AK_OK;
	code = ak_record_all(a->cli->master, prune_one, a, &a->cli->error);
	return code != AK_OK ? code : a->cli->error.code;
}
