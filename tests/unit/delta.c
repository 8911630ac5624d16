/* SPDX-License-Identifier: BSD-2-Clause */
/* A big store and its delta: what a change writes, what damage does, and which files go
 * together (SECURITY R20, R26, R28). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../fixture.h"
#include "master_private.h"
#include "store.h"

/* Is the file the one that it was before? */
static bool
is_same_file(const char *path, const struct stat *before)
{
	struct stat now;

	assert_int_equal(lstat(path, &now), 0);
	return now.st_ino == before->st_ino &&
	       now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

static void
a_change_leaves_the_store_and_writes_the_delta(void **state)
{
	struct fx *fx = *state;
	const char *token;
	struct stat store;

	fx_key(fx, "alice");
	fx_delta(fx, 1, 100);
	assert_int_equal(stat(fx->store, &store), 0);
	token = fx_key(fx, "alice");
	assert_reason(fx_verify(fx, token, "alice"), AK_VALID);
	fx_set_state(fx, token, AK_SWITCHED_OFF);
	assert_reason(fx_verify(fx, token, "alice"), AK_DISABLED);
	fx_set_owner(fx, "alice", true, false);
	fx_set_state(fx, token, AK_ENABLED);
	assert_reason(fx_verify(fx, token, "alice"), AK_OWNER_SUSPENDED);
	assert_true(is_same_file(fx->store, &store));
}

static void
a_small_store_has_none(void **state)
{
	struct fx *fx = *state;
	struct ak_store store;
	struct ak_error error;

	fx_delta(fx, 3, 100);
	fx_key(fx, "alice");
	fx_key(fx, "alice");
	assert_code(ak_store_open(fx->store, geteuid(), &store, &error), AK_OK, &error);
	assert_int_equal(store.meta.delta, 0);
	ak_store_close(&store);
	fx_key(fx, "alice");
	assert_int_equal(access(fx_delta_path(fx), F_OK), 0);
}

static void
more_than_it_holds_writes_the_store_once(void **state)
{
	struct fx *fx = *state;
	char first[FX_PATH];
	struct stat store;
	struct ak_error error;
	bool merged;

	for (unsigned i = 0; i < 20; i++)
		fx_key(fx, "alice");
	fx_delta(fx, 1, 10);
	assert_int_equal(stat(fx->store, &store), 0);
	snprintf(first, sizeof(first), "%s", fx_delta_path(fx));
	/* Twenty keys at once, by their owner. */
	fx_set_owner(fx, "alice", true, false);
	assert_false(is_same_file(fx->store, &store));
	assert_int_equal(access(first, F_OK), -1);
	assert_int_equal(access(fx_delta_path(fx), F_OK), 0);
	fx_answers_as_the_master(fx);
	/* Half of it is enough for the timer. */
	assert_int_equal(stat(fx->store, &store), 0);
	for (unsigned i = 0; i < 5; i++) {
		assert_code(ak_master_merge(fx->master, FX_NOW, &merged, &error), AK_OK,
		    &error);
		assert_false(merged);
		fx_set_state(fx, fx->tokens[i], AK_SWITCHED_OFF);
	}
	assert_true(is_same_file(fx->store, &store));
	assert_code(
	    ak_master_merge(fx->master, FX_NOW, &merged, &error), AK_OK, &error);
	assert_true(merged && !is_same_file(fx->store, &store));
	fx_answers_as_the_master(fx);
}

/* More ids than fit in one bucket, however many buckets are tried. */
static void
ids_that_crowd_are_published_whole(void **state)
{
	struct fx *fx = *state;
	struct ak_record r;
	struct ak_error error;
	struct stat store;
	unsigned found = 0;

	fx_delta(fx, 0, 100);
	assert_int_equal(stat(fx->store, &store), 0);
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	for (uint32_t i = 0; found <= AK_DELTA_BUCKET_MAX; i++) {
		r = fx_record("alice");
		snprintf(r.key.id, sizeof(r.key.id), "%08u", i);
		r.key.scheme = AK_SCHEME_BLAKE2B;
		if (ak_delta_bucket(r.key.id, 4096) != 0)
			continue;
		found++;
		assert_code(ak_record_add(fx->master, &r, &error), AK_OK, &error);
	}
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	assert_false(is_same_file(fx->store, &store));
	assert_reason(fx_verify(fx, fx_key(fx, "alice"), "alice"), AK_VALID);
}

/* What damage makes of a field, whatever the table's checks say of it. */
static void
what_no_login_would_read_holds_no_change_of_its_owner_up_R26(void **state)
{
	static const char *const damages[] = { "state = 7", "scheme = 2",
		"services = 'a' || char(0) || 'b'" };
	const char *good, *bad;
	struct ak_error error;
	char sql[256], id[AK_ID_LEN + 1];
	struct fx *fx;
	void *each;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(damages); i++) {
		assert_int_equal(fx_setup(&each), 0);
		fx = each;
		good = fx_key(fx, "alice");
		bad = fx_key(fx, "alice");
		fx_delta(fx, 1, 100);
		snprintf(sql, sizeof(sql),
		    "PRAGMA ignore_check_constraints = 1;"
		    "UPDATE key SET %s WHERE id = '%s'",
		    damages[i], fx_id(bad));
		assert_code(ak_execute(&fx->master->db, sql, &error), AK_OK, &error);
		fx_set_owner(fx, "alice", true, false);
		assert_int_equal(ak_master_left_out(fx->master, id), 1);
		assert_string_equal(id, fx_id(bad));
		assert_reason(fx_verify(fx, good, "alice"), AK_OWNER_SUSPENDED);
		assert_reason(fx_verify(fx, bad, "alice"), AK_NOT_FOUND);
		assert_int_equal(fx_teardown(&each), 0);
	}
}

