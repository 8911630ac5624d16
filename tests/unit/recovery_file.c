/* SPDX-License-Identifier: BSD-2-Clause */
/* The file of recovery, which is one line, and all that must not open as one. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "../fixture.h"
#include "byte_order.h"
#include "recovery.h"

#define PASSPHRASE "four words that nobody says"
#define BEGIN "authkey-recovery-1 "
#define BASE64 sodium_base64_VARIANT_ORIGINAL

/* The packed file, as authkey-store(5) has it: a second writing of the format. */
enum {
	PUBLIC = 0,
	SALT = 32,
	OPERATIONS = 48,
	MEMORY = 56,
	NONCE = 64,
	BOX = 88,
	ALL = 136
};

static void
line_of(const uint8_t packed[ALL], char line[AK_RECOVERY_LINE])
{
	char text[sodium_base64_ENCODED_LEN(ALL, BASE64)];

	sodium_bin2base64(text, sizeof(text), packed, ALL, BASE64);
	snprintf(line, AK_RECOVERY_LINE, BEGIN "%s\n", text);
}

/* A file of a new pair, made at the least cost, so that a test can open it often. */
static struct ak_recovery_pair
forge(uint8_t packed[ALL])
{
	struct ak_recovery_pair pair;
	uint8_t key[32];

	crypto_box_keypair(pair.public, pair.secret);
	memcpy(packed + PUBLIC, pair.public, 32);
	randombytes_buf(packed + SALT, 16);
	ak_put_number(packed + OPERATIONS, crypto_pwhash_OPSLIMIT_MIN, 8);
	ak_put_number(packed + MEMORY, crypto_pwhash_MEMLIMIT_MIN, 8);
	randombytes_buf(packed + NONCE, 24);
	assert_int_equal(crypto_pwhash(key, sizeof(key), PASSPHRASE, strlen(PASSPHRASE),
			     packed + SALT, crypto_pwhash_OPSLIMIT_MIN,
			     crypto_pwhash_MEMLIMIT_MIN, crypto_pwhash_ALG_ARGON2ID13),
	    0);
	crypto_secretbox_easy(packed + BOX, pair.secret, 32, packed + NONCE, key);
	return pair;
}

static enum ak_code
unwrap_with(const char *line, const char *passphrase, struct ak_recovery_pair *pair,
    struct ak_error *error)
{
	static const struct ak_recovery_pair nothing;
	enum ak_code code;

	memset(pair, 0xa5, sizeof(*pair));
	code = ak_recovery_unwrap(line, passphrase, strlen(passphrase), pair, error);
	if (code != AK_OK)
		assert_memory_equal(pair, &nothing, sizeof(nothing));
	return code;
}

static void
assert_refused(const char *line)
{
	struct ak_recovery_pair pair;
	struct ak_error error;

	if (unwrap_with(line, PASSPHRASE, &pair, &error) == AK_OK)
		fail_msg("opened: %s", line);
}

static void
a_file_opens_with_its_passphrase_and_no_other(void **state)
{
	static const char *const others[] = { "", "four words that nobody say",
		"four words that nobody says ", "Four words that nobody says" };
	uint8_t public[AK_RECOVERY_KEY_LEN], packed[ALL];
	struct ak_recovery_pair pair;
	char line[AK_RECOVERY_LINE];
	struct ak_error error;

	(void)state;
	assert_code(
	    ak_recovery_make(PASSPHRASE, strlen(PASSPHRASE), public, line, &error),
	    AK_OK, &error);
	assert_int_equal(strlen(line), sizeof(BEGIN) - 1 + 184 + 1);
	assert_code(unwrap_with(line, PASSPHRASE, &pair, &error), AK_OK, &error);
	assert_memory_equal(pair.public, public, sizeof(public));
	forge(packed);
	line_of(packed, line);
	assert_code(unwrap_with(line, PASSPHRASE, &pair, &error), AK_OK, &error);
	for (size_t i = 0; i < FX_COUNT(others); i++)
		assert_code(unwrap_with(line, others[i], &pair, &error),
		    AK_E_PERMISSION, &error);
}

static void
a_file_of_the_format_in_the_manual_opens(void **state)
{
	struct ak_recovery_pair made, pair;
	char line[AK_RECOVERY_LINE];
	struct ak_error error;
	uint8_t packed[ALL];

	(void)state;
	made = forge(packed);
	line_of(packed, line);
	assert_code(unwrap_with(line, PASSPHRASE, &pair, &error), AK_OK, &error);
	assert_memory_equal(&pair, &made, sizeof(pair));
	line[strlen(line) - 1] = '\0'; /* editors take the newline away */
	assert_code(unwrap_with(line, PASSPHRASE, &pair, &error), AK_OK, &error);
}

static void
two_files_of_one_passphrase_have_nothing_in_common(void **state)
{
	uint8_t a[AK_RECOVERY_KEY_LEN], b[AK_RECOVERY_KEY_LEN];
	char lines[2][AK_RECOVERY_LINE];
	struct ak_error error;
	size_t same = 0;

	(void)state;
	ak_recovery_make(PASSPHRASE, strlen(PASSPHRASE), a, lines[0], &error);
	ak_recovery_make(PASSPHRASE, strlen(PASSPHRASE), b, lines[1], &error);
	assert_memory_not_equal(a, b, sizeof(a));
	/* Behind the public keys: but for the cost, each digit is as good as drawn. */
	for (size_t i = sizeof(BEGIN) - 1; lines[0][i] != '='; i++)
		same += lines[0][i] == lines[1][i];
	assert_in_range(same, 0, 22 + 30);
}

