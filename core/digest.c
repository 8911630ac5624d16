/* SPDX-License-Identifier: BSD-2-Clause */
#include <sodium.h>

#include "digest.h"

void
ak_digest(const char *text, size_t len, uint8_t out[AK_DIGEST_LEN])
{
	crypto_generichash(
	    out, AK_DIGEST_LEN, (const unsigned char *)text, len, NULL, 0);
}

bool
ak_digest_same(const uint8_t a[AK_DIGEST_LEN], const uint8_t b[AK_DIGEST_LEN])
{
	return sodium_memcmp(a, b, AK_DIGEST_LEN) == 0;
}
