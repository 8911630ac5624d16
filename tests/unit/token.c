/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens: the vectors of the format, the one spelling (SECURITY R11), lengths (R4),
 * minting. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "digest.h"
#include "../fixture.h"

static const struct vector {
	const char *token, *prefix, *id;
	uint32_t crc;
	const char *digest;
} vectors[] = {
	{ "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX", "ak", "7QxR2mNd", 0xf8b15f34,
	    "84c5196cf4395f8aa529f56e08126c42a343df4408d272855f0a8e049b6394f0" },
	{ "kalp_111111111111111111111111111111111117HZFzf", "kalp", "11111111",
	    0xf5e61cc8,
	    "37de261ab7e73e083e7dc27ed18c6ebd58b5bf835fe3e7107fc0ecc45f281505" },
	{ "k9_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1bPWkK", "k9", "zzzzzzzz", 0x17320274,
	    "3bb6b9716d0de35f04127fbf76be998bf4b5163237270d3c92f78af84ae13eab" },
};
#define TOKEN vectors[0].token

static enum ak_reason
parse(const char *text, size_t len)
{
	static const struct ak_token nothing;
	struct ak_token tok;
	enum ak_reason reason = ak_token_parse(text, len, &tok);

	/* Nothing of a refused text is handed out. */
	if (reason != AK_VALID) {
		tok.truncated = false;
		assert_memory_equal(&tok, &nothing, sizeof(tok));
	}
	return reason;
}

static void
assert_refused(const char *text, size_t len)
{
	enum ak_reason reason = parse(text, len);

	if (reason != AK_MALFORMED && reason != AK_BAD_CHECKSUM)
		fail_msg("accepted: %.*s", (int)len, text);
}

static void
the_test_vectors_parse_into_prefix_and_id(void **state)
{
	struct ak_token tok;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(vectors); i++) {
		assert_reason(
		    ak_token_parse(vectors[i].token, strlen(vectors[i].token), &tok),
		    AK_VALID);
		assert_string_equal(tok.prefix, vectors[i].prefix);
		assert_string_equal(tok.id, vectors[i].id);
		assert_false(tok.truncated);
	}
}

static void
the_checksum_spells_the_crc_of_the_test_vectors(void **state)
{
	char checksum[AK_CHECKSUM_LEN];
	const char *digit;
	uint64_t value;
	size_t len;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(vectors); i++) {
		len = strlen(vectors[i].token) - AK_CHECKSUM_LEN;
		ak_token_checksum(vectors[i].token, len, checksum);
		assert_memory_equal(checksum, vectors[i].token + len, AK_CHECKSUM_LEN);
		value = 0;
		for (int d = 0; d < AK_CHECKSUM_LEN; d++) {
			assert_non_null(digit = strchr(ak_base58, checksum[d]));
			value = value * 58 + (uint64_t)(digit - ak_base58);
		}
		assert_int_equal(value, vectors[i].crc);
	}
}

static void
the_digest_is_blake2b_256_of_the_whole_token(void **state)
{
	uint8_t digest[AK_DIGEST_LEN];
	char hex[2 * AK_DIGEST_LEN + 1];

	(void)state;
	for (size_t i = 0; i < FX_COUNT(vectors); i++) {
		ak_digest(vectors[i].token, strlen(vectors[i].token), digest);
		sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
		assert_string_equal(hex, vectors[i].digest);
	}
}

