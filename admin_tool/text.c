/* SPDX-License-Identifier: BSD-2-Clause */
#include <langinfo.h>
#include <string.h>
#include <time.h>

#include "text.h"

bool
text_is_risky(uint32_t point)
{
	/* Unicode 15: controls, directions, invisible characters, tags. */
	static const struct {
		uint32_t first, last;
	} risky[] = { { 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
		{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
		{ 0xe0000, 0xe007f } };

	for (size_t i = 0; i < sizeof(risky) / sizeof(risky[0]); i++)
		if (point >= risky[i].first && point <= risky[i].last)
			return true;
	return false;
}

/*
 * The first character of `s`, spelt out when it is risky, or when it is not ASCII and
 * `ascii` is set; how many bytes it took.
 */
static size_t
spell(const char *s, bool ascii, char out[16])
{
	uint32_t point;
	size_t n;

	if (!ak_utf8_decode((const unsigned char *)s, &point, &n) ||
	    (ascii && point >= 0x80)) {
		snprintf(out, 16, "\\x%02x", (unsigned char)*s);
		return 1;
	}
	if (!text_is_risky(point)) {
		memcpy(out, s, n);
		out[n] = '\0';
	} else
		snprintf(out, 16, point < 0x80 ? "\\x%02x" : "\\u%04x", point);
	return n;
}

void
text_put(FILE *to, const char *text)
{
	bool ascii = !text_locale_is_utf8();
	char character[16];

	while (*text != '\0') {
		text += spell(text, ascii, character);
		fputs(character, to);
	}
}

size_t
text_columns(const char *text, size_t len)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

/* How much of a text stays together: a word, or a command up to the end of its clause.
 */
static size_t
piece_of(const char *text, size_t columns)
{
	size_t word = strcspn(text, " ");
	size_t command = strcspn(text, ";");

	if (strncmp(text, "authkey ", 8) == 0 && text_columns(text, command) <= columns)
		return command;
	return word;
}

void
text_put_folded(FILE *to, const char *text, size_t columns)
{
	bool ascii = !text_locale_is_utf8();
	size_t at = 0, blanks, len, wide;
	char character[16];

	while (*text != '\0') {
		blanks = strspn(text, " ");
		len = piece_of(text + blanks, columns);
		wide = text_columns(text + blanks, len);
		if (columns > 0 && at > 0 && at + blanks + wide > columns) {
			fputc('\n', to);
			text += blanks;
			at = blanks = 0;
		}
		at += blanks + wide;
		for (const char *end = text + blanks + len; text < end;) {
			text += spell(text, ascii, character);
			fputs(character, to);
		}
	}
}

const char *
text_escape(const char *text, bool ascii, char *out, size_t size)
{
	char character[16];
	size_t n = 0, len;

	while (*text != '\0') {
		text += spell(text, ascii, character);
		len = strlen(character);
		if (n + len >= size)
			break;
		memcpy(out + n, character, len);
		n += len;
	}
	out[n] = '\0';
	return out;
}

size_t
text_shell_word(char *to, size_t size, const char *word)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789/._+:@%,=-";
	size_t n = 0;

	if (word[0] != '\0' && word[strspn(word, plain)] == '\0')
		return (size_t)snprintf(to, size, "%s", word);
	to[n++] = '\'';
	for (; *word != '\0' && n + 6 < size; word++)
		n += (size_t)snprintf(
		    to + n, size - n, *word == '\'' ? "'\\''" : "%c", *word);
	return n + (size_t)snprintf(to + n, size - n, "'");
}

#define ALPHANUMERIC "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/*
 * So much behind a '_' is the id and over half of the secret. What is shorter leaves 14
 * characters of the secret to guess, 82 bits.
 */
#define NEARLY_MIN (AK_ID_LEN + AK_SECRET_LEN / 2 + 1)

/*
 * A hash in hexadecimal, or words as in aLongerName. Of texts of so many characters at
 * random, not one in 3,000 reads so.
 */
static bool
is_ordinary(const char *word, size_t len)
{
	bool capital, was = false;

	if (strspn(word, "0123456789abcdefABCDEF") >= len)
		return true;
	for (size_t i = 0; i < len; i++, was = capital) {
		capital = word[i] >= 'A' && word[i] <= 'Z';
		if (word[i] <= '9' || (capital && was))
			return false;
	}
	return true;
}

/* Of `len` characters behind a token's '_', leave the id. */
static void
cut_body(char *body, size_t len)
{
	char *behind = body + AK_ID_LEN;

	memcpy(behind, "...", 3);
	memmove(behind + 3, body + len, strlen(body + len) + 1);
}

void
text_hide_tokens(char *text)
{
	const char *found;
	size_t len;

	for (char *body = text; (body = strchr(body, '_')) != NULL;) {
		body++;
		len = strspn(body, ALPHANUMERIC);
		if (len >= NEARLY_MIN && !is_ordinary(body, len))
			cut_body(body, len);
	}
	while ((found = ak_token_find(text, &len)) != NULL)
		cut_body(text + (found - text) + len - AK_BODY_LEN, AK_BODY_LEN);
}

bool
text_has_token(const char *text)
{
	struct ak_token token;
	size_t len;

	return ak_token_parse(text, strlen(text), &token) != AK_MALFORMED ||
	       ak_token_find(text, &len) != NULL;
}

void
text_local_time(int64_t when, bool day, char out[TEXT_TIME_MAX])
{
	time_t t = when;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL ||
	    strftime(out, TEXT_TIME_MAX, day ? "%Y-%m-%d" : "%Y-%m-%d %H:%M", &tm) == 0)
		snprintf(out, TEXT_TIME_MAX, "?");
}

