/* SPDX-License-Identifier: BSD-2-Clause */
/* The search for tokens in text and binary that comes in pieces of any size. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fixture.h"
#include "scan.h"

#define A "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"
#define B "kalp_111111111111111111111111111111111117HZFzf"
#define C "k9_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1bPWkK"

static struct ak_scan scan;

/* What was found, a line each: "offset line token". */
struct finds {
	char text[8192];
	size_t len, left; /* `left`: how many more are wanted */
};

static bool
note(const struct ak_scan_find *find, void *context)
{
	struct finds *f = context;

	assert_int_equal(find->len, strlen(find->token.prefix) + 1 + AK_BODY_LEN);
	f->len += (size_t)snprintf(f->text + f->len, sizeof(f->text) - f->len,
	    "%llu %llu %.*s\n", (unsigned long long)find->offset,
	    (unsigned long long)find->line, (int)find->len, find->text);
	assert_true(f->len < sizeof(f->text));
	return --f->left > 0;
}

/* Scan `len` bytes in pieces of `piece` bytes. */
static void
scan_in_pieces(const char *bytes, size_t len, size_t piece, struct finds *f)
{
	size_t size, n;
	char *to;

	*f = (struct finds){ .left = 100 };
	ak_scan_begin(&scan);
	for (size_t at = 0; at < len; at += n) {
		to = ak_scan_room(&scan, &size);
		assert_true(size > 0);
		n = len - at < piece ? len - at : piece;
		n = n < size ? n : size;
		memcpy(to, bytes + at, n);
		if (!ak_scan_took(&scan, n, note, f))
			break;
	}
	ak_scan_wipe(&scan);
}

static void
assert_finds(const char *bytes, size_t len, const char *want)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 41, 42, 43, 44, 100, 1 << 20 };
	struct finds f;

	for (size_t i = 0; i < FX_COUNT(pieces); i++) {
		scan_in_pieces(bytes, len, pieces[i], &f);
		assert_string_equal(f.text, want);
	}
}

#define ASSERT_FINDS(text, want) assert_finds(text, sizeof(text) - 1, want)

static void
tokens_are_found_whatever_stands_around_them(void **state)
{
	(void)state;
	ASSERT_FINDS(A, "0 1 " A "\n");
	ASSERT_FINDS("key=\"" A "\";", "5 1 " A "\n");
	ASSERT_FINDS("x\n\ny" B "\r\n" C, "4 3 " B "\n52 4 " C "\n");
	ASSERT_FINDS(A A, "0 1 " A "\n44 1 " A "\n");
	ASSERT_FINDS("_" A "_" B "_", "1 1 " A "\n46 1 " B "\n");
	ASSERT_FINDS("https://alice:" A "@host/", "14 1 " A "\n");
	ASSERT_FINDS("A" A "zz", "1 1 " A "\n");
	ASSERT_FINDS("ak_ak_ak_" A, "9 1 " A "\n");
}

static void
bytes_that_are_no_text_hide_no_token(void **state)
{
	(void)state;
	ASSERT_FINDS("\0\0\xff" A "\0\n\0" B "\x80", "3 1 " A "\n50 2 " B "\n");
	ASSERT_FINDS("\n\n\n\0" C "\n", "4 4 " C "\n");
}

static void
what_is_not_quite_a_token_is_not_found(void **state)
{
	char text[] = A;

	(void)state;
	for (size_t i = 0; i < sizeof(A) - 1; i++) {
		text[i] = text[i] == 'z' ? 'y' : 'z';
		assert_finds(text, sizeof(A) - 1, "");
		text[i] = A[i];
	}
	for (size_t len = 0; len < sizeof(A) - 1; len++)
		assert_finds(text, len, "");
	ASSERT_FINDS("ak_7QxR2mNdA1b2C3d4E5f6G7h8\0J9k2LmNoPqR7MhWNX", "");
	ASSERT_FINDS("ak_7QxR2mNdA1b2C3d4E5f6G7h8\nJ9k2LmNoPqR7MhWNX", "");
	ASSERT_FINDS("AK_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX", "");
	ASSERT_FINDS("_____________________________________________________", "");
}

static void
a_token_at_every_place_of_the_window_is_found_once(void **state)
{
	static char bytes[2 * AK_SCAN_WINDOW];
	struct finds f;
	char want[128];
	size_t at;

	(void)state;
	for (size_t back = 0; back < 120; back++) {
		memset(bytes, '\n', sizeof(bytes));
		at = AK_SCAN_WINDOW - back;
		memcpy(bytes + at, A, sizeof(A) - 1);
		snprintf(want, sizeof(want), "%zu %zu %s\n", at, at + 1, A);
		scan_in_pieces(bytes, sizeof(bytes), sizeof(bytes), &f);
		assert_string_equal(f.text, want);
	}
}

static void
offsets_and_lines_go_on_beyond_the_window(void **state)
{
	size_t all = 3 * AK_SCAN_WINDOW + 77, at = all - 50;
	char *bytes = malloc(all), want[256];

	(void)state;
	assert_non_null(bytes);
	memset(bytes, '_', all); /* one line, of marks alone */
	memcpy(bytes + 10, A, sizeof(A) - 1);
	bytes[9] = ' ';
	bytes[at - 1] = '\n';
	memcpy(bytes + at, C, sizeof(C) - 1);
	snprintf(want, sizeof(want), "10 1 %s\n%zu 2 %s\n", A, at, C);
	assert_finds(bytes, all, want);
	free(bytes);
}

static void
the_search_ends_when_no_more_is_wanted(void **state)
{
	struct finds f = { .left = 1 };
	size_t size;

	(void)state;
	ak_scan_begin(&scan);
	memcpy(ak_scan_room(&scan, &size), A " " B, sizeof(A " " B) - 1);
	assert_false(ak_scan_took(&scan, sizeof(A " " B) - 1, note, &f));
	assert_string_equal(f.text, "0 1 " A "\n");
	ak_scan_wipe(&scan);
	for (size_t i = 0; i < sizeof(scan.window); i++)
		assert_int_equal(scan.window[i], 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_are_found_whatever_stands_around_them),
		cmocka_unit_test(bytes_that_are_no_text_hide_no_token),
		cmocka_unit_test(what_is_not_quite_a_token_is_not_found),
		cmocka_unit_test(a_token_at_every_place_of_the_window_is_found_once),
		cmocka_unit_test(offsets_and_lines_go_on_beyond_the_window),
		cmocka_unit_test(the_search_ends_when_no_more_is_wanted),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
