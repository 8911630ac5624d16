/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores that somebody built by hand, with right modes and right seals, and with what
 * publish would never write: refused, and never read as less than was meant (R19, R20).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../forge.h"
#include "btree.h"
#include "sql.h"

static void
a_right_store_made_by_hand_is_read(void **state)
{
	struct fx *fx = *state;
	struct forged meta = forge_meta(), record = forge_record();
	struct ak_key key, wanted = forge_key();

	forge_store(fx, &meta, &record);
	assert_int_equal(forge_find(fx, &key), AK_OK);
	assert_memory_equal(&key, &wanted, sizeof(key));
	forge_seal(FORGED_ID, &record); /* and the tests' own seal is the right one */
	forge_store(fx, &meta, &record);
	assert_int_equal(forge_find(fx, &key), AK_OK);
}

/* Offsets in a packed key, as pack.h has them. */
enum { SCHEME = 0, STATE = 1, FLAGS = 2, NOT_BEFORE = 3, EXPIRES_AT = 11, OWNER = 51 };

static void
put(struct forged *p, size_t at, uint64_t n, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p->bytes[at + (size_t)i] = (uint8_t)(n >> 8 * i);
}

static void
a_sealed_record_with_a_field_out_of_range_is_refused_R20(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint64_t value;
		int bytes;
	} rows[] = {
		{ "scheme 0", SCHEME, 0, 1 },
		{ "scheme 2", SCHEME, 2, 1 },
		{ "state 0", STATE, 0, 1 },
		{ "state 4", STATE, 4, 1 },
		{ "state 255", STATE, 255, 1 },
		{ "an unknown flag", FLAGS, 8, 1 },
		{ "begin before 1970", NOT_BEFORE, (uint64_t)-1, 8 },
		{ "end before 1970", EXPIRES_AT, (uint64_t)-1, 8 },
		{ "almost no end", EXPIRES_AT, (uint64_t)INT64_MIN + 1, 8 },
		{ "end after 9999", EXPIRES_AT, (uint64_t)AK_TIME_MAX + 1, 8 },
		{ "end at the end of numbers", EXPIRES_AT, INT64_MAX, 8 },
		{ "no owner", OWNER, 0, 2 },
		{ "an owner longer than the record", OWNER, 65535, 2 },
		{ "an owner that eats the next field", OWNER, 6, 2 },
		{ "a NUL in the owner", OWNER + 3, 0, 1 },
	};
	struct fx *fx = *state;
	struct forged meta = forge_meta(), p;

	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		p = forge_record();
		put(&p, rows[i].at, rows[i].value, rows[i].bytes);
		forge_seal(FORGED_ID, &p);
		forge_store(fx, &meta, &p);
		forge_refused(fx, rows[i].what);
	}
}

static void
a_sealed_record_of_another_length_is_refused_R20(void **state)
{
	struct fx *fx = *state;
	struct forged meta = forge_meta(), p;
	size_t right = forge_record().len;

	for (size_t len = 0; len <= right + 16; len++) {
		p = forge_record();
		p.len = len;
		if (len >= AK_SEAL_LEN)
			forge_seal(FORGED_ID, &p);
		forge_store(fx, &meta, &p);
		if (len != right)
			forge_refused(fx, "another length");
	}
	p = forge_record();
	p.len = sizeof(p.bytes);
	forge_seal(FORGED_ID, &p);
	forge_store(fx, &meta, &p);
	forge_refused(fx, "longer than any record");
}

static void
a_text_longer_than_its_field_is_refused_R20(void **state)
{
	struct fx *fx = *state;
	struct forged meta = forge_meta(), p = forge_record();
	size_t tail = p.len - (OWNER + 2 + 5), most = AK_OWNER_MAX;
	struct ak_key key;

	for (size_t len = most; len <= most + 1; len++) {
		p = forge_record();
		memmove(p.bytes + OWNER + 2 + len, p.bytes + OWNER + 2 + 5, tail);
		memset(p.bytes + OWNER + 2, 'a', len);
		put(&p, OWNER, len, 2);
		p.len = OWNER + 2 + len + tail;
		forge_seal(FORGED_ID, &p);
		forge_store(fx, &meta, &p);
		if (len == most)
			assert_int_equal(forge_find(fx, &key), AK_OK);
		else
			forge_refused(fx, "an owner of 129 bytes");
	}
}

