/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a published store. Whatever they are, an id gives an error, nothing, or
 * its own key to the last bit; and what SQLite finds in a sound database of ours is
 * what is found here.
 *
 *	"r"		the rest is the whole file
 *	"s", "b"	a small or big real store; the rest are edits of four bytes: the
 *			place (3, see place_of()) and the
 *			byte. Records are sealed anew behind them, as their writer can.
 *	"S", "B"	the same, and seals stay as they were
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "../tests/forge.h"
#include "btree.h"
#include "fuzz.h"

#define EDITS_MAX 64
#define LEAF 10 /* the first byte of a page that has no children */
#define KEYS_MAX 200
#define WITHIN 0x800000 /* an edit of a record */
#define SHAPE 0x400000 /* of what a page says of itself */
#define GROW 0x600020 /* of a cell, which says that its record is longer */

/* A real store, and where its keys' records lie. */
static struct image {
	unsigned keys;
	uint8_t *bytes;
	size_t len;
	struct {
		struct ak_key key;
		size_t at, len; /* at 0: it is spread over several pages */
	} records[KEYS_MAX];
} small = { .keys = 5 }, big = { .keys = KEYS_MAX };

static char folder[FX_PATH], path[FX_PATH + 16];

static void
remove_folder(void)
{
	fx_folder_remove(folder);
}

static struct ak_record
make_record(unsigned i)
{
	struct ak_record r = fx_record(i % 3 == 0 ? "alice" : "bob");
	char scope[AK_WORD_MAX + 1];

	for (unsigned n = 0; n < (i % 20) * 2; n++) {
		snprintf(scope, sizeof(scope), "scope-%02u-%040u", n, i);
		assert_true(ak_words_add(r.key.scopes, scope));
	}
	snprintf(r.key.id, sizeof(r.key.id), "%s", FORGED_ID);
	r.key.id[6] = ak_base58[i / 58];
	r.key.id[7] = ak_base58[i % 58];
	r.key.scheme = AK_SCHEME_BLAKE2B;
	memset(r.key.digest, (int)i, sizeof(r.key.digest));
	return r;
}

/* Where the record of a key lies when it is whole. */
static void
find_record(struct image *image, unsigned i)
{
	uint8_t packed[AK_PACKED_MAX], *found;
	size_t len = ak_key_pack(&image->records[i].key, packed);

	found = memmem(image->bytes, image->len, packed, len);
	image->records[i].len = len;
	image->records[i].at = found != NULL ? (size_t)(found - image->bytes) : 0;
}

static void
make_image(struct image *image)
{
	struct ak_error error;
	struct ak_record r;
	void *state = NULL;
	struct fx *fx;

	FUZZ_CHECK(fx_setup(&state) == 0);
	fx = state;
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	for (unsigned i = 0; i < image->keys; i++) {
		r = make_record(i);
		assert_code(ak_record_add(fx->master, &r, &error), AK_OK, &error);
		image->records[i].key = r.key;
	}
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	image->bytes = fx_read(fx->store, &image->len);
	fx_teardown(&state);
	for (unsigned i = 0; i < image->keys; i++)
		find_record(image, i);
	FUZZ_CHECK(image->records[0].at != 0);
}

static void
prepare(void)
{
	if (folder[0] != '\0')
		return;
	fx_folder_make(folder);
	atexit(remove_folder);
	snprintf(path, sizeof(path), "%.4090s/keys.db", folder);
	make_image(&small);
	make_image(&big);
}

/*
 * Where an edit lies: anywhere, within the records, or where it matters most: in the
 * header and the pointers of a page, or at the beginning of one of its cells.
 */
