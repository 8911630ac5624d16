/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "words.h"

const char *
ak_words_next(const char **at, size_t *len)
{
	const char *word = *at + strspn(*at, " ");

	*len = strcspn(word, " ");
	*at = word + *len;
	return *len > 0 ? word : NULL;
}

/* Where `word` stands in the list, or NULL. */
static const char *
find(const char *list, const char *word)
{
	const char *w, *at = list;
	size_t n, len = strlen(word);

	while ((w = ak_words_next(&at, &n)) != NULL)
		if (n == len && memcmp(w, word, len) == 0)
			return w;
	return NULL;
}

bool
ak_words_have(const char *list, const char *word)
{
	return find(list, word) != NULL;
}

/* Whether the word of `len` bytes at `w` sorts after `word`. */
static bool
sorts_after(const char *w, size_t len, const char *word)
{
	size_t n = strlen(word);
	int order = memcmp(w, word, len < n ? len : n);

	return order > 0 || (order == 0 && len > n);
}

bool
ak_words_add(char *list, const char *word)
{
	const char *w, *at = list;
	char tail[AK_WORDS_MAX];
	size_t n, head;

	if (find(list, word) != NULL)
		return true;
	if (strlen(list) + 1 + strlen(word) >= AK_WORDS_MAX)
		return false;
	while ((w = ak_words_next(&at, &n)) != NULL && !sorts_after(w, n, word))
		;
	head = w != NULL ? (size_t)(w - list) : strlen(list);
	memcpy(tail, list + head, strlen(list + head) + 1);
	snprintf(list + head, AK_WORDS_MAX - head, "%s%s%s%s",
	    head > 0 && w == NULL ? " " : "", word, w != NULL ? " " : "", tail);
	return true;
}

bool
ak_words_remove(char *list, const char *word)
{
	const char *found = find(list, word);
	size_t at, n = strlen(word);

	if (found == NULL)
		return false;
	at = (size_t)(found - list);
	if (list[at + n] == ' ')
		n++;
	else if (at > 0) {
		at--;
		n++;
	}
	memmove(list + at, list + at + n, strlen(list + at + n) + 1);
	return true;
}
