/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands in a store: damaged, cut, forged and large ones (SECURITY R18, R20).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "btree.h"
#include "../fixture.h"

/* Look a key up; the key is all zero unless it was found. */
static enum ak_code
find(
    const struct fx *fx, const char *id, struct ak_key *key, struct ak_store_meta *meta)
{
	static const struct ak_key nothing;
	struct ak_store store;
	struct ak_error error;
	enum ak_code code;

	memset(key, 0, sizeof(*key));
	code = ak_store_open(fx->store, geteuid(), &store, &error);
	if (code != AK_OK)
		return code;
	code = ak_store_find(&store, id, key, meta, &error);
	ak_store_close(&store);
	if (code != AK_OK) {
		assert_memory_equal(key, &nothing, sizeof(nothing));
		assert_contains(error.text, "run: authkey publish");
	}
	return code;
}

/* A store of many keys of all sizes, so that it has inner pages and overflow pages. */
static void
fill(struct fx *fx, unsigned count)
{
	char token[AK_TOKEN_MAX + 1], scope[AK_WORD_MAX + 1];
	struct ak_error error;

	fx_key(fx, "alice");
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	for (unsigned i = 0; i < count; i++) {
		struct ak_record r = fx_record("bob");

		for (unsigned n = 0; n < i % 40; n++) {
			snprintf(scope, sizeof(scope), "scope-%02u-%040u", n, i);
			assert_true(ak_words_add(r.key.scopes, scope));
		}
		assert_code(
		    ak_record_issue(fx->master, &r, token, &error), AK_OK, &error);
	}
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
}

struct look_up {
	const struct fx *fx;
	unsigned count, overflowing;
};

static bool
look_up(const struct ak_record *record, void *context)
{
	struct look_up *l = context;
	struct ak_store_meta meta;
	struct ak_key key;

	assert_int_equal(find(l->fx, record->key.id, &key, &meta), AK_OK);
	assert_memory_equal(&key, &record->key, sizeof(key));
	l->count++;
	l->overflowing += strlen(key.scopes) > 1100;
	return true;
}

static void
every_key_of_a_large_store_is_found_as_it_is_in_the_master(void **state)
{
	struct fx *fx = *state;
	struct look_up l = { fx, 0, 0 };
	struct ak_error error;
	struct stat st;

	fill(fx, 3000);
	assert_int_equal(stat(fx->store, &st), 0);
	assert_true(st.st_size > 300 * AK_PAGE_SIZE); /* three levels */
	assert_code(ak_record_all(fx->master, look_up, &l, &error), AK_OK, &error);
	assert_int_equal(l.count, 3001);
	assert_true(l.overflowing > 100);
}

static void
an_id_that_no_key_has_is_not_found_wherever_it_would_stand(void **state)
{
	struct fx *fx = *state;
	struct ak_store_meta meta;
	struct ak_record record;
	struct ak_error error;
	char id[AK_ID_LEN + 1] = "";
	struct ak_key key;
	uint64_t seed = 20;
	bool found;

	fill(fx, 500);
	for (unsigned n = 0; n < 2000; n++) {
		for (int i = 0; i < AK_ID_LEN; i++)
			id[i] = n == 0   ? '1'
				: n == 1 ? 'z'
					 : ak_base58[fx_random(&seed) % 58];
		assert_code(ak_record_by_id(fx->master, id, &record, &found, &error),
		    AK_OK, &error);
		assert_int_equal(find(fx, id, &key, &meta), AK_OK);
		assert_int_equal(key.id[0] != '\0', found);
		assert_int_equal(meta.published_at, FX_NOW);
	}
}

/*
 * The answer about a damaged store: an error, no such key, or the key to the last bit.
 * SQLite alone gave another key's fields in most of such stores.
 */
static enum ak_code
assert_true_or_refused(struct fx *fx, const struct ak_key *real)
{
	static const struct ak_key nothing;
	struct ak_store_meta meta = { 0, 0, 0 };
	struct ak_key key;
	enum ak_code code = find(fx, real->id, &key, &meta);

	if (code != AK_OK)
		assert_int_equal(code, AK_E_STORE);
	else {
		if (memcmp(&key, &nothing, sizeof(key)) != 0)
			assert_memory_equal(&key, real, sizeof(key));
		assert_int_equal(meta.published_at, FX_NOW);
	}
	return code == AK_OK && key.id[0] == '\0' ? AK_E_NOT_FOUND : code;
}

static void
a_damaged_byte_anywhere_never_gives_another_key_R20(void **state)
{
	struct fx *fx = *state;
	unsigned counts[AK_E_NOMEM + 1] = { 0 };
	struct ak_key real;
	uint64_t seed = 2000;
	uint8_t *bytes, *own;
	size_t len;

	fill(fx, 40);
	real = fx_load(fx, fx->tokens[0])->key;
	bytes = fx_read(fx->store, &len);
	assert_non_null(own = memmem(bytes, len, real.id, AK_ID_LEN));
	for (unsigned n = fx_loops(2000); n > 0; n--) {
		/* Anywhere, in the header and root, in the key's page, and in its
		 * record. */
		size_t page = (size_t)(own - bytes) / AK_PAGE_SIZE * AK_PAGE_SIZE;
		const size_t from[] = { 0, AK_PAGE_SIZE, page, (size_t)(own - bytes) };
		const size_t many[] = { len, 64, 64, 150 };
		size_t at = from[n % 4] + (size_t)fx_random(&seed) % many[n % 4];
		uint8_t before;

		if (at >= len)
			continue;
		before = bytes[at];
		bytes[at] ^= (uint8_t)(1 + fx_random(&seed) % 255);
		fx_write(fx->store, bytes, len, 0640);
		counts[assert_true_or_refused(fx, &real)]++;
		bytes[at] = before;
	}
	/* Both kinds of damage were there, when all of them were tried. */
	if (fx_loops(2000) == 2000)
		assert_true(counts[AK_OK] > 0 && counts[AK_E_STORE] > 0);
	free(bytes);
}

