/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of reasons: no flipped bit turns a refusal into a grant (SECURITY R9). */
#include <string.h>

#include "../fixture.h"

#define VALUE(word, ...) AK_##word,
static const enum ak_reason reasons[] = { AK_REASONS(VALUE) };
#undef VALUE

static enum ak_reason
reason_of(unsigned bits)
{
	enum ak_reason reason;

	memcpy(&reason, &bits, sizeof(reason));
	return reason;
}

static void
the_reasons_differ_in_at_least_eleven_bits_R9(void **state)
{
	(void)state;
	for (size_t i = 0; i < FX_COUNT(reasons); i++) {
		assert_true(__builtin_popcount((unsigned)reasons[i]) >= 11);
		for (size_t j = i + 1; j < FX_COUNT(reasons); j++)
			assert_true(__builtin_popcount((unsigned)reasons[i] ^
						       (unsigned)reasons[j]) >= 11);
	}
}

static void
no_flipped_bit_of_a_proof_opens_R9(void **state)
{
	struct ak_key key = { .owner = "alice",
		.state = AK_ENABLED,
		.not_before = AK_NO_TIME,
		.expires_at = AK_NO_TIME };
	struct ak_request request = { .user = "alice" };
	unsigned proof = (unsigned)AK_VALID;

	(void)state;
	for (int i = 0; i < 32; i++)
		for (int j = i; j < 32; j++) {
			unsigned flip = 1u << i | 1u << j;

			request.proof = reason_of(proof ^ flip);
			assert_true(ak_decide(&key, &request) != AK_VALID);
		}
	for (size_t i = 0; i < FX_COUNT(reasons); i++)
		for (int bit = -1; bit < 32; bit++) {
			unsigned flip = bit < 0 ? 0 : 1u << bit;

			request.proof = reason_of((unsigned)reasons[i] ^ flip);
			assert_int_equal(ak_decide(&key, &request) == AK_VALID,
			    reasons[i] == AK_VALID && flip == 0);
		}
	request.proof = reason_of(0);
	assert_reason(ak_decide(&key, &request), AK_BAD_SECRET);
	request.proof = reason_of(1);
	assert_reason(ak_decide(&key, &request), AK_BAD_SECRET);
	request.proof = reason_of(~0u);
	assert_reason(ak_decide(&key, &request), AK_BAD_SECRET);
}

static void
every_reason_has_a_word_and_a_sentence_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < FX_COUNT(reasons); i++)
		for (size_t j = i + 1; j < FX_COUNT(reasons); j++) {
			assert_string_not_equal(
			    ak_reason_word(reasons[i]), ak_reason_word(reasons[j]));
			assert_string_not_equal(
			    ak_reason_text(reasons[i]), ak_reason_text(reasons[j]));
		}
	assert_string_equal(ak_reason_word(AK_VALID), "VALID");
	assert_string_equal(ak_reason_word(AK_FORBIDDEN_IP), "FORBIDDEN_IP");
	/* A value that is none speaks of trouble, never of success. */
	assert_string_equal(ak_reason_word(reason_of(0)), "STORE_UNAVAILABLE");
	assert_string_equal(
	    ak_reason_text(reason_of(0)), ak_reason_text(AK_STORE_UNAVAILABLE));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reasons_differ_in_at_least_eleven_bits_R9),
		cmocka_unit_test(no_flipped_bit_of_a_proof_opens_R9),
		cmocka_unit_test(every_reason_has_a_word_and_a_sentence_of_its_own),
	};

	return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
