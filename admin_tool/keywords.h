/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KEYWORDS_H
#define KEYWORDS_H

#include "address.h"
#include "name.h"
#include "options.h"
#include "words.h"

/* What a word list holds, and what it is called. */
struct keyword_kind {
	const char *option; /* "service" */
	/* NULL and the one spelling that is stored, or why the word may not be. */
	const char *(*take)(const char *word, char out[AK_WORD_MAX + 1]);
};

extern const struct keyword_kind keyword_service, keyword_scope, keyword_network,
    keyword_tag;

/*
 * Apply values to a word list. Each is words with commas or spaces between them.
 *
 *   x,y   =x,y    the list becomes x and y; a further one of these adds to it
 *   +x,y          add
 *   -x,y          take away
 *
 * With `only_add` a value is words alone, and all are added.
 *
 * NULL, or why not; the list is undefined then.
 */
const char *keywords_apply(const struct keyword_kind *kind, const struct texts *values,
    bool only_add, char list[AK_WORDS_MAX]);

#endif
