/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "apply_private.h"
#include "owner_access.h"
#include "text.h"

/* A kind, and an id or owner. */
#define SEEN_MAX (AK_OWNER_MAX + 16)

enum ak_code
apply_mistake(struct apply *a, const char *field, const char *why)
{
	a->mistakes++;
	cli_warn(a->cli, "%s: %s%s%s%s", a->where, field[0] != '\0' ? "field " : "",
	    field, field[0] != '\0' ? ": " : "", why);
	return AK_OK;
}

static void
name_seen(char key[SEEN_MAX], const char *kind, const char *name)
{
	snprintf(key, SEEN_MAX, "%s %s", kind, name);
}

bool
apply_seen(const struct apply *a, const char *kind, const char *name)
{
	char key[SEEN_MAX];

	name_seen(key, kind, name);
	return json_object_get(a->seen, key) != NULL;
}

bool
apply_see(struct apply *a, const char *kind, const char *name)
{
	char key[SEEN_MAX];

	if (apply_seen(a, kind, name))
		return false;
	name_seen(key, kind, name);
	/* Nothing may count as not named. */
	if (json_object_set_new(a->seen, key, json_true()) != 0)
		apply_mistake(a, "", "memory is out");
	return true;
}

enum ak_code
apply_row(struct apply *a, const char *action, const struct ak_record *r,
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

static enum ak_code
apply_owner(struct apply *a)
{
	struct ak_owner was, is;
	json_t *differences = NULL;
	struct cli *cli = a->cli;
	enum ak_code code;
	bool found;

	if (!key_json_given(KEY_JSON_OWNER, a->given, "owner"))
		return apply_mistake(a, "owner", "is missing");
	if (!apply_see(a, "owner", a->item.owner.name))
		return apply_mistake(a, "owner", "was named before");
	code = ak_owner_get(cli->master, a->item.owner.name, &was, &found, &cli->error);
	if (code != AK_OK)
		return code;
	is = was;
	key_json_merge(KEY_JSON_OWNER, &a->item, a->given, &is);
	if (memcmp(&was, &is, sizeof(is)) == 0)
		return AK_OK;
	code = owner_put(cli, &was, &is, &differences);
	if (code == AK_OK)
		return apply_row(a, "change", NULL, is.name, differences);
	json_decref(differences);
	return code;
}

static enum ak_code
take_header(struct apply *a)
{
	if (a->header_where != NULL)
		return apply_mistake(
		    a, "type", "there is one header, in the first line");
	if (a->item.header.version != KEY_JSON_VERSION)
		return apply_mistake(a, "version", "is not 1");
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
	return apply_mistake(a, m.field, m.why);
}

static bool
read_item(struct apply *a, const json_t *item, enum key_json_type *type)
{
	struct key_json_mistake m;

	*type = (enum key_json_type)json_integer_value(json_object_get(item, "type"));
	a->where = json_string_value(json_object_get(item, "where"));
	if (key_json_read(
		json_object_get(item, "object"), type, &a->item, &a->given, &m))
		return true;
	apply_mistake(a, m.field, m.why);
	return false;
}

static enum ak_code
take_first(struct apply *a, json_t *item)
{
	enum key_json_type type;

	if (!read_item(a, item, &type))
		return AK_OK;
	a->counts[type]++;
	switch (type) {
	case KEY_JSON_KEY:
		return apply_key_first(a, item);
	case KEY_JSON_OWNER:
		return apply_owner(a);
	case KEY_JSON_HEADER:
		return take_header(a);
	case KEY_JSON_TYPES:
		break;
	}
	return AK_OK;
}

static enum ak_code
take_later(struct apply *a, json_t *item)
{
	enum key_json_type type;

	return read_item(a, item, &type) ? apply_key_later(a) : AK_OK;
}

/* Each of them, until too many are mistakes. */
static enum ak_code
take_all(
    struct apply *a, json_t *items, enum ak_code (*take)(struct apply *a, json_t *item))
{
	enum ak_code code = AK_OK;
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		if (code == AK_OK && a->mistakes < APPLY_MISTAKES)
			code = take(a, item);
	}
	return code;
}

void
apply_clear(struct apply *a)
{
	json_decref(a->rows);
	json_decref(a->seen);
	json_decref(a->later);
	a->rows = NULL;
	a->seen = NULL;
	a->later = NULL;
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

	apply_clear(a);
	a->rows = json_array();
	a->seen = json_object();
	a->later = json_array();
	if (a->rows == NULL || a->seen == NULL || a->later == NULL)
		return ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
	code = ak_master_installation(cli->master, &a->installation, &cli->error);
	if (code == AK_OK)
		code = take_all(a, a->items, take_first);
	if (code == AK_OK && a->mistakes == 0)
		code = check_counts(a);
	/* Names that are not given up now would be conflicts that the file does not
	 * have. */
	if (code == AK_OK && a->mistakes == 0 && a->prune)
		code = apply_prune(a);
	if (code == AK_OK && a->mistakes == 0)
		code = take_all(a, a->later, take_later);
	if (code != AK_OK || a->mistakes == 0)
		return code;
	return ak_fail(&cli->error,
	    a->mistakes > a->conflicts ? AK_E_USAGE : AK_E_CONFLICT,
	    "nothing was changed");
}
