/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_SCAN_H
#define AK_SCAN_H

#include "token.h"

/*
 * The search for tokens in anything: text or binary, of any length, with lines of any
 * length, in pieces of any size and within fixed memory. What has a token's shape and
 * checksum is found, whatever stands around it; one in 2^32 texts of the shape has a
 * right checksum by chance.
 *
 *	ak_scan_begin(s);
 *	while ((to = ak_scan_room(s, &size)), (n = read(fd, to, size)) > 0)
 *		ak_scan_took(s, n, found, context);
 *	ak_scan_wipe(s);
 */
#define AK_SCAN_WINDOW (256 * 1024)

struct ak_scan {
	uint64_t before; /* bytes of the input that have left the window */
	uint64_t line; /* on which the byte at `counted` stands, from 1 */
	size_t counted; /* bytes of the window whose lines are counted */
	size_t looked; /* bytes of the window that are searched */
	size_t held; /* bytes in the window */
	char window[AK_SCAN_WINDOW];
};

/* A token that was found. `text` is a secret, borrowed from the window. */
struct ak_scan_find {
	const char *text;
	size_t len;
	struct ak_token token;
	uint64_t offset; /* of its first byte, from 0 */
	uint64_t line; /* from 1; a line ends with '\n' */
};

/* Called with each token, in their order; false ends the search. */
typedef bool ak_scan_fn(const struct ak_scan_find *find, void *context);

/* Begin a new input. */
void ak_scan_begin(struct ak_scan *scan);

/* Where the next bytes of the input may be put, and how many: 1 or more. */
char *ak_scan_room(struct ak_scan *scan, size_t *size);

/*
 * Search what has come: `n` bytes have been put there. Tokens that begin in one piece
 * and end in another are found with the other. False when `fn` has ended the search.
 */
bool ak_scan_took(struct ak_scan *scan, size_t n, ak_scan_fn *fn, void *context);

/* Wipe the window, in which tokens may be. */
void ak_scan_wipe(struct ak_scan *scan);

#endif
