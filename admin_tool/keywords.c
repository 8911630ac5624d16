/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "authkey.h"
#include "keywords.h"

static const char *
copy(const char *why_not, const char *word, char out[AK_WORD_MAX + 1])
{
	if (why_not == NULL)
		snprintf(out, AK_WORD_MAX + 1, "%s", word);
	return why_not;
}

static const char *
take_service(const char *word, char out[AK_WORD_MAX + 1])
{
	return copy(ak_service_why_not(word), word, out);
}

static const char *
take_scope(const char *word, char out[AK_WORD_MAX + 1])
{
	return copy(ak_scope_why_not(word), word, out);
}

static const char *
take_network(const char *word, char out[AK_WORD_MAX + 1])
{
	struct ak_network network;
	char text[AK_NETWORK_TEXT];
	const char *why = ak_network_why_not(word, strlen(word), &network);

	if (why == NULL) {
		ak_network_format(&network, text);
		snprintf(out, AK_WORD_MAX + 1, "%s", text);
	}
	return why;
}

const struct keyword_kind keyword_service = { "service", take_service };
const struct keyword_kind keyword_scope = { "scope", take_scope };
const struct keyword_kind keyword_network = { "from", take_network };
const struct keyword_kind keyword_tag = { "tag", take_scope };

/* Add or take away each word of `text`. */
static const char *
apply(const struct keyword_kind *kind, const char *text, bool away, char *list)
{
	char word[AK_WORDS_MAX], stored[AK_WORD_MAX + 1];
	const char *why;
	size_t len;

	for (text += strspn(text, ", "); *text != '\0'; text += strspn(text, ", ")) {
		len = strcspn(text, ", ");
		if (len >= sizeof(word))
			return "a word is too long";
		memcpy(word, text, len);
		word[len] = '\0';
		text += len;
		if ((why = kind->take(word, stored)) != NULL)
			return why;
		if (away)
			ak_words_remove(list, stored);
		else if (!ak_words_add(list, stored))
			return "that is more than a key can hold: 2,047 characters";
	}
	return NULL;
}

const char *
keywords_apply(const struct keyword_kind *kind, const struct texts *values,
    bool only_add, char list[AK_WORDS_MAX])
{
	const char *text, *why = NULL;
	bool replaced = only_add;

	for (size_t i = 0; i < values->count && why == NULL; i++) {
		text = values->at[i];
		if (only_add && *text == '\0')
			return "needs a value";
		if (only_add || (*text != '+' && *text != '-')) {
			if (!replaced)
				list[0] = '\0';
			replaced = true;
			why = apply(
			    kind, text + (!only_add && *text == '='), false, list);
		} else
			why = apply(kind, text + 1, *text == '-', list);
	}
	return why;
}
