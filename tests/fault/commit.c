/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call that a change of keys makes of the system fails once, and from there on:
 * the master and the store are as before, or both are changed; and where only the last
 * rename failed, the next command brings the store up to date (SECURITY R26, R43).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../faults.h"
#include "../host.h"
#include "master_private.h"

#define MOST 5000

static const struct kind {
	const char *name;
	enum fault fault;
	int error;
	unsigned step; /* SQLite asks for memory a thousand times: take each step-th */
} kinds[] = {
	{ "memory", FAULT_MEMORY, ENOMEM, 7 },
	{ "open EIO", FAULT_OPEN, EIO, 1 },
	{ "open EMFILE", FAULT_OPEN, EMFILE, 1 },
	{ "read EIO", FAULT_READ, EIO, 1 },
	{ "stat EIO", FAULT_STAT, EIO, 1 },
	{ "write EIO", FAULT_WRITE, EIO, 1 },
	{ "write ENOSPC", FAULT_WRITE, ENOSPC, 1 },
	{ "write short", FAULT_WRITE, FAULT_SHORT, 1 },
	{ "sync EIO", FAULT_SYNC, EIO, 1 },
	{ "rename EIO", FAULT_RENAME, EIO, 1 },
	{ "mode EPERM", FAULT_MODE, EPERM, 1 },
};

/* Switch the first key off, or on: the state that it is not in. */
static enum ak_code
toggle(const struct fx *fx, struct ak_error *error)
{
	struct ak_master *master;
	struct ak_record record;
	enum ak_code code;
	bool found;

	if ((code = ak_master_open(fx->root, &master, error)) != AK_OK)
		return code;
	if (fx->delta_rows > 0)
		master->limits =
		    (struct ak_delta_limits){ fx->delta_from, fx->delta_rows };
	if ((code = ak_master_begin(master, error)) == AK_OK &&
	    (code = ak_record_by_id(
		 master, fx_id(fx->tokens[0]), &record, &found, error)) == AK_OK) {
		record.key.state =
		    record.key.state == AK_ENABLED ? AK_SWITCHED_OFF : AK_ENABLED;
		if ((code = ak_record_update(master, &record, error)) == AK_OK)
			code = ak_master_commit(master, FX_NOW, error);
	}
	ak_master_rollback(master);
	ak_master_close(&master);
	return code;
}

/* What the master says, after the next command has healed what was left. */
static enum ak_state
state_after_healing(struct fx *fx, bool *healed)
{
	struct ak_error error;
	enum ak_state state;

	fx_reopen(fx);
	assert_code(ak_master_heal(fx->master, FX_NOW, healed, &error), AK_OK, &error);
	state = fx_load(fx, fx->tokens[0])->key.state;
	assert_reason(fx_verify(fx, fx->tokens[0], "alice"),
	    state == AK_ENABLED ? AK_VALID : AK_DISABLED);
	assert_int_equal(access(ak_master_paths(fx->master)->store_new, F_OK), -1);
	assert_int_equal(access(ak_master_paths(fx->master)->delta_new, F_OK), -1);
	ak_master_close(&fx->master);
	return state;
}

/* One change with the n-th call failing. False when there was no such call. */
static bool
fail_one(struct fx *fx, const struct kind *k, unsigned n, bool persistent)
{
	struct ak_error error = { AK_OK, "" };
	enum ak_state before, after;
	unsigned failed;
	enum ak_reason reason;
	enum ak_code code;
	bool healed;

	before = state_after_healing(fx, &healed);
	faults_arm(k->fault, n, persistent, k->error);
	code = toggle(fx, &error);
	failed = faults_disarm();
	reason = fx_verify(fx, fx->tokens[0], "alice");
	if (code == AK_OK) /* then it is in force at once: R26 */
		assert_reason(reason, before == AK_ENABLED ? AK_DISABLED : AK_VALID);
	else if (error.code != code || error.text[0] == '\0')
		fail_msg("%s %u: code %d without an error", k->name, n, (int)code);
	after = state_after_healing(fx, &healed);
	if (code == AK_OK)
		assert_true(after != before && !healed);
	else if (reason == (before == AK_ENABLED ? AK_VALID : AK_DISABLED) && !healed)
		assert_int_equal(after, before); /* nothing has changed, anywhere */
	else if (strstr(error.text, "the change is") == NULL) /* kept, or published */
		fail_msg(
		    "%s %u: changed, and the error is: %s", k->name, n, error.text);
	return failed > 0;
}

