/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tokens: any text against a second reading of DESIGN's section on tokens, which tries
 * nothing but to be plain. Where a text has the shape, its right checksum is put in
 * too.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "token.h"

#define DIGITS "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
#define PREFIX "abcdefghijklmnopqrstuvwxyz0123456789"

/* CRC-32 of IEEE 802.3 bit by bit, in base58. */
static void
checksum(const char *text, size_t len, char out[AK_CHECKSUM_LEN])
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)text[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
	}
	crc = ~crc;
	for (int i = AK_CHECKSUM_LEN; i > 0; i--, crc /= 58)
		out[i - 1] = DIGITS[crc % 58];
}

static bool
all_of(const char *text, size_t len, const char *any)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0' || strchr(any, text[i]) == NULL)
			return false;
	return true;
}

/* The length of the prefix of what looks like a token, cut or not; otherwise 0. */
static size_t
prefix_of(const char *text, size_t len)
{
	const char *mark = memchr(text, '_', len);
	size_t n = mark != NULL ? (size_t)(mark - text) : 0;

	return n >= 1 && n <= 6 && len <= 127 && all_of(text, n, PREFIX) &&
		       all_of(mark + 1, len - n - 1, DIGITS)
		   ? n
		   : 0;
}

static bool
is_cut(size_t len)
{
	return len == 32 || len == 48 || len == 64 || len == 100 || len == 127;
}

static enum ak_reason
expected(const char *text, size_t len)
{
	size_t prefix = prefix_of(text, len);
	char right[AK_CHECKSUM_LEN];

	if (prefix == 0)
		return AK_MALFORMED;
	if (len != prefix + 1 + 41)
		return is_cut(len) ? AK_BAD_CHECKSUM : AK_MALFORMED;
	checksum(text, len - 6, right);
	return memcmp(right, text + len - 6, 6) == 0 ? AK_VALID : AK_BAD_CHECKSUM;
}

static void
check(const char *text, size_t len)
{
	static const struct ak_token none;
	enum ak_reason wanted = expected(text, len);
	struct ak_token tok, bare;

	FUZZ_CHECK(ak_token_parse(text, len, &tok) == wanted);
	FUZZ_CHECK(tok.truncated == (wanted == AK_BAD_CHECKSUM && is_cut(len)));
	bare = tok;
	bare.truncated = false;
	if (wanted != AK_VALID) {
		FUZZ_CHECK(memcmp(&bare, &none, sizeof(bare)) == 0);
		return;
	}
	FUZZ_CHECK(strlen(tok.prefix) == len - 42 && strlen(tok.id) == AK_ID_LEN);
	FUZZ_CHECK(memcmp(tok.prefix, text, len - 42) == 0);
	FUZZ_CHECK(memcmp(tok.id, text + len - 41, AK_ID_LEN) == 0);
	FUZZ_CHECK(ak_prefix_why_not(tok.prefix) == NULL);
}

/* The text with its right checksum is a token; with one character changed it is none.
 */
static void
check_repaired(char *text, size_t len)
{
	size_t at = (unsigned char)text[len - 1] % len;
	struct ak_token tok;

	checksum(text, len - 6, text + len - 6);
	check(text, len);
	FUZZ_CHECK(ak_token_parse(text, len, &tok) == AK_VALID);
	FUZZ_CHECK(ak_token_parse(text, len + 1, &tok) != AK_VALID); /* the NUL */
	text[at] = (char)(text[at] == DIGITS[at % 58] ? '1' + (at % 58 == 0)
						      : DIGITS[at % 58]);
	FUZZ_CHECK(ak_token_parse(text, len, &tok) != AK_VALID);
}

static void
count(size_t at, size_t len, void *context)
{
	size_t *first = context;

	if (first[1] == 0) {
		first[0] = at;
		first[1] = len;
	}
}

/* The first token in the text as far as it goes without a NUL. */
static void
check_find(const char *text)
{
	size_t first[2] = { 0, 0 }, len = 0;
	const char *found = ak_token_find(text, &len);

	fuzz_tokens(text, strlen(text), count, first);
	FUZZ_CHECK((found != NULL) == (first[1] != 0));
	if (found != NULL)
		FUZZ_CHECK((size_t)(found - text) == first[0] && len == first[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_copy(data, size);
	size_t prefix = size > 0 ? prefix_of(text, size) : 0;

	check(text, size);
	check_find(text);
	if (prefix != 0 && size == prefix + 42)
		check_repaired(text, size);
	free(text);
	return 0;
}
