/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 80 bytes of a usage record and of a usage file's head: what was packed is
 * unpacked, and nothing else is (SECURITY R31, R33).
 */
#include <stdio.h>
#include <string.h>

#include "../records.h"
#include "crc32.h"
#include "byte_order.h"
#include "when.h"

#define CHECK_AT (AK_USAGE_LEN - 4)

static const enum ak_reason reasons[] = {
#define REASON(word, value, auth, acct, level, text) AK_##word,
	AK_REASONS(REASON)
#undef REASON
};

static void
random_text(uint64_t *seed, char *to, size_t len, const char *alphabet)
{
	size_t letters = strlen(alphabet);

	for (size_t i = 0; i < len; i++)
		to[i] = alphabet[fx_random(seed) % letters];
	to[len] = '\0';
}

static struct ak_usage_record
random_record(uint64_t *seed)
{
	static const char first[] = "_0123456789aAzZ", any[] = "abcXYZ0189_.@-";
	struct ak_usage_record r;
	size_t len;

	memset(&r, 0, sizeof(r));
	r.reason = reasons[fx_random(seed) % FX_COUNT(reasons)];
	r.time = (int64_t)(((uint64_t)fx_random(seed) << 32 | fx_random(seed)) %
			   ((uint64_t)AK_TIME_MAX + 1));
	random_text(seed, r.id, AK_ID_LEN, ak_base58);
	r.has_address = fx_random(seed) % 3 != 0;
	for (size_t i = 0; r.has_address && i < sizeof(r.address.bytes); i++)
		r.address.bytes[i] = (uint8_t)fx_random(seed);
	if ((len = fx_random(seed) % (AK_USAGE_SERVICE_MAX + 1)) > 0) {
		random_text(seed, r.service, len, any);
		r.service[0] = first[fx_random(seed) % (sizeof(first) - 1)];
	}
	return r;
}

static void
assert_same(const struct ak_usage_record *a, const struct ak_usage_record *b)
{
	assert_reason(a->reason, b->reason);
	assert_true(a->time == b->time);
	assert_string_equal(a->id, b->id);
	assert_int_equal(a->has_address, b->has_address);
	assert_memory_equal(&a->address, &b->address, sizeof(a->address));
	assert_string_equal(a->service, b->service);
}

static void
a_record_is_unpacked_as_it_was_packed(void **state)
{
	uint8_t packed[AK_USAGE_LEN], again[AK_USAGE_LEN];
	struct ak_usage_record r, got;
	uint64_t seed = 3;

	(void)state;
	for (unsigned n = fx_loops(100000); n > 0; n--) {
		r = random_record(&seed);
		ak_usage_pack(&r, packed);
		assert_true(ak_usage_unpack(packed, &got));
		assert_same(&got, &r);
		ak_usage_pack(&got, again);
		assert_memory_equal(again, packed, sizeof(packed));
	}
}