static size_t
place_of(const struct image *image, size_t at)
{
	const uint8_t *page, *pointer;
	size_t begin;

	if ((at & WITHIN) != 0)
		return image->records[0].at + (at & 0x3fff);
	if ((at & SHAPE) == 0)
		return at;
	begin = (at >> 6 & 0xff) * AK_PAGE_SIZE % image->len;
	if ((at & 0x20) == 0)
		return begin + (at & 0x1f);
	page = image->bytes + begin;
	pointer = page + (page[0] == LEAF ? 8 : 12) + 2 * (at & 0x1f);
	begin += (size_t)pointer[0] << 8 | pointer[1];
	return (at & GROW) == GROW ? begin : begin + (at >> 14 & 0x1f);
}

/* Add to the number of one or two bytes at `at`, without a carry; what is behind it. */
static uint8_t *
add(uint8_t *at, unsigned by)
{
	at += (*at & 0x80) != 0;
	*at = (uint8_t)((*at + by) & 0x7f);
	return at + 1;
}

/* The payload, and the record's type behind those of the header and the id. */
static void
grow(uint8_t *bytes, size_t at, size_t len, uint8_t by)
{
	if (at + 16 < len)
		add(add(bytes + at, by) + 2, 2U * by);
}

/* The edits of an input, in a copy of the image. */
static uint8_t *
edit(const struct image *image, struct fuzz_input *in, bool sealed_anew)
{
	uint8_t *bytes = (uint8_t *)fuzz_copy(image->bytes, image->len);
	struct forged p;
	size_t at, what;

	for (unsigned n = 0; n < EDITS_MAX && in->left >= 4; n++) {
		what = (size_t)fuzz_number(in, 3);
		at = place_of(image, what) % image->len;
		if ((what & GROW) == GROW && (what & WITHIN) == 0)
			grow(bytes, at, image->len, fuzz_byte(in));
		else
			bytes[at] = fuzz_byte(in);
	}
	for (unsigned i = 0; sealed_anew && i < image->keys; i++) {
		if ((at = image->records[i].at) == 0)
			continue;
		p.len = image->records[i].len;
		if (memcmp(bytes + at, image->bytes + at, p.len) == 0)
			continue;
		memcpy(p.bytes, bytes + at, p.len);
		forge_seal(image->records[i].key.id, &p);
		memcpy(bytes + at, p.bytes, p.len);
	}
	return bytes;
}

/* A sound database that is ours, as SQLite sees it; NULL when it is none. */
static sqlite3 *
open_sound(uint8_t *bytes, size_t len)
{
	static const char is_ours[] =
	    "SELECT count(*) = 1 AND max(rootpage) = 2 AND max(sql) = 'CREATE TABLE "
	    "key "
	    "(id TEXT PRIMARY KEY, record BLOB NOT NULL) STRICT, WITHOUT ROWID' AND "
	    "(SELECT group_concat(integrity_check) FROM pragma_integrity_check) = 'ok' "
	    "FROM sqlite_schema";
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	bool is_sound;

	FUZZ_CHECK(sqlite3_open(":memory:", &db) == SQLITE_OK);
	is_sound = len > 0 &&
		   sqlite3_deserialize(db, "main", bytes, (sqlite3_int64)len,
		       (sqlite3_int64)len, SQLITE_DESERIALIZE_READONLY) == SQLITE_OK &&
		   sqlite3_prepare_v2(db, is_ours, -1, &s, NULL) == SQLITE_OK &&
		   sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int(s, 0) == 1;
	sqlite3_finalize(s);
	if (is_sound)
		return db;
	sqlite3_close(db);
	return NULL;
}

/* The record of an id there, and its length, 0 for none; -1: too long for one. */
static int
ask_sqlite(sqlite3 *db, const char *id, uint8_t *record)
{
	sqlite3_stmt *s = NULL;
	int got;

	sqlite3_prepare_v2(db, "SELECT record FROM key WHERE id = ?1", -1, &s, NULL);
	sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
	got = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_bytes(s, 0) : 0;
	if (got > AK_PACKED_MAX)
		got = -1;
	else if (got > 0)
		memcpy(record, sqlite3_column_blob(s, 0), (size_t)got);
	sqlite3_finalize(s);
	return got;
}

