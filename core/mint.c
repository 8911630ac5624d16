/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <sys/random.h>

#include <sodium.h>

#include "mint.h"

bool
ak_mint_ready(void)
{
	unsigned char one;

	return getrandom(&one, sizeof(one), GRND_NONBLOCK) == sizeof(one) &&
	       sodium_init() >= 0;
}

void
ak_token_mint(const char *prefix, char text[AK_TOKEN_MAX + 1], struct ak_token *tok)
{
	size_t n = strlen(prefix), end = n + 1 + AK_ID_LEN + AK_SECRET_LEN;

	memset(text, 0, AK_TOKEN_MAX + 1);
	memset(tok, 0, sizeof(*tok));
	memcpy(text, prefix, n);
	text[n] = '_';
	for (size_t i = n + 1; i < end; i++)
		text[i] = ak_base58[randombytes_uniform(58)];
	ak_token_checksum(text, end, text + end);
	memcpy(tok->prefix, prefix, n);
	memcpy(tok->id, text + n + 1, AK_ID_LEN);
}
