/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call that a command makes fails once, and from there on: of memory, of SQLite,
 * of the system. All is as before or as after, no token opens that was not handed out,
 * no descriptor and no memory is lost, and what is left is whole (SECURITY R26, R43).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include "../faults.h"
#include "../host.h"
#include "../whole.h"
#include "audit.h"
#include "bulk_change.h"
#include "restore.h"
#include "rotate.h"

#define MOST 200000
#define IMPORTED 30

static const struct kind {
	const char *name;
	enum fault fault;
	int error;
	unsigned step; /* in `make check`: each step-th, where there are so many */
} kinds[] = {
	{ "memory", FAULT_MEMORY, ENOMEM, 499 },
	{ "SQLite without memory", FAULT_SQLITE, SQLITE_NOMEM, 31 },
	{ "SQLite without a disk", FAULT_SQLITE, SQLITE_IOERR, 29 },
	{ "SQLite on a full disk", FAULT_SQLITE, SQLITE_FULL, 37 },
	{ "SQLite on a damaged file", FAULT_SQLITE, SQLITE_CORRUPT, 41 },
	{ "open EIO", FAULT_OPEN, EIO, 5 },
	{ "open EMFILE", FAULT_OPEN, EMFILE, 5 },
	{ "read EIO", FAULT_READ, EIO, 13 },
	{ "read short", FAULT_READ, FAULT_SHORT, 13 },
	{ "stat EIO", FAULT_STAT, EIO, 13 },
	{ "write EIO", FAULT_WRITE, EIO, 13 },
	{ "write ENOSPC", FAULT_WRITE, ENOSPC, 13 },
	{ "write short", FAULT_WRITE, FAULT_SHORT, 13 },
	{ "sync EIO", FAULT_SYNC, EIO, 2 },
	{ "rename EIO", FAULT_RENAME, EIO, 1 },
	{ "mode EPERM", FAULT_MODE, EPERM, 1 },
	{ "lock EIO", FAULT_LOCK, EIO, 7 },
	{ "remove EIO", FAULT_REMOVE, EIO, 1 },
};

/* The token that a command has made. */
static char made[AK_TOKEN_MAX + 1];

typedef enum ak_code change_fn(
    struct ak_master *master, const struct fx *fx, struct ak_error *error);

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
	return ak_record_issue(master, &r, made, error);
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

	return code == AK_OK ? ak_key_rotate(master, &old, &plan, &new, made, error)
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
command(const struct fx *fx, const char *name, change_fn *fn, struct ak_error *error)
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

static const struct change {
	const char *name;
	change_fn *fn; /* NULL: publish */
} changes[] = {
	{ "create", create },
	{ "edit", edit },
	{ "disable", disable },
	{ "revoke", end_for_good },
	{ "rotate", rotate },
	{ "import", import },
	{ "publish", NULL },
	{ "restore", NULL },
};

static enum ak_code
run(const struct fx *fx, const struct change *c, struct ak_error *error)
{
	memset(made, 0, sizeof(made));
	memset(error, 0, sizeof(*error));
	if (strcmp(c->name, "restore") == 0)
		return restore(fx, error);
	return command(fx, c->name, c->fn, error);
}

/* What is tried, and between which states. */
struct trial {
	const struct fx *fx;
	const struct change *change;
	char *before, *after;
};

/* What must hold of one that has failed, or has not. */
static void
judge(const struct trial *t, const char *when, enum ak_code code,
    const struct ak_error *error)
{
	char *found;
	bool healed, is_before, is_after;
	enum ak_reason reason = fx_verify(t->fx, t->fx->tokens[0], "alice");

	/* Logins never see anything between: one of both, also before it is healed. */
	if (reason != AK_VALID && reason != AK_DISABLED && reason != AK_REVOKED &&
	    reason != AK_SERVICE_MISMATCH)
		fail_msg("%s: %s", when, ak_reason_word(reason));
	if (code != AK_OK && (error->code != code || error->text[0] == '\0'))
		fail_msg("%s: code %d without an error", when, (int)code);
	healed = whole_heal(t->fx, when);
	found = whole_look(t->fx);
	is_before = strcmp(found, t->before) == 0;
	is_after = strcmp(found, t->after) == 0;
	if (!is_before && !is_after)
		fail_msg("%s: neither old nor new: %s", when, found);
	if (code == AK_OK && (!is_after || healed))
		fail_msg("%s: is said to be done and is not", when);
	if (code != AK_OK && !is_before &&
	    strstr(error->text, "the change is") == NULL &&
	    strstr(error->text, "restored") == NULL)
		fail_msg("%s: changed, and the error is: %s", when, error->text);
	if (made[0] != '\0' && !is_after &&
	    fx_verify(t->fx, made, "alice") != AK_NOT_FOUND)
		fail_msg("%s: a token opens that nobody was given", when);
	free(found);
}

