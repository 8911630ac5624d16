/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TEXT_H
#define TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "record.h"

#define TEXT_TIME_MAX 32
#define TEXT_MASKED_MAX (AK_PREFIX_MAX + 1 + AK_ID_LEN + sizeof("..."))
#define TEXT_LABEL_MAX (AK_OWNER_MAX + AK_NAME_MAX + AK_ID_LEN + 8)

/*
 * Whether a code point could steer a terminal or turn the reading direction, so that
 * what one sees is not what is there: SECURITY R41.
 */
bool text_is_risky(uint32_t point);

/*
 * Write text with the risky characters spelt out: \x1b for control characters and for
 * bytes that are no UTF-8 or not of the locale, \u202e for others.
 */
void text_put(FILE *to, const char *text);

/*
 * The same on lines of so many columns, 0 for no end: broken between words, and not
 * within a command that the text names, which is there to be copied.
 */
void text_put_folded(FILE *to, const char *text, size_t columns);

/*
 * How many columns the first `len` bytes of a text take, nearly: a character of double
 * width, as of Chinese, counts as one.
 */
size_t text_columns(const char *text, size_t len);

/*
 * The same as text_put() into a buffer; whether only ASCII may stay is the caller's to
 * say, because libsmartcols and text_put() mind the locale themselves. Cut when it does
 * not fit. Returns `out`.
 */
const char *text_escape(const char *text, bool ascii, char *out, size_t size);

/*
 * Write a word as a shell reads it back, quoted where it must be; cut when it does not
 * fit. Returns its length.
 */
size_t text_shell_word(char *to, size_t size, const char *word);

/*
 * Cut every token, and what is nearly one, to its prefix, its id and three dots:
 * SECURITY R40. A '_' and 22 letters and digits or more are nearly a token, whatever
 * stands before it: one that was mistyped or cut, has 0, O, I or l in it, or is in
 * capitals. Hexadecimal digits alone are none, and words as in aLongerName are none. In
 * place; it gets shorter.
 */
void text_hide_tokens(char *text);

/* Whether a token is in it, also one that was mistyped when it is all there is. */
bool text_has_token(const char *text);

/* Local time for people at a terminal: 2026-01-31 23:59, or the day alone. */
void text_local_time(int64_t when, bool day, char out[TEXT_TIME_MAX]);

/*
 * Read a WHEN that may also be no time: never or none. NULL, or why not, until the next
 * call, with `none`, the word that fits; `to` stays as it is when `value` is NULL.
 */
const char *text_take_time(
    const char *value, const char *none, int64_t now, int64_t *to);

/* "3 minutes ago", or "3m ago" where there is little room. */
void text_ago(int64_t seconds, bool brief, char out[TEXT_TIME_MAX]);

/* "ak_7QxR2mNd" and an ellipsis: all of a token that may be shown. */
void text_mask(const struct ak_record *record, bool utf8, char out[TEXT_MASKED_MAX]);

/* How messages call a key: alice/deploy (7QxR2mNd). */
void text_label(const struct ak_record *record, char out[TEXT_LABEL_MAX]);

/*
 * How many letters must be added, dropped, changed or swapped with the next to make one
 * word the other, case apart: the distance of Damerau and Levenshtein in which no
 * letter is moved twice (optimal string alignment). TEXT_DISTANCE_MAX when one is
 * longer.
 */
#define TEXT_DISTANCE_MAX 64
size_t text_distance(const char *a, const char *b);

/*
 * For the search among words for the one that was meant: the distance from which on
 * none is, and whether `word` is nearer than *least, which then is its distance.
 */
size_t text_near_limit(const char *typed);
bool text_is_nearer(const char *typed, const char *word, size_t *least);

/* Whether the locale's characters are UTF-8. */
bool text_locale_is_utf8(void);

#endif
