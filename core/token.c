/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "crc32.h"
#include "token.h"

const char ak_base58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* The lengths to which clients are known to cut what they pass on as a password. */
static const size_t cut_lengths[] = { 32, 48, 64, 100, 127 };

/* A character of ak_base58. A search asks so often that it must not search itself. */
static bool
is_base58(char c)
{
	return (c >= '1' && c <= '9') ||
	       (c >= 'A' && c <= 'Z' && c != 'I' && c != 'O') ||
	       (c >= 'a' && c <= 'z' && c != 'l');
}

static bool
is_prefix_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

void
ak_token_checksum(const char *text, size_t len, char out[AK_CHECKSUM_LEN])
{
	uint32_t crc = ak_crc32(text, len);

	for (int i = AK_CHECKSUM_LEN - 1; i >= 0; i--) {
		out[i] = ak_base58[crc % 58];
		crc /= 58;
	}
}

/* The length of the prefix when all of `text` has a token's characters, or 0. */
static size_t
prefix_of(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && n < AK_PREFIX_MAX && is_prefix_char(text[n]))
		n++;
	if (n == 0 || n == len || text[n] != '_')
		return 0;
	for (size_t i = n + 1; i < len; i++)
		if (!is_base58(text[i]))
			return 0;
	return n;
}

static bool
is_cut_length(size_t len)
{
	for (size_t i = 0; i < sizeof(cut_lengths) / sizeof(cut_lengths[0]); i++)
		if (len == cut_lengths[i])
			return true;
	return false;
}

enum ak_reason
ak_token_parse(const char *text, size_t len, struct ak_token *tok)
{
	char checksum[AK_CHECKSUM_LEN];
	size_t prefix;

	memset(tok, 0, sizeof(*tok));
	if (len > AK_TOKEN_LOOK || (prefix = prefix_of(text, len)) == 0)
		return AK_MALFORMED;
	if (len == prefix + 1 + AK_BODY_LEN) {
		ak_token_checksum(text, len - AK_CHECKSUM_LEN, checksum);
		if (memcmp(checksum, text + len - AK_CHECKSUM_LEN, AK_CHECKSUM_LEN) ==
		    0) {
			memcpy(tok->prefix, text, prefix);
			memcpy(tok->id, text + prefix + 1, AK_ID_LEN);
			return AK_VALID;
		}
	} else if (!is_cut_length(len))
		return AK_MALFORMED;
	tok->truncated = is_cut_length(len);
	return AK_BAD_CHECKSUM;
}

bool
ak_token_around(
    const char *text, size_t len, size_t mark, size_t *at, struct ak_token *tok)
{
	size_t end = mark + 1 + AK_BODY_LEN;

	if (end > len)
		return false;
	for (size_t i = mark + 1; i < end; i++)
		if (!is_base58(text[i]))
			return false;
	for (*at = mark;
	     *at > 0 && mark - *at < AK_PREFIX_MAX && is_prefix_char(text[*at - 1]);) {
		--*at;
		if (ak_token_parse(text + *at, end - *at, tok) == AK_VALID)
			return true;
	}
	return false;
}

const char *
ak_token_find(const char *text, size_t *len)
{
	size_t all = strlen(text), at, mark;
	struct ak_token tok;

	for (const char *m = text; (m = strchr(m, '_')) != NULL; m++) {
		mark = (size_t)(m - text);
		if (!ak_token_around(text, all, mark, &at, &tok))
			continue;
		*len = mark - at + 1 + AK_BODY_LEN;
		return text + at;
	}
	return NULL;
}

const char *
ak_prefix_why_not(const char *prefix)
{
	size_t len = strlen(prefix);

	if (len < 1 || len > AK_PREFIX_MAX)
		return "a prefix has 1 to 6 characters";
	for (size_t i = 0; i < len; i++)
		if (!is_prefix_char(prefix[i]))
			return "a prefix has only the characters a-z and 0-9";
	return NULL;
}