/* Each call of each kind in turn. */
static void
fail_each(struct fx *fx)
{
	unsigned files, n;

	ak_master_close(&fx->master);
	files = fx_open_files();
	for (size_t k = 0; k < FX_COUNT(kinds); k++)
		for (int persistent = 0; persistent < 2; persistent++) {
			if (kinds[k].fault == FAULT_MEMORY && !faults_in_memory())
				continue;
			for (n = 1; n < MOST; n += faults_step(kinds[k].step))
				if (!fail_one(fx, &kinds[k], n, persistent == 1))
					break;
			assert_in_range(n, 2, MOST - 1);
			assert_int_equal(fx_open_files(), files);
		}
	faults_tell("toggle");
	fx_reopen(fx);
}

static void
a_change_that_fails_changes_nothing_or_says_what_it_did_R43(void **state)
{
	struct fx *fx = *state;

	fx_key(fx, "alice");
	fail_each(fx);
}

/* The change goes into a delta, or, every other time, into a new store with one. */
static void
so_does_one_of_a_store_with_a_delta_R43(void **state)
{
	struct fx *fx = *state;

	fx_key(fx, "alice");
	fx_delta(fx, 1, 1);
	fail_each(fx);
}

static void
toggle_amid(void *context)
{
	struct ak_error error;

	assert_code(toggle(context, &error), AK_OK, &error);
}

/* Another command disables a key when the new store is built and not yet in place. */
static void
what_changes_while_the_store_is_written_is_in_its_delta_R26(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	struct ak_error error;

	fx_delta(fx, 1, 100);
	for (enum ak_reason wanted = AK_DISABLED;; wanted = AK_VALID) {
		faults_instead(FAULT_SYNC, 1, toggle_amid, fx);
		assert_code(
		    ak_master_publish(fx->master, FX_NOW, &error), AK_OK, &error);
		assert_int_equal(faults_disarm(), 1);
		assert_reason(fx_verify(fx, token, "alice"), wanted);
		fx_answers_as_the_master(fx);
		if (wanted == AK_VALID)
			break;
	}
}

/* A file that is built, and whether it was there to be damaged. */
struct damage {
	const char *path;
	bool done;
};

/* What a disk that drops a write leaves: nothing, where the file begins. */
static void
drop_its_beginning(void *context)
{
	static const uint8_t nothing[16];
	struct damage *damage = context;
	FILE *file = fopen(damage->path, "r+e");

	if (file == NULL)
		return;
	fseek(file, 0, SEEK_END);
	damage->done = ftell(file) > 0;
	if (damage->done) {
		rewind(file);
		fwrite(nothing, sizeof(nothing), 1, file);
	}
	fclose(file);
}

/* It is damaged when it was written, and before anything of it is synced. */
static void
damage_what_is_built(struct fx *fx, const char *name)
{
	struct damage damage = { fx_path(fx, name), false };
	struct ak_error error = { AK_OK, "" };
	bool healed;

	ak_master_close(&fx->master);
	for (unsigned n = 1; n < MOST && !damage.done; n++) {
		assert_int_equal(state_after_healing(fx, &healed), AK_ENABLED);
		faults_instead(FAULT_SYNC, n, drop_its_beginning, &damage);
		if (toggle(fx, &error) == AK_OK)
			assert_code(toggle(fx, &error), AK_OK, &error);
		faults_disarm();
	}
	assert_true(damage.done);
	assert_code(error.code, AK_E_STORE, &error);
	assert_reason(fx_verify(fx, fx->tokens[0], "alice"), AK_VALID);
	assert_int_equal(state_after_healing(fx, &healed), AK_ENABLED);
	assert_false(healed);
	fx_reopen(fx);
}

static void
a_store_that_reads_otherwise_than_written_replaces_none_R26_R43(void **state)
{
	fx_key(*state, "alice");
	damage_what_is_built(*state, "root/keys.db.new");
}

static void
a_delta_that_reads_otherwise_than_written_replaces_none_R26_R43(void **state)
{
	fx_key(*state, "alice");
	fx_delta(*state, 1, 1000);
	damage_what_is_built(*state, "root/keys.delta.new");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_change_that_fails_changes_nothing_or_says_what_it_did_R43),
		FX_TEST(so_does_one_of_a_store_with_a_delta_R43),
		FX_TEST(what_changes_while_the_store_is_written_is_in_its_delta_R26),
		FX_TEST(
		    a_store_that_reads_otherwise_than_written_replaces_none_R26_R43),
		FX_TEST(
		    a_delta_that_reads_otherwise_than_written_replaces_none_R26_R43),
	};

	return cmocka_run_group_tests_name("commit faults", tests, NULL, NULL);
}
