/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "audit.h"
#include "bulk_change.h"
#include "commands.h"
#include "master_private.h"
#include "restore.h"
#include "rotate.h"

#define IMPORTED 30

char command_made[AK_TOKEN_MAX + 1];

static enum ak_code
create(struct ak_master *master, const struct fx *fx, struct ak_error *error)
{
	struct ak_record r;

	(void)fx;
	ak_record_init(&r, FX_NOW);
	snprintf(r.key.name, sizeof(r.key.name), "new");
	snprintf(r.key.owner, sizeof(r.key.owner), "alice");
	snprintf(r.prefix, sizeof(r.prefix), "ak");
	snprintf(r.created_by, sizeof(r.created_by), "root");
	ak_words_add(r.tags, "tag");
	return ak_record_issue(master, &r, command_made, error);
}

/* The first key of the fixture, which has all restrictions. */
static enum ak_code
load(struct ak_master *master, const struct fx *fx, struct ak_record *r,
    struct ak_error *error)
{
	bool found;
	enum ak_code code =
	    ak_record_by_id(master, fx_id(fx->tokens[0]), r, &found, error);

	return code == AK_OK && !found ? ak_fail(error, AK_E_NOT_FOUND, "lost") : code;
}

static enum ak_code
edit(struct ak_master *master, const struct fx *fx, struct ak_error *error)
{
	struct ak_record r;
	enum ak_code code = load(master, fx, &r, error);

	if (code != AK_OK)
		return code;
	snprintf(r.description, sizeof(r.description), "edited");
	ak_words_add(r.key.services, "sshd");
	r.key.expires_at = FX_NOW + 99;
	return ak_record_update(master, &r, error);
}

static enum ak_code
disable(struct ak_master *master, const struct fx *fx, struct ak_error *error)
{
	struct ak_record r;
	enum ak_code code = load(master, fx, &r, error);

	r.key.state = AK_SWITCHED_OFF;
	return code == AK_OK ? ak_record_update(master, &r, error) : code;
}

static enum ak_code
end_for_good(struct ak_master *master, const struct fx *fx, struct ak_error *error)
{
	struct ak_record r;
	enum ak_code code = load(master, fx, &r, error);

	if (code != AK_OK)
		return code;
	ak_record_revoke(&r, FX_NOW, "root", "lost");
	return ak_record_update(master, &r, error);
}

static enum ak_code
rotate(struct ak_master *master, const struct fx *fx, struct ak_error *error)
{
	const struct ak_rotation plan = {
		.now = FX_NOW, .by = "root", .until = AK_NO_TIME
	};
	struct ak_record old, new;
	enum ak_code code = load(master, fx, &old, error);

	return code == AK_OK
		   ? ak_key_rotate(master, &old, &plan, &new, command_made, error)
		   : code;
}

/* Records of elsewhere, with the indexes made anew. */
static enum ak_code
import(struct ak_master *master, const struct fx *fx, struct ak_error *error)
{
	struct ak_bulk_change *bulk = NULL;
	struct ak_record r;
	struct ak_error ignored;
	enum ak_code code = ak_bulk_change_begin(master, &bulk, error);

	(void)fx;
	ak_record_init(&r, FX_NOW);
	snprintf(r.key.owner, sizeof(r.key.owner), "carol");
	snprintf(r.prefix, sizeof(r.prefix), "ak");
	snprintf(r.created_by, sizeof(r.created_by), "root");
	r.key.scheme = AK_SCHEME_BLAKE2B;
	for (int i = 0; i < IMPORTED && code == AK_OK; i++) {
		snprintf(r.key.id, sizeof(r.key.id), "imported");
		r.key.id[7] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZ"[i];
		snprintf(r.key.name, sizeof(r.key.name), "imported %d", i);
		r.key.digest[0] = (uint8_t)(i + 1);
		code = ak_record_add(master, &r, error);
	}
	if (code == AK_OK)
		return ak_bulk_change_end(master, &bulk, true, error);
	(void)ak_bulk_change_end(master, &bulk, false, &ignored);
	return code;
}

/* A command: open, begin, change, note, commit, close. */
static enum ak_code
change(const struct fx *fx, const char *name, command_fn *fn, struct ak_error *error)
{
	struct ak_audit entry = { .at = FX_NOW,
		.who = "root",
		.tty = "",
		.action = name,
		.subject = "x",
		.detail = "{}" };
	struct ak_master *master;
	enum ak_code code;

	if ((code = ak_master_open(fx->root, &master, error)) != AK_OK)
		return code;
	if (fx->delta_rows > 0)
		master->limits =
		    (struct ak_delta_limits){ fx->delta_from, fx->delta_rows };
	if (fn == NULL)
		code = ak_master_publish(master, FX_NOW, error);
	else if ((code = ak_master_begin(master, error)) == AK_OK &&
		 (code = fn(master, fx, error)) == AK_OK &&
		 (code = ak_audit_add(master, &entry, error)) == AK_OK)
		code = ak_master_commit(master, FX_NOW, error);
	ak_master_rollback(master);
	ak_master_close(&master);
	return code;
}

/* The backup is older than the first key's scopes. */
static enum ak_code
restore(const struct fx *fx, struct ak_error *error)
{
	const struct ak_restore_carry carry = { "root", FX_NOW };
	struct ak_restore_view view;
	struct ak_restore *r;
	char kept[4200];
	enum ak_code code = ak_restore_open(fx->root, fx_path(fx, "backup"), &r, error);

	if (code == AK_OK && (code = ak_restore_begin(r, error)) == AK_OK &&
	    (code = ak_restore_compare(r, &carry, NULL, NULL, &view, error)) == AK_OK)
		code = ak_restore_finish(r, FX_NOW, kept, error);
	ak_restore_close(&r);
	return code;
}

const struct command commands[] = {
	{ "create", create, false },
	{ "edit", edit, false },
	{ "edit", edit, true },
	{ "disable", disable, false },
	{ "revoke", end_for_good, true },
	{ "rotate", rotate, false },
	{ "rotate", rotate, true },
	{ "import", import, false },
	{ "import", import, true },
	{ "publish", NULL, false },
	{ "publish", NULL, true },
	{ "restore", NULL, false },
};

enum ak_code
command_run(const struct fx *fx, const struct command *c, struct ak_error *error)
{
	memset(command_made, 0, sizeof(command_made));
	memset(error, 0, sizeof(*error));
	if (strcmp(c->name, "restore") == 0)
		return restore(fx, error);
	return change(fx, c->name, c->fn, error);
}
