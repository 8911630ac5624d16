/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

#include "cli.h"

/* The longest line; a key with all that it can have needs a third of it. */
#define LINES_MAX 65536

/* A text file that is read line by line, in bounded memory, and hashed on the way. */
struct lines {
	int fd;
	int64_t number; /* of the line that was given last, from 1 */
	int64_t bytes; /* read so far */
	int64_t size; /* of the whole file */
	size_t begin, end; /* what is in the buffer and was not given */
	bool ended;
	crypto_generichash_state hash;
	char buffer[LINES_MAX];
};

enum lines_answer { LINES_ONE, LINES_END, LINES_TOO_LONG, LINES_FAILED };

/*
 * Open a file; "-" and NULL are stdin. What is no regular file is read to its end
 * first, into a file without a name in the master's folder: nobody is kept waiting for
 * a slow writer under a lock.
 *
 *   lines  out, to be closed also when it could not be opened
 *
 * False with cli->error set. Needs an open master.
 */
bool lines_open(struct cli *cli, const char *path, struct lines *lines);

/*
 * The next line without its newline; it is valid until the next call. LINES_TOO_LONG:
 * there is nothing to go on with behind it. LINES_FAILED: errno says why.
 */
enum lines_answer lines_next(struct lines *lines, const char **line, size_t *len);

/* Once all lines are read: the BLAKE2b-256 of the file, as `b2sum -l 256` prints it. */
#define LINES_HASH_TEXT 65
void lines_hash(struct lines *lines, char text[LINES_HASH_TEXT]);

void lines_close(struct lines *lines);

#endif