static void
digests_are_the_same_only_when_every_bit_is(void **state)
{
	uint8_t a[AK_DIGEST_LEN], b[AK_DIGEST_LEN];

	(void)state;
	ak_digest(TOKEN, strlen(TOKEN), a);
	memcpy(b, a, sizeof(b));
	assert_true(ak_digest_same(a, b));
	for (size_t bit = 0; bit < 8 * sizeof(b); bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(ak_digest_same(a, b));
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
every_single_changed_byte_is_refused_R11(void **state)
{
	char text[AK_TOKEN_MAX + 1];
	size_t len;

	(void)state;
	for (size_t v = 0; v < FX_COUNT(vectors); v++) {
		len = strlen(vectors[v].token);
		for (size_t i = 0; i < len; i++)
			for (int c = 0; c < 256; c++) {
				memcpy(text, vectors[v].token, len + 1);
				text[i] = (char)c;
				if (text[i] != vectors[v].token[i])
					assert_refused(text, len);
			}
	}
}

static void
every_single_inserted_byte_is_refused_R11(void **state)
{
	char text[AK_TOKEN_MAX + 2];
	size_t len;

	(void)state;
	for (size_t v = 0; v < FX_COUNT(vectors); v++) {
		len = strlen(vectors[v].token);
		for (size_t i = 0; i <= len; i++)
			for (int c = 0; c < 256; c++) {
				memcpy(text, vectors[v].token, i);
				text[i] = (char)c;
				memcpy(text + i + 1, vectors[v].token + i, len - i);
				assert_refused(text, len + 1);
			}
	}
}

static void
every_single_deleted_byte_and_every_part_is_refused_R11(void **state)
{
	char text[AK_TOKEN_MAX + 1];
	size_t len;

	(void)state;
	for (size_t v = 0; v < FX_COUNT(vectors); v++) {
		len = strlen(vectors[v].token);
		for (size_t i = 0; i < len; i++) {
			memcpy(text, vectors[v].token, i);
			memcpy(text + i, vectors[v].token + i + 1, len - i - 1);
			assert_refused(text, len - 1);
			assert_refused(vectors[v].token, i);
			assert_refused(vectors[v].token + i + 1, len - i - 1);
		}
	}
}

static void
another_case_of_any_letter_is_refused_R11(void **state)
{
	char text[AK_TOKEN_MAX + 1], *all[2];

	(void)state;
	for (size_t i = 0; i < strlen(TOKEN); i++) {
		if (!isalpha((unsigned char)TOKEN[i]))
			continue;
		memcpy(text, TOKEN, strlen(TOKEN) + 1);
		text[i] = (char)(text[i] ^ 0x20);
		assert_refused(text, strlen(text));
	}
	all[0] = strdup(TOKEN);
	all[1] = strdup(TOKEN);
	for (size_t i = 0; i < strlen(TOKEN); i++) {
		all[0][i] = (char)toupper((unsigned char)TOKEN[i]);
		all[1][i] = (char)tolower((unsigned char)TOKEN[i]);
	}
	assert_refused(all[0], strlen(TOKEN));
	assert_refused(all[1], strlen(TOKEN));
	free(all[0]);
	free(all[1]);
}

static void
nothing_may_stand_around_a_token_R11(void **state)
{
	static const struct {
		const char *before, *after;
		size_t after_len;
	} rows[] = {
		{ "", "\n", 1 },
		{ "", "\r\n", 2 },
		{ "", " ", 1 },
		{ "", "\t", 1 },
		{ "", "\0", 1 },
		{ "", "\0x", 2 },
		{ "", "\xc2\xa0", 2 },
		{ "", "=", 1 },
		{ " ", "", 0 },
		{ "\n", "", 0 },
		{ "\xef\xbb\xbf", "", 0 },
		{ "Bearer ", "", 0 },
		{ "\"", "\"", 1 },
		{ "_", "", 0 },
		{ "a", "", 0 },
		{ "", "1", 1 },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		size_t b = strlen(rows[i].before), t = strlen(TOKEN);

		memcpy(text, rows[i].before, b);
		memcpy(text + b, TOKEN, t);
		memcpy(text + b + t, rows[i].after, rows[i].after_len);
		assert_refused(text, b + t + rows[i].after_len);
	}
	/* Two tokens in a row are none. */
	snprintf(text, sizeof(text), "%s%s", TOKEN, TOKEN);
	assert_refused(text, strlen(text));
}

static void
a_text_of_any_length_is_a_password_R4(void **state)
{
	static const size_t more[] = { 65535, 65536, 65537, 1000000 };
	static const char fills[] = { 'a', '1', '_', '\0', '\xff', '\n', '%' };
	char *text = malloc(1000000);

	(void)state;
	assert_non_null(text);
	for (size_t f = 0; f < sizeof(fills); f++) {
		memset(text, fills[f], 1000000);
		for (size_t len = 0; len <= 2000; len++)
			assert_reason(parse(text, len), AK_MALFORMED);
		for (size_t i = 0; i < FX_COUNT(more); i++)
			assert_reason(parse(text, more[i]), AK_MALFORMED);
	}
	/* Base58 behind a prefix, of all lengths: only the lengths of tokens come
	 * close. */
	memset(text, '2', 1000000);
	memcpy(text, "ak_", 3);
	for (size_t len = 0; len <= 2000; len++)
		if (len == 3 + AK_BODY_LEN)
			assert_reason(parse(text, len), AK_BAD_CHECKSUM);
		else
			assert_refused(text, len);
	free(text);
}

/* A token-like text with this prefix and a checksum that fits. */
static size_t
with_prefix(const char *prefix, char text[128])
{
	int n = snprintf(text, 128, "%s_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR", prefix);

	ak_token_checksum(text, (size_t)n, text + n);
	return (size_t)n + AK_CHECKSUM_LEN;
}

static void
a_prefix_has_one_to_six_small_letters_and_digits(void **state)
{
	static const char *const good[] = { "a", "0", "ak", "kalp", "abcdef",
		"123456" };
	static const char *const bad[] = { "", "abcdefg", "AK", "a-b", "a b", "a_b",
		"\xc3\xa9", "a.b", "ak\n" };
	struct ak_token tok;
	char text[128];
	size_t len;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(good); i++) {
		assert_null(ak_prefix_why_not(good[i]));
		len = with_prefix(good[i], text);
		assert_reason(ak_token_parse(text, len, &tok), AK_VALID);
		assert_string_equal(tok.prefix, good[i]);
		assert_string_equal(tok.id, "7QxR2mNd");
	}
	for (size_t i = 0; i < FX_COUNT(bad); i++) {
		assert_non_null(ak_prefix_why_not(bad[i]));
		len = with_prefix(bad[i], text);
		assert_refused(text, len);
	}
}

static void
a_client_that_cuts_passwords_is_recognised_by_the_length(void **state)
{
	static const size_t cuts[] = { 32, 48, 64, 100, 127 };
	struct ak_token tok;
	char text[200];

	(void)state;
	memset(text, '2', sizeof(text));
	memcpy(text, "ak_", 3);
	for (size_t len = 0; len < sizeof(text); len++) {
		bool cut = false;

		for (size_t i = 0; i < FX_COUNT(cuts); i++)
			cut = cut || len == cuts[i];
		assert_reason(ak_token_parse(text, len, &tok),
		    cut || len == 3 + AK_BODY_LEN ? AK_BAD_CHECKSUM : AK_MALFORMED);
		assert_int_equal(tok.truncated, cut);
	}
	/* Also where a whole token has such a length itself, and only when it is off.
	 */
	with_prefix("abcdef", text);
	assert_reason(ak_token_parse(text, 48, &tok), AK_VALID);
	assert_false(tok.truncated);
	text[47] = text[47] == 'z' ? 'y' : 'z';
	assert_reason(ak_token_parse(text, 48, &tok), AK_BAD_CHECKSUM);
	assert_true(tok.truncated);
}

static void
a_password_of_a_cut_length_gets_no_hint(void **state)
{
	struct ak_token tok;
	char text[32];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_reason(ak_token_parse(text, sizeof(text), &tok), AK_MALFORMED);
	assert_false(tok.truncated);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_test_vectors_parse_into_prefix_and_id),
		cmocka_unit_test(the_checksum_spells_the_crc_of_the_test_vectors),
		cmocka_unit_test(the_digest_is_blake2b_256_of_the_whole_token),
		cmocka_unit_test(digests_are_the_same_only_when_every_bit_is),
		cmocka_unit_test(every_single_changed_byte_is_refused_R11),
		cmocka_unit_test(every_single_inserted_byte_is_refused_R11),
		cmocka_unit_test(
		    every_single_deleted_byte_and_every_part_is_refused_R11),
		cmocka_unit_test(another_case_of_any_letter_is_refused_R11),
		cmocka_unit_test(nothing_may_stand_around_a_token_R11),
		cmocka_unit_test(a_text_of_any_length_is_a_password_R4),
		cmocka_unit_test(a_prefix_has_one_to_six_small_letters_and_digits),
		cmocka_unit_test(
		    a_client_that_cuts_passwords_is_recognised_by_the_length),
		cmocka_unit_test(a_password_of_a_cut_length_gets_no_hint),
	};

	return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