/* Look an id up; the length of its key's record, 0 without a key, -1 on an error. */
static int
look_up(const char *id, struct ak_store_meta *meta, uint8_t *record)
{
	static const struct ak_key none;
	struct ak_store store;
	struct ak_error error;
	struct ak_key key;

	if (ak_store_open(path, geteuid(), &store, &error) != AK_OK)
		return -1;
	if (ak_store_find(&store, id, &key, meta, &error) != AK_OK) {
		FUZZ_CHECK(error.code == AK_E_STORE);
		FUZZ_CHECK(strstr(error.text, "authkey publish") != NULL);
		FUZZ_CHECK(memcmp(&key, &none, sizeof(key)) == 0);
		ak_store_close(&store);
		return -1;
	}
	FUZZ_CHECK(key.id[0] == '\0' || forge_lists(&store, id));
	ak_store_close(&store);
	FUZZ_CHECK(meta->published_at >= 0 && meta->generation >= 0);
	if (key.id[0] == '\0') {
		FUZZ_CHECK(memcmp(&key, &none, sizeof(key)) == 0);
		return 0;
	}
	FUZZ_CHECK(strcmp(key.id, id) == 0 && key.owner[0] != '\0');
	return (int)ak_key_pack(&key, record);
}

/* What is found for a key of the image: its record as it was sealed, or as it was. */
static void
check_own(const struct image *image, unsigned i, const uint8_t *bytes, bool sealed_anew)
{
	uint8_t found[AK_PACKED_MAX], packed[AK_PACKED_MAX];
	const struct ak_key *key = &image->records[i].key;
	struct ak_store_meta meta;
	size_t len = ak_key_pack(key, packed);
	int got = look_up(key->id, &meta, found);

	if (got <= 0)
		return;
	FUZZ_CHECK((size_t)got == len);
	FUZZ_CHECK(memcmp(found, packed, len) == 0 ||
		   (sealed_anew && image->records[i].at != 0 &&
		       memcmp(found, bytes + image->records[i].at, len) == 0));
	FUZZ_CHECK(meta.generation > 0 && meta.published_at == FX_NOW);
}

/* Where both have an answer, it is the same. */
static void
check_any(sqlite3 *db, const char *id)
{
	uint8_t found[AK_PACKED_MAX], other[AK_PACKED_MAX];
	struct ak_store_meta meta;
	int got = look_up(id, &meta, found), there;

	if (got < 0 || db == NULL)
		return;
	there = ask_sqlite(db, id, other);
	FUZZ_CHECK(there < 0 || there == got);
	FUZZ_CHECK(there <= 0 || memcmp(found, other, (size_t)got) == 0);
}

static void
check_all(uint8_t *bytes, size_t len)
{
	static const char *const ids[] = { FORGED_ID, "7QxR2m11", "11111111",
		"zzzzzzzz" };
	sqlite3 *db = open_sound(bytes, len);

	for (size_t i = 0; i < FX_COUNT(ids); i++)
		check_any(db, ids[i]);
	sqlite3_close(db);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const struct image *image;
	char kind = (char)fuzz_byte(&in);
	bool anew = kind == 's' || kind == 'b';
	uint8_t *bytes;
	size_t len;

	prepare();
	image = kind == 's' || kind == 'S'   ? &small
		: kind == 'b' || kind == 'B' ? &big
					     : NULL;
	bytes = image != NULL ? edit(image, &in, anew)
			      : (uint8_t *)fuzz_copy(in.at, in.left);
	len = image != NULL ? image->len : in.left;
	fuzz_write(path, bytes, len);
	for (unsigned i = 0; image != NULL && i < image->keys;
	     i += image == &big ? 19 : 1)
		check_own(image, i, bytes, anew);
	if (image != &big)
		check_all(bytes, len);
	free(bytes);
	return 0;
}
