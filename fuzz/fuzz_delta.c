/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes of a delta beside a sound store. Whatever they are, an id gives an error or
 * what authkey-store(5) says that the two files say of it, which a reader that shares
 *no code with core works out here.
 *
 *	byte	4: the rest is the whole file; otherwise it is edits of four bytes of a
 *		real delta: the place (3) and the byte
 *		8: that delta has many keys
 *		1: records are sealed anew behind the edits, 2: head and buckets, too,
 *		as their writer can
 *		16: two bytes come first, and so many more or fewer bytes the file has
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "../tests/forge.h"
#include "delta_model.h"
#include "delta_write.h"
#include "fuzz.h"
#include "sql.h"
#include "store.h"

enum { SEAL_RECORDS = 1, SEAL_INDEX = 2, RAW = 4, MANY = 8, CUT = 16 };

#define EDITS_MAX 64
#define FEW 6
#define KEYS_MAX 240
#define LONGER_MAX 4096 /* bytes more than the real delta has */

/* The store has every second key, enabled; each delta has two of three, in turn changed
 * and gone. */
static struct ak_key keys[KEYS_MAX];

static struct image {
	unsigned keys;
	struct ak_delta_maker maker;
} few = { .keys = FEW }, many = { .keys = KEYS_MAX };

static char folder[FX_PATH], store_path[FX_PATH + 16], delta_path[FX_PATH + 64];

static void
end(void)
{
	ak_delta_drop(&few.maker);
	ak_delta_drop(&many.maker);
	fx_folder_remove(folder);
}

static bool
is_in_store(unsigned i)
{
	return i % 2 == 0;
}

static void
make_key(unsigned i)
{
	struct ak_key *key = &keys[i];

	*key = forge_key();
	key->id[6] = ak_base58[i / 58];
	key->id[7] = ak_base58[i % 58];
	memset(key->digest, (int)i, sizeof(key->digest));
	for (unsigned n = 0; n < i % 8; n++)
		snprintf(key->scopes + strlen(key->scopes), 16, " s%u-%03u", n, i);
}

static void
make_store(void)
{
	const struct ak_store_meta meta = { 1, FX_NOW, MODEL_TAG };
	struct forged p = { .len = AK_META_PACKED_MAX };
	struct fx fx = { .issued = 0 };
	sqlite3 *db;

	snprintf(fx.store, sizeof(fx.store), "%s", store_path);
	db = forge_begin(&fx);
	forge_run(db, ak_sql_store);
	forge_run(db, "BEGIN");
	ak_meta_pack(&meta, p.bytes);
	forge_insert(db, ak_sql_store_insert, "", &p);
	for (unsigned i = 0; i < KEYS_MAX; i++) {
		p.len = ak_key_pack(&keys[i], p.bytes);
		if (is_in_store(i))
			forge_insert(db, ak_sql_store_insert, keys[i].id, &p);
	}
	forge_run(db, "COMMIT");
	forge_end(&fx, db);
}

static void
make_delta(struct image *image)
{
	const struct ak_store_meta meta = { 2, FX_NOW + 1, MODEL_TAG };
	uint8_t packed[AK_PACKED_MAX];
	struct ak_key key;
	bool fits;

	for (unsigned i = 0; i < image->keys; i++) {
		key = keys[i];
		key.state = AK_ENDED;
		if (i % 3 != 0)
			FUZZ_CHECK(ak_delta_add(&image->maker, key.id, packed,
			    i % 3 == 1 ? ak_key_pack(&key, packed) : 0));
	}
	FUZZ_CHECK(ak_delta_finish(&image->maker, &meta, &fits) && fits);
}

static void
prepare(void)
{
	if (folder[0] != '\0')
		return;
	FUZZ_CHECK(sodium_init() >= 0);
	fx_folder_make(folder);
	atexit(end);
	snprintf(store_path, sizeof(store_path), "%.4090s/keys.db", folder);
	FUZZ_CHECK(
	    ak_delta_path(store_path, MODEL_TAG, delta_path, sizeof(delta_path)));
	for (unsigned i = 0; i < KEYS_MAX; i++)
		make_key(i);
	make_store();
	make_delta(&few);
	make_delta(&many);
}

/* Where the entries say that records lie. */
static void
seal_records(const struct parts *p, uint8_t *bytes)
{
	char id[9] = "";

	for (uint64_t i = 0; p->fit && i < p->entries; i++) {
		const uint8_t *entry = p->bytes + p->entries_at + i * 16;
		uint64_t at = model_number(entry + 8, 4),
			 len = model_number(entry + 12, 4);

		memcpy(id, entry, 8);
		if (len >= 16 && at + len <= p->entries_at && len <= AK_PACKED_MAX)
			model_seal(id, bytes + at, len - 16, bytes + at + len - 16);
	}
}

