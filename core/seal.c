/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <sodium.h>

#include "seal.h"

/* Each field with its length before it, so that no two records read alike. */
static void
add(crypto_generichash_state *state, const void *field, size_t len)
{
	uint64_t n = len;

	crypto_generichash_update(state, (const unsigned char *)&n, sizeof(n));
	crypto_generichash_update(state, field, len);
}

void
ak_key_seal(const struct ak_key *key, uint8_t seal[AK_SEAL_LEN])
{
	const char *const texts[] = { key->id, key->name, key->owner, key->services,
		key->scopes, key->networks };
	const int64_t numbers[] = { key->scheme, key->state, key->not_before,
		key->expires_at, key->owner_suspended, key->owner_verified };
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, AK_SEAL_LEN);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		add(&state, texts[i], strlen(texts[i]));
	add(&state, numbers, sizeof(numbers));
	add(&state, key->digest, AK_DIGEST_LEN);
	crypto_generichash_final(&state, seal, AK_SEAL_LEN);
}
