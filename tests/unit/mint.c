/* SPDX-License-Identifier: BSD-2-Clause */
/* Minting tokens. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "../fixture.h"
#include "mint.h"

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int
setup(void **state)
{
	(void)state;
	return sodium_init() < 0 ? -1 : 0;
}

static void
a_minted_token_parses_and_fits_every_client(void **state)
{
	static const char *const prefixes[] = { "a", "ak", "kalp", "abcdef" };
	struct ak_token minted, parsed;
	char text[AK_TOKEN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < FX_COUNT(prefixes); i++)
		for (int n = 0; n < 500; n++) {
			ak_token_mint(prefixes[i], text, &minted);
			assert_int_equal(
			    strlen(text), strlen(prefixes[i]) + 1 + AK_BODY_LEN);
			assert_in_range(strlen(text), 43, 48);
			assert_reason(
			    ak_token_parse(text, strlen(text), &parsed), AK_VALID);
			assert_string_equal(parsed.id, minted.id);
			assert_string_equal(parsed.prefix, prefixes[i]);
			assert_string_equal(minted.prefix, prefixes[i]);
		}
}

/*
 * Chi-squared over the 58 digits. For 57 degrees of freedom a fair generator passes
 * 176 once in 10^10 runs (Laurent and Massart 2000, lemma 1, with x = 23); a byte
 * modulo 58 would give about 8,700 here.
 */
static void
minted_digits_are_drawn_without_bias(void **state)
{
	unsigned counts[58] = { 0 }, tokens = 20000;
	double expected = tokens * 35.0 / 58, chi = 0;
	char text[AK_TOKEN_MAX + 1];
	struct ak_token tok;

	(void)state;
	for (unsigned n = 0; n < tokens; n++) {
		ak_token_mint("ak", text, &tok);
		for (int i = 3; i < 3 + 35; i++)
			counts[strchr(ak_base58, text[i]) - ak_base58]++;
	}
	for (int i = 0; i < 58; i++)
		chi += (counts[i] - expected) * (counts[i] - expected) / expected;
	if (chi > 176)
		fail_msg("chi-squared is %.1f", chi);
}

static void
no_two_minted_tokens_share_an_id_or_a_secret(void **state)
{
	enum { N = 20000 };
	char(*texts)[AK_TOKEN_MAX + 1] = calloc(N, sizeof(*texts));
	struct ak_token tok;

	(void)state;
	assert_non_null(texts);
	for (int n = 0; n < N; n++) {
		ak_token_mint("ak", texts[n], &tok);
		assert_memory_equal(texts[n] + 3, tok.id, AK_ID_LEN);
	}
	qsort(texts, N, sizeof(*texts), by_text);
	for (int n = 1; n < N; n++)
		assert_memory_not_equal(texts[n], texts[n - 1], 3 + AK_ID_LEN);
	for (int n = 0; n < N; n++) /* by the secret: take the id away in front of it */
		memmove(texts[n], texts[n] + 3 + AK_ID_LEN,
		    AK_SECRET_LEN + AK_CHECKSUM_LEN + 1);
	qsort(texts, N, sizeof(*texts), by_text);
	for (int n = 1; n < N; n++)
		assert_memory_not_equal(texts[n], texts[n - 1], AK_SECRET_LEN);
	free(texts);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_minted_token_parses_and_fits_every_client),
		cmocka_unit_test(minted_digits_are_drawn_without_bias),
		cmocka_unit_test(no_two_minted_tokens_share_an_id_or_a_secret),
	};

	return cmocka_run_group_tests_name("mint", tests, setup, NULL);
}
