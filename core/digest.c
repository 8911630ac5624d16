/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <sodium.h>

#include "digest.h"

void
ak_digest(const char *text, size_t len, uint8_t out[AK_DIGEST_LEN])
{
	memset(out, 0, AK_DIGEST_LEN);
	crypto_generichash(
	    out, AK_DIGEST_LEN, (const unsigned char *)text, len, NULL, 0);
}

/*
 * A host that exports a sodium_memcmp() of its own has it called here. It may find
 * equal what is not, so what it has found is compared again.
 */
bool
ak_digest_same(const uint8_t a[AK_DIGEST_LEN], const uint8_t b[AK_DIGEST_LEN])
{
	return sodium_memcmp(a, b, AK_DIGEST_LEN) == 0 &&
	       memcmp(a, b, AK_DIGEST_LEN) == 0;
}