/* Buckets outside of the table of entries, too, as long as they are in the file. */
static void
seal_index(const struct parts *p, uint8_t *bytes)
{
	uint64_t at, count;

	if (p->len >= 64)
		model_seal("delta", bytes, 48, bytes + 48);
	for (uint64_t b = 0; p->fit && b < p->buckets; b++) {
		(void)model_bucket(p, b, &at, &count);
		if (count <= 64 && at + count * 16 <= p->len)
			model_bucket_seal(
			    p, b, at, count, bytes + p->buckets_at + b * 24 + 8);
	}
}

/* The file of an input, in memory of its size. */
static uint8_t *
make_file(struct fuzz_input *in, uint8_t how, size_t *len)
{
	const struct image *image = (how & MANY) != 0 ? &many : &few;
	size_t was = image->maker.len, at;
	uint8_t *bytes;
	struct parts p;

	*len = (how & RAW) != 0 ? in->left : was;
	if ((how & (RAW | CUT)) == CUT)
		*len = (was + (size_t)fuzz_number(in, 2)) % (was + LONGER_MAX);
	if ((bytes = calloc(1, *len + 1)) == NULL)
		abort();
	if ((how & RAW) != 0)
		memcpy(bytes, in->at, *len);
	else
		memcpy(bytes, image->maker.bytes, *len < was ? *len : was);
	for (unsigned n = 0; (how & RAW) == 0 && n < EDITS_MAX && in->left >= 4; n++) {
		at = (size_t)fuzz_number(in, 3);
		if (*len > 0)
			bytes[at % *len] = fuzz_byte(in);
	}
	p = model_parts(bytes, *len);
	if ((how & SEAL_RECORDS) != 0)
		seal_records(&p, bytes);
	if ((how & SEAL_INDEX) != 0)
		seal_index(&p, bytes);
	return bytes;
}

/* Look an id up as a login does; what is found, packed, and its length. */
static enum answer
look_up(const char *id, uint8_t *found, size_t *len, struct ak_store_meta *meta)
{
	static const struct ak_key none;
	struct ak_store store;
	struct ak_error error;
	struct ak_key key;
	enum ak_code code;

	if ((code = ak_store_open(store_path, geteuid(), &store, &error)) == AK_OK)
		code = ak_store_find(&store, id, &key, meta, &error);
	else
		memset(&key, 0, sizeof(key));
	FUZZ_CHECK(key.id[0] == '\0' || forge_lists(&store, id));
	ak_store_close(&store);
	if (code != AK_OK) {
		FUZZ_CHECK(code == AK_E_STORE && error.code == AK_E_STORE);
		FUZZ_CHECK(strstr(error.text, "authkey publish") != NULL);
		FUZZ_CHECK(memcmp(&key, &none, sizeof(key)) == 0);
		return TROUBLE;
	}
	if (key.id[0] == '\0') {
		FUZZ_CHECK(memcmp(&key, &none, sizeof(key)) == 0);
		return GONE;
	}
	FUZZ_CHECK(strcmp(key.id, id) == 0);
	*len = ak_key_pack(&key, found);
	return A_RECORD;
}

/* `own` is the key that the store has under it, or NULL. */
static void
check(const struct parts *p, const char *id, const struct ak_key *own)
{
	uint8_t found[AK_PACKED_MAX], stored[AK_PACKED_MAX];
	const uint8_t *record = stored;
	struct ak_store_meta meta;
	size_t len = 0, got = 0;
	enum answer should = model_ask(p, id, &record, &len);

	if (should == NOTHING) {
		len = own != NULL ? ak_key_pack(own, stored) : 0;
		should = own != NULL ? A_RECORD : GONE;
	}
	FUZZ_CHECK(look_up(id, found, &got, &meta) == should);
	if (should == TROUBLE)
		return;
	FUZZ_CHECK((uint64_t)meta.generation == model_number(p->bytes + 16, 8));
	FUZZ_CHECK((uint64_t)meta.published_at == model_number(p->bytes + 24, 8));
	if (should == A_RECORD)
		FUZZ_CHECK(got == len && memcmp(found, record, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint8_t how = fuzz_byte(&in);
	uint8_t *bytes;
	struct parts p;
	size_t len;

	prepare();
	bytes = make_file(&in, how, &len);
	fuzz_write(delta_path, bytes, len);
	p = model_parts(bytes, len);
	for (unsigned i = 0; i < KEYS_MAX; i += (how & MANY) != 0 ? 19
						: i < FEW         ? 1
								  : 90)
		check(&p, keys[i].id, is_in_store(i) ? &keys[i] : NULL);
	check(&p, "11111111", NULL);
	check(&p, "zzzzzzzz", NULL);
	free(bytes);
	return 0;
}