/* How it went, and how many blocks of memory it has not given back. */
struct outcome {
	struct ak_error error;
	enum ak_code code;
	unsigned failed;
	long lost;
};

static struct outcome
attempt(const struct trial *t, const struct kind *k, unsigned n, bool persistent)
{
	struct outcome o = { .lost = -faults_blocks() };

	faults_arm(k->fault, n, persistent, k->error);
	o.code = run(t->fx, t->change, &o.error);
	o.failed = faults_disarm();
	o.lost += faults_blocks();
	return o;
}

/* One command with the n-th call failing. False when there was no such call. */
static bool
try_one(const struct trial *t, const struct kind *k, unsigned n, bool persistent)
{
	unsigned files = fx_open_files();
	struct outcome o = attempt(t, k, n, persistent);
	char when[128];

	snprintf(when, sizeof(when), "%s, %s %u%s", t->change->name, k->name, n,
	    persistent ? " and on" : "");
	if (o.lost > 0) { /* a library that was loaded is there the next time */
		whole_back(t->fx);
		o = attempt(t, k, n, persistent);
	}
	if (o.lost > 0)
		fail_msg("%s: %ld blocks of memory are lost", when, o.lost);
	if (fx_open_files() != files)
		fail_msg("%s: descriptors are lost", when);
	judge(t, when, o.code, &o.error);
	whole_back(t->fx);
	return o.failed > 0;
}

static void
try_kind(const struct trial *t, const struct kind *k)
{
	for (int persistent = 0; persistent < 2; persistent++) {
		unsigned n = 1;

		while (n < MOST && try_one(t, k, n, persistent == 1))
			n += faults_step(k->step);
		assert_true(n < MOST);
	}
}

/* A key with all restrictions, one of another state, an audit, and an older backup. */
static void
prepare(struct fx *fx)
{
	struct ak_record r = fx_record("alice");
	struct ak_error error;

	ak_words_add(r.key.services, "test");
	ak_words_add(r.tags, "tag");
	fx_issue(fx, &r);
	fx_set_state(fx, fx_key(fx, "bob"), AK_SWITCHED_OFF);
	fx_set_owner(fx, "bob", true, false);
	assert_code(ak_backup_write(
			fx->master, fx_path(fx, "backup"), true, NULL, NULL, &error),
	    AK_OK, &error);
	ak_words_add(fx_load(fx, fx->tokens[0])->key.scopes, "read");
	fx_save(fx);
	ak_master_close(&fx->master);
	whole_keep(fx);
}

static void
try_change(struct fx *fx, const struct change *c)
{
	struct trial t = { .fx = fx, .change = c };
	struct ak_error error;

	prepare(fx);
	t.before = whole_look(fx);
	assert_code(run(fx, c, &error), AK_OK, &error); /* and libraries are warm */
	t.after = whole_look(fx);
	assert_true(strcmp(c->name, "publish") == 0 || strcmp(t.before, t.after) != 0);
	whole_back(fx);
	for (size_t k = 0; k < FX_COUNT(kinds); k++)
		if (kinds[k].fault != FAULT_MEMORY || faults_in_memory())
			try_kind(&t, &kinds[k]);
	faults_tell(c->name);
	free(t.before);
	free(t.after);
	fx_reopen(fx);
}

#define TRIAL(number, name)                           \
	static void name(void **state)                \
	{                                             \
		try_change(*state, &changes[number]); \
	}
TRIAL(0, a_create_that_fails_issues_nothing_or_says_so_R43)
TRIAL(1, an_edit_that_fails_changes_nothing_or_says_so_R43)
TRIAL(2, a_disable_that_fails_changes_nothing_or_says_so_R26_R43)
TRIAL(3, a_revoke_that_fails_changes_nothing_or_says_so_R26_R43)
TRIAL(4, a_rotation_that_fails_changes_nothing_or_says_so_R43)
TRIAL(5, an_import_that_fails_takes_all_or_nothing_R43)
TRIAL(6, a_publish_that_fails_leaves_a_whole_store_R26)
TRIAL(7, a_restore_that_fails_leaves_one_master_or_the_other_R43)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_create_that_fails_issues_nothing_or_says_so_R43),
		FX_TEST(an_edit_that_fails_changes_nothing_or_says_so_R43),
		FX_TEST(a_disable_that_fails_changes_nothing_or_says_so_R26_R43),
		FX_TEST(a_revoke_that_fails_changes_nothing_or_says_so_R26_R43),
		FX_TEST(a_rotation_that_fails_changes_nothing_or_says_so_R43),
		FX_TEST(an_import_that_fails_takes_all_or_nothing_R43),
		FX_TEST(a_publish_that_fails_leaves_a_whole_store_R26),
		FX_TEST(a_restore_that_fails_leaves_one_master_or_the_other_R43),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
