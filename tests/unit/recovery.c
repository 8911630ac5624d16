/* SPDX-License-Identifier: BSD-2-Clause */
/* Recovery: tokens that are kept sealed, for whom they open and when they go. */
#include <string.h>

#include <sodium.h>

#include "../fixture.h"
#include "recovery.h"

/* Recovery with a pair of the test's own. */
static struct ak_recovery_pair
switch_on(struct fx *fx)
{
	struct ak_recovery_pair pair;
	struct ak_error error;

	crypto_box_keypair(pair.public, pair.secret);
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(ak_recovery_set(fx->master, pair.public, &error), AK_OK, &error);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	return pair;
}

static int64_t
kept(struct fx *fx)
{
	struct ak_error error;
	int64_t count;

	assert_code(ak_recovery_count(fx->master, &count, &error), AK_OK, &error);
	return count;
}

static void
nothing_is_kept_where_recovery_is_off(void **state)
{
	struct fx *fx = *state;
	const struct ak_record *r = fx_load(fx, fx_key(fx, "alice"));

	assert_int_equal(r->sealed_len, 0);
	assert_int_equal(kept(fx), 0);
}

static void
a_kept_token_opens_with_its_pair_and_no_other(void **state)
{
	struct fx *fx = *state;
	const char *before = fx_key(fx, "alice"), *token, *second;
	struct ak_recovery_pair pair = switch_on(fx), other;
	struct ak_record record;
	char opened[AK_TOKEN_MAX + 1];

	crypto_box_keypair(other.public, other.secret);
	token = fx_key(fx, "alice");
	second = fx_key(fx, "alice");
	assert_int_equal(kept(fx), 2);
	assert_int_equal(fx_load(fx, before)->sealed_len, 0);
	record = *fx_load(fx, token);
	assert_true(ak_recovery_open(&pair, &record, opened));
	assert_string_equal(opened, token);
	assert_true(ak_recovery_open(&pair, fx_load(fx, second), opened));
	assert_string_equal(opened, second);
	assert_false(ak_recovery_open(&other, &record, opened));
	assert_string_equal(opened, "");
	memcpy(other.public, pair.public, sizeof(other.public));
	assert_false(ak_recovery_open(&other, &record, opened));
}

static void
a_sealed_token_is_no_answer_for_another_key(void **state)
{
	struct fx *fx = *state;
	struct ak_recovery_pair pair = switch_on(fx);
	struct ak_record a = *fx_load(fx, fx_key(fx, "alice"));
	struct ak_record b = *fx_load(fx, fx_key(fx, "bob"));
	char opened[AK_TOKEN_MAX + 1];

	memcpy(a.sealed, b.sealed, sizeof(a.sealed));
	assert_false(ak_recovery_open(&pair, &a, opened));
	assert_string_equal(opened, "");
}

static void
a_sealed_token_of_any_other_length_or_byte_does_not_open(void **state)
{
	struct fx *fx = *state;
	struct ak_recovery_pair pair = switch_on(fx);
	struct ak_record whole = *fx_load(fx, fx_key(fx, "alice")), r;
	char opened[AK_TOKEN_MAX + 1];

	for (size_t len = 0; len <= AK_SEALED_MAX + 1; len++) {
		r = whole;
		r.sealed_len = len;
		assert_int_equal(
		    ak_recovery_open(&pair, &r, opened), len == whole.sealed_len);
	}
	for (size_t i = 0; i < whole.sealed_len; i++) {
		r = whole;
		r.sealed[i] ^= 1;
		assert_false(ak_recovery_open(&pair, &r, opened));
		assert_string_equal(opened, "");
	}
}

static void
a_record_that_wants_no_recovery_is_not_kept(void **state)
{
	struct fx *fx = *state;
	struct ak_record r = fx_record("alice");

	switch_on(fx);
	r.no_recovery = true;
	assert_int_equal(fx_load(fx, fx_issue(fx, &r))->sealed_len, 0);
	assert_true(fx->record.no_recovery);
	assert_int_equal(kept(fx), 0);
}

static void
a_token_is_kept_through_changes_until_its_key_ends(void **state)
{
	struct fx *fx = *state;
	struct ak_recovery_pair pair = switch_on(fx);
	const char *token = fx_key(fx, "alice");
	char opened[AK_TOKEN_MAX + 1];

	fx_set_state(fx, token, AK_SWITCHED_OFF);
	assert_true(ak_recovery_open(&pair, fx_load(fx, token), opened));
	fx_set_state(fx, token, AK_ENDED);
	assert_int_equal(fx_load(fx, token)->sealed_len, 0);
	assert_int_equal(kept(fx), 0);
}

static void
a_key_that_wants_no_recovery_later_is_forgotten_as_well(void **state)
{
	struct fx *fx = *state;
	const char *token;

	switch_on(fx);
	token = fx_key(fx, "alice");
	fx_load(fx, token)->no_recovery = true;
	fx_save(fx);
	assert_int_equal(fx_load(fx, token)->sealed_len, 0);
	assert_int_equal(kept(fx), 0);
}

static void
what_is_switched_off_forgets_all(void **state)
{
	struct fx *fx = *state;
	const char *token;
	struct ak_installation is;
	struct ak_error error;

	switch_on(fx);
	token = fx_key(fx, "alice");
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(ak_recovery_forget(fx->master, &error), AK_OK, &error);
	assert_code(ak_recovery_set(fx->master, NULL, &error), AK_OK, &error);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	assert_int_equal(fx_load(fx, token)->sealed_len, 0);
	assert_code(ak_master_installation(fx->master, &is, &error), AK_OK, &error);
	assert_false(is.recovery);
	assert_reason(fx_verify(fx, token, "alice"), AK_VALID);
}

/* The all-zero point is no public key: what it sealed, everybody could open. */
static void
no_key_is_made_where_the_public_key_cannot_be_one(void **state)
{
	static const uint8_t zero[AK_RECOVERY_KEY_LEN];
	struct fx *fx = *state;
	struct ak_record r = fx_record("alice");
	char token[AK_TOKEN_MAX + 1];
	struct ak_error error;

	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(ak_recovery_set(fx->master, zero, &error), AK_OK, &error);
	assert_code(ak_record_issue(fx->master, &r, token, &error), AK_E_STORE, &error);
	assert_contains(error.text, "recovery off");
	assert_int_equal(r.sealed_len, 0);
	ak_master_rollback(fx->master);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FX_TEST(nothing_is_kept_where_recovery_is_off),
		FX_TEST(a_kept_token_opens_with_its_pair_and_no_other),
		FX_TEST(a_sealed_token_is_no_answer_for_another_key),
		FX_TEST(a_sealed_token_of_any_other_length_or_byte_does_not_open),
		FX_TEST(a_record_that_wants_no_recovery_is_not_kept),
		FX_TEST(a_token_is_kept_through_changes_until_its_key_ends),
		FX_TEST(a_key_that_wants_no_recovery_later_is_forgotten_as_well),
		FX_TEST(what_is_switched_off_forgets_all),
		FX_TEST(no_key_is_made_where_the_public_key_cannot_be_one),
	};

	return cmocka_run_group_tests_name("recovery", tests, NULL, NULL);
}