static bool
is_all_zero(const void *memory, size_t len)
{
	const uint8_t *bytes = memory;

	for (size_t i = 0; i < len; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static void
a_record_with_any_one_byte_changed_is_none(void **state)
{
	uint8_t packed[AK_USAGE_LEN];
	struct ak_usage_record r, got;
	uint64_t seed = 4;

	(void)state;
	for (int n = 0; n < 20; n++) {
		r = random_record(&seed);
		ak_usage_pack(&r, packed);
		for (size_t at = 0; at < sizeof(packed); at++)
			for (int change = 1; change < 256; change++) {
				packed[at] ^= (uint8_t)change;
				if (ak_usage_unpack(packed, &got))
					fail_msg("byte %zu, change %02x", at,
					    (unsigned)change);
				assert_true(is_all_zero(&got, sizeof(got)));
				packed[at] ^= (uint8_t)change;
			}
	}
}

static void
a_record_cut_anywhere_and_followed_by_another_is_none(void **state)
{
	uint8_t packed[AK_USAGE_LEN], torn[AK_USAGE_LEN];
	struct ak_usage_record r, got;
	uint64_t seed = 5;

	(void)state;
	r = random_record(&seed);
	ak_usage_pack(&r, packed);
	for (size_t at = 1; at < sizeof(packed); at++) {
		memcpy(torn, packed, at);
		memcpy(torn + at, packed, sizeof(packed) - at);
		assert_false(ak_usage_unpack(torn, &got));
	}
}

/* Bytes with a check that fits, so that only the field itself can be refused. */
static bool
unpacks_with(size_t at, const void *bytes, size_t len)
{
	struct ak_usage_record r = us_record("7QxR2mNd", AK_VALID, "192.0.2.7"), got;
	uint8_t packed[AK_USAGE_LEN];

	ak_usage_pack(&r, packed);
	memcpy(packed + at, bytes, len);
	ak_put_number(packed + CHECK_AT, ak_crc32(packed, CHECK_AT), 4);
	return ak_usage_unpack(packed, &got);
}

static bool
unpacks_with_number(size_t at, uint64_t number, unsigned len)
{
	uint8_t bytes[8];

	ak_put_number(bytes, number, len);
	return unpacks_with(at, bytes, len);
}

static void
a_forged_record_has_fields_in_their_form_or_is_none_R33(void **state)
{
	static const char *const ids[] = { "7QxR2mN0", "7QxR2mN\0", "7QxR2mN\n",
		"7QxR2mNO", "7QxR2mNl", "7Qx'2mNd",
		"\xff\xff\xff\xff\xff\xff\xff\xff" };
	static const uint64_t times[] = { (uint64_t)-1, (uint64_t)INT64_MIN, INT64_MAX,
		(uint64_t)AK_TIME_MAX + 1 };
	static const uint32_t numbers[] = { 0, 1, AK_VALID ^ 1, AK_VALID + 1,
		UINT32_MAX };
	static const char *const services[] = { "a b", "a\x1b[2J", "a\nb", "\x7f",
		"\x80", "a\xc2\x9b", "*", "=1+1", ";=1+1", "-x", "@x", "<b>", "a|b" };

	(void)state;
	assert_true(unpacks_with(0, "AKUR", 4));
	assert_false(unpacks_with(0, "AKUF", 4));
	for (size_t i = 0; i < FX_COUNT(ids); i++)
		assert_false(unpacks_with(16, ids[i], AK_ID_LEN));
	for (size_t i = 0; i < FX_COUNT(times); i++)
		assert_false(unpacks_with_number(8, times[i], 8));
	assert_true(unpacks_with_number(8, 0, 8));
	assert_true(unpacks_with_number(8, (uint64_t)AK_TIME_MAX, 8));
	for (size_t i = 0; i < FX_COUNT(numbers); i++)
		assert_false(unpacks_with_number(4, numbers[i], 4));
	for (uint64_t has = 2; has < 256; has++)
		assert_false(unpacks_with_number(40, has, 1));
	for (size_t i = 0; i < FX_COUNT(services); i++)
		assert_false(unpacks_with(41, services[i], strlen(services[i])));
	assert_false(unpacks_with(41, "a\0b", 3)); /* something behind its end */
	assert_true(unpacks_with(41, "_a.b@c-d", 8));
}

static void
random_bytes_are_no_record_and_no_head(void **state)
{
	uint8_t bytes[AK_USAGE_LEN];
	struct ak_usage_record r;
	struct ak_usage_head head;
	uint64_t seed = 6;

	(void)state;
	for (unsigned n = fx_loops(1000000); n > 0; n--) {
		for (size_t i = 0; i < sizeof(bytes); i += 4)
			ak_put_number(bytes + i, fx_random(&seed), 4);
		/* So that half of them do not fail on their first bytes. */
		if (n % 2 == 0)
			memcpy(bytes, n % 4 == 0 ? "AKUR" : "AKUF", 4);
		assert_false(ak_usage_unpack(bytes, &r));
		assert_false(ak_usage_head_unpack(bytes, &head));
	}
}

static void
a_head_is_unpacked_as_it_was_packed(void **state)
{
	uint8_t packed[AK_USAGE_LEN];
	struct ak_usage_head head, got;
	uint64_t seed = 7;

	(void)state;
	for (int n = 0; n < 1000; n++) {
		for (size_t i = 0; i < sizeof(head.id); i++)
			head.id[i] = (uint8_t)fx_random(&seed);
		head.cap = (uint64_t)fx_random(&seed) << 32 | fx_random(&seed);
		head.dropped = (uint64_t)fx_random(&seed) << 32 | fx_random(&seed);
		ak_usage_head_pack(&head, packed);
		assert_true(ak_usage_head_unpack(packed, &got));
		assert_memory_equal(got.id, head.id, sizeof(head.id));
		assert_true(got.cap == head.cap && got.dropped == head.dropped);
	}
}

/* The drops are counted up in place, where no check could be kept. */
static void
a_head_with_any_one_byte_changed_is_none_but_for_the_drops(void **state)
{
	struct ak_usage_head head = { .cap = 1 << 20, .dropped = 5 }, got;
	uint8_t packed[AK_USAGE_LEN];
	bool changed, taken;

	(void)state;
	memset(head.id, 0x5a, sizeof(head.id));
	ak_usage_head_pack(&head, packed);
	for (size_t at = 0; at < sizeof(packed); at++)
		for (int change = 1; change < 256; change++) {
			packed[at] ^= (uint8_t)change;
			taken = ak_usage_head_unpack(packed, &got);
			changed =
			    at >= AK_USAGE_DROPPED_AT && at < AK_USAGE_DROPPED_AT + 8;
			assert_int_equal(taken, changed);
			if (taken) {
				assert_memory_equal(got.id, head.id, sizeof(head.id));
				assert_true(got.cap == head.cap);
			} else
				assert_true(is_all_zero(&got, sizeof(got)));
			packed[at] ^= (uint8_t)change;
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_unpacked_as_it_was_packed),
		cmocka_unit_test(a_record_with_any_one_byte_changed_is_none),
		cmocka_unit_test(a_record_cut_anywhere_and_followed_by_another_is_none),
		cmocka_unit_test(
		    a_forged_record_has_fields_in_their_form_or_is_none_R33),
		cmocka_unit_test(random_bytes_are_no_record_and_no_head),
		cmocka_unit_test(a_head_is_unpacked_as_it_was_packed),
		cmocka_unit_test(
		    a_head_with_any_one_byte_changed_is_none_but_for_the_drops),
	};

	return cmocka_run_group_tests_name("usage_record", tests, NULL, NULL);
}
