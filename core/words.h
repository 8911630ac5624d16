/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_WORDS_H
#define AK_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A word list is one text: words without spaces, each once, sorted by bytes, joined
 * by single spaces; the empty text is the empty list. Services, scopes, networks and
 * tags are kept so, in the record and in SQL.
 */
#define AK_WORDS_MAX 2048 /* bytes of a list, with its NUL */

/*
 * The next word of a list. `*at` walks through the list and starts at its first
 * byte; NULL at the end, otherwise the word, `*len` bytes without NUL.
 */
const char *ak_words_next(const char **at, size_t *len);

/* Whether `word` is in the list; whole words, case-sensitive. */
bool ak_words_have(const char *list, const char *word);

/*
 * Add a word in its place; a word that is there already stays. False, and the list
 * as it was, when there is no room for it. `list` has AK_WORDS_MAX bytes.
 */
bool ak_words_add(char *list, const char *word);

/* Take a word out. False when it was not in the list. */
bool ak_words_remove(char *list, const char *word);

#endif
