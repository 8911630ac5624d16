/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KEYWORDS_H
#define KEYWORDS_H

#include "address.h"
#include "name.h"
#include "options.h"
#include "record.h"
#include "words.h"

/* What a word list holds, and what it is called. */
struct keyword_kind {
	const char *option; /* "service" */
	/* NULL and the one spelling that is stored, or why the word may not be. */
	const char *(*take)(const char *word, char out[AK_WORD_MAX + 1]);
	/* What an empty list would mean by accident; NULL: it may be empty. */
	const char *why_not_empty;
};

extern const struct keyword_kind keyword_service, keyword_scope, keyword_network,
    keyword_tag;

/* Add the words of each value, with commas or blanks between them. NULL, or why not. */
const char *keywords_add(const struct keyword_kind *kind, const struct texts *values,
    char list[AK_WORDS_MAX]);

/*
 * Change a word list. Each value is words as above behind a sign, or the sign alone.
 *
 *   x,y   =x,y    the list becomes x and y; a further one of these adds to it
 *   +x,y          add
 *   -x,y          take away
 *   =             empty it; a list that opens everything when it is empty becomes so
 *                 in this way alone
 *
 * NULL, or why not, until the next call; the list is undefined then.
 */
const char *keywords_change(const struct keyword_kind *kind, const struct texts *values,
    char list[AK_WORDS_MAX]);

/*
 * The same change, to learn whether it takes a word away that is not in the list: NULL,
 * or that, of the first such word.
 */
const char *keywords_not_there(const struct keyword_kind *kind,
    const struct texts *values, char list[AK_WORDS_MAX]);

/* The word lists of a key as options give them. */
struct keyword_texts {
	struct texts services, scopes, networks, tags;
};

typedef const char *keywords_fn(
    const struct keyword_kind *kind, const struct texts *values, char *list);

/*
 * Do `fn`, one of the above, with each word list of a record. NULL, or
 * why not; `option` is out: the option that is off.
 */
const char *keywords_each(keywords_fn *fn, const struct keyword_texts *texts,
    struct ak_record *record, const char **option);

#endif
