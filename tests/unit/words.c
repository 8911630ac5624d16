/* SPDX-License-Identifier: BSD-2-Clause */
/* Word lists, what may be called what (SECURITY R6), and what a log line may hold
 * (R17). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fixture.h"

#define LONG64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define TOKEN "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"

static void
words_are_kept_sorted_and_once(void **state)
{
	static const char *const orders[][4] = {
		{ "b", "a", "c", "a" },
		{ "c", "b", "a", "b" },
		{ "a", "b", "c", "c" },
	};
	char list[AK_WORDS_MAX];

	(void)state;
	for (size_t i = 0; i < FX_COUNT(orders); i++) {
		list[0] = '\0';
		for (int n = 0; n < 4; n++)
			assert_true(ak_words_add(list, orders[i][n]));
		assert_string_equal(list, "a b c");
	}
	list[0] = '\0';
	assert_true(ak_words_add(list, "aa"));
	assert_true(ak_words_add(list, "a")); /* a shorter word before a longer one */
	assert_true(ak_words_add(list, "Z"));
	assert_true(
	    ak_words_add(list, "\xc3\xa9")); /* bytes, not letters of a language */
	assert_string_equal(list, "Z a aa \xc3\xa9");
}

static void
a_word_is_found_whole_and_in_its_case_only(void **state)
{
	(void)state;
	assert_true(ak_words_have("nginx sshd", "nginx"));
	assert_true(ak_words_have("nginx sshd", "sshd"));
	assert_false(ak_words_have("nginx sshd", "ngin"));
	assert_false(ak_words_have("nginx sshd", "inx"));
	assert_false(ak_words_have("nginx sshd", "nginxs"));
	assert_false(ak_words_have("nginx sshd", "NGINX"));
	assert_false(ak_words_have("nginx sshd", "nginx sshd"));
	assert_false(ak_words_have("nginx sshd", ""));
	assert_false(ak_words_have("nginx sshd", " "));
	assert_false(ak_words_have("", ""));
	assert_false(ak_words_have("", "nginx"));
}

static void
a_removed_word_leaves_the_others(void **state)
{
	static const struct {
		const char *list, *word, *left;
		bool was_there;
	} rows[] = {
		{ "a b c", "a", "b c", true },
		{ "a b c", "b", "a c", true },
		{ "a b c", "c", "a b", true },
		{ "a", "a", "", true },
		{ "a b", "ab", "a b", false },
		{ "ab b", "b", "ab", true },
		{ "", "a", "", false },
		{ "a b", "", "a b", false },
	};
	char list[AK_WORDS_MAX];

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		snprintf(list, sizeof(list), "%s", rows[i].list);
		assert_int_equal(
		    ak_words_remove(list, rows[i].word), rows[i].was_there);
		assert_string_equal(list, rows[i].left);
	}
}

static void
a_full_list_refuses_a_word_and_stays_as_it_is(void **state)
{
	char list[AK_WORDS_MAX] = "", before[AK_WORDS_MAX], word[AK_WORD_MAX + 1];
	int n = 0;

	(void)state;
	do {
		memcpy(before, list, sizeof(before));
		snprintf(word, sizeof(word), "w%03d-%s", n++, &LONG64[14]);
	} while (ak_words_add(list, word));
	assert_string_equal(list, before);
	assert_int_equal(n - 1, (AK_WORDS_MAX - 1 + 1) / (int)(strlen(word) + 1));
	/* To the last byte, and not one more. */
	memset(word, 0, sizeof(word));
	memset(word, 'z', AK_WORDS_MAX - 2 - strlen(list));
	assert_true(ak_words_add(list, word));
	assert_int_equal(strlen(list), AK_WORDS_MAX - 1);
	assert_false(ak_words_add(list, "a"));
	assert_true(ak_words_add(list, word)); /* that is there already */
	assert_int_equal(strlen(list), AK_WORDS_MAX - 1);
}

static void
adding_and_removing_at_random_is_what_a_set_does(void **state)
{
	char list[AK_WORDS_MAX] = "", word[8];
	bool have[100] = { false };
	uint64_t seed = 7;
	const char *w, *at, *last;
	size_t len, last_len, count, wanted;

	(void)state;
	for (unsigned n = fx_loops(20000); n > 0; n--) {
		unsigned i = fx_random(&seed) % 100;

		snprintf(word, sizeof(word), "%u", i);
		if (fx_random(&seed) % 2 == 0) {
			assert_true(ak_words_add(list, word));
			have[i] = true;
		} else {
			assert_int_equal(ak_words_remove(list, word), have[i]);
			have[i] = false;
		}
		count = wanted = 0;
		last = NULL;
		last_len = 0;
		for (at = list; (w = ak_words_next(&at, &len)) != NULL; count++) {
			if (last != NULL) { /* one space between them, and in order */
				assert_ptr_equal(w, last + last_len + 1);
				assert_true(strncmp(last, w, last_len + 1) < 0);
			}
			last = w;
			last_len = len;
		}
		for (i = 0; i < 100; i++)
			wanted += have[i];
		assert_int_equal(count, wanted);
	}
}

