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

#include <sqlite3.h>

#include "../commands.h"
#include "../faults.h"
#include "../host.h"
#include "../whole.h"
#include "backup.h"

#define MOST 200000

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
	{ "folder EIO", FAULT_FOLDER, EIO, 1 },
	{ "stat EIO", FAULT_STAT, EIO, 13 },
	{ "close EIO", FAULT_CLOSE, EIO, 13 },
	{ "map ENOMEM", FAULT_MAP, ENOMEM, 1 },
	{ "write EIO", FAULT_WRITE, EIO, 13 },
	{ "write ENOSPC", FAULT_WRITE, ENOSPC, 13 },
	{ "write short", FAULT_WRITE, FAULT_SHORT, 13 },
	{ "sync EIO", FAULT_SYNC, EIO, 2 },
	{ "rename EIO", FAULT_RENAME, EIO, 1 },
	{ "mode EPERM", FAULT_MODE, EPERM, 1 },
	{ "lock EIO", FAULT_LOCK, EIO, 7 },
	{ "remove EIO", FAULT_REMOVE, EIO, 1 },
};

/* What is tried, and between which states. */
struct trial {
	const struct fx *fx;
	const struct command *change;
	char *before, *after;
	char left[FX_PATH + 64]; /* where the next store is built */
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
	if (command_made[0] != '\0' && !is_after &&
	    fx_verify(t->fx, command_made, "alice") != AK_NOT_FOUND)
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
	o.code = command_run(t->fx, t->change, &o.error);
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
	if (k->fault != FAULT_REMOVE) /* which may leave what was not published */
		assert_int_equal(access(t->left, F_OK), -1);
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
prepare(struct fx *fx, bool delta)
{
	struct ak_record r = fx_record("alice");
	struct ak_error error;
	char word[16];

	ak_words_add(r.key.services, "test");
	ak_words_add(r.tags, "tag");
	/* So many that SQLite needs memory to give them: without, they would be none.
	 */
	for (int i = 0; i < 1000; i++) {
		snprintf(word, sizeof(word), "scope-%d", i);
		ak_words_add(r.key.scopes, word);
	}
	fx_issue(fx, &r);
	fx_set_state(fx, fx_key(fx, "bob"), AK_SWITCHED_OFF);
	fx_set_owner(fx, "bob", true, false);
	if (delta)
		fx_delta(fx, 1, 8);
	assert_code(ak_backup_write(
			fx->master, fx_path(fx, "backup"), true, NULL, NULL, &error),
	    AK_OK, &error);
	ak_words_add(fx_load(fx, fx->tokens[0])->tags, "later");
	fx_save(fx);
	ak_master_close(&fx->master);
	whole_keep(fx);
}

static void
try_change(struct fx *fx, const struct command *c)
{
	struct trial t = { .fx = fx, .change = c };
	char what[64];
	struct ak_error error;

	snprintf(t.left, sizeof(t.left), "%s", ak_master_paths(fx->master)->store_new);
	prepare(fx, c->delta);
	t.before = whole_look(fx);
	assert_code(
	    command_run(fx, c, &error), AK_OK, &error); /* and libraries are warm */
	t.after = whole_look(fx);
	assert_true(strcmp(c->name, "publish") == 0 || strcmp(t.before, t.after) != 0);
	whole_back(fx);
	for (size_t k = 0; k < FX_COUNT(kinds); k++)
		if (kinds[k].fault != FAULT_MEMORY || faults_in_memory())
			try_kind(&t, &kinds[k]);
	snprintf(
	    what, sizeof(what), "%s%s", c->name, c->delta ? " beside a delta" : "");
	faults_tell(what);
	free(t.before);
	free(t.after);
	fx_reopen(fx);
}

/* SQLite gives NULL for a text that it has no memory for, which reads as no limit. */
static void
a_key_that_memory_is_short_for_keeps_its_restrictions(void **state)
{
	struct fx *fx = *state;
	struct ak_record whole, r;
	struct ak_error error;
	enum ak_code code;
	unsigned n = 0;
	bool found;

	if (!faults_in_memory())
		fx_skip("memory cannot be made to fail under a sanitizer");
	prepare(fx, false);
	fx_reopen(fx);
	whole = *fx_load(fx, fx->tokens[0]);
	do {
		ak_master_close(&fx->master);
		fx_reopen(fx);
		faults_arm(FAULT_MEMORY, ++n, false, ENOMEM);
		code = ak_record_by_id(fx->master, whole.key.id, &r, &found, &error);
		if (code == AK_OK)
			assert_string_equal(r.key.scopes, whole.key.scopes);
	} while (faults_disarm() > 0);
	assert_true(n > 5 && code == AK_OK);
}

#define TRIAL(number, name)                            \
	static void name(void **state)                 \
	{                                              \
		try_change(*state, &commands[number]); \
	}
TRIAL(0, a_create_that_fails_issues_nothing_or_says_so_R43)
TRIAL(1, an_edit_that_fails_changes_nothing_or_says_so_R43)
TRIAL(2, so_does_an_edit_beside_a_delta_R43)
TRIAL(3, a_disable_that_fails_changes_nothing_or_says_so_R26_R43)
TRIAL(4, a_revoke_beside_a_delta_that_fails_changes_nothing_or_says_so_R26_R43)
TRIAL(5, a_rotation_that_fails_changes_nothing_or_says_so_R43)
TRIAL(6, so_does_a_rotation_beside_a_delta_R43)
TRIAL(7, an_import_that_fails_takes_all_or_nothing_R43)
TRIAL(8, so_does_an_import_beside_a_delta_R43)
TRIAL(9, a_publish_that_fails_leaves_a_whole_store_R26)
TRIAL(10, so_does_a_publish_beside_a_delta_R26)
TRIAL(11, a_restore_that_fails_leaves_one_master_or_the_other_R43)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_key_that_memory_is_short_for_keeps_its_restrictions),
		FX_TEST(a_create_that_fails_issues_nothing_or_says_so_R43),
		FX_TEST(an_edit_that_fails_changes_nothing_or_says_so_R43),
		FX_TEST(so_does_an_edit_beside_a_delta_R43),
		FX_TEST(a_disable_that_fails_changes_nothing_or_says_so_R26_R43),
		FX_TEST(
		    a_revoke_beside_a_delta_that_fails_changes_nothing_or_says_so_R26_R43),
		FX_TEST(a_rotation_that_fails_changes_nothing_or_says_so_R43),
		FX_TEST(so_does_a_rotation_beside_a_delta_R43),
		FX_TEST(an_import_that_fails_takes_all_or_nothing_R43),
		FX_TEST(so_does_an_import_beside_a_delta_R43),
		FX_TEST(a_publish_that_fails_leaves_a_whole_store_R26),
		FX_TEST(so_does_a_publish_beside_a_delta_R26),
		FX_TEST(a_restore_that_fails_leaves_one_master_or_the_other_R43),
	};

	return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
