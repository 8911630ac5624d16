/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_TOKEN_H
#define AK_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reason.h"

/*
 * A token is what a client presents:
 *
 *	ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX
 *	prefix _ id(8) secret(27) checksum(6)
 *
 * id, secret and checksum are base58. The checksum is the CRC-32 of all that stands
 * before it; it tells a token from a password before any file is opened, and is no
 * security.
 */
#define AK_PREFIX_MAX 6
#define AK_ID_LEN 8
#define AK_SECRET_LEN 27
#define AK_CHECKSUM_LEN 6
#define AK_BODY_LEN (AK_ID_LEN + AK_SECRET_LEN + AK_CHECKSUM_LEN)
#define AK_TOKEN_MAX (AK_PREFIX_MAX + 1 + AK_BODY_LEN)
#define AK_PREFIX_DEFAULT "ak"

/* The longest text that ak_token_parse looks at: a token that a client cut. */
#define AK_TOKEN_LOOK 127

/* The parts of a token that may be shown. */
struct ak_token {
	char prefix[AK_PREFIX_MAX + 1];
	char id[AK_ID_LEN + 1];
	bool truncated; /* bad checksum at a length to which clients cut passwords */
};

/*
 * Take a presented text apart.
 *
 *   text   len bytes, any values, no NUL needed; borrowed
 *   tok    out; all zero but `truncated` unless AK_VALID
 *
 * AK_VALID         it is a token; whether a key has it is another question
 * AK_MALFORMED     an ordinary password
 * AK_BAD_CHECKSUM  the shape of a token, mistyped or cut
 *
 * Only one spelling of a token is AK_VALID: no space, newline or NUL around it, no
 * other case. Source: base58 of draft-msporny-base58, CRC-32 of IEEE 802.3.
 */
enum ak_reason ak_token_parse(const char *text, size_t len, struct ak_token *tok);

/*
 * CRC-32 (IEEE 802.3, reflected) of `len` bytes, spelt as six base58 digits, the
 * most significant first, with '1' as zero. `out` gets no NUL.
 */
void ak_token_checksum(const char *text, size_t len, char out[AK_CHECKSUM_LEN]);

/*
 * The token whose prefix ends before text[mark], a '_'. Of several prefixes that fit,
 * the shortest: one at random has a right checksum once in 2^32 times.
 *
 *   text  len bytes, any values, no NUL needed; borrowed
 *   at    out: where it begins; it ends 1 + AK_BODY_LEN bytes behind `mark`
 *   tok   out, its public parts
 *
 * False when there is none; `at` and `tok` are undefined then.
 */
bool ak_token_around(
    const char *text, size_t len, size_t mark, size_t *at, struct ak_token *tok);

/*
 * The first token in a text that is not one itself: a sentence, a path, a list. Only
 * AK_VALID ones are found, whatever stands around them.
 *
 *   len  out: of the token
 *
 * NULL when there is none.
 */
const char *ak_token_find(const char *text, size_t *len);

/* The 58 digits in the order of their values. */
extern const char ak_base58[];

/* NULL when `prefix` may begin tokens, otherwise why it may not. */
const char *ak_prefix_why_not(const char *prefix);

#endif