static void
a_key_that_cannot_be_read_closes_itself_alone(void **state)
{
	struct fx *fx = *state;
	const char *good = fx_key(fx, "alice"), *bad = fx_key(fx, "alice");
	struct ak_error error;
	char sql[256], id[AK_ID_LEN + 1];

	fx_delta(fx, 1, 100);
	snprintf(sql, sizeof(sql), "UPDATE key SET expires_at = -5 WHERE id = '%s'",
	    fx_id(bad));
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(ak_execute(&fx->master->db, sql, &error), AK_OK, &error);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	assert_int_equal(ak_master_left_out(fx->master, id), 1);
	assert_string_equal(id, fx_id(bad));
	assert_reason(fx_verify(fx, bad, "alice"), AK_NOT_FOUND);
	assert_reason(fx_verify(fx, good, "alice"), AK_VALID);
	fx_set_state(fx, good, AK_SWITCHED_OFF);
	assert_reason(fx_verify(fx, good, "alice"), AK_DISABLED);
}

/* A store with two keys: the first was disabled since, the second is as it was. */
static void
two_keys(struct fx *fx)
{
	fx_key(fx, "alice");
	fx_key(fx, "alice");
	fx_delta(fx, 1, 100);
	fx_set_state(fx, fx->tokens[0], AK_SWITCHED_OFF);
}

static void
no_damage_revives_a_key_R20(void **state)
{
	struct fx *fx = *state;
	uint64_t seed = 20;
	unsigned closed = 0, loops;
	const char *path;
	uint8_t *bytes;
	size_t len, at;

	two_keys(fx);
	for (unsigned i = 0; i < 30; i++)
		fx_set_state(fx, fx_key(fx, "alice"), AK_SWITCHED_OFF);
	path = fx_delta_path(fx);
	bytes = fx_read(path, &len);
	loops = fx_loops((unsigned)len);
	for (unsigned n = 0; n < loops; n++) {
		uint8_t bit = (uint8_t)(1U << fx_random(&seed) % 8);

		at = loops == len ? n : fx_random(&seed) % len;
		bytes[at] ^= bit;
		fx_write(path, bytes, len, 0640);
		bytes[at] ^= bit;
		for (unsigned i = 0; i < fx->issued; i++) {
			enum ak_reason r = fx_verify(fx, fx->tokens[i], "alice");

			closed += r == AK_STORE_UNAVAILABLE;
			if (r != AK_STORE_UNAVAILABLE)
				assert_reason(r, i == 1 ? AK_VALID : AK_DISABLED);
		}
	}
	assert_true(closed > loops); /* a damaged bucket closes all that are in it */
	for (at = 0; at < len; at += 1 + len / 200) {
		fx_write(path, bytes, at, 0640);
		assert_reason(
		    fx_verify(fx, fx->tokens[0], "alice"), AK_STORE_UNAVAILABLE);
		assert_reason(
		    fx_verify(fx, fx->tokens[1], "alice"), AK_STORE_UNAVAILABLE);
	}
	fx_write(path, bytes, len, 0640);
	assert_reason(fx_verify(fx, fx->tokens[1], "alice"), AK_VALID);
	free(bytes);
}

