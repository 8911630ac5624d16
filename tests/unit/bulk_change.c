/* SPDX-License-Identifier: BSD-2-Clause */
/* Many keys in one change: what is left to its end is done there. */
#include <stdlib.h>
#include <string.h>

#include "../fixture.h"
#include "bulk_change.h"
#include "master_private.h"

static void
begin(struct fx *fx, struct ak_bulk_change **bulk)
{
	struct ak_error error;

	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(ak_bulk_change_begin(fx->master, bulk, &error), AK_OK, &error);
}

/* A record that the table takes. */
static struct ak_record
sound(const char *id)
{
	struct ak_record r = fx_record("alice");

	memcpy(r.key.id, id, AK_ID_LEN + 1);
	r.key.scheme = AK_SCHEME_BLAKE2B;
	return r;
}

static void
put(struct fx *fx, const struct ak_record *r)
{
	struct ak_error error;

	assert_code(ak_record_add(fx->master, r, &error), AK_OK, &error);
}

static int64_t
number(struct fx *fx, const char *sql)
{
	struct ak_error error;
	int64_t value = -1;

	assert_code(ak_pragma(&fx->master->db, sql, &value, &error), AK_OK, &error);
	return value;
}

#define TAGS "SELECT count(*) FROM key_tag WHERE tag IN ('blue', 'red')"
#define SCHEMA "SELECT sum(length(sql)) FROM sqlite_schema"

static void
tags_of_new_keys_are_noted_at_the_end(void **state)
{
	struct fx *fx = *state;
	struct ak_record one = sound("22222222"), other = sound("33333333");
	struct ak_bulk_change *bulk;
	struct ak_error error;
	int64_t schema = number(fx, SCHEMA);

	strcpy(one.tags, "blue red");
	strcpy(other.tags, "blue");
	begin(fx, &bulk);
	put(fx, &one);
	put(fx, &other);
	assert_int_equal(number(fx, TAGS), 0);
	assert_code(ak_bulk_change_end(fx->master, &bulk, true, &error), AK_OK, &error);
	assert_null(bulk);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	assert_int_equal(number(fx, TAGS), 3);
	assert_int_equal(number(fx, SCHEMA), schema);
	assert_int_equal(number(fx, "PRAGMA ignore_check_constraints"), 0);
}

static void
spoil_scheme(struct ak_record *r)
{
	r->key.scheme = 2;
}

static void
spoil_state(struct ak_record *r)
{
	r->key.state = (enum ak_state)7;
}

static void
spoil_end(struct ak_record *r)
{
	r->key.state = AK_ENDED;
}

static void
spoil_times(struct ak_record *r)
{
	r->key.not_before = r->key.expires_at = FX_NOW;
}

static void
spoil_id(struct ak_record *r)
{
	r->key.id[AK_ID_LEN - 1] = '\0';
}

/* What the checks of the table refuse one by one is refused at the end. */
static void
an_impossible_key_is_refused_at_the_end_R19(void **state)
{
	static void (*const spoils[])(struct ak_record *) = { spoil_scheme, spoil_state,
		spoil_end, spoil_times, spoil_id };
	struct fx *fx = *state;
	struct ak_bulk_change *bulk;
	struct ak_error error;

	for (size_t i = 0; i < FX_COUNT(spoils); i++) {
		struct ak_record r = sound("22222222");

		spoils[i](&r);
		begin(fx, &bulk);
		put(fx, &r);
		assert_code(ak_bulk_change_end(fx->master, &bulk, true, &error),
		    AK_E_CONFLICT, &error);
		ak_master_rollback(fx->master);
		/* And at once again. */
		assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
		assert_code(
		    ak_record_add(fx->master, &r, &error), AK_E_CONFLICT, &error);
		ak_master_rollback(fx->master);
	}
}

static void
what_is_undone_leaves_all_as_it_was(void **state)
{
	struct fx *fx = *state;
	struct ak_record r = sound("22222222");
	struct ak_bulk_change *bulk;
	struct ak_error error;
	int64_t schema = number(fx, SCHEMA);

	begin(fx, &bulk);
	put(fx, &r);
	assert_true(number(fx, SCHEMA) < schema);
	assert_code(
	    ak_bulk_change_end(fx->master, &bulk, false, &error), AK_OK, &error);
	ak_master_rollback(fx->master);
	assert_int_equal(number(fx, SCHEMA), schema);
	assert_int_equal(number(fx, "SELECT count(*) FROM key"), 0);
	assert_int_equal(number(fx, "PRAGMA ignore_check_constraints"), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(tags_of_new_keys_are_noted_at_the_end),
		FX_TEST(an_impossible_key_is_refused_at_the_end_R19),
		FX_TEST(what_is_undone_leaves_all_as_it_was),
	};

	return cmocka_run_group_tests_name("bulk_change", tests, NULL, NULL);
}
