/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "import.h"
#include "json_arena.h"
#include "live_key.h"
#include "owner_access.h"
#include "text.h"

#define REPLACED "replaced by an import"

void
import_mistake(struct import *i, const char *field, const char *why)
{
	i->mistakes++;
	if (field[0] != '\0')
		cli_warn(
		    i->cli, "line %lld: field %s: %s", (long long)i->line, field, why);
	else
		cli_warn(i->cli, "line %lld: %s", (long long)i->line, why);
}

/* What is here contradicts the line. */
static enum ak_code
conflict(struct import *i, const char *what, const char *why)
{
	char text[256];

	i->conflicts++;
	snprintf(text, sizeof(text), "%s %s", what, why);
	import_mistake(i, "", text);
	return AK_OK;
}

/* The file knows nothing of these. */
static void
inherit(struct ak_record *to, const struct ak_record *from)
{
	to->key.owner_suspended = from->key.owner_suspended;
	to->key.owner_verified = from->key.owner_verified;
	if (memcmp(to->key.digest, from->key.digest, AK_DIGEST_LEN) != 0)
		return;
	memcpy(to->sealed, from->sealed, sizeof(to->sealed));
	to->sealed_len = from->sealed_len;
}

/* End the key that has the name of the line's. */
static enum ak_code
take_name(struct import *i, const struct ak_record *r)
{
	struct cli *cli = i->cli;
	struct ak_record holder, before;
	char label[TEXT_LABEL_MAX];
	enum ak_code code;
	bool found;

	code = live_key_find(cli, r->key.owner, r->key.name, &holder, &found);
	if (code != AK_OK)
		return code;
	if (!found)
		return ak_fail(&cli->error, AK_E_STORE,
		    "line %lld: the master does not take the key", (long long)i->line);
	if (!i->replace) {
		text_label(&holder, label);
		return conflict(i, label, "has this name of this owner here");
	}
	before = holder;
	holder.key.state = AK_ENDED;
	holder.revoked_at = cli->now;
	cli_actor(holder.revoked_by);
	snprintf(holder.revoke_reason, sizeof(holder.revoke_reason), "%s", REPLACED);
	memcpy(holder.replaced_by, r->key.id, sizeof(r->key.id));
	if ((code = ak_record_update(cli->master, &holder, &cli->error)) != AK_OK ||
	    (code = change_note_key(cli, &before, &holder)) != AK_OK)
		return code;
	if (json_object_set_new(i->nameless, holder.key.id, json_true()) != 0)
		return ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
	return ak_record_add(cli->master, r, &cli->error);
}

/* Add a record whose id is free, but maybe not its name. */
static enum ak_code
add(struct import *i, const struct ak_record *r, int64_t *count)
{
	int mistakes = i->mistakes;
	enum ak_code code = ak_record_add(i->cli->master, r, &i->cli->error);

	if (code == AK_E_CONFLICT)
		code = take_name(i, r);
	*count += code == AK_OK && i->mistakes == mistakes;
	return code;
}

/* The key of the line is here already. */
static enum ak_code
meet(struct import *i, struct ak_record *r, const struct ak_record *here)
{
	struct cli *cli = i->cli;
	char label[TEXT_LABEL_MAX];
	enum ak_code code;

	inherit(r, here);
	if (memcmp(r, here, sizeof(*r)) == 0) {
		i->keys.same++;
		return AK_OK;
	}
	text_label(here, label);
	if (!i->replace)
		return conflict(i, label, "is here, and not the same");
	if (here->key.state == AK_ENDED && r->key.state != AK_ENDED &&
	    json_object_get(i->nameless, here->key.id) == NULL) {
		i->kept_revoked++;
		return AK_OK;
	}
	if ((code = ak_record_delete(cli->master, r->key.id, &cli->error)) != AK_OK ||
	    (code = add(i, r, &i->keys.replaced)) != AK_OK || i->mistakes > 0)
		return code;
	return change_note_key(cli, here, r);
}

