/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_PACK_H
#define AK_PACK_H

#include <stddef.h>

#include "key.h"

/*
 * The records of the published store. Numbers are little-endian, texts are a 16-bit
 * length and that many bytes:
 *
 *	key    scheme(1) state(1) flags(1: 1 owner suspended, 2 owner verified, 4 decoy)
 *	       not_before(8) expires_at(8) digest(32)
 *	       owner name services scopes networks (texts) seal(16)
 *	meta   generation(8) published_at(8) [delta(8)] seal(16)
 *
 * The seal is BLAKE2b-128 of the id and all that stands before it. SQLite's pages have
 * no checksum, and most damage reads as some other record; with a seal it does not. It
 * is no signature: who may write the store may seal it too.
 */
#define AK_SEAL_LEN 16
#define AK_PACKED_MAX 8192
#define AK_PACKED_USUAL 128 /* of a key without restrictions */
#define AK_META_PACKED_LEN (8 + 8 + AK_SEAL_LEN)
#define AK_META_PACKED_MAX (AK_META_PACKED_LEN + 8)

/* Which publishing a store is. */
struct ak_store_meta {
	int64_t generation; /* of the master that was published */
	int64_t published_at; /* s since 1970 UTC, the floor under the clock */
	uint64_t delta; /* the tag of its delta (delta.h), 0: it has none */
};

/* The seal of bytes that stand under a name. */
void ak_seal(
    const char *name, const uint8_t *bytes, size_t len, uint8_t seal[AK_SEAL_LEN]);

/* Whether the last bytes are the seal of those before them. */
bool ak_seal_fits(const char *name, const uint8_t *bytes, size_t len);

/* Pack a key. Returns the length of the record. */
size_t ak_key_pack(const struct ak_key *key, uint8_t packed[AK_PACKED_MAX]);

/*
 * Unpack the record that stands under `id`. False, and the key all zero, unless the
 * seal fits and every field is in its range, to the last byte.
 */
bool ak_key_unpack(
    const char *id, const uint8_t *packed, size_t len, struct ak_key *key);

/* Returns the length of the record. */
size_t ak_meta_pack(
    const struct ak_store_meta *meta, uint8_t packed[AK_META_PACKED_MAX]);
bool ak_meta_unpack(const uint8_t *packed, size_t len, struct ak_store_meta *meta);

#endif
