/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "token.h"

void
fuzz_broken(const char *file, int line, const char *what)
{
	dprintf(STDERR_FILENO, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

uint8_t
fuzz_byte(struct fuzz_input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->at++;
}

uint64_t
fuzz_number(struct fuzz_input *input, unsigned bytes)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < bytes; i++)
		n |= (uint64_t)fuzz_byte(input) << 8 * i;
	return n;
}

char *
fuzz_copy(const void *bytes, size_t size)
{
	char *copy = malloc(size + 1);

	FUZZ_CHECK(copy != NULL);
	if (size > 0)
		memcpy(copy, bytes, size);
	copy[size] = '\0';
	return copy;
}

void
fuzz_write(const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	FUZZ_CHECK(fd >= 0 && ftruncate(fd, (off_t)len) == 0);
	FUZZ_CHECK(pwrite(fd, bytes, len, 0) == (ssize_t)len);
	close(fd);
}

void
fuzz_lines_take(const struct fuzz_input *input, struct fuzz_lines *lines)
{
	const uint8_t *at = input->at, *end = at + input->left, *newline;

	lines->count = 0;
	while (at < end && lines->count < FUZZ_LINES_MAX) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL)
			newline = end;
		lines->at[lines->count++] =
		    fuzz_copy(at, strnlen((const char *)at, (size_t)(newline - at)));
		at = newline + 1;
	}
}

void
fuzz_lines_free(struct fuzz_lines *lines)
{
	while (lines->count > 0)
		free(lines->at[--lines->count]);
}

const char *
fuzz_line(const struct fuzz_lines *lines, size_t i)
{
	return i < lines->count ? lines->at[i] : "";
}

void
fuzz_tokens(const char *text, size_t len, fuzz_token_fn *found, void *context)
{
	const char *end = text + len, *mark = text;
	struct ak_token tok;

	while ((mark = memchr(mark, '_', (size_t)(end - mark))) != NULL) {
		for (ptrdiff_t p = 1; p <= AK_PREFIX_MAX && p <= mark - text; p++)
			if (end - mark > AK_BODY_LEN &&
			    ak_token_parse(mark - p, (size_t)p + 1 + AK_BODY_LEN,
				&tok) == AK_VALID) {
				found((size_t)(mark - text - p),
				    (size_t)p + 1 + AK_BODY_LEN, context);
				break;
			}
		mark++;
	}
}

void
fuzz_hush(void)
{
	FILE *nowhere = fopen("/dev/null", "we");

	FUZZ_CHECK(nowhere != NULL);
	stderr = nowhere;
}
