/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every refusal of a token takes the same work, whether its id exists or not: SECURITY
 * R10. What is hashed and compared is counted, in the module, too: this program's
 * functions come before libsodium's.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "../host.h"

/* Of another installation, so that no key has its id. */
#define FOREIGN "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"

#define BLOCK 128 /* bytes that BLAKE2b takes at once, RFC 7693 */

/* What was done since it was last cleared. */
static struct work {
	unsigned hashes, blocks, comparisons, compared;
} done;

int
crypto_generichash(unsigned char *out, size_t outlen, const unsigned char *in,
    unsigned long long inlen, const unsigned char *key, size_t keylen)
{
	done.hashes++;
	done.blocks += (unsigned)(inlen / BLOCK);
	return crypto_generichash_blake2b(out, outlen, in, inlen, key, keylen);
}

int
crypto_generichash_final(
    crypto_generichash_state *state, unsigned char *out, const size_t outlen)
{
	done.hashes++;
	return crypto_generichash_blake2b_final(
	    (crypto_generichash_blake2b_state *)state, out, outlen);
}

int
crypto_generichash_update(
    crypto_generichash_state *state, const unsigned char *in, unsigned long long inlen)
{
	done.blocks += (unsigned)(inlen / BLOCK);
	return crypto_generichash_blake2b_update(
	    (crypto_generichash_blake2b_state *)state, in, inlen);
}

/* Without a branch on the bytes, as libsodium's; in a test nobody measures it. */
int
sodium_memcmp(const void *one, const void *other, size_t len)
{
	const volatile unsigned char *a = one, *b = other;
	unsigned char differ = 0;

	done.comparisons++;
	done.compared += (unsigned)len;
	for (size_t i = 0; i < len; i++)
		differ |= a[i] ^ b[i];
	return differ == 0 ? 0 : -1;
}

static struct work
work_of(struct host *h, const char *user, const char *token, int code)
{
	memset(&done, 0, sizeof(done));
	assert_pam(host_login(h, user, token), code);
	return done;
}

static void
assert_work(const struct work *got, const struct work *wanted, const char *what)
{
	if (got->hashes != wanted->hashes || got->blocks != wanted->blocks ||
	    got->comparisons != wanted->comparisons ||
	    got->compared != wanted->compared)
		fail_msg(
		    "%s: %u hashes of %u whole blocks, %u comparisons of %u bytes; "
		    "a wrong secret: %u, %u, %u, %u",
		    what, got->hashes, got->blocks, got->comparisons, got->compared,
		    wanted->hashes, wanted->blocks, wanted->comparisons,
		    wanted->compared);
}

/* The refusals, and a right token, each beside a wrong secret. */
static struct work
compare_work(struct host *h)
{
	const char *token = fx_key(h->fx, "alice"), *ended = fx_key(h->fx, "alice");
	char wrong[AK_TOKEN_MAX + 1];
	struct work secret, other;
	size_t end = strlen(token) - AK_CHECKSUM_LEN;

	fx_set_state(h->fx, ended, AK_ENDED);
	snprintf(wrong, sizeof(wrong), "%s", token);
	wrong[30] = wrong[30] == 'x' ? 'y' : 'x';
	ak_token_checksum(wrong, end, wrong + end);
	secret = work_of(h, "alice", wrong, PAM_AUTH_ERR);
	assert_int_equal(secret.comparisons, 1);
	assert_int_equal(secret.compared, AK_DIGEST_LEN);
	other = work_of(h, "alice", FOREIGN, PAM_AUTH_ERR);
	assert_work(&other, &secret, "an unknown id");
	other = work_of(h, "alice", ended, PAM_AUTH_ERR);
	assert_work(&other, &secret, "a revoked key");
	other = work_of(h, "bob", token, PAM_AUTH_ERR);
	assert_work(&other, &secret, "a wrong user");
	other = work_of(h, "alice", token, PAM_SUCCESS);
	assert_work(&other, &secret, "a right token");
	return secret;
}

static void
an_unknown_id_takes_the_work_of_every_other_refusal_R10(void **state)
{
	/* The token, the publishing's seal and the key's. */
	assert_int_equal(compare_work(*state).hashes, 3);
}

static void
so_it_does_beside_keys_that_stand_in_the_delta_R10(void **state)
{
	struct host *h = *state;

	fx_delta(h->fx, 1, 1000);
	assert_true(compare_work(h).hashes > 3);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(an_unknown_id_takes_the_work_of_every_other_refusal_R10),
		HOST_TEST(so_it_does_beside_keys_that_stand_in_the_delta_R10),
	};

	return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