static void
each_character_of_the_line_matters(void **state)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char line[AK_RECOVERY_LINE], damaged[AK_RECOVERY_LINE];
	uint8_t packed[ALL];
	const char *digit;

	(void)state;
	forge(packed);
	line_of(packed, line);
	for (size_t i = 0; line[i] != '\0'; i++) {
		memcpy(damaged, line, sizeof(line));
		damaged[i] = '!';
		assert_refused(damaged);
		if (line[i] == '\n' || (digit = strchr(digits, line[i])) == NULL)
			continue;
		damaged[i] = digits[(digit - digits) ^ 1]; /* one bit */
		assert_refused(damaged);
	}
}

static void
what_is_cut_or_goes_on_is_no_recovery_file(void **state)
{
	static const char *const strange[] = { "", "\n", BEGIN, BEGIN "\n", "authkey",
		"authkey-recovery-2 AAAA\n", "-----BEGIN PGP MESSAGE-----\n" };
	char line[AK_RECOVERY_LINE], other[AK_RECOVERY_LINE + 8];
	struct ak_recovery_pair pair;
	struct ak_error error;
	uint8_t packed[ALL];

	(void)state;
	for (size_t i = 0; i < FX_COUNT(strange); i++)
		assert_code(unwrap_with(strange[i], PASSPHRASE, &pair, &error),
		    AK_E_STORE, &error);
	forge(packed);
	line_of(packed, line);
	for (size_t len = 0; len < strlen(line) - 1; len++) {
		snprintf(other, sizeof(other), "%.*s", (int)len, line);
		assert_code(
		    unwrap_with(other, PASSPHRASE, &pair, &error), AK_E_STORE, &error);
	}
	snprintf(other, sizeof(other), "%s\n", line);
	assert_refused(other);
	snprintf(other, sizeof(other), "%sx", line);
	assert_refused(other);
	snprintf(other, sizeof(other), " %s", line);
	assert_refused(other);
	snprintf(other, sizeof(other), "%.*s\r\n", (int)strlen(line) - 1, line);
	assert_refused(other);
}

/* Were these taken at their word, the test would not end. */
static void
a_forged_cost_is_refused_at_once(void **state)
{
	static const struct {
		uint64_t operations, memory;
	} forged[] = {
		{ 0, crypto_pwhash_MEMLIMIT_MIN },
		{ 17, crypto_pwhash_MEMLIMIT_MIN },
		{ UINT32_MAX, crypto_pwhash_MEMLIMIT_MIN },
		{ UINT64_MAX, crypto_pwhash_MEMLIMIT_MIN },
		{ UINT64_C(1) << 32 | 1, crypto_pwhash_MEMLIMIT_MIN },
		{ 1, 0 },
		{ 1, crypto_pwhash_MEMLIMIT_MIN - 1 },
		{ 1, crypto_pwhash_MEMLIMIT_MIN + 1 },
		{ 1, (UINT64_C(1) << 30) + 1 },
		{ 1, UINT64_C(1) << 62 },
		{ 1, UINT64_MAX },
	};
	struct ak_recovery_pair pair;
	char line[AK_RECOVERY_LINE];
	struct ak_error error;
	uint8_t packed[ALL];

	(void)state;
	forge(packed);
	for (size_t i = 0; i < FX_COUNT(forged); i++) {
		ak_put_number(packed + OPERATIONS, forged[i].operations, 8);
		ak_put_number(packed + MEMORY, forged[i].memory, 8);
		line_of(packed, line);
		assert_code(
		    unwrap_with(line, PASSPHRASE, &pair, &error), AK_E_STORE, &error);
		assert_contains(error.text, "no recovery file");
	}
}

/* Whoever knows the passphrase could put one pair's private half under another's name.
 */
static void
a_public_key_that_is_not_the_private_ones_is_damage(void **state)
{
	struct ak_recovery_pair pair;
	char line[AK_RECOVERY_LINE];
	struct ak_error error;
	uint8_t packed[ALL];

	(void)state;
	forge(packed);
	packed[PUBLIC] ^= 1;
	line_of(packed, line);
	assert_code(unwrap_with(line, PASSPHRASE, &pair, &error), AK_E_STORE, &error);
	assert_contains(error.text, "damaged");
}

static int
setup(void **state)
{
	(void)state;
	return sodium_init() < 0 ? -1 : 0;
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_opens_with_its_passphrase_and_no_other),
		cmocka_unit_test(a_file_of_the_format_in_the_manual_opens),
		cmocka_unit_test(two_files_of_one_passphrase_have_nothing_in_common),
		cmocka_unit_test(each_character_of_the_line_matters),
		cmocka_unit_test(what_is_cut_or_goes_on_is_no_recovery_file),
		cmocka_unit_test(a_forged_cost_is_refused_at_once),
		cmocka_unit_test(a_public_key_that_is_not_the_private_ones_is_damage),
	};

	return cmocka_run_group_tests_name("recovery file", tests, setup, NULL);
}
