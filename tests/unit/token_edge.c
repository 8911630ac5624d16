/* SPDX-License-Identifier: BSD-2-Clause */
/* A presented text is read to its end and no further (SECURITY R4). */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../fixture.h"

#define TOKEN "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"

/* A text right before a page that nobody may read. */
static char *
at_the_edge(const char *text, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two = mmap(
	    NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(two, MAP_FAILED);
	assert_int_equal(mprotect(two + page, page, PROT_NONE), 0);
	memcpy(two + page - len, text, len);
	return two + page - len;
}

static void
let_go(char *edge, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	assert_int_equal(munmap(edge + len - page, 2 * page), 0);
}

static void
no_byte_behind_the_text_is_read(void **state)
{
	struct ak_token tok;
	char *edge;

	(void)state;
	for (size_t len = 0; len <= strlen(TOKEN); len++) {
		edge = at_the_edge(TOKEN, len);
		assert_int_equal(
		    ak_token_parse(edge, len, &tok) == AK_VALID, len == strlen(TOKEN));
		let_go(edge, len);
	}
}

static void
a_megabyte_is_refused_by_its_length_alone_R4(void **state)
{
	struct ak_token tok;
	char *edge = at_the_edge(TOKEN, strlen(TOKEN));

	(void)state;
	assert_reason(ak_token_parse(edge, AK_TOKEN_LOOK + 1, &tok), AK_MALFORMED);
	assert_reason(ak_token_parse(edge, 1000000, &tok), AK_MALFORMED);
	assert_reason(ak_token_parse(edge, SIZE_MAX, &tok), AK_MALFORMED);
	let_go(edge, strlen(TOKEN));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_byte_behind_the_text_is_read),
		cmocka_unit_test(a_megabyte_is_refused_by_its_length_alone_R4),
	};

	return cmocka_run_group_tests_name("token edge", tests, NULL, NULL);
}