/* Its generation and the floor under the clock, too, on which no key depends here. */
static void
a_head_that_was_changed_is_none_R18_R28(void **state)
{
	struct fx *fx = *state;
	const char *path;
	uint8_t *bytes;
	size_t len;

	two_keys(fx);
	path = fx_delta_path(fx);
	bytes = fx_read(path, &len);
	for (size_t at = 0; at < AK_DELTA_HEAD_LEN; at++) {
		bytes[at] ^= 1;
		fx_write(path, bytes, len, 0640);
		bytes[at] ^= 1;
		assert_reason(
		    fx_verify(fx, fx->tokens[1], "alice"), AK_STORE_UNAVAILABLE);
	}
	fx_write(path, bytes, len, 0640);
	assert_reason(fx_verify(fx, fx->tokens[1], "alice"), AK_VALID);
	free(bytes);
}

/* Verify the first key with `file` in the place of the delta. */
static enum ak_reason
with_delta(struct fx *fx, const char *file)
{
	fx_copy(file, fx_delta_path(fx));
	return fx_verify(fx, fx->tokens[0], "alice");
}

static void
a_store_is_never_read_with_the_delta_of_another(void **state)
{
	struct fx *fx = *state;
	const char *old_store = fx_path(fx, "old.store");
	const char *old_delta = fx_path(fx, "old.delta");
	struct ak_error error;

	two_keys(fx);
	fx_set_state(fx, fx->tokens[0], AK_ENABLED);
	fx_copy(fx->store, old_store);
	fx_copy(fx_delta_path(fx), old_delta);
	assert_code(ak_master_publish(fx->master, FX_NOW, &error), AK_OK, &error);
	fx_set_state(fx, fx->tokens[0], AK_SWITCHED_OFF);
	assert_reason(fx_verify(fx, fx->tokens[0], "alice"), AK_DISABLED);
	/* Under the name of the new, and the old store without its own. */
	assert_reason(with_delta(fx, old_delta), AK_STORE_UNAVAILABLE);
	fx_copy(old_store, fx->store);
	assert_reason(fx_verify(fx, fx->tokens[0], "alice"), AK_STORE_UNAVAILABLE);
	/* Each is healed by the next command. */
	assert_true(fx_heal(fx));
	assert_reason(fx_verify(fx, fx->tokens[0], "alice"), AK_DISABLED);
	assert_int_equal(unlink(fx_delta_path(fx)), 0);
	assert_true(fx_heal(fx));
	assert_false(fx_heal(fx));
	assert_reason(fx_verify(fx, fx->tokens[0], "alice"), AK_DISABLED);
}

static void
an_older_master_is_published_whole_and_only_when_asked_R26(void **state)
{
	struct fx *fx = *state;
	const char *kept = fx_path(fx, "kept.db");
	const struct ak_paths *paths = ak_master_paths(fx->master);
	struct ak_error error;
	struct stat store;
	int64_t generation;
	bool healed;

	two_keys(fx);
	ak_master_close(&fx->master);
	fx_reopen(fx);
	fx_copy(paths->master, kept);
	fx_set_state(fx, fx->tokens[1], AK_SWITCHED_OFF);
	assert_code(ak_master_publish(fx->master, FX_NOW, &error), AK_OK, &error);
	assert_int_equal(stat(fx->store, &store), 0);
	ak_master_close(&fx->master);
	fx_copy(kept, fx_path(fx, "root/master/master.db"));
	fx_reopen(fx);
	assert_int_equal(
	    ak_master_heal(fx->master, FX_NOW, &healed, &error), AK_E_STORE);
	assert_int_equal(ak_master_begin(fx->master, &error), AK_E_STORE);
	assert_true(is_same_file(fx->store, &store));
	assert_reason(fx_verify(fx, fx->tokens[1], "alice"), AK_DISABLED);
	generation = fx_meta(fx).generation;
	/* The store alone tells it, too. */
	assert_int_equal(unlink(fx_delta_path(fx)), 0);
	assert_int_equal(ak_master_not_older(fx->master, &error), AK_E_STORE);

	/* What it has noted is of another store. */
	assert_code(ak_master_publish(fx->master, FX_NOW, &error), AK_OK, &error);
	assert_false(is_same_file(fx->store, &store));
	assert_true(fx_meta(fx).generation >= generation);
	fx_answers_as_the_master(fx);
	fx_set_state(fx, fx->tokens[1], AK_ENDED);
	fx_answers_as_the_master(fx);
}

