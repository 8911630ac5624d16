/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <sodium.h>

#include "byte_order.h"
#include "pack.h"

enum { OWNER_SUSPENDED = 1, OWNER_VERIFIED = 2, DECOY = 4 };
#define ALL_FLAGS (OWNER_SUSPENDED | OWNER_VERIFIED | DECOY)

/* Five texts fit with their lengths: two names, three word lists. */
_Static_assert(3 + 16 + AK_DIGEST_LEN + 5 * 2 + AK_OWNER_MAX + AK_NAME_MAX +
		       3 * AK_WORDS_MAX + AK_SEAL_LEN <=
		   AK_PACKED_MAX,
    "a record fits");

void
ak_seal(const char *id, const uint8_t *packed, size_t len, uint8_t seal[AK_SEAL_LEN])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, AK_SEAL_LEN);
	crypto_generichash_update(&state, (const unsigned char *)id, strlen(id));
	crypto_generichash_update(&state, packed, len);
	crypto_generichash_final(&state, seal, AK_SEAL_LEN);
}

bool
ak_seal_fits(const char *id, const uint8_t *packed, size_t len)
{
	uint8_t seal[AK_SEAL_LEN];

	if (len < AK_SEAL_LEN)
		return false;
	ak_seal(id, packed, len - AK_SEAL_LEN, seal);
	return memcmp(seal, packed + len - AK_SEAL_LEN, AK_SEAL_LEN) == 0;
}

static uint8_t *
put_text(uint8_t *to, const char *text)
{
	size_t len = strlen(text);

	to = ak_put_number(to, len, 2);
	memcpy(to, text, len);
	return to + len;
}

size_t
ak_key_pack(const struct ak_key *key, uint8_t packed[AK_PACKED_MAX])
{
	uint8_t *to = packed;

	*to++ = key->scheme;
	*to++ = (uint8_t)key->state;
	*to++ = (uint8_t)((key->owner_suspended ? OWNER_SUSPENDED : 0) |
			  (key->owner_verified ? OWNER_VERIFIED : 0) |
			  (key->decoy ? DECOY : 0));
	to = ak_put_number(to, (uint64_t)key->not_before, 8);
	to = ak_put_number(to, (uint64_t)key->expires_at, 8);
	memcpy(to, key->digest, AK_DIGEST_LEN);
	to = put_text(to + AK_DIGEST_LEN, key->owner);
	to = put_text(to, key->name);
	to = put_text(to, key->services);
	to = put_text(to, key->scopes);
	to = put_text(to, key->networks);
	ak_seal(key->id, packed, (size_t)(to - packed), to);
	return (size_t)(to - packed) + AK_SEAL_LEN;
}

/* What is left to read; nothing more once a field did not fit. */
struct reader {
	const uint8_t *at;
	size_t left;
	bool fits;
};

static const uint8_t *
take(struct reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (!r->fits || len > r->left) {
		r->fits = false;
		return NULL;
	}
	r->at += len;
	r->left -= len;
	return at;
}

static uint64_t
take_number(struct reader *r, unsigned bytes)
{
	const uint8_t *at = take(r, bytes);

	return at != NULL ? ak_get_number(at, bytes) : 0;
}

static int64_t
take_time(struct reader *r)
{
	int64_t when = (int64_t)take_number(r, 8);

	if (!ak_time_is_sane(when))
		r->fits = false;
	return when;
}

static void
take_text(struct reader *r, char *to, size_t size)
{
	size_t len = take_number(r, 2);
	const uint8_t *at = take(r, len);

	if (at == NULL || len >= size || memchr(at, '\0', len) != NULL) {
		r->fits = false;
		return;
	}
	memcpy(to, at, len);
	to[len] = '\0';
}

static bool
take_key(struct reader *r, struct ak_key *key)
{
	uint64_t state, flags;
	const uint8_t *digest;

	key->scheme = (uint8_t)take_number(r, 1);
	state = take_number(r, 1);
	flags = take_number(r, 1);
	key->not_before = take_time(r);
	key->expires_at = take_time(r);
	if ((digest = take(r, AK_DIGEST_LEN)) != NULL)
		memcpy(key->digest, digest, AK_DIGEST_LEN);
	take_text(r, key->owner, sizeof(key->owner));
	take_text(r, key->name, sizeof(key->name));
	take_text(r, key->services, sizeof(key->services));
	take_text(r, key->scopes, sizeof(key->scopes));
	take_text(r, key->networks, sizeof(key->networks));
	key->state = (enum ak_state)state;
	key->owner_suspended = (flags & OWNER_SUSPENDED) != 0;
	key->owner_verified = (flags & OWNER_VERIFIED) != 0;
	key->decoy = (flags & DECOY) != 0;
	return r->fits && r->left == 0 && key->scheme == AK_SCHEME_BLAKE2B &&
	       state >= AK_ENABLED && state <= AK_ENDED && flags <= ALL_FLAGS &&
	       key->owner[0] != '\0';
}

bool
ak_key_unpack(const char *id, const uint8_t *packed, size_t len, struct ak_key *key)
{
	struct reader r = { packed, len - AK_SEAL_LEN, true };

	memset(key, 0, sizeof(*key));
	if (strlen(id) != AK_ID_LEN || !ak_seal_fits(id, packed, len))
		return false;
	memcpy(key->id, id, AK_ID_LEN);
	if (take_key(&r, key))
		return true;
	memset(key, 0, sizeof(*key));
	return false;
}

size_t
ak_meta_pack(const struct ak_store_meta *meta, uint8_t packed[AK_META_PACKED_MAX])
{
	uint8_t *to = ak_put_number(packed, (uint64_t)meta->generation, 8);

	to = ak_put_number(to, (uint64_t)meta->published_at, 8);
	if (meta->delta != 0)
		to = ak_put_number(to, meta->delta, 8);
	ak_seal("", packed, (size_t)(to - packed), to);
	return (size_t)(to - packed) + AK_SEAL_LEN;
}

bool
ak_meta_unpack(const uint8_t *packed, size_t len, struct ak_store_meta *meta)
{
	struct reader r = { packed, len, true };

	memset(meta, 0, sizeof(*meta));
	if ((len != AK_META_PACKED_LEN && len != AK_META_PACKED_MAX) ||
	    !ak_seal_fits("", packed, len))
		return false;
	meta->generation = (int64_t)take_number(&r, 8);
	meta->published_at = take_time(&r);
	if (len == AK_META_PACKED_MAX)
		meta->delta = take_number(&r, 8);
	return r.fits && meta->generation >= 0 && meta->published_at != AK_NO_TIME &&
	       (meta->delta != 0) == (len == AK_META_PACKED_MAX);
}