/* Most keys are new: whether one is here is asked when it does not go in. */
static enum ak_code
take_key(struct import *i)
{
	struct ak_record *r = &i->record.key;
	struct cli *cli = i->cli;
	enum ak_code code;
	bool found;

	if ((code = ak_record_add(cli->master, r, &cli->error)) == AK_OK)
		i->keys.added++;
	if (code != AK_E_CONFLICT)
		return code;
	code = ak_record_by_id(cli->master, r->key.id, &i->here, &found, &cli->error);
	if (code != AK_OK)
		return code;
	return found ? meet(i, r, &i->here) : add(i, r, &i->keys.added);
}

static enum ak_code
take_owner(struct import *i)
{
	struct ak_owner *o = &i->record.owner, here;
	struct cli *cli = i->cli;
	enum ak_code code;
	bool found;

	code = ak_owner_get(cli->master, o->name, &here, &found, &cli->error);
	if (code != AK_OK)
		return code;
	if (found && i->replace && here.suspended_at != AK_NO_TIME &&
	    o->suspended_at == AK_NO_TIME) {
		o->suspended_at = here.suspended_at;
		memcpy(o->suspended_by, here.suspended_by, sizeof(o->suspended_by));
		memcpy(
		    o->suspend_reason, here.suspend_reason, sizeof(o->suspend_reason));
	}
	if (found && memcmp(o, &here, sizeof(*o)) == 0) {
		i->owners.same++;
		return AK_OK;
	}
	if (found && !i->replace)
		return conflict(i, o->name, "is described otherwise here");
	if (!found) {
		i->owners.added++;
		return ak_owner_put(cli->master, o, &cli->error);
	}
	i->owners.replaced++;
	return owner_put(cli, &here, o, NULL);
}

static void
take_header(struct import *i)
{
	if (i->begun) {
		import_mistake(i, "type", "there is one header, in the first line");
		return;
	}
	i->begun = true;
	i->header = i->record.header;
	if (i->header.version != KEY_JSON_VERSION)
		import_mistake(i, "version",
		    "is not 1; a newer authkey wrote this, or nobody did");
}

static enum ak_code
take_record(struct import *i, json_t *object)
{
	enum key_json_type type = KEY_JSON_TYPES; /* it must say so */
	struct key_json_mistake m;
	uint64_t given;

	if (!key_json_read(object, &type, &i->record, &given, &m) ||
	    !key_json_is_whole(type, &i->record, given, &m)) {
		import_mistake(i, m.field, m.why);
		return AK_OK;
	}
	if (type == KEY_JSON_HEADER)
		take_header(i);
	else if (!i->begun) {
		import_mistake(
		    i, "type", "must be export here: this is no export of authkey");
		i->begun = true; /* it is said once */
	} else
		return type == KEY_JSON_KEY ? take_key(i) : take_owner(i);
	return AK_OK;
}

enum ak_code
import_line(struct import *i, const char *line, size_t len)
{
	json_error_t off;
	json_t *object;
	char why[256];
	enum ak_code code;

	object = json_arena_load(line, len, JSON_REJECT_DUPLICATES, &off);
	if (object == NULL) {
		snprintf(why, sizeof(why), "is no JSON: at byte %d: %s", off.position,
		    off.text);
		import_mistake(i, "", why);
		code = AK_OK;
	} else
		code = take_record(i, object);
	json_decref(object);
	json_arena_clear();
	return code;
}

enum ak_code
import_end(struct import *i)
{
	struct ak_error *error = &i->cli->error;
	struct key_json_mistake m;

	if (i->mistakes == 0 && !i->begun) {
		i->line = 1;
		import_mistake(i, "", "the file is empty");
	}
	if (i->mistakes == 0 &&
	    !key_json_is_all(&i->header,
		i->owners.added + i->owners.replaced + i->owners.same,
		i->keys.added + i->keys.replaced + i->keys.same + i->kept_revoked,
		&m)) {
		i->line = 1;
		import_mistake(i, m.field, m.why);
	}
	if (i->mistakes == 0)
		return AK_OK;
	if (i->mistakes > i->conflicts)
		return ak_fail(error, AK_E_USAGE,
		    "nothing was imported; mistakes in the file: %d%s", i->mistakes,
		    i->mistakes == IMPORT_MISTAKES ? ", and maybe more" : "");
	return ak_fail(error, AK_E_CONFLICT,
	    "nothing was imported; with --replace, the file is right");
}
