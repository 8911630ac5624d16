/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_DIGEST_H
#define AK_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AK_DIGEST_LEN 32

/* The scheme byte stored beside a digest, so that the hash can change one day. */
#define AK_SCHEME_BLAKE2B 1

/*
 * BLAKE2b-256, unkeyed, of the whole token text (RFC 7693; libsodium's
 * crypto_generichash). A fast hash is right: a secret has 158 random bits, so there
 * is nothing to guess. Needs no sodium_init().
 */
void ak_digest(const char *text, size_t len, uint8_t out[AK_DIGEST_LEN]);

/* Whether two digests are the same, in time that does not depend on where they differ.
 */
bool ak_digest_same(const uint8_t a[AK_DIGEST_LEN], const uint8_t b[AK_DIGEST_LEN]);

#endif
