/* SPDX-License-Identifier: BSD-2-Clause */
/* Backups, restores and damaged records, beneath the tool (SECURITY R43). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../forge.h"
#include "audit.h"
#include "restore.h"

static void
make_backup(struct fx *fx, const char *path)
{
	struct ak_error error;

	assert_code(
	    ak_backup_write(fx->master, path, true, NULL, NULL, &error), AK_OK, &error);
}

/* A row of the audit. */
static void
note(struct fx *fx, const char *subject)
{
	struct ak_audit entry = { .at = FX_NOW,
		.who = "root",
		.tty = "",
		.action = "test",
		.subject = subject,
		.detail = "{}" };
	struct ak_error error;

	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(ak_audit_add(fx->master, &entry, &error), AK_OK, &error);
	assert_code(ak_master_keep(fx->master, &error), AK_OK, &error);
}

/* Restore with what was ended carried over, or revived. */
static void
restore(struct fx *fx, const char *path, bool revive, struct ak_restore_view *view)
{
	const struct ak_restore_carry carry = { "root", FX_NOW };
	struct ak_restore *r;
	struct ak_error error;
	char kept[4200];

	assert_code(ak_restore_open(fx->root, path, &r, &error), AK_OK, &error);
	assert_code(ak_restore_begin(r, &error), AK_OK, &error);
	assert_code(
	    ak_restore_compare(r, revive ? NULL : &carry, NULL, NULL, view, &error),
	    AK_OK, &error);
	assert_code(ak_restore_finish(r, FX_NOW, kept, &error), AK_OK, &error);
	assert_int_equal(access(kept, F_OK), 0);
	ak_restore_close(&r);
	assert_null(r);
}

static void
a_restore_brings_back_what_was_and_goes_on_counting(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	const char *path = fx_path(fx, "backup");
	struct ak_restore_view view;
	int64_t before;

	make_backup(fx, path);
	snprintf(fx_load(fx, token)->description, 8, "later");
	fx_save(fx);
	fx_key(fx, "bob");
	before = fx_generation(fx);
	restore(fx, path, false, &view);
	assert_int_equal(view.keys_then, 1);
	assert_int_equal(view.keys_now, 2);
	assert_int_equal(view.made_since, 1);
	assert_int_equal(view.changed_since, 1);
	assert_int_equal(fx_generation(fx), before + 1);
	assert_int_equal(fx_meta(fx).generation, before + 1);
	assert_string_equal(fx_load(fx, token)->description, "");
}

static void
what_was_ended_since_stays_ended(void **state)
{
	struct fx *fx = *state;
	const char *revoked = fx_key(fx, "alice"), *deleted = fx_key(fx, "bob");
	const char *path = fx_path(fx, "backup");
	struct ak_restore_view view;
	struct ak_error error;
	struct ak_record *r;

	make_backup(fx, path);
	r = fx_load(fx, revoked);
	r->key.state = AK_ENDED;
	r->revoked_at = FX_NOW + 5;
	snprintf(r->revoke_reason, sizeof(r->revoke_reason), "lost");
	fx_save(fx);
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(
	    ak_record_delete(fx->master, fx_id(deleted), &error), AK_OK, &error);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	note(fx, fx_id(deleted));
	restore(fx, path, false, &view);
	assert_int_equal(view.ended[AK_ENDED_REVOKED], 1);
	assert_int_equal(view.ended[AK_ENDED_DELETED], 1);
	r = fx_load(fx, revoked);
	assert_int_equal(r->key.state, AK_ENDED);
	assert_int_equal(r->revoked_at, FX_NOW + 5);
	assert_string_equal(r->revoke_reason, "lost");
	assert_int_equal(fx_load(fx, deleted)->key.state, AK_ENDED);
	restore(fx, path, true, &view);
	assert_int_equal(fx_load(fx, revoked)->key.state, AK_ENABLED);
	assert_int_equal(fx_load(fx, deleted)->key.state, AK_ENABLED);
}

/* A key that was there has a row in the audit. */
static void
a_key_that_the_audit_does_not_know_counts_as_new(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice"), *path = fx_path(fx, "backup");
	struct ak_restore_view view;
	struct ak_error error;

	make_backup(fx, path);
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(ak_record_delete(fx->master, fx_id(token), &error), AK_OK, &error);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	restore(fx, path, false, &view);
	assert_int_equal(view.ended[AK_ENDED_DELETED], 0);
	assert_int_equal(fx_load(fx, token)->key.state, AK_ENABLED);
}

/* Nothing could be changed any more, or no key made, once it is in place. */
static void
a_backup_whose_numbers_lead_nowhere_is_refused_R26(void **state)
{
	static const char *const lies[] = { "generation = 9223372036854775807",
		"generation = -1", "default_expiry = 9223372036854775807",
		"default_expiry = 253402300799", "default_expiry = -1",
		"retention = -9223372036854775807", "usage_cap = -1" };
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice"), *path = fx_path(fx, "backup");
	struct ak_restore *r;
	struct ak_error error;
	char sql[128];
	sqlite3 *db;

	for (size_t i = 0; i < FX_COUNT(lies); i++) {
		make_backup(fx, path);
		snprintf(sql, sizeof(sql), "UPDATE installation SET %s", lies[i]);
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
		if (ak_restore_open(fx->root, path, &r, &error) == AK_OK)
			fail_msg("%s", lies[i]);
		assert_contains(error.text, "is damaged");
	}
	fx_set_state(fx, token, AK_ENDED);
	assert_reason(fx_verify(fx, token, "alice"), AK_REVOKED);
}

