/* SPDX-License-Identifier: BSD-2-Clause */
/* Rotation in the master: what a successor inherits, when the old key ends, and what is
 * not rotated. */
#include <stdio.h>
#include <string.h>

#include "../fixture.h"
#include "rotate.h"

#define DAY 86400

/* A rotation of a key, published when it is done. */
struct turn {
	struct ak_record old, new;
	char token[AK_TOKEN_MAX + 1];
	struct ak_error error;
};

static enum ak_code
rotate(
    struct fx *fx, const char *token, const struct ak_rotation *plan, struct turn *turn)
{
	struct ak_rotation whole = *plan;
	enum ak_code code;
	bool found;

	whole.now = FX_NOW;
	whole.by = "root";
	memset(turn, 0, sizeof(*turn));
	assert_code(ak_master_begin(fx->master, &turn->error), AK_OK, &turn->error);
	assert_code(
	    ak_record_by_id(fx->master, fx_id(token), &turn->old, &found, &turn->error),
	    AK_OK, &turn->error);
	assert_true(found);
	code = ak_key_rotate(
	    fx->master, &turn->old, &whole, &turn->new, turn->token, &turn->error);
	if (code == AK_OK)
		code = ak_master_commit(fx->master, FX_NOW, &turn->error);
	else
		ak_master_rollback(fx->master);
	return code;
}

static const struct ak_rotation at_once = { .until = AK_NO_TIME };
static const struct ak_rotation week = { .until = FX_NOW + 7 * DAY };

/* A record in which every field is something else than its default. */
static struct ak_record
rich_record(void)
{
	struct ak_record r = fx_record("alice");

	strcpy(r.description, "for the build");
	strcpy(r.tags, "a b");
	strcpy(r.key.services, "nginx sshd");
	strcpy(r.key.scopes, "repo:read");
	strcpy(r.key.networks, "192.0.2.0/24");
	r.key.not_before = FX_NOW - DAY;
	r.key.expires_at = FX_NOW + 30 * DAY;
	r.created_at = FX_NOW - DAY;
	r.no_recovery = true;
	return r;
}

static void
a_successor_has_all_settings_and_no_past(void **state)
{
	struct fx *fx = *state;
	struct ak_record was = rich_record(), is;
	const char *token = fx_issue(fx, &was);
	struct turn turn;

	assert_code(rotate(fx, token, &at_once, &turn), AK_OK, &turn.error);
	is = turn.new;
	assert_string_not_equal(is.key.id, was.key.id);
	assert_memory_not_equal(is.key.digest, was.key.digest, AK_DIGEST_LEN);
	memcpy(is.key.id, was.key.id, sizeof(is.key.id));
	memcpy(is.key.digest, was.key.digest, AK_DIGEST_LEN);
	assert_memory_equal(&is.key, &was.key, sizeof(is.key));
	assert_string_equal(is.description, was.description);
	assert_string_equal(is.tags, was.tags);
	assert_string_equal(is.created_by, "root");
	assert_int_equal(is.created_at, FX_NOW);
	assert_int_equal(is.activated_at, FX_NOW);
	assert_true(is.no_recovery);
	assert_string_equal(is.replaced_by, "");
	assert_string_equal(turn.old.replaced_by, turn.new.key.id);
	assert_reason(fx_verify(fx, token, "alice"), AK_REVOKED);
	assert_string_equal(turn.old.revoked_by, "root");
}

static void
the_old_key_ends_at_the_earlier_of_its_own_end_and_the_overlap(void **state)
{
	static const struct {
		int64_t own, until, ends;
	} ends[] = {
		{ AK_NO_TIME, FX_NOW + DAY, FX_NOW + DAY },
		{ FX_NOW + 2 * DAY, FX_NOW + DAY, FX_NOW + DAY },
		{ FX_NOW + DAY, FX_NOW + 2 * DAY, FX_NOW + DAY },
		{ FX_NOW + 1, FX_NOW + 1, FX_NOW + 1 },
	};
	struct fx *fx = *state;
	struct turn turn;

	for (size_t i = 0; i < FX_COUNT(ends); i++) {
		struct ak_record record = fx_record("alice");
		struct ak_rotation plan = { .until = ends[i].until };
		const char *token;

		record.key.expires_at = ends[i].own;
		token = fx_issue(fx, &record);
		assert_code(rotate(fx, token, &plan, &turn), AK_OK, &turn.error);
		assert_int_equal(turn.old.key.expires_at, ends[i].ends);
		assert_int_equal(turn.new.key.expires_at, ends[i].own);
		assert_reason(fx_verify(fx, token, "alice"), AK_VALID);
		assert_reason(fx_verify(fx, turn.token, "alice"), AK_VALID);
	}
}

static void
a_drain_without_a_date_leaves_the_old_end(void **state)
{
	struct fx *fx = *state;
	struct ak_rotation plan = { .drain = true, .until = AK_NO_TIME };
	const char *token = fx_key(fx, "alice");
	struct turn turn;

	assert_code(rotate(fx, token, &plan, &turn), AK_OK, &turn.error);
	assert_int_equal(turn.old.key.expires_at, AK_NO_TIME);
	assert_int_equal(turn.old.draining_since, FX_NOW);
	assert_int_equal(turn.new.draining_since, AK_NO_TIME);
	assert_reason(fx_verify(fx, token, "alice"), AK_VALID);
}

