/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "command.h"

#define WORD_MAX 24

/* Whether `name` begins with `word` as a whole word, and what follows it. */
static const char *
behind_word(const char *name, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(name, word, len) != 0 || (name[len] != '\0' && name[len] != ' '))
		return NULL;
	return name + len;
}

const struct command *
command_find(char *const *words, int count, int *used)
{
	const char *rest;

	for (const struct command *const *c = commands; *c != NULL && count > 0; c++) {
		if ((rest = behind_word((*c)->name, words[0])) == NULL)
			continue;
		*used = *rest == '\0' ? 1 : 2;
		if (*rest == '\0' || (count > 1 && strcmp(rest + 1, words[1]) == 0))
			return *c;
	}
	return NULL;
}

static size_t
least_of(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* How many letters must be added, dropped or changed (Levenshtein). */
static size_t
distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], n = strlen(b), before, above;

	if (strlen(a) > WORD_MAX || n > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		before = row[0];
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			above = row[j];
			row[j] = least_of(
			    above + 1, row[j - 1] + 1, before + (a[i - 1] != b[j - 1]));
			before = above;
		}
	}
	return row[n];
}

const char *
command_nearest(const char *typed)
{
	const char *nearest = NULL;
	size_t least = strlen(typed) > 4 ? 3 : 2, d;

	for (const struct command *const *c = commands; *c != NULL; c++)
		if ((d = distance(typed, (*c)->name)) < least ||
		    (d <= least && nearest == NULL)) {
			least = d;
			nearest = (*c)->name;
		}
	return nearest;
}