/* A rule, what it lets be and what it refuses; LONG64 is the most that fits in a name.
 */
static const struct rule {
	const char *(*why_not)(const char *text);
	const char *good[12], *bad[28];
} rules[] = {
	{ ak_name_why_not,
	    { "a", "0", "_", "Swaggy M.", "build-box 2", "a.b_c-d", LONG64, "a  b",
		NULL },
	    { "", " a", "a ", ".a", "-a", "a/b", "a\tb", "a\n", "\xc3\xa9", "a'b",
		"a\"b", "a;b", "a%b", "a\\b", "x" LONG64, "a\x7f", "a*", "a@b", "a:b",
		"a=b", NULL } },
	{ ak_owner_why_not,
	    { "alice", "www-data", "_apt", "alice@example.org", "EXAMPLE\\alice",
		"host$", "a+b", "0", "a.b", LONG64 LONG64, "__token", NULL },
	    { "", "' OR 1=1--", "%n%s", "%", "*", "../../etc/passwd", "-x", "a b",
		"a\n", "a/b", "\xff\xfe",
		"\xe2\x80\xae"
		"ecila",
		"al\xc3\xa9", "a'b", "a\x1b[31m", "a;b", ".a", "@a", "+a",
		"x" LONG64 LONG64, "__token__", TOKEN, "mail." TOKEN, "a\x7f", "a:b",
		"a,b", "a=b", NULL } },
	{ ak_service_why_not,
	    { "nginx", "sshd", "other", "postgresql-15", "openvpn@server", "a.b", "_a",
		"0", LONG64, NULL },
	    { "", "a b", "../x", "a/b", "-a", ".a", "@a", "a\n", "\xc3\xa9", "a*",
		"a%s", "x" LONG64, "a:b", "a;b", NULL } },
	{ ak_scope_why_not,
	    { "a", "chain:read", "eth/main-net", "v1.2_x", "0", ":", "-", LONG64,
		NULL },
	    { "", "A", "a b", "a\n", "\xc3\xa9", "a*", "a,b", "a;b", "a%b", "x" LONG64,
		"a+b", NULL } },
	{ ak_description_why_not,
	    { "", " ", "for the build box",
		"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x94\x91", "' OR 1=1--", "%n%s",
		"\xf4\x8f\xbf\xbf", "\xc2\xa0", "=1+1", "<b>", NULL },
	    { "a\nb", "a\rb", "a\tb", "\x01", "\x1f", "\x1b[31m", "\x7f", "\xc2\x80",
		"\xc2\x9f", "\xff", "\x80", "\xc3", "\xc3(", "\xe2\x82", "\xc0\xaf",
		"\xc1\x81", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", NULL } },
};

static void
each_kind_of_name_takes_its_own_characters_and_lengths_R6(void **state)
{
	const char *why;

	(void)state;
	for (size_t r = 0; r < FX_COUNT(rules); r++) {
		for (const char *const *t = rules[r].good; *t != NULL; t++)
			if ((why = rules[r].why_not(*t)) != NULL)
				fail_msg("rule %zu refuses \"%s\": %s", r, *t, why);
		for (const char *const *t = rules[r].bad; *t != NULL; t++)
			if (rules[r].why_not(*t) == NULL)
				fail_msg("rule %zu accepts \"%s\"", r, *t);
	}
}

static void
every_byte_that_is_not_a_names_is_refused_anywhere_in_it_R6(void **state)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789_";
	static const struct {
		const char *(*why_not)(const char *text);
		const char *inside; /* besides the letters */
	} kinds[] = {
		{ ak_name_why_not, ".- " },
		{ ak_owner_why_not, ".@+$\\-" },
		{ ak_service_why_not, ".@-" },
	};
	char text[4] = "axa";

	(void)state;
	for (size_t k = 0; k < FX_COUNT(kinds); k++)
		for (int c = 1; c < 256; c++) {
			text[1] = (char)c;
			assert_int_equal(kinds[k].why_not(text) == NULL,
			    strchr(letters, text[1]) != NULL ||
				strchr(kinds[k].inside, text[1]) != NULL);
			assert_int_equal(kinds[k].why_not(text + 1) == NULL,
			    strchr(letters, text[1]) != NULL);
		}
}

static void
a_description_has_at_most_1024_bytes(void **state)
{
	char text[AK_DESCRIPTION_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[AK_DESCRIPTION_MAX + 1] = '\0';
	assert_non_null(ak_description_why_not(text));
	text[AK_DESCRIPTION_MAX] = '\0';
	assert_null(ak_description_why_not(text));
	text[AK_DESCRIPTION_MAX - 1] = '\xc3'; /* the end cuts a character */
	assert_non_null(ak_description_why_not(text));
}

static void
an_escaped_text_is_visible_ascii_without_spaces_R17(void **state)
{
	static const struct {
		const char *text, *escaped;
	} rows[] = {
		{ NULL, "" },
		{ "", "" },
		{ "alice", "alice" },
		{ "a b", "a\\x20b" },
		{ "a\nb", "a\\x0ab" },
		{ "a\\x0ab", "a\\x5cx0ab" },
		{ "\x1b[31m", "\\x1b[31m" },
		{ "\x7f\x80\x9f\xff", "\\x7f\\x80\\x9f\\xff" },
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },
		{ "%n%s", "%n%s" },
		{ "~!\"'", "~!\"'" },
	};
	char out[AK_ESCAPED_MAX], text[2] = "";

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++)
		assert_string_equal(ak_escape(rows[i].text, out), rows[i].escaped);
	for (int c = 1; c < 256; c++) {
		text[0] = (char)c;
		ak_escape(text, out);
		assert_int_equal(strlen(out), c > ' ' && c < 0x7f && c != '\\' ? 1 : 4);
		assert_int_equal(strspn(out, "\\x0123456789abcdef") == strlen(out) ||
				     out[0] == text[0],
		    1);
	}
}

