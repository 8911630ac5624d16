/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_H
#define FUZZ_H

/*
 * A fuzz target is one program, fuzz_NAME.c. libFuzzer runs it with clang, and replay.c
 * feeds it the inputs of corpus/NAME with any compiler. A target keeps nothing from one
 * input to the next that changes an answer.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The one entry of a target: libFuzzer's name for it. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold whatever the input is. */
#define FUZZ_CHECK(holds) ((holds) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #holds))
_Noreturn void fuzz_broken(const char *file, int line, const char *what);

/* An input from which parts are taken, one after the other. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* The next byte; 0 behind the end. */
uint8_t fuzz_byte(struct fuzz_input *input);

/* The next number of `bytes` bytes, the lowest first. */
uint64_t fuzz_number(struct fuzz_input *input, unsigned bytes);

/*
 * A copy of `size` bytes with a NUL behind them, in memory of that size, so that a
 * sanitizer sees each byte that is read too far. The caller frees it.
 */
char *fuzz_copy(const void *bytes, size_t size);

/* The lines of an input, each a text in memory of its own; a NUL ends a line's text. */
#define FUZZ_LINES_MAX 64
struct fuzz_lines {
	char *at[FUZZ_LINES_MAX];
	size_t count;
};
void fuzz_lines_take(const struct fuzz_input *input, struct fuzz_lines *lines);
void fuzz_lines_free(struct fuzz_lines *lines);

/* The line `i`, or "" when there are fewer. */
const char *fuzz_line(const struct fuzz_lines *lines, size_t i);

/*
 * All tokens in `text`, by trying each prefix of each '_': what ak_token_find and
 * ak_scan must find. Calls `found` in the order of their places.
 */
typedef void fuzz_token_fn(size_t at, size_t len, void *context);
void fuzz_tokens(const char *text, size_t len, fuzz_token_fn *found, void *context);

/* Make `path` a file of these bytes alone; one that is there stays the same file. */
void fuzz_write(const char *path, const void *bytes, size_t len);

/* Throw away what the program says to people on stderr; FUZZ_CHECK is heard still. */
void fuzz_hush(void);

#endif