/* A record that stands in no table of keys, so that nobody would ever see it. */
static void
no_record_is_smuggled_into_a_delta_by_a_backup_R20(void **state)
{
	static const int64_t since[] = { 0, INT64_MAX - 1, INT64_MAX };
	struct fx *fx = *state;
	const char *path = fx_path(fx, "backup"), *hidden = fx_key(fx, "mallory");
	struct ak_key key = fx_load(fx, hidden)->key;
	struct ak_restore_view view;
	uint8_t packed[AK_PACKED_MAX];
	struct ak_error error;
	sqlite3_stmt *insert;
	sqlite3 *db;
	size_t len;

	fx_key(fx, "alice");
	strcpy(key.owner, "root");
	len = ak_key_pack(&key, packed);
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(ak_record_delete(fx->master, key.id, &error), AK_OK, &error);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	for (size_t i = 0; i < FX_COUNT(since); i++) {
		make_backup(fx, path);
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		assert_int_equal(
		    sqlite3_prepare_v2(
			db, "INSERT INTO delta VALUES (?1, ?2, ?3)", -1, &insert, NULL),
		    SQLITE_OK);
		sqlite3_bind_text(insert, 1, key.id, -1, SQLITE_STATIC);
		sqlite3_bind_int64(insert, 2, since[i]);
		sqlite3_bind_blob(insert, 3, packed, (int)len, SQLITE_STATIC);
		assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
		sqlite3_finalize(insert);
		sqlite3_close(db);
		restore(fx, path, true, &view);
		fx_delta(fx, 1, 100); /* as many keys have it */
		assert_reason(fx_verify(fx, hidden, "root"), AK_NOT_FOUND);
	}
}

/* SQLite keeps no checksums: a changed text may read as another text, and no more. */
static void
a_backup_with_a_changed_byte_is_refused_or_reads_to_its_end(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	const char *path = fx_path(fx, "backup"), *bad = fx_path(fx, "bad");
	struct ak_record was, is;
	struct ak_restore *r;
	struct ak_error error;
	size_t len, refused = 0;
	uint8_t *bytes;
	bool found;

	note(fx, "x");
	make_backup(fx, path);
	was = *fx_load(fx, token);
	bytes = fx_read(path, &len);
	for (size_t at = 0; at < len; at += 97) {
		bytes[at] ^= 0x41;
		fx_write(bad, bytes, len, 0600);
		bytes[at] ^= 0x41;
		if (ak_restore_open(fx->root, bad, &r, &error) != AK_OK) {
			refused++;
			continue;
		}
		assert_code(ak_record_by_id(
				ak_restore_master(r), was.key.id, &is, &found, &error),
		    AK_OK, &error);
		ak_restore_close(&r);
	}
	free(bytes);
	assert_true(refused > 10);
}

static void
a_backup_that_fails_leaves_no_file(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;

	fx_key(fx, "alice");
	assert_code(ak_backup_write(
			fx->master, fx_path(fx, "no/such"), false, NULL, NULL, &error),
	    AK_E_STORE, &error);
	fx_write(fx_path(fx, "there"), "x", 1, 0600);
	assert_code(ak_backup_write(
			fx->master, fx_path(fx, "there"), false, NULL, NULL, &error),
	    AK_E_CONFLICT, &error);
	assert_int_not_equal(access(fx_path(fx, "root/master/copy.new"), F_OK), 0);
}

static void
a_damaged_record_is_left_out_and_the_others_are_published(void **state)
{
	struct fx *fx = *state;
	const char *damaged = fx_key(fx, "alice"), *other = fx_key(fx, "bob");
	struct ak_error error;
	char id[AK_ID_LEN + 1], sql[128];

	snprintf(sql, sizeof(sql), "UPDATE key SET created_at = -7 WHERE id = '%s'",
	    fx_id(damaged));
	forge_run_on(ak_master_paths(fx->master)->master, sql);
	fx_load(fx, other)->key.state = AK_SWITCHED_OFF;
	fx_save(fx);
	assert_int_equal(ak_master_left_out(fx->master, id), 1);
	assert_string_equal(id, fx_id(damaged));
	assert_reason(fx_verify(fx, other, "bob"), AK_DISABLED);
	assert_reason(fx_verify(fx, damaged, "alice"), AK_NOT_FOUND);
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	ak_master_rollback(fx->master);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(a_restore_brings_back_what_was_and_goes_on_counting),
		FX_TEST(what_was_ended_since_stays_ended),
		FX_TEST(a_key_that_the_audit_does_not_know_counts_as_new),
		FX_TEST(a_backup_whose_numbers_lead_nowhere_is_refused_R26),
		FX_TEST(no_record_is_smuggled_into_a_delta_by_a_backup_R20),
		FX_TEST(a_backup_with_a_changed_byte_is_refused_or_reads_to_its_end),
		FX_TEST(a_backup_that_fails_leaves_no_file),
		FX_TEST(a_damaged_record_is_left_out_and_the_others_are_published),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
