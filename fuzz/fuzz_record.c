/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of the store and of usage files, with their seals and checks put right first:
 * whatever is taken is in its range and packs to the same bytes again, and with a bit
 * flipped it is not taken.
 *
 *	byte	k key, m meta, u usage record, h head of a usage file
 *	rest	the record without its seal or check
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "byte_order.h"
#include "crc32.h"
#include "fuzz.h"
#include "pack.h"
#include "usage_record.h"

#define ID "7QxR2mNd"

static void
seal(const char *id, uint8_t *packed, size_t len)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, AK_SEAL_LEN);
	crypto_generichash_update(&state, (const uint8_t *)id, strlen(id));
	crypto_generichash_update(&state, packed, len);
	crypto_generichash_final(&state, packed + len, AK_SEAL_LEN);
}

static bool
time_fits(int64_t when)
{
	return when == AK_NO_TIME || (when >= 0 && when <= AK_TIME_MAX);
}

static void
check_key(uint8_t *packed, size_t len)
{
	static const struct ak_key none;
	uint8_t again[AK_PACKED_MAX];
	struct ak_key key;

	if (!ak_key_unpack(ID, packed, len, &key)) {
		FUZZ_CHECK(memcmp(&key, &none, sizeof(key)) == 0);
		return;
	}
	FUZZ_CHECK(strcmp(key.id, ID) == 0 && key.owner[0] != '\0');
	FUZZ_CHECK(key.scheme == AK_SCHEME_BLAKE2B);
	FUZZ_CHECK(key.state >= AK_ENABLED && key.state <= AK_ENDED);
	FUZZ_CHECK(time_fits(key.not_before) && time_fits(key.expires_at));
	FUZZ_CHECK(
	    strlen(key.owner) <= AK_OWNER_MAX && strlen(key.name) <= AK_NAME_MAX);
	FUZZ_CHECK(ak_key_pack(&key, again) == len && memcmp(again, packed, len) == 0);
	FUZZ_CHECK(!ak_key_unpack("7QxR2mNe", packed, len, &key));
	packed[packed[len - 1] * 5U % len] ^= (uint8_t)(1 << packed[len - 2] % 8);
	FUZZ_CHECK(!ak_key_unpack(ID, packed, len, &key));
}

static void
check_meta(uint8_t *packed, size_t len)
{
	uint8_t again[AK_META_PACKED_MAX];
	struct ak_store_meta meta;

	if (!ak_meta_unpack(packed, len, &meta)) {
		/* A number that is negative, or no tag, is all that is wrong with
		 * these. */
		FUZZ_CHECK(
		    (len != AK_META_PACKED_LEN && len != AK_META_PACKED_MAX) ||
		    (len == AK_META_PACKED_MAX && ak_get_number(packed + 16, 8) == 0) ||
		    (int64_t)ak_get_number(packed, 8) < 0 ||
		    !time_fits((int64_t)ak_get_number(packed + 8, 8)) ||
		    (int64_t)ak_get_number(packed + 8, 8) == AK_NO_TIME);
		return;
	}
	FUZZ_CHECK(len == AK_META_PACKED_LEN || len == AK_META_PACKED_MAX);
	FUZZ_CHECK((meta.delta != 0) == (len == AK_META_PACKED_MAX));
	FUZZ_CHECK(meta.generation >= 0);
	FUZZ_CHECK(meta.published_at >= 0 && meta.published_at <= AK_TIME_MAX);
	FUZZ_CHECK(ak_meta_pack(&meta, again) == len);
	FUZZ_CHECK(memcmp(again, packed, len) == 0);
	packed[packed[0] % len] ^= 1;
	FUZZ_CHECK(!ak_meta_unpack(packed, len, &meta));
}

static void
check_usage(uint8_t packed[AK_USAGE_LEN])
{
	uint8_t again[AK_USAGE_LEN];
	struct ak_usage_record record;

	ak_put_number(packed + 76, ak_crc32(packed, 76), 4);
	if (!ak_usage_unpack(packed, &record))
		return;
	FUZZ_CHECK(ak_reason_exists((uint32_t)record.reason));
	FUZZ_CHECK(record.time >= 0 && record.time <= AK_TIME_MAX);
	FUZZ_CHECK(
	    strspn(record.id, ak_base58) == AK_ID_LEN && record.id[AK_ID_LEN] == '\0');
	FUZZ_CHECK(strlen(record.service) <= AK_USAGE_SERVICE_MAX);
	for (const char *s = record.service; *s != '\0'; s++)
		FUZZ_CHECK(*s > ' ' && *s < 0x7f);
	ak_usage_pack(&record, again);
	/* An address behind "there is none" is dropped. */
	FUZZ_CHECK(!record.has_address || memcmp(again, packed, AK_USAGE_LEN) == 0);
	packed[packed[20] % AK_USAGE_LEN] ^= (uint8_t)(1 << packed[21] % 8);
	FUZZ_CHECK(!ak_usage_unpack(packed, &record));
}

static void
check_head(uint8_t packed[AK_USAGE_LEN])
{
	uint8_t again[AK_USAGE_LEN], still[76];
	struct ak_usage_head head;

	memcpy(still, packed, sizeof(still));
	memset(still + AK_USAGE_DROPPED_AT, 0, 8);
	ak_put_number(packed + 76, ak_crc32(still, sizeof(still)), 4);
	if (!ak_usage_head_unpack(packed, &head))
		return;
	ak_usage_head_pack(&head, again);
	FUZZ_CHECK(memcmp(again, packed, AK_USAGE_DROPPED_AT + 8) == 0);
	packed[AK_USAGE_DROPPED_AT] ^= 1; /* counts up without a new check */
	FUZZ_CHECK(ak_usage_head_unpack(packed, &head));
	packed[8] ^= 1;
	FUZZ_CHECK(!ak_usage_head_unpack(packed, &head));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char kind = (char)fuzz_byte(&in);
	uint8_t usage[AK_USAGE_LEN] = { 0 }, *packed;

	if (in.left > AK_PACKED_MAX - AK_SEAL_LEN)
		return 0;
	packed = malloc(in.left + AK_SEAL_LEN);
	FUZZ_CHECK(packed != NULL);
	if (in.left > 0)
		memcpy(packed, in.at, in.left);
	memcpy(usage, in.at, in.left < AK_USAGE_LEN - 4 ? in.left : AK_USAGE_LEN - 4);
	if (kind == 'k') {
		seal(ID, packed, in.left);
		check_key(packed, in.left + AK_SEAL_LEN);
	} else if (kind == 'm') {
		seal("", packed, in.left);
		check_meta(packed, in.left + AK_SEAL_LEN);
	} else if (kind == 'u')
		check_usage(usage);
	else if (kind == 'h')
		check_head(usage);
	free(packed);
	return 0;
}