const char *
text_take_time(const char *value, const char *none, int64_t now, int64_t *to)
{
	static char text[256];
	int64_t length;
	const char *why;

	if (value == NULL)
		return NULL;
	if (strcmp(value, "never") == 0 || strcmp(value, "none") == 0) {
		*to = AK_NO_TIME;
		return NULL;
	}
	if (*value == '-' && ak_duration_why_not(value + 1, &length) == NULL)
		return "that is in the past";
	if ((why = ak_when_why_not(value, now, to)) == NULL)
		return NULL;
	snprintf(text, sizeof(text), "%s; or %s", why, none);
	return text;
}

void
text_ago(int64_t seconds, bool brief, char out[TEXT_TIME_MAX])
{
	static const struct {
		int64_t length;
		const char *name, *brief;
	} units[] = { { 31557600, "year", "y" }, { 2629800, "month", "mo" },
		{ 86400, "day", "d" }, { 3600, "hour", "h" }, { 60, "minute", "m" },
		{ 1, "second", "s" } };
	size_t i = 0;
	int64_t n;

	if (seconds <= 0) {
		snprintf(out, TEXT_TIME_MAX, "now");
		return;
	}
	while (seconds < units[i].length)
		i++;
	n = seconds / units[i].length;
	if (brief)
		snprintf(
		    out, TEXT_TIME_MAX, "%lld%s ago", (long long)n, units[i].brief);
	else
		snprintf(out, TEXT_TIME_MAX, "%lld %s%s ago", (long long)n,
		    units[i].name, n == 1 ? "" : "s");
}

bool
text_locale_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void
text_mask(const struct ak_record *record, bool utf8, char out[TEXT_MASKED_MAX])
{
	snprintf(out, TEXT_MASKED_MAX, "%s_%s%s", record->prefix, record->key.id,
	    utf8 ? "\xe2\x80\xa6" : "...");
}

void
text_label(const struct ak_record *record, char out[TEXT_LABEL_MAX])
{
	snprintf(out, TEXT_LABEL_MAX, "%s/%s (%s)", record->key.owner, record->key.name,
	    record->key.id);
}

static size_t
least_of(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether the letters before these two are the same two, the other way round. */
static bool
are_swapped(const char *a, const char *b)
{
	return lower(a[-1]) == lower(b[-2]) && lower(a[-2]) == lower(b[-1]);
}

size_t
text_distance(const char *a, const char *b)
{
	size_t rows[3][TEXT_DISTANCE_MAX + 1], m = strlen(a), n = strlen(b);

	if (m > TEXT_DISTANCE_MAX || n > TEXT_DISTANCE_MAX)
		return TEXT_DISTANCE_MAX;
	for (size_t j = 0; j <= n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t *row = rows[i % 3], *last = rows[(i - 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			row[j] = least_of(last[j] + 1, row[j - 1] + 1,
			    last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1])));
			if (i > 1 && j > 1 && are_swapped(a + i, b + j) &&
			    rows[(i - 2) % 3][j - 2] < row[j])
				row[j] = rows[(i - 2) % 3][j - 2] + 1;
		}
	}
	return rows[m % 3][n];
}

size_t
text_near_limit(const char *typed)
{
	return strlen(typed) > 4 ? 3 : 2;
}

bool
text_is_nearer(const char *typed, const char *word, size_t *least)
{
	size_t distance = text_distance(typed, word);

	if (distance >= *least)
		return false;
	*least = distance;
	return true;
}
