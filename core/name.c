/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "name.h"
#include "token.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

/* Whether `text` is 1..max characters of `any`, the first of them of `first`. */
static bool
made_of(const char *text, size_t max, const char *first, const char *any)
{
	size_t len = strlen(text);

	return len >= 1 && len <= max && strchr(first, text[0]) != NULL &&
	       strspn(text, any) == len;
}

/* A token in a name or a text would be kept, listed and logged: SECURITY R40. */
static bool
holds_token(const char *text)
{
	size_t len;

	return ak_token_find(text, &len) != NULL;
}

#define IS_TOKEN "that is a token; nobody should keep it here"

const char *
ak_name_why_not(const char *name)
{
	if (holds_token(name))
		return IS_TOKEN;
	if (!made_of(
		name, AK_NAME_MAX, LOWER UPPER DIGIT "_", LOWER UPPER DIGIT "_.- ") ||
	    name[strlen(name) - 1] == ' ')
		return "a key name has 1 to 64 of the characters A-Z a-z 0-9 . _ - and "
		       "spaces, begins with a letter, digit or _, and does not end "
		       "with "
		       "a space";
	return NULL;
}

const char *
ak_owner_why_not(const char *owner)
{
	struct ak_token tok;

	if (holds_token(owner))
		return IS_TOKEN;
	if (!made_of(owner, AK_OWNER_MAX, LOWER UPPER DIGIT "_",
		LOWER UPPER DIGIT "_.@+$\\-"))
		return "a user name has 1 to 128 of the characters A-Z a-z 0-9 . _ @ + "
		       "$ "
		       "\\ - and begins with a letter, digit or _";
	if (strcmp(owner, "__token__") == 0)
		return "__token__ is what clients send in place of a user name";
	if (ak_token_parse(owner, strlen(owner), &tok) != AK_MALFORMED)
		return "a user name must not look like a token";
	return NULL;
}

const char *
ak_service_why_not(const char *service)
{
	if (holds_token(service))
		return IS_TOKEN;
	if (!made_of(
		service, AK_WORD_MAX, LOWER UPPER DIGIT "_", LOWER UPPER DIGIT "_.@-"))
		return "a service is named like its file in /etc/pam.d: 1 to 64 of the "
		       "characters A-Z a-z 0-9 . _ @ -, a letter, digit or _ first";
	return NULL;
}

const char *
ak_scope_why_not(const char *scope)
{
	if (holds_token(scope))
		return IS_TOKEN;
	if (!made_of(scope, AK_WORD_MAX, LOWER DIGIT ":._/-", LOWER DIGIT ":._/-"))
		return "scopes and tags have 1 to 64 of the characters a-z 0-9 : . _ / "
		       "-";
	return NULL;
}

bool
ak_utf8_decode(const unsigned char *s, uint32_t *point, size_t *len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80   ? 1
		   : s[0] < 0xc0 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
				 : 4;
	uint32_t p;

	if (n == 0 || s[0] >= 0xf8)
		return false;
	p = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return false;
		p = p << 6 | (s[i] & 0x3f);
	}
	*point = p;
	*len = n;
	return p >= least[n] && p <= 0x10ffff && (p < 0xd800 || p > 0xdfff);
}

const char *
ak_description_why_not(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t point;
	size_t n;

	if (holds_token(text))
		return IS_TOKEN;
	if (strlen(text) > AK_DESCRIPTION_MAX)
		return "a description has at most 1024 bytes";
	for (; *s != '\0'; s += n) {
		if (!ak_utf8_decode(s, &point, &n))
			return "a description is UTF-8 text";
		if (point < 0x20 || (point >= 0x7f && point < 0xa0))
			return "a description has no control characters and one line";
	}
	return NULL;
}
