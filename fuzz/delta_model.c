/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "../tests/fixture.h"
#include "delta_model.h"
#include "fuzz.h"
#include "pack.h"

uint64_t
model_number(const uint8_t *at, unsigned bytes)
{
	uint64_t n = 0;

	while (bytes-- > 0)
		n = n * 256 + at[bytes];
	return n;
}

struct parts
model_parts(const uint8_t *bytes, size_t len)
{
	struct parts p = { .bytes = bytes, .len = len };

	if (len < 64)
		return p;
	p.size = model_number(bytes + 32, 8);
	p.entries = model_number(bytes + 40, 4);
	p.buckets = model_number(bytes + 44, 4);
	p.fit = p.size == len && p.buckets > 0 &&
		64 + p.entries * 16 + p.buckets * 24 <= len;
	p.buckets_at = len - p.buckets * 24;
	p.entries_at = p.buckets_at - p.entries * 16;
	return p;
}

void
model_seal(const char *id, const uint8_t *bytes, size_t len, uint8_t seal[16])
{
	size_t begin = strlen(id);
	uint8_t *all = malloc(begin + len + 1);

	FUZZ_CHECK(all != NULL);
	memcpy(all, id, begin);
	memcpy(all + begin, bytes, len);
	crypto_generichash(seal, 16, all, begin + len, NULL, 0);
	free(all);
}

/* The place of the entries of a bucket; false when they are not within the table. */
bool
model_bucket(const struct parts *p, uint64_t b, uint64_t *at, uint64_t *count)
{
	const uint8_t *bucket = p->bytes + p->buckets_at + b * 24;
	uint64_t first = model_number(bucket, 4);

	*count = model_number(bucket + 4, 4);
	*at = p->entries_at + first * 16;
	return *count <= 64 && first + *count <= p->entries;
}

void
model_bucket_seal(
    const struct parts *p, uint64_t b, uint64_t at, uint64_t count, uint8_t seal[16])
{
	uint8_t text[20 + 64 * 16];

	memcpy(text, p->bytes + 48, 16);
	for (unsigned i = 0; i < 4; i++)
		text[16 + i] = (uint8_t)(b >> 8 * i);
	memcpy(text + 20, p->bytes + at, count * 16);
	model_seal("bucket", text, 20 + count * 16, seal);
}

/* CRC-32 of IEEE 802.3, bit by bit. */
static uint32_t
crc_of(const char *text)
{
	uint32_t crc = UINT32_MAX;

	for (; *text != '\0'; text++) {
		crc ^= (uint8_t)*text;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static bool
is_sane(const uint8_t *time)
{
	int64_t when = (int64_t)model_number(time, 8);

	return when == INT64_MIN || ak_time_is_sane(when);
}

/* A head that counts. */
static bool
is_head(const struct parts *p)
{
	uint8_t seal[16];

	if (!p->fit || memcmp(p->bytes, "AKDELTA1", 8) != 0 ||
	    model_number(p->bytes + 8, 8) != MODEL_TAG)
		return false;
	model_seal("delta", p->bytes, 48, seal);
	return memcmp(seal, p->bytes + 48, 16) == 0 &&
	       (int64_t)model_number(p->bytes + 16, 8) >= 0 && is_sane(p->bytes + 24) &&
	       (int64_t)model_number(p->bytes + 24, 8) != INT64_MIN;
}

/* Is it a record of a key, sealed? */
static bool
is_record(const char *id, const uint8_t *r, size_t len)
{
	static const size_t most[] = { AK_OWNER_MAX, AK_NAME_MAX, AK_WORDS_MAX - 1,
		AK_WORDS_MAX - 1, AK_WORDS_MAX - 1 };
	size_t at = 3 + 16 + AK_DIGEST_LEN, text;
	uint8_t seal[16];

	if (len < at + 16 || len > AK_PACKED_MAX)
		return false;
	model_seal(id, r, len - 16, seal);
	if (memcmp(seal, r + len - 16, 16) != 0 || r[0] != 1 || r[1] < 1 || r[1] > 3 ||
	    r[2] > 7 || !is_sane(r + 3) || !is_sane(r + 11))
		return false;
	for (size_t i = 0; i < FX_COUNT(most); i++, at += text) {
		if (at + 2 > len - 16)
			return false;
		text = (size_t)model_number(r + at, 2);
		at += 2;
		if (text > most[i] || at + text > len - 16 || (i == 0 && text == 0) ||
		    memchr(r + at, '\0', text) != NULL)
			return false;
	}
	return at == len - 16;
}

/* What the delta says of an id. */
enum answer
model_ask(const struct parts *p, const char *id, const uint8_t **record, size_t *len)
{
	uint64_t b, at, count, where;
	uint8_t seal[16];

	if (!is_head(p))
		return TROUBLE;
	if (p->entries == 0)
		return NOTHING;
	b = crc_of(id) % p->buckets;
	if (!model_bucket(p, b, &at, &count))
		return TROUBLE;
	model_bucket_seal(p, b, at, count, seal);
	if (memcmp(seal, p->bytes + p->buckets_at + b * 24 + 8, 16) != 0)
		return TROUBLE;
	for (; count > 0; count--, at += 16) {
		if (memcmp(p->bytes + at, id, 8) != 0)
			continue;
		where = model_number(p->bytes + at + 8, 4);
		*len = (size_t)model_number(p->bytes + at + 12, 4);
		*record = p->bytes + where;
		if (*len == 0)
			return GONE;
		return where + *len <= p->len && is_record(id, *record, *len) ? A_RECORD
									      : TROUBLE;
	}
	return NOTHING;
}