static void
an_escaped_text_has_at_most_256_characters_R17(void **state)
{
	char out[AK_ESCAPED_MAX + 8], *text = malloc(65537);

	(void)state;
	assert_non_null(text);
	for (int c = 0; c < 2; c++)
		for (size_t len = 0; len <= 65536;
		     len = len < 600 ? len + 1 : len * 2) {
			memset(text, c == 0 ? 'x' : '\n', len);
			text[len] = '\0';
			memset(out, 'G', sizeof(out));
			ak_escape(text, out);
			assert_int_equal(strlen(out), c == 0
							  ? (len < 256 ? len : 256)
							  : 4 * (len < 64 ? len : 64));
			assert_int_equal(out[AK_ESCAPED_MAX], 'G');
		}
	free(text);
}

static void
an_error_is_one_line_that_names_the_thing_and_the_reason(void **state)
{
	struct ak_error error;
	char longest[2000];

	(void)state;
	errno = ENOENT;
	assert_int_equal(
	    ak_fail_errno(&error, "/a/b", "; run: authkey init"), AK_E_STORE);
	assert_string_equal(
	    error.text, "/a/b: No such file or directory; run: authkey init");
	errno = EACCES;
	assert_int_equal(ak_fail_errno(&error, "/a/b", ""), AK_E_PERMISSION);
	errno = EROFS;
	assert_int_equal(ak_fail_errno(&error, "/a/b", ""), AK_E_PERMISSION);
	errno = ENOMEM;
	assert_int_equal(ak_fail_errno(&error, "/a/b", ""), AK_E_NOMEM);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(ak_fail(&error, AK_E_USAGE, "%s", longest), AK_E_USAGE);
	assert_int_equal(error.code, AK_E_USAGE);
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_kept_sorted_and_once),
		cmocka_unit_test(a_word_is_found_whole_and_in_its_case_only),
		cmocka_unit_test(a_removed_word_leaves_the_others),
		cmocka_unit_test(a_full_list_refuses_a_word_and_stays_as_it_is),
		cmocka_unit_test(adding_and_removing_at_random_is_what_a_set_does),
		cmocka_unit_test(
		    each_kind_of_name_takes_its_own_characters_and_lengths_R6),
		cmocka_unit_test(
		    every_byte_that_is_not_a_names_is_refused_anywhere_in_it_R6),
		cmocka_unit_test(a_description_has_at_most_1024_bytes),
		cmocka_unit_test(an_escaped_text_is_visible_ascii_without_spaces_R17),
		cmocka_unit_test(an_escaped_text_has_at_most_256_characters_R17),
		cmocka_unit_test(
		    an_error_is_one_line_that_names_the_thing_and_the_reason),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