static void
a_seal_fits_one_record_under_one_id_R20(void **state)
{
	struct fx *fx = *state;
	struct forged meta = forge_meta(), p;

	for (size_t bit = 0; bit < 8 * forge_record().len; bit++) {
		p = forge_record();
		p.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (bit % 16 == 0) {
			forge_store(fx, &meta, &p);
			forge_refused(fx, "a flipped bit");
		} else {
			struct ak_key key;

			assert_false(ak_key_unpack(FORGED_ID, p.bytes, p.len, &key));
		}
	}
	p = forge_record();
	forge_seal("7QxR2mNe", &p); /* another key's record, moved here */
	forge_store(fx, &meta, &p);
	forge_refused(fx, "the record of another id");
	forge_store(fx, &meta, &meta);
	forge_refused(fx, "the record of the publishing");
}

static void
a_store_without_its_first_record_is_refused_R28(void **state)
{
	static const struct {
		const char *what;
		uint64_t generation, published_at;
		size_t len;
	} rows[] = {
		{ "a negative generation", (uint64_t)-1, FX_NOW, AK_META_PACKED_LEN },
		{ "published before 1970", 1, (uint64_t)-1, AK_META_PACKED_LEN },
		{ "published never", 1, (uint64_t)INT64_MIN, AK_META_PACKED_LEN },
		{ "published after 9999", 1, (uint64_t)AK_TIME_MAX + 1,
		    AK_META_PACKED_LEN },
		{ "a byte short", 1, FX_NOW, AK_META_PACKED_LEN - 1 },
		{ "a byte more", 1, FX_NOW, AK_META_PACKED_LEN + 1 },
		{ "nothing but a seal", 1, FX_NOW, AK_SEAL_LEN },
		{ "empty", 1, FX_NOW, 0 },
	};
	struct fx *fx = *state;
	struct forged record = forge_record(), p;
	sqlite3 *db;

	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		p = forge_meta();
		put(&p, 0, rows[i].generation, 8);
		put(&p, 8, rows[i].published_at, 8);
		p.len = rows[i].len;
		if (p.len >= AK_SEAL_LEN)
			forge_seal("", &p);
		forge_store(fx, &p, &record);
		forge_refused(fx, rows[i].what);
	}
	db = forge_begin(fx);
	forge_run(db, ak_sql_store);
	forge_insert(db, ak_sql_store_insert, FORGED_ID, &record);
	forge_end(fx, db);
	forge_refused(fx, "none at all");
}

/* In what publish writes it is on the page behind the root, and so read at once. */
static void
the_first_record_is_found_behind_the_root_and_elsewhere(void **state)
{
	static const char *const seconds[] = { "", "CREATE TABLE other (x);" };
	const struct forged meta = forge_meta(), record = forge_record();
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];
	struct ak_key key;
	uint8_t *bytes;
	size_t len;

	for (size_t i = 0; i < FX_COUNT(seconds); i++) {
		sqlite3 *db = forge_begin(fx);

		forge_run(db, ak_sql_store);
		forge_run(db, seconds[i]); /* it takes page 3 */
		for (int n = 0; n < 300; n++) {
			snprintf(id, sizeof(id), "1111%04d", n);
			forge_insert(db, ak_sql_store_insert, id, &record);
		}
		forge_insert(db, ak_sql_store_insert, FORGED_ID, &record);
		forge_insert(db, ak_sql_store_insert, "", &meta);
		forge_end(fx, db);
		bytes = fx_read(fx->store, &len);
		assert_int_equal(bytes[2 * AK_PAGE_SIZE], i == 0 ? 10 : 13);
		free(bytes);
		assert_int_equal(forge_find(fx, &key), AK_OK);
		assert_string_equal(key.id, FORGED_ID);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_right_store_made_by_hand_is_read),
		FX_TEST(a_sealed_record_with_a_field_out_of_range_is_refused_R20),
		FX_TEST(a_sealed_record_of_another_length_is_refused_R20),
		FX_TEST(a_text_longer_than_its_field_is_refused_R20),
		FX_TEST(a_seal_fits_one_record_under_one_id_R20),
		FX_TEST(a_store_without_its_first_record_is_refused_R28),
		FX_TEST(the_first_record_is_found_behind_the_root_and_elsewhere),
	};

	return cmocka_run_group_tests_name("forged stores", tests, NULL, NULL);
}