static void
a_login_that_is_asked_again_sees_a_change_of_the_delta(void **state)
{
	struct fx *fx = *state;
	struct ak_request request = fx_request("alice");
	struct ak_verdict verdict;
	const char *token;

	two_keys(fx);
	token = fx->tokens[1];
	ak_verify(&fx->source, token, strlen(token), &request, &verdict);
	assert_reason(verdict.reason, AK_VALID);
	assert_true(ak_store_is_still(fx->store, &verdict.mark));
	ak_verify_again(&fx->source, &request, &verdict);
	assert_reason(verdict.reason, AK_VALID);
	fx_set_state(fx, token, AK_SWITCHED_OFF);
	ak_verify_again(&fx->source, &request, &verdict);
	assert_reason(verdict.reason, AK_DISABLED);
}

static void
the_floor_under_the_clock_is_the_deltas_R28(void **state)
{
	struct fx *fx = *state;

	two_keys(fx);
	fx_publish(fx, FX_NOW + 1000);
	assert_int_equal(fx_meta(fx).published_at, FX_NOW + 1000);
	fx_publish(fx, FX_NOW); /* it does not sink by itself */
	assert_int_equal(fx_meta(fx).published_at, FX_NOW + 1000);
}

/* Whatever writes the store, and whichever of the two files is lost. */
static void
the_floor_outlives_a_merge_and_the_loss_of_the_delta_R28(void **state)
{
	struct fx *fx = *state;
	struct ak_store store;
	struct ak_error error;
	bool merged;

	two_keys(fx);
	fx_publish(fx, FX_NOW + 1000);
	fx->master->limits.rows = 1000; /* of which few are left */
	assert_code(
	    ak_master_merge(fx->master, FX_NOW, &merged, &error), AK_OK, &error);
	assert_true(merged);
	assert_int_equal(fx_meta(fx).published_at, FX_NOW + 1000);
	assert_code(
	    ak_store_open_alone(fx->store, geteuid(), &store, &error), AK_OK, &error);
	assert_int_equal(store.meta.published_at, FX_NOW + 1000);
	ak_store_close(&store);
	assert_int_equal(unlink(fx_delta_path(fx)), 0);
	assert_true(fx_heal(fx)); /* by a clock that was set back */
	assert_int_equal(fx_meta(fx).published_at, FX_NOW + 1000);
}

static void
old_deltas_are_taken_away(void **state)
{
	struct fx *fx = *state;
	char stray[FX_PATH + 64];
	struct ak_error error;

	two_keys(fx);
	snprintf(stray, sizeof(stray), "%s/keys.delta.0123456789abcdef.db", fx->root);
	fx_copy(fx_delta_path(fx), stray);
	assert_code(ak_master_publish(fx->master, FX_NOW, &error), AK_OK, &error);
	assert_int_equal(access(stray, F_OK), -1);
	assert_int_equal(access(fx_delta_path(fx), F_OK), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_change_leaves_the_store_and_writes_the_delta),
		FX_TEST(a_small_store_has_none),
		FX_TEST(more_than_it_holds_writes_the_store_once),
		FX_TEST(ids_that_crowd_are_published_whole),
		cmocka_unit_test(
		    what_no_login_would_read_holds_no_change_of_its_owner_up_R26),
		FX_TEST(a_key_that_cannot_be_read_closes_itself_alone),
		FX_TEST(no_damage_revives_a_key_R20),
		FX_TEST(a_head_that_was_changed_is_none_R18_R28),
		FX_TEST(a_store_is_never_read_with_the_delta_of_another),
		FX_TEST(an_older_master_is_published_whole_and_only_when_asked_R26),
		FX_TEST(a_login_that_is_asked_again_sees_a_change_of_the_delta),
		FX_TEST(the_floor_under_the_clock_is_the_deltas_R28),
		FX_TEST(the_floor_outlives_a_merge_and_the_loss_of_the_delta_R28),
		FX_TEST(old_deltas_are_taken_away),
	};

	return cmocka_run_group_tests_name("delta", tests, NULL, NULL);
}