static void
every_bit_of_a_keys_own_page_matters_or_is_another_keys_R20(void **state)
{
	struct fx *fx = *state;
	struct ak_key real;
	uint8_t *bytes;
	size_t len;
	unsigned step = 100 / fx_loops(100);

	fx_key(fx, "alice");
	real = fx_load(fx, fx->tokens[0])->key;
	bytes = fx_read(fx->store, &len);
	assert_int_equal(len, 2 * AK_PAGE_SIZE);
	for (size_t bit = 0; bit < 8 * len; bit += step) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		/* Between the cells of a page there is nothing but zeroes. */
		if (bit / 8 < 100 || bytes[bit / 8] != (uint8_t)(1 << bit % 8)) {
			fx_write(fx->store, bytes, len, 0640);
			assert_true_or_refused(fx, &real);
		}
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(bytes);
}

/* Whichever page an id leads to: the one that is cut off, or one that is there. */
static void
assert_all_refused(struct fx *fx)
{
	const char *const ids[] = { "11111111", fx_id(fx->tokens[0]), "zzzzzzzz" };
	struct ak_store_meta meta;
	struct ak_key key;

	for (size_t i = 0; i < FX_COUNT(ids); i++)
		assert_int_equal(find(fx, ids[i], &key, &meta), AK_E_STORE);
}

static void
a_store_cut_anywhere_is_refused_R20(void **state)
{
	struct fx *fx = *state;
	struct ak_store_meta meta;
	struct ak_key key;
	uint64_t seed = 4096;
	uint8_t *bytes;
	size_t len;

	fill(fx, 60);
	bytes = fx_read(fx->store, &len);
	for (size_t cut = 0; cut < len; cut += AK_PAGE_SIZE) {
		fx_write(fx->store, bytes, cut, 0640);
		assert_all_refused(fx);
	}
	for (int n = 0; n < 300; n++) {
		fx_write(fx->store, bytes, fx_random(&seed) % len, 0640);
		assert_all_refused(fx);
	}
	fx_write(fx->store, bytes, len, 0640);
	assert_int_equal(find(fx, fx_id(fx->tokens[0]), &key, &meta), AK_OK);
	free(bytes);
}

static void
pages_that_lead_in_circles_come_to_an_end(void **state)
{
	struct fx *fx = *state;
	struct ak_store_meta meta;
	struct ak_key key;
	uint8_t *bytes, *root;
	size_t len;

	fill(fx, 400);
	bytes = fx_read(fx->store, &len);
	root = bytes + (AK_BTREE_ROOT - 1) * AK_PAGE_SIZE;
	assert_int_equal(root[0], 2); /* an inner page */
	for (unsigned child = 0; child < 6;
	     child++) { /* itself, none, the header's, ... */
		static const uint8_t numbers[][4] = { { 0, 0, 0, 2 }, { 0, 0, 0, 0 },
			{ 0, 0, 0, 1 }, { 0xff, 0xff, 0xff, 0xff }, { 0, 1, 0, 0 },
			{ 0x80, 0, 0, 2 } };
		unsigned cells = (unsigned)(root[3] << 8 | root[4]);

		memcpy(root + 8, numbers[child], 4);
		for (unsigned c = 0; c < cells; c++) {
			unsigned cell =
			    (unsigned)(root[12 + 2 * c] << 8 | root[13 + 2 * c]);

			memcpy(root + cell, numbers[child], 4);
		}
		fx_write(fx->store, bytes, len, 0640);
		alarm(20);
		assert_int_equal(
		    find(fx, fx_id(fx->tokens[0]), &key, &meta), AK_E_STORE);
		alarm(0);
	}
	free(bytes);
}

static void
pages_of_noise_are_refused(void **state)
{
	struct fx *fx = *state;
	struct ak_key real;
	uint64_t seed = 9;
	uint8_t *bytes, *noise;
	size_t len;

	fill(fx, 100);
	real = fx_load(fx, fx->tokens[0])->key;
	bytes = fx_read(fx->store, &len);
	assert_non_null(noise = malloc(len));
	for (unsigned n = fx_loops(1000); n > 0; n--) {
		memcpy(noise, bytes, len);
		/* Noise behind a header that is right, in runs of many lengths. */
		for (size_t at = 100 + fx_random(&seed) % AK_PAGE_SIZE; at < len;
		     at += fx_random(&seed) % (n % 64 + 1) + 1)
			noise[at] = (uint8_t)fx_random(&seed);
		fx_write(fx->store, noise, len, 0640);
		assert_true_or_refused(fx, &real);
	}
	free(noise);
	free(bytes);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(every_key_of_a_large_store_is_found_as_it_is_in_the_master),
		FX_TEST(an_id_that_no_key_has_is_not_found_wherever_it_would_stand),
		FX_TEST(a_damaged_byte_anywhere_never_gives_another_key_R20),
		FX_TEST(every_bit_of_a_keys_own_page_matters_or_is_another_keys_R20),
		FX_TEST(a_store_cut_anywhere_is_refused_R20),
		FX_TEST(pages_that_lead_in_circles_come_to_an_end),
		FX_TEST(pages_of_noise_are_refused),
	};

	return cmocka_run_group_tests_name("store damage", tests, NULL, NULL);
}
