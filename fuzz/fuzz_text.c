/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts that people and strangers give: names, word lists, descriptions, log fields and
 * addresses. The first byte is one of those below, the rest the text.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <iconv.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../admin_tool/text.h"
#include "address.h"
#include "escape.h"
#include "fuzz.h"
#include "name.h"
#include "token.h"
#include "words.h"

static void
found(size_t at, size_t len, void *context)
{
	(void)at;
	(void)len;
	*(bool *)context = true;
}

static bool
holds_token(const char *text)
{
	bool holds = false;

	fuzz_tokens(text, strlen(text), found, &holds);
	return holds;
}

/* What may be called what, as authkey(8) says it. */
static const struct rule {
	char letter;
	const char *(*why_not)(const char *text);
	const char *pattern;
	bool owner; /* no token cut short, nor what clients send in place of a name */
} rules[] = {
	{ 'n', ak_name_why_not, "^[A-Za-z0-9_]([A-Za-z0-9._ -]{0,62}[A-Za-z0-9._-])?$",
	    false },
	{ 'o', ak_owner_why_not, "^[A-Za-z0-9_][A-Za-z0-9._@+$\\-]{0,127}$", true },
	{ 's', ak_service_why_not, "^[A-Za-z0-9_][A-Za-z0-9._@-]{0,63}$", false },
	{ 'c', ak_scope_why_not, "^[a-z0-9:._/-]{1,64}$", false },
	{ 'p', ak_prefix_why_not, "^[a-z0-9]{1,6}$", false },
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static bool
rule_fits(const struct rule *rule, const char *text)
{
	static regex_t compiled[RULES];
	static bool ready[RULES];
	size_t i = (size_t)(rule - rules);
	struct ak_token tok;

	if (!ready[i])
		FUZZ_CHECK(regcomp(&compiled[i], rule->pattern,
			       REG_EXTENDED | REG_NOSUB) == 0);
	ready[i] = true;
	if (regexec(&compiled[i], text, 0, NULL, 0) != 0)
		return false;
	if (rule->owner &&
	    (strcmp(text, "__token__") == 0 ||
		ak_token_parse(text, strlen(text), &tok) != AK_MALFORMED))
		return false;
	return !holds_token(text);
}

/* UTF-8 as iconv(3) has it, without C0, DEL and C1. */
static bool
is_description(const char *text)
{
	uint32_t points[AK_DESCRIPTION_MAX + 1], *point = points;
	size_t left = strlen(text), room = sizeof(points);
	char *in = (char *)(uintptr_t)text, *out = (char *)points;
	iconv_t to = iconv_open("UTF-32LE", "UTF-8");
	bool fits = left <= AK_DESCRIPTION_MAX &&
		    iconv(to, &in, &left, &out, &room) != (size_t)-1;

	iconv_close(to);
	for (; fits && (char *)point < out; point++)
		fits = *point >= 0x20 && (*point < 0x7f || *point >= 0xa0);
	return fits && !holds_token(text);
}

/* One field of a log line: visible, bounded, and it says what the text was. */
static void
check_escape(const char *text)
{
	char out[AK_ESCAPED_MAX];
	const char *at = ak_escape(text, out);
	unsigned c;
	size_t n = 0;

	FUZZ_CHECK(at == out && strlen(out) < AK_ESCAPED_MAX);
	for (; *at != '\0'; at++, n++) {
		FUZZ_CHECK(*at > ' ' && *at < 0x7f);
		c = (unsigned char)*at;
		if (*at == '\\') {
			FUZZ_CHECK(sscanf(at, "\\x%2x", &c) == 1);
			at += 3;
		}
		FUZZ_CHECK(c == (unsigned char)text[n]);
	}
	FUZZ_CHECK(text[n] == '\0' || strlen(out) + 4 >= AK_ESCAPED_MAX - 1);
}

/* What a message keeps holds no token, nor nearly one; the rest is as it was. */
static void
check_hide(const char *text)
{
	static regex_t nearly, ordinary;
	static bool ready;
	static const int flags = REG_EXTENDED | REG_NOSUB;
	char *hidden = fuzz_copy(text, strlen(text)), *at = hidden;
	size_t len;

	if (!ready) {
		FUZZ_CHECK(regcomp(&nearly, "_[0-9A-Za-z]{22,}", flags) == 0);
		FUZZ_CHECK(
		    regcomp(&ordinary, "^([0-9A-Fa-f]+|[A-Z]?([a-z]+[A-Z])*[a-z]*)$",
			flags) == 0);
		ready = true;
	}
	text_hide_tokens(hidden);
	FUZZ_CHECK(!holds_token(hidden));
	FUZZ_CHECK(regexec(&nearly, text, 0, NULL, 0) == 0 || holds_token(text) ||
		   strcmp(text, hidden) == 0);
	while ((at = strchr(at, '_')) != NULL) {
		at++;
		for (len = 0; isalnum((unsigned char)at[len]);)
			len++;
		char *body = fuzz_copy(at, len);

		FUZZ_CHECK(len < 22 || regexec(&ordinary, body, 0, NULL, 0) == 0);
		free(body);
	}
	free(hidden);
}

/* Each line is a word that is added, or with a - before it taken out. */
#define NAIVE_MAX 80
static void
check_words(const struct fuzz_input *in)
{
	char list[AK_WORDS_MAX] = "", joined[AK_WORDS_MAX * 2];
	const char *kept[NAIVE_MAX];
	size_t count = 0, at, n;
	struct fuzz_lines lines;

	fuzz_lines_take(in, &lines);
	for (size_t i = 0; i < lines.count; i++) {
		bool out = lines.at[i][0] == '-';
		const char *word = lines.at[i] + out;

		if (*word == '\0' || strchr(word, ' ') != NULL)
			continue;
		for (at = 0; at < count && strcmp(kept[at], word) < 0;)
			at++;
		bool there = at < count && strcmp(kept[at], word) == 0;

		FUZZ_CHECK(ak_words_have(list, word) == there);
		if (out) {
			FUZZ_CHECK(ak_words_remove(list, word) == there);
			if (there)
				memmove(kept + at, kept + at + 1,
				    (--count - at) * sizeof(*kept));
		} else if (ak_words_add(list, word) && !there) {
			memmove(
			    kept + at + 1, kept + at, (count++ - at) * sizeof(*kept));
			kept[at] = word;
		}
	}
	for (at = n = 0, joined[0] = '\0'; at < count; at++)
		n += (size_t)snprintf(joined + n, sizeof(joined) - n, "%s%s",
		    at > 0 ? " " : "", kept[at]);
	FUZZ_CHECK(strcmp(list, joined) == 0);
	fuzz_lines_free(&lines);
}

/* A numeric address is what inet_pton(3) takes; an IPv6 zone is passed over. */
static void
check_address(const char *text)
{
	struct ak_address got, other = { { 0 } };
	char plain[INET6_ADDRSTRLEN] = "";
	size_t len = strcspn(text, "%");
	uint8_t four[4];
	bool v4, v6;

	if (len < sizeof(plain))
		memcpy(plain, text, len);
	v4 = text[len] == '\0' && inet_pton(AF_INET, plain, four) == 1;
	v6 = inet_pton(AF_INET6, plain, other.bytes) == 1;
	FUZZ_CHECK(ak_address_parse(text, &got) == (v4 || v6));
	if (v4)
		FUZZ_CHECK(memcmp(got.bytes + 12, four, 4) == 0 &&
			   got.bytes[10] == 0xff && got.bytes[11] == 0xff);
	else if (v6)
		FUZZ_CHECK(memcmp(&got, &other, sizeof(got)) == 0);
}

/* A network reads as itself, and holds what differs behind its mask alone. */
static void
check_network(const char *text, size_t size)
{
	struct ak_network network, again;
	char spelt[AK_NETWORK_TEXT];
	struct ak_address near;

	if (ak_network_why_not(text, size, &network) != NULL)
		return;
	FUZZ_CHECK(network.bits <= 128);
	ak_network_format(&network, spelt);
	FUZZ_CHECK(strlen(spelt) < AK_NETWORK_TEXT);
	FUZZ_CHECK(ak_network_why_not(spelt, strlen(spelt), &again) == NULL);
	FUZZ_CHECK(again.bits == network.bits &&
		   memcmp(&again.base, &network.base, sizeof(again.base)) == 0);
	FUZZ_CHECK(ak_network_contains(&network, &network.base));
	for (unsigned bit = 0; bit < 128; bit++) {
		near = network.base;
		near.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		FUZZ_CHECK(
		    ak_network_contains(&network, &near) == (bit >= network.bits));
		FUZZ_CHECK(bit < network.bits ||
			   (network.base.bytes[bit / 8] & 0x80 >> bit % 8) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char letter = (char)fuzz_byte(&in), *text = fuzz_copy(in.at, in.left);

	for (size_t i = 0; i < RULES; i++)
		if (letter == rules[i].letter)
			FUZZ_CHECK((rules[i].why_not(text) == NULL) ==
				   rule_fits(&rules[i], text));
	if (letter == 'd')
		FUZZ_CHECK(
		    (ak_description_why_not(text) == NULL) == is_description(text));
	else if (letter == 'e')
		check_escape(text);
	else if (letter == 'h')
		check_hide(text);
	else if (letter == 'w')
		check_words(&in);
	else if (letter == 'a')
		check_address(text);
	else if (letter == '/')
		check_network(text, in.left);
	free(text);
	return 0;
}