static void
a_key_that_begins_after_its_overlap_ends_at_once(void **state)
{
	struct fx *fx = *state;
	struct ak_record record = fx_record("alice");
	struct turn turn;

	record.key.not_before = FX_NOW + 30 * DAY;
	assert_code(
	    rotate(fx, fx_issue(fx, &record), &week, &turn), AK_OK, &turn.error);
	assert_int_equal(turn.old.key.state, AK_ENDED);
	assert_int_equal(turn.new.key.not_before, FX_NOW + 30 * DAY);
}

static void
another_expiry_counts_for_the_new_key_alone(void **state)
{
	struct fx *fx = *state;
	struct ak_rotation plan = { .until = FX_NOW + DAY, .dated = true };
	struct ak_record record = rich_record();
	const char *token = fx_issue(fx, &record);
	struct turn turn;

	plan.expires_at = record.key.not_before;
	assert_code(rotate(fx, token, &plan, &turn), AK_E_USAGE, &turn.error);
	plan.expires_at = AK_NO_TIME;
	assert_code(rotate(fx, token, &plan, &turn), AK_OK, &turn.error);
	assert_int_equal(turn.new.key.expires_at, AK_NO_TIME);
	assert_int_equal(turn.old.key.expires_at, FX_NOW + DAY);
}

static void
what_is_not_rotated_stays_as_it_is(void **state)
{
	struct fx *fx = *state;
	struct ak_record records[3] = { fx_record("alice"), fx_record("alice"),
		fx_record("alice") };
	static const char *const why[] = { "is revoked", "is a decoy", "has expired" };
	struct turn turn;

	records[0].key.state = AK_ENDED;
	records[0].revoked_at = FX_NOW;
	records[1].key.decoy = true;
	records[2].key.expires_at = FX_NOW;
	for (size_t i = 0; i < FX_COUNT(records); i++) {
		const char *token = fx_issue(fx, &records[i]);
		int64_t generation = fx_generation(fx);

		assert_code(
		    rotate(fx, token, &at_once, &turn), AK_E_CONFLICT, &turn.error);
		assert_contains(turn.error.text, why[i]);
		assert_string_equal(turn.token, "");
		assert_int_equal(fx_generation(fx), generation);
	}
}

static void
a_replaced_key_names_the_successor_that_lives(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	char replaces[AK_ID_LEN + 1];
	struct turn first, second, third;

	assert_code(rotate(fx, token, &week, &first), AK_OK, &first.error);
	assert_code(rotate(fx, first.token, &at_once, &second), AK_OK, &second.error);
	assert_code(rotate(fx, token, &week, &third), AK_E_CONFLICT, &third.error);
	assert_contains(third.error.text, second.new.key.id);
	assert_code(
	    ak_key_replaces(fx->master, second.new.key.id, replaces, &third.error),
	    AK_OK, &third.error);
	assert_string_equal(replaces, first.new.key.id);
	assert_code(ak_key_replaces(fx->master, fx_id(token), replaces, &third.error),
	    AK_OK, &third.error);
	assert_string_equal(replaces, "");
	/* None lives any more: then it may be replaced again. */
	fx_set_state(fx, second.token, AK_ENDED);
	assert_code(rotate(fx, token, &week, &third), AK_OK, &third.error);
	assert_reason(fx_verify(fx, third.token, "alice"), AK_VALID);
}

static void
a_name_that_was_given_away_meanwhile_is_not_taken(void **state)
{
	struct fx *fx = *state;
	struct ak_record record = fx_record("alice"), other = fx_record("alice");
	const char *token = fx_issue(fx, &record);
	struct turn turn;

	assert_code(rotate(fx, token, &week, &turn), AK_OK, &turn.error);
	fx_set_state(fx, turn.token, AK_ENDED);
	memcpy(other.key.name, record.key.name, sizeof(other.key.name));
	fx_issue(fx, &other);
	assert_code(rotate(fx, token, &week, &turn), AK_E_CONFLICT, &turn.error);
	assert_contains(turn.error.text, "has a key named");
	assert_reason(fx_verify(fx, token, "alice"), AK_VALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(a_successor_has_all_settings_and_no_past),
		FX_TEST(the_old_key_ends_at_the_earlier_of_its_own_end_and_the_overlap),
		FX_TEST(a_drain_without_a_date_leaves_the_old_end),
		FX_TEST(a_key_that_begins_after_its_overlap_ends_at_once),
		FX_TEST(another_expiry_counts_for_the_new_key_alone),
		FX_TEST(what_is_not_rotated_stays_as_it_is),
		FX_TEST(a_replaced_key_names_the_successor_that_lives),
		FX_TEST(a_name_that_was_given_away_meanwhile_is_not_taken),
	};

	return cmocka_run_group_tests_name("rotate", tests, NULL, NULL);
}
